"""What the benchmarks share: medians of several runs, one table, what machine it was."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable


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


def machine() -> str:
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
