"""When a record is tried again: full jitter, and a budget that retries keep to."""

from __future__ import annotations

import random

# Retries may be so large a share of the good answers; so many are free at the start.
_SHARE = 0.2
_RESERVE = 50.0
# After a refusal the waits are so many times as long; see `seconds`.
_REFUSED_TIMES = 10.0


class Backoff:
    """Waits of one worker. Full jitter: uniform between 0 and `base` * 2^(n - 1), capped.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. The budget is that of
    Finagle: an API that fails half of its calls is not sent each of them again at once.
    """

    def __init__(self, base_seconds: float, cap_seconds: float) -> None:
        self._base = base_seconds
        self._cap = cap_seconds
        self._budget = _RESERVE

    def good(self) -> None:
        """Note a good answer, which earns a part of a retry."""
        self._budget = min(self._budget + _SHARE, _RESERVE)

    def seconds(self, attempts: int, *, free: bool = False, refused: bool = False) -> float:
        """Seconds to wait after so many attempts. `free`: it takes nothing of the budget.
        `refused`: the API does not take the record as it is, perhaps because of something that was
        written a moment ago and cannot be read there yet; that takes longer than a hiccup."""
        base = self._base * (_REFUSED_TIMES if refused else 1.0)
        most = min(base * 2.0 ** min(max(attempts - 1, 0), 30), self._cap)
        if not free:
            self._budget -= 1.0
            if self._budget < 0.0:
                # Spent: it waits as long as a record ever waits.
                self._budget, most = 0.0, self._cap
                return random.uniform(most / 2, most)  # noqa: S311 (no secret)
        return random.uniform(0.0, most)  # noqa: S311 (no secret)
