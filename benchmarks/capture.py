"""Capture of orders: ticks, full compares, state; beside the floor and the peers, in one run.

python -m benchmarks.capture [--orders 1000000] [--runs 5] [--growth] [--alone] [--write]
                            [--only tick,changes,full,peers]
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from benchmarks import capture_jobs
from benchmarks.capture_peers import found_changes
from benchmarks.capture_shop import acknowledge, capture_once, open_capture_shop, table_rows
from benchmarks.capture_surroundings import introduction, repeat, versions
from benchmarks.measure import machine
from benchmarks.page import Section, markdown
from benchmarks.shops import Shop

_PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
_TIMES = 5
_JOBS = ("tick", "changes", "full", "peers")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000, help="and as many customers")
    parser.add_argument("--runs", type=int, default=5, help="of which the median is taken")
    parser.add_argument(
        "--growth", action="store_true", help=f"and a store {_TIMES} times as large"
    )
    parser.add_argument("--alone", action="store_true", help="without the peers")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    parser.add_argument("--only", help=f"of {', '.join(_JOBS)}, with commas between; to tune")
    given = parser.parse_args()
    names = given.only.split(",") if given.only else list(_JOBS)
    if unknown := set(names) - set(_JOBS):
        parser.error(f"There is no {', '.join(sorted(unknown))}; there are {', '.join(_JOBS)}.")
    if given.write and given.only:
        parser.error("The page is written of a whole run only: --write goes without --only.")
    if given.growth and "tick" not in names:
        parser.error("--growth is compared with the job `tick`.")
    if not 1 <= given.runs <= 20:
        parser.error("--runs must be from 1 to 20.")
    print(machine(), flush=True)
    load = os.getloadavg()[0]
    with open_capture_shop(given.orders) as shop:
        parts = [introduction(table_rows(shop)), versions(shop.store_url, load)]
        small: capture_jobs.Ticks | None = None
        sections = []
        for found in measured(shop, names, given.orders, given.runs, alone=given.alone):
            if isinstance(found, capture_jobs.Ticks):
                small = found
            else:
                print(f"\n{markdown([found])}", flush=True)
                sections.append(found)
    if given.growth and small is not None:
        section = grown(small, given.orders, given.runs)
        print(f"\n{markdown([section])}", flush=True)
        sections.append(section)
    page = "\n".join([*parts, markdown(sections), repeat()])
    if given.write:
        _PAGE.write_text(page, encoding="utf-8")


def measured(
    shop: Shop, names: list[str], orders: int, runs: int, *, alone: bool
) -> Iterator[Section | capture_jobs.Ticks]:
    """Give each section as soon as it is there, and the ticks that growth is compared with."""
    rounds = count(1)
    yield from capture_jobs.first_capture(shop)
    if "tick" in names:
        section, ticks = capture_jobs.unchanged(shop, runs)
        yield section
        yield ticks
    if "changes" in names:
        yield capture_jobs.changes(shop, rounds, runs, orders)
    if "full" in names:
        yield capture_jobs.full_compare(shop, runs)
    if "peers" in names:
        yield found_changes(shop, rounds, runs, orders, alone=alone)


def grown(small: capture_jobs.Ticks, orders: int, runs: int) -> Section:
    with open_capture_shop(orders, _TIMES) as shop:
        capture_once(shop, full=True)
        acknowledge(shop)
        return capture_jobs.growth(small, capture_jobs.ticks(shop, runs), _TIMES)


if __name__ == "__main__":
    main()
