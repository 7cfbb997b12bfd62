"""Clocks for the engine's seam."""

from __future__ import annotations

import time


class FastClock:
    """A clock by which `times` as much time passes: waits and paces shrink, their order stays.

    What the databases' clocks say (leases, quiet windows) is not changed by it.
    """

    def __init__(self, times: float) -> None:
        self._times = times

    def monotonic(self) -> float:
        return time.monotonic() * self._times

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / self._times)


class JumpingClock:
    """A clock that can be put forward, as by a machine that slept."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def jump(self, seconds: float) -> None:
        self._ahead += seconds

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
