"""Delivery of customers, beside its peers: speed, trouble, limits, kills, memory, live changes.

python -m benchmarks.delivery [--only at-50ms-64,limit] [--runs 3] [--records 30000]
                              [--seconds 60] [--backlog 1000000] [--alone]

It needs nginx with its echo module: apt-get install nginx-light libnginx-mod-http-echo
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from benchmarks import command, killed, live, memory, paced, speed, trouble
from benchmarks.catalogue import named
from benchmarks.rows import Section
from benchmarks.shops import Shop, open_shop

BENCHMARK = named("delivery")
# So many times the records in the rows where they go fast.
_WHERE_FAST = 3
_MEMORY_SECONDS = 300.0
_QUICK = {
    "records": 2_000,
    "runs": 1,
    "seconds": 12.0,
    "backlog": 20_000,
    "others": 2_000,
    "memory_sizes": "1000,3000",
    "only": "at-50ms-64,at-once,trouble-0ms,limit-50-unknown,kill-0ms,memory,live",
}


@dataclass(frozen=True)
class Job:
    """A part. `customers`: the size of the store that it needs."""

    name: str
    customers: int
    measure: Callable[[Shop], Section]


def jobs(given: argparse.Namespace) -> Iterator[Job]:
    """Give those that share stores, in the order of the page."""
    runs, alone, seconds = given.runs, given.alone, given.seconds
    # The peers wait a second and more for each answer that is no success.
    patient = not given.quick and not alone
    for ms, in_flight, per_second in ((50, 64, 1215), (50, 256, 4860), (100, 256, 2430)):
        measure = partial(
            speed.row, ms=ms, in_flight=in_flight, bar_per_second=per_second, runs=runs, alone=alone
        )
        # About as long as one another, so that the start counts alike: calls begin one at a time.
        many = given.records if in_flight == 64 else given.records * _WHERE_FAST
        yield Job(f"at-{ms}ms-{in_flight}", many, measure)
    measure = partial(
        speed.row,
        ms=0,
        in_flight=64,
        bar_per_second=12_000,
        bar_cpu_per_1000=0.08,
        runs=runs,
        alone=alone,
    )
    yield Job("at-once", given.records * _WHERE_FAST, measure)
    for ms in (50, 0):
        measure = partial(trouble.row, ms=ms, in_flight=64, percent=5, runs=runs, alone=not patient)
        yield Job(f"trouble-{ms}ms", given.others, measure)
    for rate in (5.0, 50.0, 500.0):
        for known in (False, True):
            measure = partial(paced.row, rate=rate, known=known, kind="bucket", seconds=seconds)
            yield Job(f"limit-{rate:g}-{'known' if known else 'unknown'}", _limited(given), measure)
    for kind in ("window", "spacing", "sliding"):
        measure = partial(paced.row, rate=50.0, known=False, kind=kind, seconds=seconds)
        yield Job(f"limit-50-{kind}", _limited(given), measure)
    measure = partial(
        paced.row, rate=50.0, known=False, kind="bucket", seconds=seconds, retry_after=True
    )
    yield Job("limit-50-retry-after", _limited(given), measure)
    for ms in (50, 0):
        measure = partial(killed.row, ms=ms, in_flight=256, runs=runs, alone=alone)
        yield Job(f"kill-{ms}ms", given.others, measure)


def _limited(given: argparse.Namespace) -> int:
    """Give how many customers last for both halves of the fastest limit."""
    return max(round(830 * given.seconds), given.others)


def main() -> None:
    parser = command.parser(BENCHMARK, __doc__)
    parser.add_argument(
        "--records",
        type=int,
        default=30_000,
        help="of the slowest speed part; three times as many where they go fast",
    )
    parser.add_argument("--runs", type=int, default=3, help="of which the median is taken")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each half of a limit's run")
    parser.add_argument("--backlog", type=int, default=1_000_000, help="of the live part's import")
    parser.add_argument("--others", type=int, default=20_000, help="of trouble and kills")
    parser.add_argument("--memory-sizes", default="10000,100000,1000000", help="smallest first")
    parser.add_argument("--alone", action="store_true", help="leave the slow peers out")
    given = command.parse(parser, BENCHMARK, _QUICK)
    with command.recording(BENCHMARK, given) as record:
        wanted = [job for job in jobs(given) if job.name in record.parts]
        for customers, group in groupby(wanted, key=lambda job: job.customers):
            with open_shop(customers, orders_per_customer=0) as shop:
                for job in group:
                    record.measure(job.name, partial(job.measure, shop))
        sizes = [int(size) for size in given.memory_sizes.split(",")]
        record.measure("memory", lambda: memory.row(sizes, most_seconds=_MEMORY_SECONDS))
        record.measure("live", lambda: _live(given))


def _live(given: argparse.Namespace) -> Section:
    with open_shop(given.backlog, orders_per_customer=0) as shop:
        return live.row(shop, calls_per_second=20.0, seconds=given.seconds)


if __name__ == "__main__":
    main()
