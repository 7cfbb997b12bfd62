"""Child processes: started apart from the terminal, logged to files, and always ended again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from influence_pipeline.errors import InfluencePipelineError

_ENDS_WITHIN_SECONDS = 12.0


class DemoError(InfluencePipelineError):
    """A step of the demo did not come about; the message names the log to read."""


class Processes:
    """The children of one demo. Their pids are noted, so that a killed demo's are found later."""

    def __init__(self, folder: Path) -> None:
        self._logs = folder / "logs"
        self._logs.mkdir(parents=True, exist_ok=True)
        self._notes = folder / "processes.json"
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def end_leftovers(self) -> None:
        """End what an earlier demo in this folder left behind (after a kill -9)."""
        if not self._notes.exists():
            return
        for pid, command in json.loads(self._notes.read_text()).items():
            if _command_of(int(pid)) == command:
                _signal_group(int(pid), signal.SIGKILL)
        self._notes.unlink()

    def start(self, name: str, arguments: list[str], environment: Mapping[str, str]) -> None:
        """Start `python ARGUMENTS` in a session of its own: the terminal's Ctrl-C is ours alone."""
        with (self._logs / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, *arguments],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._note()

    def run(self, name: str, arguments: list[str], environment: Mapping[str, str]) -> None:
        """Run `python ARGUMENTS` to its end. Raises DemoError, naming the log, if it fails."""
        self.start(name, arguments, environment)
        code = self._running[name].wait()
        del self._running[name]
        if code != 0:
            raise DemoError(f"{name} ended with code {code}; read {self._logs / name}.log.")

    def port(self, name: str, port_file: Path, seconds: float = 30.0) -> int:
        """Wait until a child has written its port. Raises DemoError if it ends before, or never."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.check(name)
            if port_file.exists() and port_file.read_text().strip():
                return int(port_file.read_text())
            time.sleep(0.05)
        raise DemoError(f"{name} did not start in time; read {self._logs / name}.log.")

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def check(self, *names: str) -> None:
        """Raise DemoError if one of these children (default: any) has ended."""
        for name in names or tuple(self._running):
            code = self._running[name].poll()
            if code is not None:
                raise DemoError(f"{name} ended with code {code}; read {self._logs / name}.log.")

    def stop(self, *names: str) -> None:
        """End these children (default: all), gently, then for good."""
        chosen = {name: self._running.pop(name) for name in names or tuple(self._running)}
        for process in chosen.values():
            _signal_group(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + _ENDS_WITHIN_SECONDS
        for process in chosen.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(deadline - time.monotonic(), 0.1))
            # What it started itself (Dagster's code servers) is in its group.
            _signal_group(process.pid, signal.SIGKILL)
            process.wait()
        self._note()

    def _note(self) -> None:
        alive = {p.pid: _command_of(p.pid) for p in self._running.values() if p.poll() is None}
        if alive:
            self._notes.write_text(json.dumps(alive))
        else:
            self._notes.unlink(missing_ok=True)


def _command_of(pid: int) -> str | None:
    """Give a process's command line, by which it is known again; None: there is none."""
    if Path("/proc/self/cmdline").exists():
        # Linux. A small installation has no `ps`.
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return None
        return words.replace(b"\0", b" ").decode(errors="replace").strip() or None
    found = subprocess.run(
        ["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or None


def _signal_group(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
