"""How fast calls may go out: a window of calls in flight, a rate, and waits the API asked for.

The window opens by one with each good reply; it starts at one, so that a wrong key or a dead
address costs one call, not hundreds. The rate is unbounded (or the merchant's own ceiling) until
the API says "too many": then it becomes a little less than what the API let through, because an API
that answers in a millisecond is not slowed down by a small window. From there it grows again, ever
faster while nothing is refused, so that it stays close below a limit that is there and soon forgets
one that is gone.
"""

from __future__ import annotations

# One cut in this time: refusals of calls that went out together say one thing, not many.
_CUT_EVERY_SECONDS = 1.0
# What was let through is measured over at least this time; a burst of a few calls tells no rate.
_SHORTEST_MEASURE_SECONDS = 0.25
# A cut rate is this share of what was let through; with nothing let through it is halved.
_KEPT = 0.9
_HALVED = 0.5
# Where the very first calls are refused, nothing is known yet of any rate.
_AT_FIRST = 10.0
# Never slower than a call in two seconds: the API must be asked to be heard.
_SLOWEST = 0.5
# Fewer 5xx than this say nothing of the API as a whole.
_TROUBLE = 5
# Growth per second: 2 % right after a cut, doubled every 4 s without refusals, up to 50 %.
_GROWTH = 0.02
_GROWTH_DOUBLES_EVERY_SECONDS = 4.0
_MOST_GROWTH = 0.5
# Where a rate this high is reached again, the limit is gone.
_UNLIMITED = 50_000.0


class Pace:
    """One delivery's pace. Times are seconds of a monotonic clock, handed in by the caller."""

    def __init__(self, in_flight: int, calls_per_second: float | None) -> None:
        self._most_in_flight = in_flight
        self._ceiling = calls_per_second or float("inf")
        self._window = 1.0
        # None: as fast as the ceiling and the window allow.
        self._rate: float | None = None
        self._grown_at = 0.0
        self._next_call_at = 0.0
        self._held_until = 0.0
        self._cut_at = float("-inf")
        self._recent = _Recent(0.0)

    @property
    def window(self) -> int:
        """How many calls may be under way."""
        return int(self._window)

    @property
    def rate(self) -> float:
        """Calls a second, infinite where nothing bounds them."""
        return min(self._ceiling, self._rate if self._rate is not None else float("inf"))

    def wait(self, now: float) -> float:
        """Seconds until the next call may go out; 0: now."""
        return max(self._held_until - now, self._next_call_at - now, 0.0)

    def held(self, now: float) -> float:
        """Seconds that the API asked to be left alone for."""
        return max(self._held_until - now, 0.0)

    def went_out(self, now: float) -> None:
        """Note that a call was made."""
        self._grow(now)
        gap = 1.0 / self.rate
        self._next_call_at = max(self._next_call_at, now - gap) + gap

    def good(self, now: float) -> None:
        """Note a reply that shows the API keeps up."""
        self._window = min(self._window + 1.0, float(self._most_in_flight))
        self._recent.add(now, let_through=1)

    def refused(self, now: float, retry_after: float | None, *, throttled: bool) -> None:
        """Note a refusal: a 429 (`throttled`) or a 5xx. `retry_after`: seconds it asked to wait.

        A 5xx among many good replies is one record's trouble; where they are most, the API as a
        whole has too much to do.
        """
        self._recent.add(now, refused=1)
        if retry_after is not None:
            self._held_until = max(self._held_until, now + retry_after)
        if now - self._cut_at < _CUT_EVERY_SECONDS:
            return
        self._window = max(self._window / 2, 1.0)
        if throttled or self._recent.is_trouble:
            self._cut(now)
        self._cut_at = now

    def _cut(self, now: float) -> None:
        self._grow(now)
        let_through = self._recent.let_through_per_second(now)
        cut = min(self.rate * _HALVED if let_through == 0 else let_through * _KEPT, self.rate)
        self._rate = max(cut, _SLOWEST) if cut < _UNLIMITED else _AT_FIRST
        self._next_call_at = max(self._next_call_at, now + 1.0 / self._rate)
        self._recent = _Recent(now)

    def _grow(self, now: float) -> None:
        if self._rate is not None:
            quiet = now - self._cut_at
            growth = min(_GROWTH * 2.0 ** (quiet / _GROWTH_DOUBLES_EVERY_SECONDS), _MOST_GROWTH)
            self._rate *= 1.0 + growth * (now - self._grown_at)
            if self._rate >= _UNLIMITED:
                self._rate = None
        self._grown_at = now


class _Recent:
    """Replies of the last one to two seconds."""

    def __init__(self, now: float) -> None:
        self._since = self._half = now
        self._before = (0, 0)
        self._now = (0, 0)

    def add(self, now: float, *, let_through: int = 0, refused: int = 0) -> None:
        if now - self._half >= 1.0:
            # What is older than the last second goes.
            self._since = self._half if now - self._half < 2.0 else now
            self._before = self._now if now - self._half < 2.0 else (0, 0)
            self._half = now
            self._now = (0, 0)
        self._now = (self._now[0] + let_through, self._now[1] + refused)

    def let_through_per_second(self, now: float) -> float:
        seconds = max(now - self._since, _SHORTEST_MEASURE_SECONDS)
        return (self._before[0] + self._now[0]) / seconds

    @property
    def is_trouble(self) -> bool:
        refused = self._before[1] + self._now[1]
        return refused >= _TROUBLE and refused > self._before[0] + self._now[0]
