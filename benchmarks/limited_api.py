"""An API with a limit, as a separate process: answers the contract's calls, or 429, and logs each.

A hand-written HTTP server on asyncio, so that it is far from being the limit itself (some 6,000
calls a second). `POST /control?rate=25` changes the limit.

python -m benchmarks.limited_api --kind bucket --rate 50 --port-file F --log F
    [--ms 50] [--retry-after] [--headers] [--burst 1]
"""

from __future__ import annotations

import argparse
import asyncio
import math
import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from benchmarks.limiters import KINDS, Limiter, TokenBucket

_OK = b'{"customer":{"id":"c","externalId":"e","pointBalance":0}}'
_REFUSED = b'{"message":"Too Many Requests"}'
_FLUSH_SECONDS = 0.2
# What is logged of a body, so that one change can be followed.
MARK = re.compile(rb"change-\d+")


class Api:
    """Judges calls and writes them down. `ms`: the delay of an answer; a refusal has none."""

    def __init__(
        self, limiter: Limiter, log: Path, *, ms: int, retry_after: bool, headers: bool
    ) -> None:
        self.limiter = limiter
        self.delay = ms / 1000
        self._retry_after = retry_after
        self._headers = headers
        self._lines: list[str] = []
        self._log = log.open("w", encoding="utf-8")

    def answer(self, path: str, body: bytes) -> tuple[bytes, float]:
        """Give the answer to a call and the seconds to wait before it is sent."""
        now = time.time()
        wait = self.limiter.wait(now)
        status = 429 if wait else 200
        found = MARK.search(body)
        mark = found[0].decode() if found else "-"
        self._lines.append(f"{now:.4f} {status} {path} {mark}\n")
        more = b""
        if wait and self._retry_after:
            more = b"Retry-After: %d\r\n" % max(math.ceil(wait), 1)
        if self._headers:
            more += b"X-RateLimit-Limit: %g\r\nX-RateLimit-Remaining: %d\r\n" % (
                self.limiter.rate,
                self.limiter.remaining(now),
            )
        if wait:
            return _http(b"429 Too Many Requests", _REFUSED, more), 0.0
        return _http(b"200 OK", _OK, more), self.delay

    def control(self, query: str) -> bytes:
        self.limiter.rate = float(parse_qs(query)["rate"][0])
        return _http(b"200 OK", b"{}", b"")

    async def keep_writing(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            self._log.writelines(self._lines)
            self._lines.clear()
            self._log.flush()


def _http(status: bytes, body: bytes, more: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s" % (
        status,
        len(body),
        more,
        body,
    )


class Connection(asyncio.Protocol):
    """One kept connection; requests come one after another, whole or in pieces."""

    def __init__(self, api: Api, later: Callable[..., object]) -> None:
        self._api = api
        self._later = later
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        while (end := self._got.find(b"\r\n\r\n")) >= 0:
            head = self._got[:end]
            size = end + 4 + _content_length(head)
            if len(self._got) < size:
                return
            body, self._got = self._got[end + 4 : size], self._got[size:]
            target = head.split(b" ", 2)[1].decode("latin-1")
            if target.startswith("/control"):
                self._send(self._api.control(urlsplit(target).query))
                continue
            answer, delay = self._api.answer(target, body)
            if delay:
                self._later(delay, self._send, answer)
            else:
                self._send(answer)

    def _send(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)  # type: ignore[attr-defined]


def _content_length(head: bytes) -> int:
    at = head.lower().find(b"\r\ncontent-length:")
    return int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


async def serve(api: Api, port_file: Path) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(api, loop.call_later), "127.0.0.1", 0, backlog=2048
    )
    port = server.sockets[0].getsockname()[1]
    part = port_file.with_suffix(".part")
    part.write_text(str(port))
    part.rename(port_file)
    await asyncio.gather(server.serve_forever(), api.keep_writing())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=KINDS, default="bucket")
    parser.add_argument("--rate", type=float, required=True, help="calls a second")
    parser.add_argument("--burst", type=float, default=1.0, help="bucket: seconds' worth it holds")
    parser.add_argument("--ms", type=int, default=50, help="delay of an answer")
    parser.add_argument("--retry-after", action="store_true", help="a 429 says when to come back")
    parser.add_argument("--headers", action="store_true", help="answers say what is left")
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    given = parser.parse_args()
    limiter: Limiter = (
        TokenBucket(given.rate, given.burst)
        if given.kind == "bucket"
        else KINDS[given.kind](given.rate)
    )
    api = Api(limiter, given.log, ms=given.ms, retry_after=given.retry_after, headers=given.headers)
    asyncio.run(serve(api, given.port_file))


if __name__ == "__main__":
    main()
