"""The webhook receiver under load, beside a naive one, in one run. On Linux (it reads `/proc`).

python -m benchmarks.receiver [--runs 3] [--seconds 120] [--alone] [--write]

Sender, receivers and Postgres (fsync on) share the machine. Each run is on an empty database, whose
rows are compared with the answers.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psycopg2

from benchmarks.capture_surroundings import commit
from benchmarks.measure import machine
from benchmarks.page import BARRED, Section, at_least, at_most, just, markdown, told
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
from influence_pipeline.sandbox.postgres import EmbeddedPostgres

_PAGE = Path(__file__).parents[1] / "docs" / "benchmarks-receiver.md"
_SATURATION_SECONDS = 15.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of which the median is taken")
    parser.add_argument("--seconds", type=float, default=120, help="of the steady load")
    parser.add_argument("--alone", action="store_true", help="without the peers")
    parser.add_argument("--write", action="store_true", help=f"write docs/{_PAGE.name}")
    given = parser.parse_args()
    print(machine(), flush=True)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        with EmbeddedPostgres.start(Path(folder) / "data") as server:
            head = introduction(server.url(), load)
            sections = []
            for job in (saturation, burst, steady):
                sections.append(job(server, given))
                print(f"\n{markdown(sections[-1:])}", flush=True)
    if given.write:
        _PAGE.write_text(f"{head}\n{markdown(sections)}\n{_REPEAT}", encoding="utf-8")


def saturation(server: EmbeddedPostgres, given: argparse.Namespace) -> Section:
    kinds = [OURS, OURS_ALONE]
    kinds += [] if given.alone else [NAIVE, NAIVE_ALONE, NAIVE_RELAXED]
    found = by_turns(server, kinds, given.runs, rate=0, seconds=_SATURATION_SECONDS, connections=64)
    ours = middle(found[OURS], lambda one: one.per_second)
    rows = [at_least(f"{OURS.name}: durable events/s", ours.per_second, 900, "/s")]
    rows += [
        just(kind.name, _words(middle(found[kind], lambda one: one.per_second))) for kind in kinds
    ]
    return Section(
        "As fast as it goes",
        BARRED,
        [*rows, _losses(found)],
        "64 connections, each with its next delivery when the last one is answered, for "
        f"{_SATURATION_SECONDS:.0f} s. Deliveries of 1.1 kB, each a new event.",
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
        rows.append(just(kind.name, f"{one.seconds:.2f} s, {_words(one)}"))
    return Section(
        "3,000 in two seconds",
        BARRED,
        [*rows, _losses(found)],
        "Each at its moment, over up to 500 connections; seconds from the first one's moment.",
    )


def steady(server: EmbeddedPostgres, given: argparse.Namespace) -> Section:
    kinds = [OURS] if given.alone else [OURS, NAIVE]
    found = by_turns(server, kinds, 1, rate=500, seconds=given.seconds, connections=500)
    (ours,) = found[OURS]
    rows = [
        at_most(f"{OURS.name}: p99", ours.p99_ms, 100, "ms"),
        told("answers that are not 200", "0", f"{ours.not_200}", met=ours.not_200 == 0),
    ]
    rows += [just(kind.name, _words(found[kind][0])) for kind in kinds]
    return Section(
        f"500 a second for {given.seconds:.0f} s",
        BARRED,
        [*rows, _losses(found)],
        "Each at its moment, whatever the receiver does; latency counts from that moment. One run.",
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
            print(f"  {kind.name}: {_words(one)}; load {os.getloadavg()[0]:.1f}", flush=True)
            found[kind].append(one)
    return found


def middle(runs: list[Measured], key: Callable[[Measured], float]) -> Measured:
    """Give the run whose figure is the median."""
    median = statistics.median_low([key(one) for one in runs])
    return next(one for one in runs if key(one) == median)


def _bad(runs: list[Measured]) -> int:
    return sum(one.not_200 for one in runs)


def _losses(found: dict[Receiver, list[Measured]]) -> tuple[str, ...]:
    lost = sum(one.lost for runs in found.values() for one in runs)
    return told("answered 200 and not stored, all of them", "0", str(lost), met=lost == 0)


def _words(one: Measured) -> str:
    return (
        f"{one.per_second:,.0f}/s, p50 {one.p50_ms:.0f} ms, p99 {one.p99_ms:.0f} ms, most "
        f"{one.most_ms:.0f} ms, {one.not_200} not 200; CPU a delivery {one.cpu_ms:.2f} ms and "
        f"Postgres {one.postgres_cpu_ms:.2f} ms"
    )


def introduction(url: str, load: float) -> str:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        row = cursor.fetchone()
    ours = ", ".join(f"{name} {version(name)}" for name in ("uvicorn", "starlette", "uvloop"))
    rows = [
        ("machine", f"{os.cpu_count()} cores ({platform.machine()}); load {load:.1f} at the start"),
        ("Postgres", f"{row[0] if row else '?'}, its default settings, fsync on"),
        ("Python", f"{platform.python_version()}, {ours}"),
        ("date", f"{datetime.now(UTC):%Y-%m-%d}"),
        ("commit", commit()),
    ]
    return "\n".join(
        [
            "# Benchmarks of the receiver",
            "",
            "How many webhooks the receiver takes. `benchmarks/receiver.py` measures and writes "
            "this page; it is not edited by hand. Sender, receiver and Postgres share the "
            "machine. The peer is `benchmarks/peers/naive_receiver.py`: a transaction a delivery, "
            "in the event loop's threads. Medians; compare within a table.",
            "",
            "| measured | on |",
            "|---|---|",
            *(f"| {name} | {words} |" for name, words in rows),
            "",
        ]
    )


_REPEAT = (
    "## How to repeat\n\n```\n"
    ".venv/bin/python -m benchmarks.receiver --write     # this page, ten minutes\n"
    ".venv/bin/python -m benchmarks.receiver --runs 1 --seconds 20 --alone\n"
    "```\n"
)


if __name__ == "__main__":
    main()
