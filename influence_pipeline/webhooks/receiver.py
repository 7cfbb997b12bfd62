"""The webhook receiver as a process, or as several on one socket: uvicorn around it, how it ends.
What it answers stands in `intake`.
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
from starlette.applications import Starlette

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.settings import Settings
from influence_pipeline.webhooks.intake import STOP_SECONDS, create_app
from influence_pipeline.webhooks.workers import Workers, when_parent_is_gone

__all__ = ["create_app", "serve"]

# Longer than a proxy in front keeps an idle connection (nginx: 60 s): were we the first to close
# it, a delivery that was just being sent would be lost, and nginx does not repeat a POST.
_KEEP_ALIVE_SECONDS = 75
_GRACE_SECONDS = 5
# After that a worker is killed: the requests, the fast path, and some for the interpreter.
_WORKER_GRACE_SECONDS = _GRACE_SECONDS + STOP_SECONDS + 2.0
_BACKLOG = 2048


def _write_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def serve(
    settings: Settings,
    host: str = "127.0.0.1",
    port: int = 8090,
    *,
    workers: int = 1,
    port_file: Path | None = None,
    announce: Callable[[str], None] = _write_line,
) -> None:
    """Run the receiver until SIGTERM or SIGINT; then finish what was accepted and return.

    Port 0 takes any free one. When it answers, `announce` gets one line with the address, and
    `port_file` is there with the port in it. More than one of `workers` are processes on the one
    listening socket, each with connections and a fast path of its own. Raises ConfigurationError.
    """
    _log_to_stderr()
    # Also with workers: what is wrong with the settings is said here, once.
    app = create_app(settings)
    listener = _listen(host, port)

    def ready() -> None:
        bound = listener.getsockname()[1]
        if port_file is not None:
            _write_whole(port_file, f"{bound}\n")
        shown = f"[{host}]" if ":" in host else host
        count = f", {workers} workers" if workers > 1 else ""
        announce(f"receiver listening on http://{shown}:{bound}{count}")

    try:
        if workers == 1:
            _Server(app, ready).run(sockets=[listener])
        else:
            group = Workers(_work, (settings, listener), workers, _WORKER_GRACE_SECONDS)
            group.run(ready, stopping=listener.close)
    finally:
        listener.close()


def _work(settings: Settings, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Serve as one worker of several, until SIGTERM or until the first process is gone."""
    _log_to_stderr()
    server = _Server(create_app(settings, notes=False), ready, is_worker=True)
    when_parent_is_gone(server.end)
    server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn's server that says when it answers, and ends without raising the signal again."""

    def __init__(
        self, app: Starlette, ready: Callable[[], None], *, is_worker: bool = False
    ) -> None:
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
        super().__init__(config)
        self._ready = ready
        self._is_worker = is_worker

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    def end(self) -> None:
        """Finish what was accepted and end."""
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Not put down as captured: uvicorn would raise it again, and a clean end would look like
        # a kill. A second signal does not wait any longer; for a worker that is for the first
        # process to say, because a service manager may signal all of them.
        self.force_exit = self.should_exit and not self._is_worker
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
