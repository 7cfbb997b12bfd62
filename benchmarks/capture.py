"""Capture of orders: ticks, full compares, state; beside the floor and the peers, in one run.

python -m benchmarks.capture [--orders 1000000] [--runs 5] [--alone]
                            [--only first,tick,changes,full,peers,growth]
"""

from __future__ import annotations

import argparse
from itertools import count

from benchmarks import capture_jobs, command
from benchmarks.capture_peers import found_changes
from benchmarks.capture_shop import acknowledge, capture_once, open_capture_shop, table_rows
from benchmarks.catalogue import named
from benchmarks.rows import Section

BENCHMARK = named("capture")
# Growth is measured in a store so many times as large.
_TIMES = 5
_QUICK = {"orders": 20_000, "runs": 1}


def main() -> None:
    parser = command.parser(BENCHMARK, __doc__)
    parser.add_argument("--orders", type=int, default=1_000_000, help="and as many customers")
    parser.add_argument("--runs", type=int, default=5, help="of which the median is taken")
    parser.add_argument("--alone", action="store_true", help="without the peers")
    given = command.parse(parser, BENCHMARK, _QUICK)
    if not 1 <= given.runs <= 20:
        parser.error("--runs must be from 1 to 20.")
    with command.recording(BENCHMARK, given) as record:
        measure(record, given)


def measure(record: command.Record, given: argparse.Namespace) -> None:
    """Measure the parts on one store, then growth on a larger one."""
    rounds = count(1)
    small: list[capture_jobs.Ticks] = []

    def tick() -> Section:
        section, ticks = capture_jobs.unchanged(shop, given.runs)
        small.append(ticks)
        return section

    with open_capture_shop(given.orders) as shop:
        words = _store(table_rows(shop))
        first = capture_jobs.first_capture(shop, words)
        record.measure("first", lambda: first)
        record.measure("tick", tick)
        record.measure(
            "changes", lambda: capture_jobs.changes(shop, rounds, given.runs, given.orders)
        )
        record.measure("full", lambda: capture_jobs.full_compare(shop, given.runs))
        record.measure(
            "peers",
            lambda: found_changes(shop, rounds, given.runs, given.orders, alone=given.alone),
        )
        if "growth" in record.parts and not small:
            small.append(capture_jobs.ticks(shop, given.runs))
    record.measure("growth", lambda: grown(small[0], given.orders, given.runs))


def grown(small: capture_jobs.Ticks, orders: int, runs: int) -> Section:
    with open_capture_shop(orders, _TIMES) as shop:
        capture_once(shop, full=True)
        acknowledge(shop)
        return capture_jobs.growth(small, capture_jobs.ticks(shop, runs), _TIMES, runs)


def _store(rows: dict[str, int]) -> str:
    counted = ", ".join(f"{count:,} {table.replace('_', ' ')}" for table, count in rows.items())
    return f"The store: {counted}."


if __name__ == "__main__":
    main()
