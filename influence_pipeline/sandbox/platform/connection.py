"""The TCP connection under a call: closed without a reply, for the faults that do so.

ASGI has no word for that. uvicorn copies `app_state` into `scope["state"]` of every call, so its
protocol class is extended to put the connection's transport there.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from starlette.types import Receive, Scope
from uvicorn.protocols.http.auto import AutoHTTPProtocol

_KEY = "sandbox.transport"
# SO_LINGER on, zero seconds: close() sends RST (socket(7)).
_LINGER = struct.pack("ii", 1, 0)


def protocol_with_transport() -> type[asyncio.Protocol]:
    """uvicorn's HTTP protocol class, for `uvicorn.Config(http=...)`."""

    def connection_made(self: Any, transport: asyncio.BaseTransport) -> None:
        AutoHTTPProtocol.connection_made(self, transport)
        self.app_state = self.app_state | {_KEY: transport}

    return type("SandboxProtocol", (AutoHTTPProtocol,), {"connection_made": connection_made})


async def close_connection(scope: Scope, receive: Receive, *, reset: bool = False) -> None:
    """Close the call's connection now; what was written before still goes out, unless `reset`.

    Returns when the connection is gone, so that the server does not take the call for unanswered.
    Raises RuntimeError outside a server that `server.serve` has started.
    """
    transport = scope.get("state", {}).get(_KEY)
    if transport is None:
        raise RuntimeError("this server does not let a fault close its connections")
    if reset:
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
        transport.abort()
    else:
        transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
