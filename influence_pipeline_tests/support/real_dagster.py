"""Dagster as it runs in production: a code server and a daemon, each a process that may be killed.

Their storage is in files, with the dagster.yaml of the demo.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import influence_pipeline.demo as demo
from influence_pipeline_tests.sandbox.platform_fixtures import until

_WORKSPACE = """\
load_from:
  - grpc_server: {{host: 127.0.0.1, port: {port}, location_name: tested}}
"""
_STARTS_WITHIN_SECONDS = 90.0


class RealDagster:
    """A code server with one module's definitions, and the daemon that looks at it."""

    def __init__(
        self,
        folder: Path,
        module: str,
        variables: Mapping[str, str],
        change: Callable[[str], str] = str,
        daemon: str = "dagster._daemon",
    ) -> None:
        self._daemon_module = daemon
        self.home = folder / "dagster_home"
        self.home.mkdir()
        shipped = Path(demo.__file__).parent / "dagster.yaml"
        (self.home / "dagster.yaml").write_text(change(shipped.read_text()))
        self._log = folder / "dagster.log"
        self._environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("INFLUENCE_", "DAGSTER_"))},
            **variables,
            "DAGSTER_HOME": str(self.home),
            "DAGSTER_DISABLE_TELEMETRY": "1",
            "PYTHONWARNINGS": "ignore::FutureWarning",
        }
        port = _free_port()
        self._workspace = self.home / "workspace.yaml"
        self._workspace.write_text(_WORKSPACE.format(port=port))
        self._port = port
        self._code = ["api", "grpc", "-m", module, "-h", "127.0.0.1", "-p", str(port)]
        self._servers: list[subprocess.Popen[bytes]] = []
        self._start_server()
        self._daemon = self._start_daemon()

    def kill_daemon(self) -> None:
        """kill -9 the daemon, and start another one, as systemd would."""
        assert self._daemon.poll() is None, self.log
        self._daemon.kill()
        self._daemon.wait()
        self._daemon = self._start_daemon()

    def start_again_what_died(self) -> None:
        """Start the daemon or the code server again, at the same port, as systemd would; a run is
        Dagster's own to start again."""
        if self._server.poll() is not None:
            self._start_server()
        if self._daemon.poll() is not None:
            self._daemon = self._start_daemon()

    @property
    def daemon_pid(self) -> int:
        return self._daemon.pid

    @property
    def server_pid(self) -> int:
        return self._server.pid

    def launch(self, *jobs: str) -> None:
        """Put a run of each of these jobs into the queue, all at once."""
        command = ["-m", "dagster", "job", "launch", "-w", str(self._workspace), "-j"]
        for process in [self._start(*command, job) for job in jobs]:
            assert process.wait(120) == 0, self.log

    def close(self) -> None:
        for process in (self._daemon, *self._servers):
            # Runs are in the group of the code server that started them.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    @property
    def log(self) -> str:
        """The last of what both have written."""
        return self._log.read_text(errors="replace")[-5000:] if self._log.exists() else ""

    @property
    def _server(self) -> subprocess.Popen[bytes]:
        return self._servers[-1]

    def _start_server(self) -> None:
        self._servers.append(self._start("-m", "dagster", *self._code))
        until(lambda: self._answers(self._port), "the code server", _STARTS_WITHIN_SECONDS)

    def _start_daemon(self) -> subprocess.Popen[bytes]:
        return self._start("-m", self._daemon_module, "run", "-w", str(self._workspace))

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *arguments],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _answers(self, port: int) -> bool:
        assert self._server.poll() is None, self.log
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def real_dagster(
    folder: Path,
    module: str,
    variables: Mapping[str, str],
    change: Callable[[str], str] = str,
    daemon: str = "dagster._daemon",
) -> Iterator[RealDagster]:
    """Run both beside the block. `change`: makes another dagster.yaml of the demo's; `daemon`:
    another module to be the daemon."""
    started = RealDagster(folder, module, variables, change, daemon)
    try:
        yield started
    finally:
        started.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
