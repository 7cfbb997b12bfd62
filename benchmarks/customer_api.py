"""A stand-in for the Platform API that knows every customer: GET /v1/customers/{id} is answered
after so many milliseconds, for next to no CPU, so that it takes nothing from what is measured.

python -m benchmarks.customer_api --port-file F [--ms 5]
"""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path
from urllib.parse import unquote

_NOT_FOUND = b'{"message": "Not found"}'


def influence_id(customer_id: str) -> str:
    """Give the API's own id of one of the store's customers."""
    return f"inf-{customer_id}"


class _Customers(asyncio.Protocol):
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            reply = _reply(head.split(b" ", 2)[1].decode("ascii"))
            asyncio.get_running_loop().call_later(self._seconds, self._transport.write, reply)


def _reply(path: str) -> bytes:
    collection, _, customer = path.rpartition("/")
    if collection == "/v1/customers":
        key = unquote(customer)
        found = {"customer": {"id": influence_id(key), "externalId": key}}
        return _answer("200 OK", json.dumps(found).encode())
    return _answer("404 Not Found", _NOT_FOUND)


def _answer(status: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return f"{head}\r\n\r\n".encode("ascii") + body


async def _serve(port_file: Path, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Customers(seconds), "127.0.0.1", 0)
    part = port_file.with_suffix(".part")
    part.write_text(str(server.sockets[0].getsockname()[1]))
    part.replace(port_file)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--ms", type=float, default=5.0)
    given = parser.parse_args()
    asyncio.run(_serve(given.port_file, given.ms / 1000))


if __name__ == "__main__":
    main()
