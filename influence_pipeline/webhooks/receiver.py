"""The webhook receiver as a process: its socket, uvicorn around it, how it ends. What it answers
stands in `intake`.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import uvicorn

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.settings import Settings
from influence_pipeline.webhooks.intake import create_app

__all__ = ["create_app", "serve"]

# Longer than a proxy in front keeps an idle connection (nginx: 60 s): were we the first to close
# it, a delivery that was just being sent would be lost, and nginx does not repeat a POST.
_KEEP_ALIVE_SECONDS = 75
_GRACE_SECONDS = 5
_BACKLOG = 2048


def _write_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def serve(
    settings: Settings,
    host: str = "127.0.0.1",
    port: int = 8090,
    *,
    port_file: Path | None = None,
    announce: Callable[[str], None] = _write_line,
) -> None:
    """Run the receiver until SIGTERM or SIGINT; then finish what was accepted and return.

    Port 0 takes any free one. When it answers, `announce` gets one line with the address, and
    `port_file` is there with the port in it. Raises ConfigurationError.
    """
    _log_to_stderr()
    app = create_app(settings)
    listener = _listen(host, port)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )

    def ready() -> None:
        bound = listener.getsockname()[1]
        if port_file is not None:
            _write_whole(port_file, f"{bound}\n")
        shown = f"[{host}]" if ":" in host else host
        announce(f"receiver listening on http://{shown}:{bound}")

    try:
        _Server(config, ready).run(sockets=[listener])
    finally:
        listener.close()


class _Server(uvicorn.Server):
    """uvicorn's server that says when it answers, and ends without raising the signal again."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Not put down as captured: uvicorn would raise it again, and a clean end would look like
        # a kill. A second signal does not wait any longer.
        self.force_exit = self.should_exit
        self.should_exit = True


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        words = error.strerror if isinstance(error, OSError) and error.strerror else "no such port"
        raise ConfigurationError(
            f"The receiver cannot listen on {host}, port {port}: {words}. Choose another with "
            "--host and --port."
        ) from None


def _write_whole(file: Path, text: str) -> None:
    """Write a file so that a reader finds all of it or nothing."""
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    part.write_text(text, encoding="ascii")
    part.replace(file)


def _log_to_stderr() -> None:
    """Show our log lines where nobody has set logging up."""
    ours = logging.getLogger("influence_pipeline")
    if ours.hasHandlers():
        return
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
