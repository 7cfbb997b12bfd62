"""The most memory that one `influence-pipeline sync` takes, whatever the backlog."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress

from benchmarks.processes import most_memory_mb
from benchmarks.report import Row
from benchmarks.shops import Shop
from benchmarks.sink import sink


def row(shop: Shop, *, most_seconds: float) -> Row:
    """Compare and deliver all customers from an empty state, for at most so many seconds."""
    shop.configure(in_flight=256)
    shop.fresh_state()
    most = 0.0
    with sink() as api:
        shop.api_url = api.url
        process = subprocess.Popen(
            [sys.executable, "-m", "influence_pipeline.cli", "sync", "--entity", "customers"],
            env=shop.environment(),
            stdout=subprocess.DEVNULL,
        )
        until = time.monotonic() + most_seconds
        while process.poll() is None and time.monotonic() < until:
            # It may have ended by now, and then has no memory.
            with suppress(OSError):
                most = max(most, most_memory_mb(process.pid))
            time.sleep(0.1)
        how = "to the end" if process.poll() is not None else f"ended after {most_seconds:g} s"
        process.kill()
        if process.wait() > 0:
            raise RuntimeError(f"The sync ended with {process.returncode}.")
        told = api.count()
    return Row(
        f"memory of a sync of {shop.customers:,} customers, answers at once, 256 in flight",
        "the same whatever the backlog",
        f"{most:.0f} MB at most ({told:,} calls made, {how})",
    )
