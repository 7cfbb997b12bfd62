"""How many partitions a run of the first import should have: 36 months, by run size and launcher.

python -m benchmarks.backfill [--sizes 36,12,6,1] [--customers 2000] [--only default,celery]

The API answers at once, so what is measured is what Dagster takes. It needs what
`benchmarks.scale_out` needs.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

from benchmarks import command
from benchmarks.backfilling import Backfill, partitions
from benchmarks.catalogue import named
from benchmarks.composed import composed
from benchmarks.rows import Section, Table, section
from benchmarks.scale_out import WORKERS, configure, open_import_shop, variables
from benchmarks.shops import Shop
from benchmarks.sink import Sink, sink

BENCHMARK = named("backfill")
_QUICK = {"sizes": "36", "customers": 200, "only": "default"}
_HEADER = (
    "partitions a run",
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
        ", ".join(f"{count} {status}" for status, count in sorted(seen.runs.items())),
        f"{seen.last_end - seen.first_start:.1f} s",
        f"{seen.last_end - backfill.launched:.1f} s",
        f"{done - backfill.launched:.1f} s",
        f"{api.count():,}",
    )


def by_size(shop: Shop, sizes: list[int], launcher: str) -> Section:
    """Let one launcher import all of it again and again, in runs of these sizes."""
    workers = WORKERS if launcher == "celery" else 0
    rows = []
    with sink() as api:
        for size in sizes:
            rows.append(measured(shop, api, size, workers))
            print(" | ".join(rows[-1]), flush=True)
    who = f"{workers} Celery workers" if workers else "Dagster's default launcher"
    text = f"36 months of {shop.customers:,} customers, {WORKERS} runs at a time; one run each."
    return section(f"36 months, {who}", text=text, table=Table(_HEADER, tuple(rows)))


def main() -> None:
    parser = command.parser(BENCHMARK, __doc__)
    parser.add_argument("--sizes", default="36,12,6,1", help="partitions a run")
    parser.add_argument("--customers", type=int, default=2000)
    given = command.parse(parser, BENCHMARK, _QUICK)
    sizes = [int(size) for size in given.sizes.split(",")]
    with command.recording(BENCHMARK, given) as record, ExitStack() as stack:
        shop = open_import_shop(stack, given.customers)
        configure(shop)
        for launcher in BENCHMARK.parts:
            record.measure(launcher, partial(by_size, shop, sizes, launcher))


if __name__ == "__main__":
    main()
