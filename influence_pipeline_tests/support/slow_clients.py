"""Many clients that send a header a byte at a time and never end it, as slowloris does.

One process. `python -m … slow_clients PORT COUNT TLS` keeps so many connections until it is ended;
it says how many it has, a line a second.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from contextlib import suppress

_HEAD = b"POST /webhooks/influence/x HTTP/1.1\r\nHost: x\r\nX-Slow: "
_PAUSE_SECONDS = 1.0


class _Flood:
    def __init__(self, port: int, tls: ssl.SSLContext | None) -> None:
        self._port = port
        self._tls = tls
        self.open = 0
        self.opened = 0

    async def one(self) -> None:
        """Hold a connection, and open the next one as soon as it is closed."""
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self._port, ssl=self._tls)
                self.open += 1
                self.opened += 1
                try:
                    writer.write(_HEAD)
                    while not writer.is_closing():
                        await writer.drain()
                        await asyncio.sleep(_PAUSE_SECONDS)
                        writer.write(b"x")
                finally:
                    self.open -= 1
                    writer.close()
            await asyncio.sleep(0.05)


async def flood(port: int, count: int, *, tls: bool) -> None:
    context = None
    if tls:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    made = _Flood(port, context)
    tasks = [asyncio.create_task(made.one()) for _ in range(count)]
    while not any(task.done() for task in tasks):
        print(made.open, made.opened, flush=True)  # noqa: T201
        await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(flood(int(sys.argv[1]), int(sys.argv[2]), tls=sys.argv[3] == "tls"))
