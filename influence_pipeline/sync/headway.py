"""How far a delivery is, and how long the rest takes: what a progress line says, wherever it is.

Several workers may be at one queue. So the rest is what the state says is due, counted now and
then, and the rate is the faster of what this delivery settles and what the queue shrinks by.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from influence_pipeline.amounts import counted, duration
from influence_pipeline.errors import InfluencePipelineError
from influence_pipeline.sync.deliver import Delivered

# How often the state is asked what is still due: other runs take their part, captures add some.
COUNT_SECONDS = 20.0


@dataclass(frozen=True)
class Headway:
    """`settled`: records by this delivery, of `total`. `left`: still to be sent, by whomever.
    `per_second`: records; `seconds_left`: None where nothing can be said yet."""

    settled: int
    left: int
    per_second: float

    @property
    def total(self) -> int:
        return self.settled + self.left

    @property
    def seconds_left(self) -> float | None:
        if not self.left:
            return 0.0
        return self.left / self.per_second if self.per_second > 0 else None


class Gauge:
    """Measures one delivery. `due`: counts the records that are still to be sent, those under way
    among them. `now`: seconds of a monotonic clock."""

    def __init__(self, due: Callable[[], int], now: Callable[[], float] = time.monotonic) -> None:
        self._due = due
        self._now = now
        self._started = now()
        self._counted_at: float | None = None
        self._left = 0
        self._settled = 0
        self._shrinks_by = 0.0

    def __call__(self, done: Delivered) -> Headway:
        """Say how far it is."""
        now = self._now()
        settled = settled_by(done)
        if self._counted_at is None or now - self._counted_at >= COUNT_SECONDS:
            self._count(now, settled)
        seconds = max(now - self._started, 0.001)
        return Headway(
            settled=settled,
            left=max(self._left - (settled - self._settled), 0),
            per_second=max(settled / seconds, self._shrinks_by),
        )

    def _count(self, now: float, settled: int) -> None:
        # The state may be away for a moment; the delivery itself says so if it stays.
        with suppress(InfluencePipelineError):
            left = self._due()
            if self._counted_at is not None:
                self._shrinks_by = max((self._left - left) / (now - self._counted_at), 0.0)
            self._left, self._settled, self._counted_at = left, settled, now


def settled_by(done: Delivered) -> int:
    """Count the records that a delivery has dealt with."""
    return done.sent + done.unchanged + done.skipped + done.parked


def headway_words(headway: Headway, done: Delivered) -> str:
    """Say it in a line, as in "100 of 1,000 records, 5.0 records/s, about 3 min more, 4 parked"."""
    parts = [
        f"{headway.settled:,} of {counted(headway.total, 'record')}",
        f"{headway.per_second:,.1f} records/s",
    ]
    if headway.seconds_left:
        parts.append(f"about {duration(headway.seconds_left)} more")
    return ", ".join([*parts, *troubles(done)])


def troubles(done: Delivered) -> list[str]:
    """Say what did not go as it should."""
    numbers = {"parked": done.parked, "throttled": done.throttled}
    return [f"{number:,} {words}" for words, number in numbers.items() if number]
