"""The rate limit: a token bucket, and the headers of the answer that says "too many"."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from email.utils import formatdate

from influence_pipeline.sandbox.platform.switches import RetryAfter, Switches

Headers = list[tuple[str, str]]


class RateLimit:
    """A token bucket over all calls. `change` sets its size; a change starts with a full bucket.

    A limit may itself change while it is in force: then each period has a rate of its own, drawn by
    the switches' seed and the number of the period.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._switches = Switches()
        self._rate: float | None = None
        self._size = 0.0
        self._tokens = 0.0
        self._changed_at = self._filled_at = clock()

    def change(self, switches: Switches) -> None:
        if _limit_of(switches) == _limit_of(self._switches):
            return
        self._switches = switches
        rate = switches.rate_limit
        size = 0.0 if rate is None else float(switches.rate_limit_burst or max(1, math.ceil(rate)))
        self._rate, self._size, self._tokens = rate, size, size
        self._changed_at = self._filled_at = self._clock()

    def rate_at(self, seconds: float) -> float | None:
        """Calls a second, so many seconds after the last change; None: no limit."""
        given = self._switches
        if given.rate_limit is None or given.rate_limit_lowest == 1:
            return given.rate_limit
        period = int(seconds * 1000 / given.rate_limit_every_ms)
        chance = random.Random(f"{given.rate_limit_seed}:{period}")  # noqa: S311
        return given.rate_limit * chance.uniform(given.rate_limit_lowest, 1)

    def take(self) -> float:
        """Take one token. Returns 0 when there was one, else the seconds until there will be."""
        now = self._clock()
        self._rate = self.rate_at(now - self._changed_at)
        if self._rate is None:
            return 0.0
        self._tokens = min(self._size, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._rate

    def headers(self) -> Headers:
        """The X-RateLimit headers that many APIs send; none of them is in the contract."""
        if self._rate is None:
            return []
        full_in = (self._size - self._tokens) / self._rate
        return [
            ("x-ratelimit-limit", str(int(self._size))),
            ("x-ratelimit-remaining", str(int(self._tokens))),
            ("x-ratelimit-reset", str(math.ceil(full_in))),
        ]


def _limit_of(switches: Switches) -> tuple[float | int | None, ...]:
    return (
        switches.rate_limit,
        switches.rate_limit_burst,
        switches.rate_limit_lowest,
        switches.rate_limit_every_ms,
        switches.rate_limit_seed,
    )


def retry_after_headers(form: RetryAfter, seconds: float) -> Headers:
    """Retry-After in one of its two legal forms (RFC 9110, 10.2.3), or not at all."""
    whole = max(1, math.ceil(seconds))
    if form == "seconds":
        return [("retry-after", str(whole))]
    if form == "date":
        return [("retry-after", formatdate(time.time() + whole, usegmt=True))]
    return []
