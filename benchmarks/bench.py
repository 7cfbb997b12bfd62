"""Runs the scripts in turn, each as a process of its own, and goes on where it was stopped."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.catalogue import Benchmark
from benchmarks.page import duration, minutes
from benchmarks.results import Part, read
from benchmarks.surroundings import PROJECT, load

QUIET = 0.5
# A script that takes so many times as long as it should, and at least an hour, hangs.
_PATIENCE = 3.0
_LEAST_PATIENCE_SECONDS = 3600.0
_ENDS_WITHIN_SECONDS = 120.0


@dataclass(frozen=True)
class Asked:
    """What `python -m benchmarks` was asked for.

    `is_as_at`: whether what a commit had is what would be measured now. `again`: measure what there
    is, too. `wait_seconds`: how long to wait for a quiet machine.
    """

    folder: Path
    is_as_at: Callable[[str], bool]
    quick: bool = False
    again: bool = False
    wait_seconds: float = 900.0
    more: tuple[str, ...] = ()


def bench(
    benchmarks: Sequence[Benchmark], asked: Asked, after_each: Callable[[], None]
) -> list[str]:
    """Measure what is missing; give the names of the scripts that failed.

    `after_each`: what to do when a script has ended, whether well or not.
    """
    todo = [(one, missing(one, asked)) for one in benchmarks]
    for one, parts in todo:
        if not parts:
            print(f"{one.name}: measured as it is now; make bench ARGS=--again measures it anew")
    todo = [(one, parts) for one, parts in todo if parts]
    if not asked.quick:
        left = sum(_minutes(one, parts, asked) for one, parts in todo)
        print(f"{len(todo)} to measure, about {duration(left)}", flush=True)
    failed = []
    for number, (one, parts) in enumerate(todo, 1):
        if not asked.quick:
            wait_until_quiet(asked.wait_seconds)
        print(f"\n=== {one.name} ({number} of {len(todo)}): {', '.join(parts)}", flush=True)
        began = time.monotonic()
        ended = _run(one, parts, asked)
        print(f"=== {one.name}: {ended}, {duration((time.monotonic() - began) / 60)}", flush=True)
        if ended != "done":
            failed.append(one.name)
        after_each()
    return failed


def missing(one: Benchmark, asked: Asked) -> list[str]:
    """Give the parts that were not measured on what is here now."""
    if asked.quick or asked.again:
        return list(one.parts)
    there = read(asked.folder / f"{one.name}.json")
    return [
        name
        for name in one.parts
        if name not in there or not asked.is_as_at(there[name].taken.commit)
    ]


def wait_until_quiet(
    seconds: float,
    *,
    now: Callable[[], float] = load,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Wait until the machine does nothing else, for at most so long; say so.

    Gives whether it is quiet. It goes on if it is not: the page shows the load.
    """
    waited = 0.0
    while (busy := now()) >= QUIET:
        if waited >= seconds:
            print(f"The machine is NOT quiet (load {busy:.1f}): figures may be off.", flush=True)
            return False
        if waited % 60 == 0:
            print(f"waiting for a quiet machine: load {busy:.1f}, < {QUIET} is wanted", flush=True)
        sleep(10)
        waited += 10
    return True


def _run(one: Benchmark, parts: Sequence[str], asked: Asked) -> str:
    command = [sys.executable, "-m", one.runs]
    if asked.quick:
        # Each script knows which of its parts a quick look takes.
        command.append("--quick")
    else:
        if len(parts) < len(one.parts):
            command += ["--only", ",".join(parts)]
        command += ["--json", str(asked.folder / f"{one.name}.json")]
    most = max(_PATIENCE * 60 * _minutes(one, parts, asked), _LEAST_PATIENCE_SECONDS)
    process = subprocess.Popen([*command, *asked.more], cwd=PROJECT)
    try:
        code = process.wait(most)
    except subprocess.TimeoutExpired:
        return f"FAILED: ended after {duration(most / 60)}"
    finally:
        _end(process)
    return "done" if code == 0 else f"FAILED with {code}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a script that is still there, with time to end what it has started."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_ENDS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _minutes(one: Benchmark, parts: Sequence[str], asked: Asked) -> float:
    """Give how long these parts take: what is known of each, else their share of the whole."""
    there = read(asked.folder / f"{one.name}.json")
    if len(parts) == len(one.parts):
        return minutes(one, there)
    share = one.minutes / len(one.parts)
    return sum(_known(there.get(name), share) for name in parts)


def _known(part: Part | None, otherwise: float) -> float:
    if part is None or part.taken.seconds is None:
        return otherwise
    return part.taken.seconds / 60
