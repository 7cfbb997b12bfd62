"""Delivery of customers, beside its peers: one row per job, and the bar it has to reach.

python -m benchmarks.delivery [--only at-50ms-64,at-once] [--records 30000] [--runs 3]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime

from benchmarks import speed
from benchmarks.measure import machine
from benchmarks.report import Row, show, table
from benchmarks.shops import Shop, open_shop

_JOBS: dict[str, Callable[[Shop, int], Row]] = {
    "at-50ms-64": lambda shop, runs: speed.row(
        shop, ms=50, in_flight=64, bar=">= 1,215/s", bar_per_second=1215, runs=runs
    ),
    "at-50ms-256": lambda shop, runs: speed.row(
        shop, ms=50, in_flight=256, bar=">= 4,860/s", bar_per_second=4860, runs=runs
    ),
    "at-100ms-256": lambda shop, runs: speed.row(
        shop, ms=100, in_flight=256, bar=">= 2,430/s", bar_per_second=2430, runs=runs
    ),
    "at-once": lambda shop, runs: speed.row(
        shop,
        ms=0,
        in_flight=64,
        bar=">= 12,000/s, CPU <= 0.08 s per 1,000 all in",
        bar_per_second=12000,
        runs=runs,
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(_JOBS), help=f"of {', '.join(_JOBS)}")
    parser.add_argument("--records", type=int, default=30_000)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine()}", flush=True)
    rows = []
    with open_shop(given.records, orders_per_customer=0) as shop:
        for name in given.only.split(","):
            rows.append(_JOBS[name](shop, given.runs))
            show(rows[-1])
    table(rows)


if __name__ == "__main__":
    main()
