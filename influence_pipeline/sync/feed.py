"""The next records to send: claimed and read ahead, in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass

from influence_pipeline.sync.claims import Claim, Claims
from influence_pipeline.sync.prepare import Preparation, Prepared


@dataclass(frozen=True)
class Fed:
    """A claimed batch, ready to send. `held_until`: when its lease ends, by the caller's clock."""

    claims: list[Claim]
    prepared: Prepared
    held_until: float


class Feed:
    """Claims for one worker, one batch at a time. Not shared between threads."""

    def __init__(
        self,
        claims: Claims,
        preparation: Preparation,
        executor: Executor,
        lease_seconds: float,
        monotonic: Callable[[], float],
        at: Callable[[str], None],
    ) -> None:
        self._claims = claims
        self._preparation = preparation
        self._executor = executor
        self._lease_seconds = lease_seconds
        self._monotonic = monotonic
        self._at = at
        self._fetching: Future[Fed] | None = None
        # What the batch under way has claimed: given back if it fails afterwards.
        self._claimed: list[Claim] = []

    @property
    def fetching(self) -> Future[Fed] | None:
        """The batch under way, to wait for."""
        return self._fetching

    def ask(self, most: int) -> None:
        """Begin with the next batch, unless one is under way."""
        if self._fetching is None:
            self._claimed = []
            self._fetching = self._executor.submit(self._fetch, most)

    def take(self, *, wait: bool = False) -> Fed | None:
        """Give the batch if it is there; None: it is not, or was not asked for.

        Raises what claiming or reading raised; `abandoned` then has what was claimed.
        """
        if self._fetching is None or not (wait or self._fetching.done()):
            return None
        fetching, self._fetching = self._fetching, None
        fed = fetching.result()
        self._claimed = []
        return fed

    def abandoned(self) -> list[Claim]:
        """End, and give what was claimed and never taken."""
        if self._fetching is not None:
            with suppress(BaseException):
                self._fetching.result()
            self._fetching = None
        abandoned, self._claimed = self._claimed, []
        return abandoned

    def _fetch(self, most: int) -> Fed:
        asked_at = self._monotonic()
        self._claimed = self._claims.claim(most)
        if not self._claimed:
            return Fed([], Prepared([], []), asked_at)
        self._at("deliver: claimed")
        prepared = self._preparation.prepare(self._claimed)
        self._at("deliver: store read")
        return Fed(self._claimed, prepared, asked_at + self._lease_seconds)
