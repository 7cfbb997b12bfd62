"""What all scripts have in common: their options, and what becomes of what they measure."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import page, results
from benchmarks.catalogue import Benchmark, chosen
from benchmarks.peers.venvs import pins
from benchmarks.rows import Section
from benchmarks.surroundings import commit, load, machine, versions


def parser(benchmark: Benchmark, words: str | None) -> argparse.ArgumentParser:
    """Make a parser with the options that every script has."""
    made = argparse.ArgumentParser(
        prog=f"python -m {benchmark.runs}",
        description=words,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = ", ".join(benchmark.parts)
    made.add_argument("--only", help=f"parts, or how they begin, commas between: {names}")
    made.add_argument("--quick", action="store_true", help="tiny sizes, to see that it works")
    where = made.add_mutually_exclusive_group()
    where.add_argument("--json", type=Path, metavar="FILE", help="keep what is measured there")
    where.add_argument(
        "--write",
        action="store_true",
        help=f"keep it in benchmarks/results/{benchmark.name}.json, and write docs/benchmarks.md",
    )
    return made


def parse(
    made: argparse.ArgumentParser, benchmark: Benchmark, quick: Mapping[str, object]
) -> argparse.Namespace:
    """Read the command line. `quick`: the defaults under --quick. Gives `parts`, too."""
    if made.parse_known_args()[0].quick:
        made.set_defaults(**quick)
    given = made.parse_args()
    if given.quick and given.write:
        made.error("Tiny sizes say nothing: --quick goes without --write.")
    try:
        given.parts = chosen(given.only, benchmark.parts)
    except ValueError as error:
        made.error(str(error))
    return given


class Record:
    """Prints each part as soon as it is measured, and keeps it where it was asked to."""

    def __init__(self, benchmark: Benchmark, given: argparse.Namespace) -> None:
        self._benchmark = benchmark
        self._quick: bool = given.quick
        self._file: Path | None = given.json
        if given.write:
            self._file = results.RESULTS / f"{benchmark.name}.json"
        self._page: bool = given.write
        self.parts: list[str] = given.parts
        self.failed: list[str] = []
        self._load = load()
        self._commit = commit()
        self._since = time.monotonic()

    def measure(self, name: str, work: Callable[[], Section]) -> None:
        """Measure a part, if it is wanted. One that fails is noted, and does not stop the rest."""
        if name not in self.parts:
            return
        try:
            self._take(name, work())
        except Exception:  # whatever it is, the other parts can be measured
            traceback.print_exc()
            self.failed.append(name)
            self._since = time.monotonic()

    def _take(self, name: str, section: Section) -> None:
        seconds, self._since = time.monotonic() - self._since, time.monotonic()
        print(f"\n{page.section(section)}\n", flush=True)
        if self._file is None:
            return
        taken = results.Taken(
            date=f"{datetime.now(UTC):%Y-%m-%d}",
            commit=self._commit,
            machine=machine(),
            load=round(self._load, 1),
            seconds=round(seconds, 1),
            command=shlex.join(["python", "-m", self._benchmark.runs, *_told()]),
            versions=self._versions(),
            quick=self._quick,
        )
        results.add(self._file, name, results.Part(section, taken))
        if self._page:
            page.write()

    def _versions(self) -> str:
        ours = versions(self._benchmark.packages, self._benchmark.needs)
        return ", ".join([ours, *map(pins, self._benchmark.peers)])


@contextmanager
def recording(benchmark: Benchmark, given: argparse.Namespace) -> Iterator[Record]:
    """Measure in this block. Ends the program with 1 if a part failed.

    An end from outside ends what was started, too.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine()}, load {load():.1f}", flush=True)
    record = Record(benchmark, given)
    yield record
    if record.failed:
        sys.exit(f"{benchmark.name} failed: {', '.join(record.failed)}")


def _told() -> list[str]:
    """Give the options, without where it was written to."""
    told, skip = [], False
    for word in sys.argv[1:]:
        if skip or word == "--write" or word.startswith("--json="):
            skip = False
        elif word == "--json":
            skip = True
        else:
            told.append(word)
    return told
