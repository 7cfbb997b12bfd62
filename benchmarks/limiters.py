"""The ways in which APIs limit calls. Each says of a call at a moment (seconds) whether it passes.

Refused calls cost nothing: the next one is judged as if they had not been.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Protocol


class Limiter(Protocol):
    """`rate`: calls a second, may be changed at any time."""

    rate: float

    def wait(self, now: float) -> float:
        """Let a call pass (0), or give the seconds after which one would."""

    def remaining(self, now: float) -> int:
        """How many calls would pass now."""


class FixedWindow:
    """So many in each second of the clock; below one a second, one in each 1/rate seconds."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._window = (0, 0)

    def wait(self, now: float) -> float:
        length, most = self._size()
        window = int(now // length)
        used = self._window[1] if self._window[0] == window else 0
        if used >= most:
            return (window + 1) * length - now
        self._window = (window, used + 1)
        return 0.0

    def remaining(self, now: float) -> int:
        length, most = self._size()
        window = int(now // length)
        return max(most - (self._window[1] if self._window[0] == window else 0), 0)

    def _size(self) -> tuple[float, int]:
        """A window that holds a whole number of calls: 2.5 a second are 5 in two seconds."""
        whole = (length for length in (1.0, 2.0, 4.0, 8.0) if (length * self.rate) % 1 == 0)
        length = next(whole, 1.0 / self.rate)
        return length, round(length * self.rate)


class TokenBucket:
    """Refilled at the rate, holds `burst` seconds' worth, at least one call (as AWS's gateway)."""

    def __init__(self, rate: float, burst: float = 1.0) -> None:
        self.rate = rate
        self._burst = burst
        self._tokens = self._most
        self._at: float | None = None

    @property
    def _most(self) -> float:
        return max(self.rate * self._burst, 1.0)

    def wait(self, now: float) -> float:
        self._refill(now)
        if self._tokens < 1.0:
            return (1.0 - self._tokens) / self.rate
        self._tokens -= 1.0
        return 0.0

    def remaining(self, now: float) -> int:
        self._refill(now)
        return int(self._tokens)

    def _refill(self, now: float) -> None:
        passed = now - self._at if self._at is not None else 0.0
        self._tokens = min(self._tokens + passed * self.rate, self._most)
        self._at = now


class Spacing:
    """One call in each 1/rate seconds, nothing saved up, a call that is early by a hair passes.

    `slack`: the share of the distance by which a call may be early, as no network keeps exact time.
    """

    def __init__(self, rate: float, slack: float = 0.1) -> None:
        self.rate = rate
        self._slack = slack
        self._next = -math.inf

    def wait(self, now: float) -> float:
        early = self._next - now
        if early > self._slack / self.rate:
            return early
        self._next = max(self._next, now) + 1.0 / self.rate
        return 0.0

    def remaining(self, now: float) -> int:
        return int(self._next - now <= self._slack / self.rate)


class SlidingLog:
    """So many in any second, whenever it begins (below one a second: one in any 1/rate seconds)."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._passed: deque[float] = deque()

    def wait(self, now: float) -> float:
        length = max(1.0, 1.0 / self.rate)
        self._forget(now - length)
        if len(self._passed) >= max(self.rate * length, 1.0):
            return self._passed[0] + length - now
        self._passed.append(now)
        return 0.0

    def remaining(self, now: float) -> int:
        length = max(1.0, 1.0 / self.rate)
        self._forget(now - length)
        return max(int(self.rate * length) - len(self._passed), 0)

    def _forget(self, until: float) -> None:
        while self._passed and self._passed[0] <= until:
            self._passed.popleft()


KINDS: dict[str, type[FixedWindow | TokenBucket | Spacing | SlidingLog]] = {
    "window": FixedWindow,
    "bucket": TokenBucket,
    "spacing": Spacing,
    "sliding": SlidingLog,
}
