"""The most memory that one `influence-pipeline sync` takes, whatever the backlog."""

from __future__ import annotations

import time
from contextlib import suppress

from benchmarks.processes import child, most_memory_mb
from benchmarks.report import Row
from benchmarks.shops import Shop
from benchmarks.sink import sink

_SYNC = ("influence_pipeline.cli", "sync", "--entity", "customers")


def row(shop: Shop, *, most_seconds: float) -> Row:
    """Compare and deliver all customers from an empty state, for at most so many seconds."""
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
        told = api.count()
    return Row(
        f"memory of a sync of {shop.customers:,} customers, answers at once, 256 in flight",
        "the same whatever the backlog",
        f"{most:.0f} MB at most ({told:,} calls made, {how})",
    )
