"""The webhook receiver under load, beside a naive one, in one run. On Linux (it reads `/proc`).

python -m benchmarks.receiver [--runs 3] [--seconds 120] [--alone]

Sender, receivers and Postgres (fsync on) share the machine. Each run is on an empty database, whose
rows are compared with the answers.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import command
from benchmarks.catalogue import named
from benchmarks.receiving import (
    NAIVE,
    NAIVE_ALONE,
    NAIVE_RELAXED,
    OURS,
    OURS_ALONE,
    Measured,
    Receiver,
    measure,
)
from benchmarks.rows import Row, Section, at_least, at_most, section, told
from benchmarks.surroundings import load
from influence_pipeline.sandbox.postgres import EmbeddedPostgres

BENCHMARK = named("receiver")
_QUICK = {"runs": 1, "seconds": 3.0, "flood_seconds": 2.0}


def main() -> None:
    parser = command.parser(BENCHMARK, __doc__)
    parser.add_argument("--runs", type=int, default=3, help="of which the median is taken")
    parser.add_argument("--seconds", type=float, default=120.0, help="of the steady load")
    parser.add_argument("--flood-seconds", type=float, default=15.0, help="as fast as it goes")
    parser.add_argument("--alone", action="store_true", help="without the peers")
    given = command.parse(parser, BENCHMARK, _QUICK)
    with command.recording(BENCHMARK, given) as record:
        with (
            tempfile.TemporaryDirectory() as folder,
            EmbeddedPostgres.start(Path(folder) / "data") as server,
        ):
            record.measure("saturation", lambda: saturation(server, given))
            record.measure("burst", lambda: burst(server, given))
            record.measure("steady", lambda: steady(server, given))


def saturation(server: EmbeddedPostgres, given: argparse.Namespace) -> Section:
    kinds = [OURS, OURS_ALONE]
    kinds += [] if given.alone else [NAIVE, NAIVE_ALONE, NAIVE_RELAXED]
    found = by_turns(server, kinds, given.runs, rate=0, seconds=given.flood_seconds, connections=64)
    ours = middle(found[OURS], lambda one: one.per_second)
    rows = [at_least(f"{OURS.name}: durable events/s", ours.per_second, 900, "/s")]
    for kind in kinds:
        one = middle(found[kind], lambda one: one.per_second)
        ratio = "" if kind is OURS else f"{ours.per_second / one.per_second:.2f} x"
        rows.append(Row(kind.name, _words(one), ratio=ratio))
    return section(
        "As fast as it goes",
        [*rows, _losses(found)],
        "64 connections, each with its next delivery when the last one is answered, for "
        f"{given.flood_seconds:.0f} s. Deliveries of 1.1 kB, each a new event. Ratio: of events "
        "a second.",
        runs=given.runs,
    )


def burst(server: EmbeddedPostgres, given: argparse.Namespace) -> Section:
    kinds = [OURS] if given.alone else [OURS, NAIVE]
    found = by_turns(server, kinds, given.runs, rate=1500, seconds=2, connections=500)
    ours = middle(found[OURS], lambda one: one.seconds)
    rows = [
        at_most(f"{OURS.name}: until all are answered", ours.seconds, 5, "s"),
        told("answers that are not 200", "0", f"{_bad(found[OURS])}", met=_bad(found[OURS]) == 0),
    ]
    for kind in kinds:
        one = middle(found[kind], lambda one: one.seconds)
        ratio = "" if kind is OURS else f"{ours.seconds / one.seconds:.2f} x"
        rows.append(Row(kind.name, f"{one.seconds:.2f} s, {_words(one)}", ratio=ratio))
    return section(
        "3,000 in two seconds",
        [*rows, _losses(found)],
        "Each at its moment, over up to 500 connections; seconds from the first one's moment. "
        "Ratio: of those seconds.",
        runs=given.runs,
    )


def steady(server: EmbeddedPostgres, given: argparse.Namespace) -> Section:
    kinds = [OURS] if given.alone else [OURS, NAIVE]
    found = by_turns(server, kinds, 1, rate=500, seconds=given.seconds, connections=500)
    (ours,) = found[OURS]
    rows = [
        at_most(f"{OURS.name}: p99", ours.p99_ms, 100, "ms"),
        told("answers that are not 200", "0", f"{ours.not_200}", met=ours.not_200 == 0),
    ]
    for kind in kinds:
        (one,) = found[kind]
        ratio = "" if kind is OURS else f"{ours.p99_ms / one.p99_ms:.1f} x"
        rows.append(Row(kind.name, _words(one), ratio=ratio))
    return section(
        f"500 a second for {given.seconds:.0f} s",
        [*rows, _losses(found)],
        "Each at its moment, whatever the receiver does; latency counts from that moment. Ratio: "
        "of p99.",
        runs=1,
    )


def by_turns(
    server: EmbeddedPostgres,
    kinds: Sequence[Receiver],
    runs: int,
    *,
    rate: float,
    seconds: float,
    connections: int,
) -> dict[Receiver, list[Measured]]:
    """Measure each once, then each again, so that what else the machine does meets all of them."""
    found: dict[Receiver, list[Measured]] = {kind: [] for kind in kinds}
    for _ in range(runs):
        for kind in kinds:
            one = measure(server, kind, rate=rate, seconds=seconds, connections=connections)
            print(f"  {kind.name}: {_words(one)}; load {load():.1f}", flush=True)
            found[kind].append(one)
    return found


def middle(runs: list[Measured], key: Callable[[Measured], float]) -> Measured:
    """Give the run whose figure is the median."""
    median = statistics.median_low([key(one) for one in runs])
    return next(one for one in runs if key(one) == median)


def _bad(runs: list[Measured]) -> int:
    return sum(one.not_200 for one in runs)


def _losses(found: dict[Receiver, list[Measured]]) -> Row:
    lost = sum(one.lost for runs in found.values() for one in runs)
    return told("answered 200 and not stored, all of them", "0", str(lost), met=lost == 0)


def _words(one: Measured) -> str:
    return (
        f"{one.per_second:,.0f}/s, p50 {one.p50_ms:.0f} ms, p99 {one.p99_ms:.0f} ms, most "
        f"{one.most_ms:.0f} ms, {one.not_200} not 200; CPU a delivery {one.cpu_ms:.2f} ms and "
        f"Postgres {one.postgres_cpu_ms:.2f} ms"
    )


if __name__ == "__main__":
    main()
