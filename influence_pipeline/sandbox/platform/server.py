"""The sandbox as a process: its socket, its ready line, its log, its end."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

import uvicorn

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.sandbox.platform.app import create_app
from influence_pipeline.sandbox.platform.connection import protocol_with_transport
from influence_pipeline.sandbox.platform.settings import SandboxSettings


def serve(settings: SandboxSettings) -> None:
    """Serve until SIGTERM or SIGINT, then end within two seconds; returns normally then.

    Prints `sandbox listening on http://HOST:PORT` when it answers. Runs in the main thread. Raises
    ConfigurationError when the ledger or the port cannot be had.
    """
    _log_to_stderr()
    listener = _listen(settings.host, settings.port)
    with listener:
        app = create_app(settings)
        config = uvicorn.Config(
            app,
            http=protocol_with_transport(),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=2048,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
        )
        server = _Server(config, settings)
        # uvicorn ends in good order on the first signal and then raises it again for whoever stood
        # there before; so these stand there, and the process ends with 0.
        before = {
            number: signal.signal(number, _already_heard)
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            server.run(sockets=[listener])
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Server(uvicorn.Server):
    """uvicorn that says when it answers, and where."""

    def __init__(self, config: uvicorn.Config, settings: SandboxSettings) -> None:
        super().__init__(config)
        self._settings = settings

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.started or not sockets:
            return
        port = sockets[0].getsockname()[1]
        if self._settings.port_file is not None:
            _write_whole(self._settings.port_file, f"{port}\n")
        host = self._settings.host
        shown = f"[{host}]" if ":" in host else host
        sys.stdout.write(f"sandbox listening on http://{shown}:{port}\n")
        sys.stdout.flush()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"The sandbox cannot listen on {host} port {port}: {error.strerror}. Stop what listens "
            "there, or choose another port; 0 takes any free one."
        ) from None
    return listener


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader finds all of it or nothing."""
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(text, encoding="ascii")
    draft.replace(path)


def _already_heard(_number: int, _frame: FrameType | None) -> None:
    """The server has ended because of this signal."""


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    for name, level in (
        ("influence_pipeline.sandbox", logging.INFO),
        ("uvicorn.error", logging.WARNING),
    ):
        log = logging.getLogger(name)
        log.handlers = [handler]
        log.setLevel(level)
        log.propagate = False
