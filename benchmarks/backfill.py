"""How many partitions a run of the first import should have: 36 months, by run size and launcher.

python -m benchmarks.backfill [--sizes 36,12,6,1] [--customers 2000] [--only default,celery]

The API answers at once, so what is measured is what Dagster takes. It needs what
`benchmarks.scale_out` needs.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from contextlib import ExitStack
from datetime import UTC, datetime

from benchmarks.backfilling import Backfill, partitions
from benchmarks.composed import composed
from benchmarks.measure import machine
from benchmarks.page import Section, markdown
from benchmarks.scale_out import WORKERS, configure, open_import_shop, variables
from benchmarks.shops import Shop
from benchmarks.sink import Sink, sink

_HEADER = (
    "partitions a run",
    "launcher",
    "runs",
    "first start to last end",
    "launch to last end",
    "launch to marked done",
    "calls",
)
_PATIENCE = 900.0


def measured(shop: Shop, api: Sink, size: int, workers: int) -> tuple[str, ...]:
    """Import all months in runs of `size`."""
    os.environ["BENCHMARK_PARTS_PER_RUN"] = str(size)
    name = f"size_{size}_{workers}"
    with composed(
        shop.config.parent.parent,
        shop.server,
        shop.config,
        variables(shop, api.url),
        workers=workers,
        name=name,
        module="benchmarks.import_parts",
        backfill_runs=WORKERS,
    ) as services:
        api.forget()
        backfill = Backfill(services, partitions(services))
        seen = backfill.wait(lambda seen: seen.marked_done, _PATIENCE)
        done = datetime.now(UTC).timestamp()
    assert seen.first_start is not None and seen.last_end is not None
    return (
        str(size),
        f"Celery, {workers} workers" if workers else "default",
        ", ".join(f"{count} {status}" for status, count in sorted(seen.runs.items())),
        f"{seen.last_end - seen.first_start:.1f} s",
        f"{seen.last_end - backfill.launched:.1f} s",
        f"{done - backfill.launched:.1f} s",
        f"{api.count():,}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="36,12,6,1", help="partitions a run")
    parser.add_argument("--only", default="default,celery", help="launchers")
    parser.add_argument("--customers", type=int, default=2000)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine()}", flush=True)
    rows = []
    with ExitStack() as stack:
        shop = open_import_shop(stack, given.customers)
        configure(shop)
        api = stack.enter_context(sink())
        for launcher in given.only.split(","):
            for size in map(int, given.sizes.split(",")):
                workers = WORKERS if launcher == "celery" else 0
                rows.append(measured(shop, api, size, workers))
                print(" | ".join(rows[-1]), flush=True)
    print(markdown([Section("36 months", _HEADER, rows)]))


if __name__ == "__main__":
    main()
