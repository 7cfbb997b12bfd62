"""What the benchmarks share: medians of several runs, a place to run in, one table."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from influence_pipeline.cli.init import copy_preset
from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.settings import Settings, load_settings

KEY = "benchmark-key"


def median_seconds(work: Callable[[], object], runs: int = 5) -> float:
    """Run `work` once to warm up, then `runs` times; give the median."""
    work()
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def table(title: str, first: str, rows: dict[str, float], unit: str = "s") -> None:
    """Print each figure and its ratio to the first row's."""
    print(f"\n{title}")
    for name, value in rows.items():
        print(f"  {name:<58} {value:>10.3f} {unit}  {value / rows[first]:>8.2f} x")


@contextmanager
def shop(customers: int, *, api_url: str = "http://127.0.0.1:9") -> Iterator[tuple[Settings, str]]:
    """A sample store of this size with as many orders, an empty state, the plain preset.

    Gives the settings and the store's URL. All orders count (go_live in the year 2000).
    """
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    # As root the server runs as `nobody`, who must get in.
    folder.chmod(0o755)
    try:
        with EmbeddedPostgres.start(folder / "data") as server:
            store_url, state_url = server.create_database("store"), server.create_database("state")
            sample_store.create(store_url)
            began = time.perf_counter()
            sample_store.seed(store_url, customers=customers, products=200)
            print(f"{customers:,} customers and orders made in {time.perf_counter() - began:.1f} s")
            copy_preset("plain", folder / "config")
            file = folder / "config" / "influence.toml"
            text = file.read_text(encoding="utf-8")
            file.write_text(
                text.replace("[orders]\n", "[orders]\ngo_live = 2000-01-01T00:00:00Z\n", 1),
                encoding="utf-8",
            )
            yield (
                load_settings(
                    store_url=store_url,
                    state_url=state_url,
                    api_url=api_url,
                    api_key=KEY,
                    config=file,
                ),
                store_url,
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def machine() -> str:
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
