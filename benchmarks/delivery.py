"""Delivery of customers, beside its peers: one row per job, and the bar it has to reach.

python -m benchmarks.delivery [--only at-50ms-64,at-once] [--runs 3] [--records 30000]
                              [--seconds 60] [--backlog 1000000] [--alone]
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import groupby

from benchmarks import killed, live, memory, paced, speed, trouble
from benchmarks.measure import machine
from benchmarks.report import Row, show, table
from benchmarks.shops import Shop, open_shop

# So many times the records in the rows where they go fast.
_WHERE_FAST = 3


@dataclass(frozen=True)
class Job:
    """A row of the table. `customers`: the size of the store that it needs."""

    name: str
    customers: int
    measure: Callable[[Shop], Row]


def jobs(*, records: int, runs: int, seconds: float, backlog: int, alone: bool) -> Iterator[Job]:
    """Give all of them, in the order of the table."""
    for ms, in_flight, per_second in ((50, 64, 1215), (50, 256, 4860), (100, 256, 2430)):
        measure = partial(
            speed.row, ms=ms, in_flight=in_flight, bar_per_second=per_second, runs=runs, alone=alone
        )
        # About as long as one another, so that the start counts alike: calls begin one at a time.
        many = records if in_flight == 64 else records * _WHERE_FAST
        yield Job(f"at-{ms}ms-{in_flight}", many, measure)
    yield Job(
        "at-once",
        records * _WHERE_FAST,
        partial(
            speed.row,
            ms=0,
            in_flight=64,
            bar_per_second=12_000,
            bar_cpu_per_1000=0.08,
            runs=runs,
            alone=alone,
        ),
    )
    for ms in (50, 0):
        measure = partial(trouble.row, ms=ms, in_flight=64, percent=5, runs=runs, alone=alone)
        yield Job(f"trouble-{ms}ms", 20_000, measure)
    for rate in (5.0, 50.0, 500.0):
        for known in (False, True):
            measure = partial(paced.row, rate=rate, known=known, kind="bucket", seconds=seconds)
            yield Job(f"limit-{rate:g}-{'known' if known else 'unknown'}", 50_000, measure)
    for kind in ("window", "spacing", "sliding"):
        measure = partial(paced.row, rate=50.0, known=False, kind=kind, seconds=seconds)
        yield Job(f"limit-50-{kind}", 50_000, measure)
    measure = partial(
        paced.row, rate=50.0, known=False, kind="bucket", seconds=seconds, retry_after=True
    )
    yield Job("limit-50-retry-after", 50_000, measure)
    for ms in (50, 0):
        measure = partial(killed.row, ms=ms, in_flight=256, runs=runs, alone=alone)
        yield Job(f"kill-{ms}ms", 20_000, measure)
    for customers in (10_000, 100_000, 1_000_000):
        measure = partial(memory.row, most_seconds=300.0)
        yield Job(f"memory-{customers}", customers, measure)
    measure = partial(live.row, calls_per_second=20.0, seconds=seconds)
    yield Job("live", backlog, measure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="names of jobs, or how they begin, with commas between")
    parser.add_argument("--list", action="store_true", help="print the names of the jobs")
    parser.add_argument(
        "--records",
        type=int,
        default=30_000,
        help="of the slowest speed row; three times as many where they go fast",
    )
    parser.add_argument("--runs", type=int, default=3, help="of which the median is taken")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each half of a limit's run")
    parser.add_argument("--backlog", type=int, default=1_000_000, help="of the live row's import")
    parser.add_argument("--alone", action="store_true", help="leave the slow peers out")
    given = parser.parse_args()
    every = jobs(
        records=given.records,
        runs=given.runs,
        seconds=given.seconds,
        backlog=given.backlog,
        alone=given.alone,
    )
    wanted = given.only.split(",") if given.only else []
    chosen = [
        job
        for job in every
        if not wanted or any(job.name == name or job.name.startswith(f"{name}-") for name in wanted)
    ]
    if given.list:
        print("\n".join(job.name for job in chosen))
        return
    # An end from outside ends the servers and workers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine()}", flush=True)
    rows = []
    for customers, group in groupby(chosen, key=lambda job: job.customers):
        with open_shop(customers, orders_per_customer=0) as shop:
            for job in group:
                rows.append(job.measure(shop))
                show(rows[-1])
    table(rows)


if __name__ == "__main__":
    main()
