"""A proxy that makes calls go wrong, as a process between the engine and the sandbox, over TLS.

It does what the sandbox cannot do to itself: send a request twice, refuse connections, break the TLS
handshake, deliver a request after its caller has given up. It knows HTTP/1.1 and nothing of orders
but their ids. Every draw is by the plan's seed. `python -m … fault_proxy SETTINGS` runs it; `proxied`
starts it and talks to its control port, a JSON object a line.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import ssl
import struct
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from influence_pipeline_tests.support.controlled import be_controlled

MODES = (
    "dropped_reply",
    "half_reply",
    "reset_after_send",
    "error_after_apply",
    "gateway_timeout_after_apply",
    "duplicated_request",
    "late_delivery",
    "too_many_with_retry_after",
    "too_many",
    "gateway_404",
    "slow_body",
    "wrong_json",
    "redirect",
    "connection_refused",
    "tls_error",
)

# For how long a listener stays closed, or breaks handshakes: long enough for a few calls to find it.
_AWAY_SECONDS = 0.03
_LINGER = struct.pack("ii", 1, 0)


@dataclass
class Plan:
    """`rate`: share of requests that go wrong. `harmless_doubles`: only requests that may be repeated
    by the documents are sent twice: no POST of an order, and no refund. `script`: (method, mode) of
    the next requests, each used once, before any draw."""

    rate: float = 0.0
    modes: list[str] = field(default_factory=lambda: list(MODES))
    seed: int = 0
    harmless_doubles: bool = True
    script: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Exchange:
    """One request and the connection it came on."""

    method: str
    path: str
    raw: bytes
    body: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def key(self) -> str:
        """The order it is about."""
        if self.method == "POST" and self.path == "/v1/orders":
            return str(json.loads(self.body)["id"])
        return self.path.rsplit("/", 1)[-1]

    @property
    def may_be_repeated(self) -> bool:
        return self.method != "POST" and b'refunded"' not in self.body


class Proxy:
    def __init__(self, upstream: int, tls: ssl.SSLContext) -> None:
        self._upstream = upstream
        self._tls = tls
        self._listener: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._port = 0
        self._idle: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._breaks_tls_until = 0.0
        self._held: list[Exchange] = []
        self.in_flight = 0
        self.follow(Plan())

    def follow(self, plan: Plan) -> None:
        self._plan = plan
        self._chance = random.Random(plan.seed)
        self.fired: Counter[str] = Counter()
        self.requests = 0
        # How often the engine asked for each order to be created.
        self.posts: Counter[str] = Counter()
        # Method and order of each request that was sent on twice.
        self.doubled: list[tuple[str, str]] = []

    # -- connections

    def listen(self) -> int:
        """Take connections, at the same port as before if there was one."""
        self._listener = socket.create_server(("127.0.0.1", self._port), backlog=512)
        self._listener.setblocking(False)
        self._port = self._listener.getsockname()[1]
        self._accepting = self._start(self._accept(self._listener))
        return self._port

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while listener.fileno() >= 0:
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError:
                return
            self._start(self._connected(connection))

    async def _connected(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        if time.monotonic() < self._breaks_tls_until:
            with contextlib.suppress(OSError):
                connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()
            return
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader, self._serve, loop=loop)
        with contextlib.suppress(OSError, ssl.SSLError):
            await loop.connect_accepted_socket(lambda: protocol, connection, ssl=self._tls)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                self._idle.add(writer)
                exchange = await _read_request(reader, writer)
                self._idle.discard(writer)
                self.in_flight += 1
                try:
                    keeps = await self._answer(exchange)
                finally:
                    self.in_flight -= 1
                if not keeps:
                    return
        except (OSError, EOFError, ssl.SSLError, asyncio.IncompleteReadError):
            return
        finally:
            self._idle.discard(writer)
            writer.close()

    async def _answer(self, exchange: Exchange) -> bool:
        """Do to one request what is drawn for it; False: its connection is closed."""
        self.requests += 1
        if exchange.method == "POST":
            self.posts[exchange.key] += 1
        mode = self._scripted(exchange.method)
        if mode is None and self._plan.modes and self._chance.random() < self._plan.rate:
            mode = self._chance.choice(self._plan.modes)
        if mode == "duplicated_request" and self._plan.harmless_doubles:
            mode = mode if exchange.may_be_repeated else None
        if mode is None:
            exchange.writer.write(_whole(*await self._forward(exchange)))
            await exchange.writer.drain()
            return True
        self.fired[mode] += 1
        work: Callable[[Exchange], Awaitable[bool]] = getattr(self, f"_{mode}")
        return await work(exchange)

    def _scripted(self, method: str) -> str | None:
        for number, (wanted, mode) in enumerate(self._plan.script):
            if wanted == method:
                del self._plan.script[number]
                return mode
        return None

    async def _forward(self, exchange: Exchange) -> tuple[bytes, bytes]:
        """Make the request at the sandbox; give head and body of the reply."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        try:
            writer.write(exchange.raw)
            head = await reader.readuntil(b"\r\n\r\n")
            return head, await reader.readexactly(_length(head))
        finally:
            writer.close()

    # -- what goes wrong; each gives whether the connection is kept

    async def _dropped_reply(self, exchange: Exchange) -> bool:
        await self._forward(exchange)
        return False

    async def _half_reply(self, exchange: Exchange) -> bool:
        head, body = await self._forward(exchange)
        exchange.writer.write(head + body[: len(body) // 2])
        await exchange.writer.drain()
        return False

    async def _reset_after_send(self, exchange: Exchange) -> bool:
        self._start(self._counted(self._forward(exchange)))
        raw = exchange.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
        exchange.writer.transport.abort()
        return False

    async def _error_after_apply(self, exchange: Exchange) -> bool:
        await self._forward(exchange)
        return await _say(exchange, self._chance.choice([500, 502, 503]), "Bad Gateway")

    async def _gateway_timeout_after_apply(self, exchange: Exchange) -> bool:
        self._start(self._counted(self._forward(exchange)))
        return await _say(exchange, 504, "Endpoint request timed out")

    async def _duplicated_request(self, exchange: Exchange) -> bool:
        await self._forward(exchange)
        self.doubled.append((exchange.method, exchange.key))
        exchange.writer.write(_whole(*await self._forward(exchange)))
        await exchange.writer.drain()
        return True

    async def _late_delivery(self, exchange: Exchange) -> bool:
        """Hold the request until its caller has given up, and deliver it then."""
        with contextlib.suppress(OSError, ssl.SSLError):
            await exchange.reader.read(1)
        await self._forward(exchange)
        return False

    async def _held_back(self, exchange: Exchange) -> bool:
        """Answer as a gateway that gave up; deliver the request when the test says so."""
        self._held.append(exchange)
        return await _say(exchange, 504, "Endpoint request timed out")

    async def release(self) -> None:
        """Deliver what is held back, in the order in which it came."""
        while self._held:
            await self._forward(self._held.pop(0))

    async def _too_many_with_retry_after(self, exchange: Exchange) -> bool:
        return await _say(exchange, 429, "Too Many Requests", "Retry-After: 1\r\n")

    async def _too_many(self, exchange: Exchange) -> bool:
        return await _say(exchange, 429, "Too Many Requests")

    async def _gateway_404(self, exchange: Exchange) -> bool:
        return await _say(exchange, 404, "Not Found")

    async def _slow_body(self, exchange: Exchange) -> bool:
        head, body = await self._forward(exchange)
        exchange.writer.write(head)
        for number in range(len(body)):
            exchange.writer.write(body[number : number + 1])
            await exchange.writer.drain()
            await asyncio.sleep(0.05)
            if exchange.reader.at_eof():
                return False
        return True

    async def _wrong_json(self, exchange: Exchange) -> bool:
        await self._forward(exchange)
        return await _say(exchange, 200, None)

    async def _redirect(self, exchange: Exchange) -> bool:
        to = "Location: https://elsewhere.invalid/\r\n"
        return await _say(exchange, self._chance.choice([301, 302, 307, 308]), "Moved", to)

    async def _connection_refused(self, exchange: Exchange) -> bool:
        """The proxy goes away: this request is lost, connections break, new ones are refused."""
        if self._listener is not None and self._accepting is not None:
            # `sock_accept` waits for this number; another socket may get it.
            asyncio.get_running_loop().remove_reader(self._listener.fileno())
            self._accepting.cancel()
            self._listener.close()
            self._listener = None
            self._start(self._come_back())
        self._break_idle()
        return False

    async def _come_back(self) -> None:
        await asyncio.sleep(_AWAY_SECONDS)
        self.listen()

    async def _tls_error(self, exchange: Exchange) -> bool:
        """This request is lost, connections break, and so do the handshakes of new ones."""
        self._breaks_tls_until = time.monotonic() + _AWAY_SECONDS
        self._break_idle()
        return False

    def _break_idle(self) -> None:
        for writer in self._idle:
            writer.transport.abort()

    async def _counted(self, work: Awaitable[Any]) -> None:
        self.in_flight += 1
        try:
            await work
        finally:
            self.in_flight -= 1

    # -- control

    async def control(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "plan" in asked:
            self.follow(Plan(**asked["plan"]))
        if "release" in asked:
            await self.release()
        return {
            "fired": self.fired,
            "requests": self.requests,
            "posts": self.posts,
            "in_flight": self.in_flight,
            "doubled": self.doubled,
        }


async def _read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Exchange:
    head = await reader.readuntil(b"\r\n\r\n")
    body = await reader.readexactly(_length(head))
    method, path, _ = head.split(b"\r\n", 1)[0].decode("ascii").split(" ")
    return Exchange(method, path, head + body, body, reader, writer)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _whole(head: bytes, body: bytes) -> bytes:
    return head + body


async def _say(exchange: Exchange, status: int, message: str | None, headers: str = "") -> bool:
    """Answer with a status of our own; without a message, with what is no JSON."""
    body = json.dumps({"message": message}).encode() if message else b'{"order": {"id": <html>'
    head = (
        f"HTTP/1.1 {status} x\r\nContent-Type: application/json\r\n{headers}"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    exchange.writer.write(head.encode() + body)
    await exchange.writer.drain()
    return True


async def serve(given: dict[str, Any]) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(given["certificate"], given["key"])
    proxy = Proxy(given["upstream"], tls)
    await be_controlled(proxy.listen(), proxy.control, given["ports"])


if __name__ == "__main__":
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text())))
