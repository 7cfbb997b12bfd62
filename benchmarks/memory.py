"""The most memory that one `influence-pipeline sync` takes, whatever the backlog."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

from benchmarks.processes import child, most_memory_mb
from benchmarks.rows import Section, just, section, told
from benchmarks.shops import Shop, open_shop
from benchmarks.sink import sink

_SYNC = ("influence_pipeline.cli", "sync", "--entity", "customers")
# As much as a figure may move by itself.
_FLAT = 1.1


def row(sizes: Sequence[int], *, most_seconds: float) -> Section:
    """Sync stores of these sizes, smallest first."""
    most, rows = [], []
    for customers in sizes:
        with open_shop(customers, orders_per_customer=0) as shop:
            mb, how = _most_memory(shop, most_seconds)
        most.append(mb)
        rows.append(just(f"{customers:,} customers", f"{mb:.0f} MB at most ({how})"))
    growth = f"{max(most):.0f} MB against {most[0]:.0f} MB"
    flat = told("the same whatever the backlog", "+10 %", growth, met=max(most) <= _FLAT * most[0])
    return section(
        "Memory of a sync",
        [flat, *rows],
        "`influence-pipeline sync` from an empty state, the API answers at once, 256 in flight.",
        runs=1,
    )


def _most_memory(shop: Shop, most_seconds: float) -> tuple[float, str]:
    """Compare and deliver all customers, for at most so many seconds."""
    shop.configure(in_flight=256)
    shop.fresh_state()
    most = 0.0
    with sink() as api:
        shop.api_url = api.url
        with child(*_SYNC, environment=shop.environment()) as process:
            until = time.monotonic() + most_seconds
            while process.poll() is None and time.monotonic() < until:
                # It may have ended by now, and then has no memory.
                with suppress(OSError):
                    most = max(most, most_memory_mb(process.pid))
                time.sleep(0.1)
        if process.returncode > 0:
            raise RuntimeError(f"The sync ended with {process.returncode}.")
        how = f"ended after {most_seconds:g} s" if process.returncode else "to the end"
        return most, f"{api.count():,} calls, {how}"
