"""The memory of processes over time, and how fast it grows.

Each process is a series of its own: one that was killed and started again begins anew. The growth of
a role (several processes, one after the other or side by side) is the median of the slopes between
all pairs of samples of one process (Theil-Sen), so that a few jumps do not decide it.
"""

from __future__ import annotations

import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from influence_pipeline_tests.soak.until_stopped import UntilStopped

_PAGE = os.sysconf("SC_PAGE_SIZE")
MB = 1024 * 1024
# More samples of a process than this are thinned out: pairs grow with the square.
_LARGEST_SERIES = 240


@dataclass
class Series:
    """The samples of one process: seconds since the beginning, and bytes."""

    role: str
    pid: int
    points: list[tuple[float, int]] = field(default_factory=list)


def resident(pid: int) -> int | None:
    """The bytes of memory a process has, None where it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE or None
    except (OSError, IndexError):
        return None


def growth(series: Iterable[Series], *, after: float = 0.0) -> dict[str, float]:
    """MB a minute of each role, from what was sampled later than `after` seconds.

    A role of which no process has two such samples is left out.
    """
    slopes: dict[str, list[float]] = defaultdict(list)
    for one in series:
        points = [point for point in one.points if point[0] >= after]
        thinned = points[:: len(points) // _LARGEST_SERIES + 1]
        slopes[one.role] += [
            (later - sooner) / MB / (end - begin) * 60
            for (begin, sooner), (end, later) in combinations(thinned, 2)
            if end > begin
        ]
    return {role: statistics.median(found) for role, found in slopes.items() if found}


class Sampler(UntilStopped):
    """Looks at processes every so often. `processes`: asked each time for the process
    ids of each role."""

    def __init__(
        self, processes: Callable[[], Mapping[str, Iterable[int]]], every_seconds: float = 5.0
    ) -> None:
        super().__init__()
        self._processes = processes
        self._every = every_seconds
        self._series: dict[tuple[str, int], Series] = {}
        self._began = time.monotonic()

    def series(self) -> list[Series]:
        return list(self._series.values())

    def look(self) -> None:
        now = time.monotonic() - self._began
        for role, pids in self._processes().items():
            for pid in pids:
                size = resident(pid)
                if size is not None:
                    one = self._series.setdefault((role, pid), Series(role, pid))
                    one.points.append((now, size))

    def go_on(self) -> None:
        while not self.stopping.wait(self._every):
            self.look()
