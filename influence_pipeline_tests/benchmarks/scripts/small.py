"""Measures nothing, in two parts. Each part it measures is a line in the file SMALL_LOG; the parts
that SMALL_FAILS names fail."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks import command
from benchmarks.catalogue import Benchmark
from benchmarks.rows import Section, at_most, section

SMALL = Benchmark(
    "small",
    "Small",
    "Nothing.",
    ("one", "two"),
    1.0,
    module="influence_pipeline_tests.benchmarks.scripts.small",
)


def _measured(name: str, seconds: float) -> Section:
    with Path(os.environ["SMALL_LOG"]).open("a", encoding="utf-8") as log:
        log.write(f"{name}\n")
    if name in os.environ.get("SMALL_FAILS", "").split(","):
        raise RuntimeError(f"{name} fails as it was told to")
    return section(f"Part {name}", [at_most("seconds", seconds, 2, "s")], runs=1)


def main() -> None:
    parser = command.parser(SMALL, __doc__)
    parser.add_argument("--seconds", type=float, default=1.0)
    given = command.parse(parser, SMALL, {"seconds": 0.5})
    with command.recording(SMALL, given) as record:
        for name in SMALL.parts:
            record.measure(name, lambda name=name: _measured(name, given.seconds))  # type: ignore[misc]


if __name__ == "__main__":
    main()
