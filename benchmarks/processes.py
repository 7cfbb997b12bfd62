"""Child processes that are measured: what they say, as JSON, the CPU and the memory they use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True)
class Ran:
    """What a child said (the JSON of its last line), and its CPU in seconds from start to end."""

    said: dict[str, Any]
    cpu_seconds: float


def run_module(
    module: str,
    *arguments: object,
    environment: Mapping[str, str] | None = None,
    most_seconds: float | None = None,
) -> Ran:
    """Run `python -m module` to its end; raises as `run_program`."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return run_program(command, environment, most_seconds)


def run_program(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    most_seconds: float | None = None,
    *,
    folder: Path | None = None,
) -> Ran:
    """Run a program whose last line is JSON, in `folder` if given.

    Raises RuntimeError with its words if it fails, TimeoutError after it has been ended because it
    took longer than `most_seconds`.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(command, stdout=output, stderr=errors, env=environment, cwd=folder)
        ender = threading.Timer(most_seconds or threading.TIMEOUT_MAX, child.kill)
        ender.daemon = True
        ender.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            child.kill()
            raise
        finally:
            timed_out = not ender.is_alive()
            ender.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        if timed_out and child.returncode:
            raise TimeoutError(f"{' '.join(command[:4])} took longer than {most_seconds} s")
        output.seek(0)
        errors.seek(0)
        lines = output.read().decode().strip().splitlines()
        if child.returncode or not lines:
            words = errors.read().decode(errors="replace")[-3000:]
            raise RuntimeError(f"{command[:4]} ended with {child.returncode}: {words}")
    return Ran(json.loads(lines[-1]), usage.ru_utime + usage.ru_stime)


@contextmanager
def child(
    module: str, *arguments: object, environment: Mapping[str, str], quiet: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `python -m module` beside the block; it is killed at the block's end.

    Its output goes nowhere, its errors too if `quiet`.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL if quiet else None,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def cpu_seconds_of(pid: int) -> float:
    """Give the CPU that a process and all its children, living and ended, have used until now."""
    parents: dict[int, list[int]] = {}
    ticks: dict[int, int] = {}
    for folder in _PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            # The name stands in brackets and may hold anything; the fields come after it.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        child, parent = int(folder.name), int(fields[1])
        parents.setdefault(parent, []).append(child)
        # utime, stime, and those of children that have ended.
        ticks[child] = sum(map(int, fields[11:15]))
    todo, total = [pid], 0
    while todo:
        one = todo.pop()
        total += ticks.get(one, 0)
        todo += parents.get(one, [])
    return total / _TICKS


def most_memory_mb(pid: int | str = "self") -> float:
    """Give the most memory that a living process has had, in MB.

    From /proc: what getrusage says of a child is never less than its parent had at its start.
    """
    return _status_mb(pid, "VmHWM:")


def memory_mb(pid: int | str = "self") -> float:
    """Give the memory that a living process has now, in MB."""
    return _status_mb(pid, "VmRSS:")


def forget_most_memory() -> None:
    """Let `most_memory_mb` of this process count from now on."""
    (_PROC / "self" / "clear_refs").write_text("5")


def _status_mb(pid: int | str, name: str) -> float:
    for line in (_PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    return 0.0
