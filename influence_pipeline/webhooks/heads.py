"""A bound on how long the head of a request may be: uvicorn's fast parser has none, so that anybody
without a token could fill the memory with one header that never ends."""

from __future__ import annotations

import asyncio

# Room for any proxy's headers; what the platform sends is a few hundred bytes.
LONGEST_HEAD = 64 * 1024

try:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
except ImportError:
    from uvicorn.protocols.http.h11_impl import H11Protocol

    # It has a bound of its own, 64 kB.
    HttpProtocol: type[asyncio.Protocol] = H11Protocol
else:

    class _BoundedProtocol(HttpToolsProtocol):
        """Answers 400 and hangs up when a head goes on for longer than `LONGEST_HEAD`."""

        _is_in_head = False
        _head_bytes = 0

        def on_message_begin(self) -> None:
            self._is_in_head, self._head_bytes = True, 0
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._is_in_head = False
            super().on_headers_complete()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._is_in_head:
                self._head_bytes += len(data)
                if self._head_bytes > LONGEST_HEAD and not self.transport.is_closing():
                    self.send_400_response("The request's head is too long.")

    HttpProtocol = _BoundedProtocol
