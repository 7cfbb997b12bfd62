"""What a delivery has to write down, gathered into few commits, written beside the sending.

Intents, results, the attempt log and used codes of some milliseconds go into one commit, made in a
thread of its own while further calls are under way. One write at a time, in the order things
happened.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future

from influence_pipeline.sync.claims import Attempt, Batch, Claims, Intent, Result

# What a killed process can leave unwritten: so many answers, or answers of this time. Half of them
# are gathered while the other half is written.
UNWRITTEN_AT_MOST = 500
FLUSH_SECONDS = 0.04
_HALF = UNWRITTEN_AT_MOST // 2


class Outbox:
    """Gathers for one worker. Times are of the caller's clock; not shared between threads."""

    def __init__(
        self,
        claims: Claims,
        quiet_seconds: float,
        executor: Executor,
        at: Callable[[str], None],
    ) -> None:
        self._claims = claims
        self._quiet_seconds = quiet_seconds
        self._executor = executor
        self._at = at
        self._batch = Batch()
        self._answers = 0
        self._since: float | None = None
        self._writing: Future[set[tuple[int, str]]] | None = None
        self._intended: list[Intent] = []

    def result(self, result: Result, now: float) -> None:
        self._batch.results.append(result)
        self._gathered(now)

    def attempt(self, attempt: Attempt, now: float) -> None:
        self._batch.attempts.append(attempt)
        self._answers += 1
        self._gathered(now)

    def intend(self, intent: Intent, now: float) -> None:
        """Note what must be committed before its call; `step` tells when it is."""
        self._batch.intents.append(intent)
        self._gathered(now)

    def codes_used(self, codes: list[str], order: str) -> None:
        """Note the discount codes of an acknowledged order; those that are ours are told on."""
        self._batch.codes_used += [(code, order) for code in codes]

    def refund(self, order: str, customer: str) -> None:
        """Note that an order is told, or was just told, a status that may take points back."""
        self._batch.refunds[order] = customer

    def answered(self, call: str) -> None:
        """Note that the API has answered a call of this name; it goes with the answer."""
        self._batch.answered.add(call)

    def _gathered(self, now: float) -> None:
        if self._since is None:
            self._since = now

    @property
    def writing(self) -> Future[set[tuple[int, str]]] | None:
        """The write under way, to wait for."""
        return self._writing

    @property
    def is_full(self) -> bool:
        """Whether so much is unwritten that no more may be taken on before the write has ended."""
        return self._writing is not None and self._answers >= _HALF

    def step(self, now: float) -> list[tuple[Intent, bool]]:
        """Begin a write if one is due. Gives the intents of a write that has ended, each with
        whether its claim was still held: only then may it be called. Raises what the write raised.
        """
        committed: list[tuple[Intent, bool]] = []
        if self._writing is not None and self._writing.done():
            committed = self._take_up(self._writing)
        if self._writing is None and self._is_due(now):
            self._begin()
        return committed

    def drain(self) -> list[tuple[Intent, bool]]:
        """Write everything and wait until it is written; gives and raises what `step` does."""
        committed: list[tuple[Intent, bool]] = []
        while self._writing is not None or self._since is not None:
            committed += self._take_up(self._writing or self._begin())
        return committed

    def _is_due(self, now: float) -> bool:
        if self._since is None:
            return False
        # Calls wait for an intent: it goes as soon as nothing else is being written.
        return (
            bool(self._batch.intents)
            or self._answers >= _HALF
            or now - self._since >= FLUSH_SECONDS
        )

    def _begin(self) -> Future[set[tuple[int, str]]]:
        batch, self._batch, self._answers, self._since = self._batch, Batch(), 0, None
        self._intended = batch.intents
        self._writing = self._executor.submit(self._write, batch)
        return self._writing

    def _write(self, batch: Batch) -> set[tuple[int, str]]:
        if batch.intents:
            self._at("deliver: before intent")
        if batch.results:
            self._at("deliver: before acknowledgement")
        held = self._claims.write(batch, self._quiet_seconds)
        if batch.intents:
            self._at("deliver: intent committed")
        if batch.results:
            self._at("deliver: acknowledged")
        return held

    def _take_up(self, written: Future[set[tuple[int, str]]]) -> list[tuple[Intent, bool]]:
        intended, self._intended, self._writing = self._intended, [], None
        held = written.result()
        return [(intent, (intent.fence, intent.key) in held) for intent in intended]
