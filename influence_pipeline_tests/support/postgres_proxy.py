"""A proxy that makes statements go wrong, as a process between a client and its Postgres.

It understands as much of the protocol as it takes to see statements, replies and their ends, and
whether a transaction is open. Each draw is by the plan's seed. `python -m … postgres_proxy SETTINGS`
runs it; `proxied_postgres` starts it and talks to its control port.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import struct
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2

from influence_pipeline_tests.support.controlled import be_controlled

# What may become of any statement.
MODES = ("dropped_before", "half_reply", "silence", "delay", "refused", "terminated")
# What may become of a COMMIT, or of a statement that is a transaction of its own: it is applied and
# nobody hears of it, or it never arrives.
APPLIED_UNHEARD, NEVER_ARRIVES = "applied_unheard", "dropped_before"
COMMIT_MODES = (APPLIED_UNHEARD, NEVER_ARRIVES)

_NO_ENCRYPTION = {80877103, 80877104}
_CANCEL = 80877102
_AWAY_SECONDS = 0.05
_BEGINS = re.compile(r"\s*(BEGIN|START TRANSACTION)\b", re.IGNORECASE)
_COMMITS = re.compile(r"\s*(COMMIT|END)\b", re.IGNORECASE)
_COPIES = re.compile(r"\s*COPY\b", re.IGNORECASE)
# The states that a ready server tells: no transaction is open.
_IDLE = ord("I")


@dataclass
class Plan:
    """`rate`: share of statements that go wrong, in one of the `modes`; `commit_rate` and
    `commit_modes`: the same of commits. `match`: only statements in which this regular expression
    is found; `databases`: only on these, by name; none: on all. `script`: (regular expression, mode)
    of the next statements, each used once, before any draw."""

    rate: float = 0.0
    commit_rate: float = 0.0
    modes: list[str] = field(default_factory=lambda: list(MODES))
    commit_modes: list[str] = field(default_factory=lambda: list(COMMIT_MODES))
    seed: int = 0
    match: str = ""
    databases: list[str] = field(default_factory=list)
    script: list[tuple[str, str]] = field(default_factory=list)
    silence_seconds: float = 0.3
    delay_seconds: float = 0.1


class Broken(Exception):  # noqa: N818  (what has become of a connection, on purpose)
    """The connection ends here."""


class Proxy:
    """One server behind it. `admin`: its URL for whoever may end other sessions."""

    def __init__(self, upstream: tuple[str, int], admin: str) -> None:
        self._upstream = upstream
        self._admin = admin
        self._server: asyncio.Server | None = None
        self._port = 0
        self._links: set[Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._frozen_new = False
        self.follow(Plan())

    def follow(self, plan: Plan) -> None:
        """Begin with a plan; what was frozen is over."""
        for link in self._links:
            link.over = link.frozen
        self._frozen_new = False
        self._plan = plan
        self._chance = random.Random(plan.seed)
        self.fired: Counter[str] = Counter()
        # Connections, statements and commits seen; what the server said of unheard commits.
        self.seen: Counter[str] = Counter()
        self.unheard: Counter[str] = Counter()

    async def listen(self) -> int:
        """Take connections, at the same port as before if there was one."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return self._port

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.seen["connections"] += 1
        link = Link(self, reader, writer)
        link.frozen = self._frozen_new
        self._links.add(link)
        try:
            await link.run(*self._upstream)
        except (OSError, asyncio.IncompleteReadError, Broken):
            pass
        finally:
            self._links.discard(link)
            link.close()

    def draw(self, database: str, statement: str, *, commits: bool) -> str | None:
        """Say what is to become of a statement; None: nothing."""
        self.seen["commits" if commits else "statements"] += 1
        plan = self._plan
        if plan.databases and database not in plan.databases:
            return None
        for number, (wanted, mode) in enumerate(plan.script):
            if re.search(wanted, statement):
                del plan.script[number]
                return mode
        rate, modes = (plan.commit_rate, plan.commit_modes) if commits else (plan.rate, plan.modes)
        if not modes or not re.search(plan.match, statement) or self._chance.random() >= rate:
            return None
        return self._chance.choice(modes)

    @property
    def silence_seconds(self) -> float:
        return self._plan.silence_seconds

    @property
    def delay_seconds(self) -> float:
        return self._plan.delay_seconds

    def go_away(self) -> None:
        """Refuse new connections for a moment."""
        if self._server is not None:
            self._server.close()
            self._server = None
            task = asyncio.create_task(self._come_back())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _come_back(self) -> None:
        await asyncio.sleep(_AWAY_SECONDS)
        await self.listen()

    async def terminate(self, pid: int) -> None:
        """End a session at the server, as an administrator does, and wait for its end."""

        def end() -> None:
            with contextlib.closing(psycopg2.connect(self._admin)) as connection:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

        await asyncio.to_thread(end)

    async def control(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "plan" in asked:
            self.follow(Plan(**asked["plan"]))
        if "freeze" in asked:
            # Nothing comes any more on the connections that are open, and nobody hangs up.
            for link in self._links:
                link.frozen = True
            self._frozen_new = bool(asked["freeze"])
        return {"fired": self.fired, "seen": self.seen, "unheard": self.unheard}


class Link:
    """One client's connection and the one to the server that belongs to it."""

    def __init__(
        self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._proxy = proxy
        self._client, self._to_client = reader, writer
        self._to_server: asyncio.StreamWriter | None = None
        self.frozen = self.over = False
        self._database = ""
        self._pid = 0
        self._status = _IDLE
        # Mode and what has come of a reply that the client is not to get whole.
        self._withheld: tuple[str, bytearray] | None = None
        # Statements by the names they were prepared under, and messages since the last Sync.
        self._prepared: dict[bytes, str] = {}
        self._texts: list[str] = []
        self._waiting = bytearray()

    def close(self) -> None:
        self._to_client.close()
        if self._to_server is not None:
            self._to_server.close()

    async def run(self, host: str, port: int) -> None:
        raw = await self._startup()
        server, self._to_server = await asyncio.open_connection(host, port)
        self._to_server.write(raw)
        if self._database == "":
            return  # a request to cancel: nothing is answered
        both = [asyncio.create_task(self._up()), asyncio.create_task(self._down(server))]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _startup(self) -> bytes:
        while True:
            head = await self._client.readexactly(8)
            length, code = struct.unpack("!ii", head)
            body = await self._client.readexactly(length - 8)
            if code not in _NO_ENCRYPTION:
                break
            self._to_client.write(b"N")
        if code != _CANCEL:
            words = body.split(b"\0")
            given = dict(zip(words[::2], words[1::2], strict=False))
            self._database = given.get(b"database", given.get(b"user", b"?")).decode()
        return head + body

    # -- to the server

    async def _up(self) -> None:
        while True:
            kind, raw = await _message(self._client)
            await self._thaw()
            if kind == b"Q":
                statement = raw[5:-1].decode("utf-8", "replace")
                await self._statement(statement, raw)
            elif kind in b"PBDEC":
                self._note(kind, raw)
                self._waiting += raw
            elif kind in b"SH":
                whole, texts = bytes(self._waiting) + raw, self._texts
                self._waiting, self._texts = bytearray(), []
                if texts:
                    await self._statement("; ".join(texts), whole)
                else:
                    await self._send(whole)
            else:
                await self._send(raw)

    def _note(self, kind: bytes, raw: bytes) -> None:
        """Keep the text of what is parsed, or bound under its name."""
        first, _, rest = raw[5:].partition(b"\0")
        second = rest.partition(b"\0")[0]
        if kind == b"P":
            self._prepared[first] = second.decode("utf-8", "replace")
        elif kind == b"B":
            self._texts.append(self._prepared.get(second, ""))

    async def _statement(self, statement: str, raw: bytes) -> None:
        alone = self._status == _IDLE and not _BEGINS.match(statement)
        commits = alone or _COMMITS.match(statement) is not None
        mode = self._proxy.draw(self._database, statement, commits=commits)
        if mode in {"half_reply", APPLIED_UNHEARD} and _COPIES.match(statement):
            mode = None  # its reply is a conversation
        if mode is not None:
            self._proxy.fired[mode] += 1
        if mode in {"dropped_before", "refused"}:
            if mode == "refused":
                self._proxy.go_away()
            raise Broken
        if mode == "silence":
            await asyncio.sleep(self._proxy.silence_seconds)
            raise Broken
        if mode == "delay":
            await asyncio.sleep(self._proxy.delay_seconds)
        if mode == "terminated":
            await self._proxy.terminate(self._pid)
        if mode in {"half_reply", APPLIED_UNHEARD}:
            self._withheld = (mode, bytearray())
        await self._send(raw)

    async def _send(self, raw: bytes) -> None:
        assert self._to_server is not None
        self._to_server.write(raw)
        await self._to_server.drain()

    # -- to the client

    async def _down(self, server: asyncio.StreamReader) -> None:
        while True:
            kind, raw = await _message(server)
            await self._thaw()
            if kind == b"K":
                (self._pid,) = struct.unpack("!i", raw[5:9])
            elif kind == b"Z":
                self._status = raw[5]
            if self._withheld is not None:
                await self._withhold(kind, raw)
                continue
            self._to_client.write(raw)
            await self._to_client.drain()

    async def _withhold(self, kind: bytes, raw: bytes) -> None:
        """Wait for the reply's end; then the client gets half of it, or nothing, and no more."""
        assert self._withheld is not None
        mode, kept = self._withheld
        kept += raw
        if kind == b"C" and mode == APPLIED_UNHEARD:
            self._proxy.unheard[raw[5:-1].decode()] += 1
        if kind != b"Z":
            return
        if mode == "half_reply":
            self._to_client.write(kept[: len(kept) // 2])
            await self._to_client.drain()
        raise Broken

    async def _thaw(self) -> None:
        while self.frozen:
            if self.over:
                raise Broken
            await asyncio.sleep(0.05)


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readexactly(5)
    (length,) = struct.unpack("!i", head[1:])
    return head[:1], head + await reader.readexactly(length - 4)


async def serve(given: dict[str, Any]) -> None:
    proxy = Proxy((given["host"], given["port"]), given["admin"])
    await be_controlled(await proxy.listen(), proxy.control, given["ports"])


if __name__ == "__main__":
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text())))
