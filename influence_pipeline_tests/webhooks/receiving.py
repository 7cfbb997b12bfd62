"""`influence-pipeline receiver` as processes that a test may kill, and raw connections to it."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from influence_pipeline_tests.webhooks.builders import TOKEN
from influence_pipeline_tests.webhooks.test_receiver import until

COMMAND = ("-m", "influence_pipeline.cli")


def variant(patch: str) -> Sequence[str]:
    """Give a program that runs the command with something broken: statements that break it. With
    one worker only, because others are started anew."""
    return ("-c", f"import sys\n{patch}\nfrom influence_pipeline.cli import main\nsys.exit(main())")


class Receiver:
    """The command as a process of its own process group. `port`: 0 for any free one; `files`: how
    many files and sockets each of its processes may open, if fewer than the system allows."""

    def __init__(
        self,
        folder: Path,
        state_url: str,
        variables: Mapping[str, str] | None = None,
        *,
        workers: int = 2,
        port: int = 0,
        files: int | None = None,
        program: Sequence[str] = COMMAND,
    ) -> None:
        self._port_file = folder / "port"
        self._log = folder / "log"
        self._port_file.unlink(missing_ok=True)
        command = ["-W", "error", *program, "receiver", "--port", str(port)]
        command += ["--port-file", str(self._port_file), "--workers", str(workers)]
        given = {"INFLUENCE_STATE_URL": state_url, "INFLUENCE_WEBHOOK_TOKEN": TOKEN}
        with self._log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                cwd=folder,
                env={**os.environ, **given, **(variables or {})},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        if files is not None:
            # Before it has made a worker, which inherits this.
            resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (files, files))

    def wait_until_it_answers(self) -> None:
        until(lambda: self._port_file.exists() or self.process.poll() is not None, seconds=60)
        assert self._port_file.exists(), self.log

    @property
    def port(self) -> int:
        return int(self._port_file.read_text())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self._log.read_text()

    def workers(self) -> list[int]:
        """The process ids of the workers."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in children if b"spawn_main" in _command(int(child))]

    def end(self) -> None:
        """kill -9 to what is left."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def lives(pid: int) -> bool:
    """Tell whether a process lives. One that ended and is not collected yet has no command."""
    return _command(pid) != b""


@contextmanager
def receiver(
    folder: Path,
    state_url: str,
    variables: Mapping[str, str] | None = None,
    *,
    workers: int = 2,
    port: int = 0,
    files: int | None = None,
    program: Sequence[str] = COMMAND,
) -> Iterator[Receiver]:
    """A receiver that answers, gone at the end of the block."""
    started = Receiver(
        folder, state_url, variables, workers=workers, port=port, files=files, program=program
    )
    try:
        started.wait_until_it_answers()
        yield started
    finally:
        started.end()


@contextmanager
def half_sent(port: int, body: bytes) -> Iterator[socket.socket]:
    """A delivery of which the receiver has the head and ten bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        head = (
            f"POST /webhooks/influence/{TOKEN} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            f"X-Webhook-Topic: points/redeemed\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body[:10])
        time.sleep(0.3)
        yield connection


def all_of(connection: socket.socket) -> bytes:
    """What comes until the other side hangs up."""
    return b"".join(iter(lambda: connection.recv(4096), b""))
