"""How fast calls may go out: a ceiling, a window of calls in flight, and waits the API asked for.

The window opens by one with each good reply and halves when the API says "too many" or answers
with a 5xx; it starts at one, so that a wrong key or a dead address costs one call, not hundreds.
"""

from __future__ import annotations

# A second halving within this time belongs to the same burst of refusals.
_ONE_HALVING_PER_SECONDS = 1.0


class Pace:
    """One delivery's pace. Times are seconds of a monotonic clock, handed in by the caller."""

    def __init__(self, in_flight: int, calls_per_second: float | None) -> None:
        self._most_in_flight = in_flight
        self._gap = 1.0 / calls_per_second if calls_per_second else 0.0
        self._window = 1.0
        self._next_call_at = 0.0
        self._held_until = 0.0
        self._halved_at = float("-inf")

    @property
    def window(self) -> int:
        """How many calls may be under way."""
        return int(self._window)

    def wait(self, now: float) -> float:
        """Seconds until the next call may go out; 0: now."""
        return max(self._held_until - now, self._next_call_at - now, 0.0)

    def went_out(self, now: float) -> None:
        """Note that a call was made."""
        self._next_call_at = max(self._next_call_at, now - self._gap) + self._gap

    def good(self) -> None:
        """Note a reply that shows the API keeps up."""
        self._window = min(self._window + 1.0, float(self._most_in_flight))

    def refused(self, now: float, retry_after: float | None) -> None:
        """Note a 429 or a 5xx; `retry_after`: seconds the API asked to wait, if it did."""
        if now - self._halved_at >= _ONE_HALVING_PER_SECONDS:
            self._window = max(self._window / 2, 1.0)
            self._halved_at = now
        if retry_after is not None:
            self._held_until = max(self._held_until, now + retry_after)
