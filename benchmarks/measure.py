"""Medians of several runs, and rows of figures beside the first one."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

from benchmarks.rows import Row, figure


def median_seconds(work: Callable[[], object], runs: int = 5) -> float:
    """Run `work` once to warm up, then `runs` times; give the median."""
    work()
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def beside_first(figures: Mapping[str, float], unit: str) -> list[Row]:
    """Give a row a figure, with the ratio of the first one to it."""
    first = next(iter(figures))
    return [
        Row(
            name,
            figure(value, unit),
            ratio="" if name == first else f"{figures[first] / value:.2f} x",
        )
        for name, value in figures.items()
    ]
