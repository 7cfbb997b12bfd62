"""The receiver's access log: one line per request, with the template of its path, because the path
itself holds the token.
"""

from __future__ import annotations

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

# Where in the request's scope a handler leaves a word for its line.
NOTE = "influence.note"

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = frozenset({"/healthz", "/readyz"})


class AccessLog:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                ms = (time.perf_counter() - began) * 1000
                note = scope.get(NOTE, "")
                method = scope["method"] if scope["method"] in _METHODS else "(other)"
                level = logging.DEBUG if scope["path"] in _QUIET else logging.INFO
                log.log(level, "%s %s %d %.1f ms %s", method, _template(scope), status, ms, note)
            await send(message)

        await self._app(scope, receive, watched)


def _template(scope: Scope) -> str:
    path = scope["path"]
    if path in _QUIET:
        return str(path)
    return "/webhooks/influence/{token}" if "token" in scope.get("path_params", {}) else "(other)"
