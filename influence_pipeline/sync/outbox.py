"""What deliveries have to write down, gathered into few commits: results, attempts, used codes."""

from __future__ import annotations

from collections.abc import Callable

from influence_pipeline.sync.claims import Attempt, Claims, Result

# Written when this many are there, or this long after the first of them: what a killed process can
# leave unwritten.
FLUSH_AT = 500
FLUSH_SECONDS = 0.05


class Outbox:
    """Gathers for one worker; `flush` writes when it is time. Times are of the caller's clock."""

    def __init__(self, claims: Claims, at: Callable[[str], None]) -> None:
        self._claims = claims
        self._at = at
        self._clear()

    def _clear(self) -> None:
        self._results: list[Result] = []
        self._attempts: list[Attempt] = []
        self._codes_used: list[tuple[str, str]] = []
        self._since: float | None = None

    def result(self, result: Result, now: float) -> None:
        self._results.append(result)
        self._since = now if self._since is None else self._since

    def attempt(self, attempt: Attempt, now: float) -> None:
        self._attempts.append(attempt)
        self._since = now if self._since is None else self._since

    def codes_used(self, codes: list[str], order: str) -> None:
        """Note the discount codes of an acknowledged order; those that are ours are told on."""
        self._codes_used += [(code, order) for code in codes]

    def flush(self, now: float, *, everything: bool = False) -> None:
        """Write what is there if it is enough, or old enough, or `everything` is wanted."""
        if self._since is None:
            return
        full = len(self._results) + len(self._attempts) >= FLUSH_AT
        if everything or full or now - self._since >= FLUSH_SECONDS:
            self._at("deliver: before acknowledgement")
            self._claims.write(self._results, self._attempts, self._codes_used)
            self._clear()
            self._at("deliver: acknowledged")
