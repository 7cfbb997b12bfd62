"""Working stored events off: one function for the sensor, the receiver's fast path and the CLI.

Here it is decided which events are attempted and when; one attempt and its end are in `attempts`.
Results hold counts, never codes.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import wait
from contextlib import suppress
from dataclasses import dataclass, field

from influence_pipeline.errors import StateError, StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.webhooks import events, inbox, issue
from influence_pipeline.webhooks.attempts import Attempt
from influence_pipeline.webhooks.context import HandlerContext
from influence_pipeline.webhooks.grants import grants_of
from influence_pipeline.webhooks.inbox import Claimed
from influence_pipeline.webhooks.outcomes import (
    MENDED_BY_SETTINGS,
    TROUBLE_FOR_ALL,
    Done,
    LostClaim,
    Outcome,
    Park,
    Quarantine,
    Retry,
    Why,
)
from influence_pipeline.webhooks.threads import DaemonThreads

# Where a test may stop the process, beside those in `issue`.
CLAIMED = "event.claimed"
SETTLED = "event.settled"
CRASH_POINTS = (
    CLAIMED,
    issue.LOOKED,
    issue.INTENDED,
    issue.WRITTEN,
    issue.COMMITTED,
    SETTLED,
)

_CLAIMED_PER_WORKER = 8
# Events of one call, so that a caller hears how it goes.
_AT_ONCE = 1000


def _never() -> bool:
    return False


@dataclass
class WorkedOff:
    """What a round did. `by_topic`: topic -> outcome -> events. `latencies`: seconds from the
    delivery to done, per event done. `settled_ids`: the events that need no further attempt.
    `troubles`: what was away for some event, in words, if
    anything was; `broken_off`: for more than one, so that the round ended with it."""

    by_topic: dict[str, Counter[str]] = field(default_factory=dict)
    by_reason: Counter[str] = field(default_factory=Counter)
    coupons: int = 0
    latencies: list[float] = field(default_factory=list)
    settled_ids: set[int] = field(default_factory=set)
    troubles: set[str] = field(default_factory=set)
    broken_off: bool = False

    def count(self, outcome: str) -> int:
        """How many events ended so: done, parked, retried, quarantined or lost."""
        return sum(counts[outcome] for counts in self.by_topic.values())

    @property
    def settled(self) -> int:
        """How many events need no further attempt."""
        return sum(self.count(outcome) for outcome in _SETTLED)

    @property
    def attempted(self) -> int:
        return sum(sum(counts.values()) for counts in self.by_topic.values())

    def latency(self, share: float) -> float | None:
        """The latency that `share` (0 to 1) of the events done did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else None

    def add(self, other: WorkedOff) -> None:
        for topic, counts in other.by_topic.items():
            self.by_topic.setdefault(topic, Counter()).update(counts)
        self.by_reason.update(other.by_reason)
        self.coupons += other.coupons
        self.latencies += other.latencies
        self.settled_ids |= other.settled_ids
        self.troubles |= other.troubles
        self.broken_off |= other.broken_off


def work_off(
    state: Postgres,
    context: HandlerContext,
    *,
    limit: int = _AT_ONCE,
    deadline: float | None = None,
    stop: Callable[[], bool] = _never,
) -> WorkedOff:
    """Work off what is due, up to `limit` events, until nothing is left, `deadline` (a value of
    time.monotonic()) has come or `stop` says so. What was begun is finished, the rest given back.

    Ends early when the store or the API is away; those events wait. Raises StateError.
    """
    requeue_mended(state, context)
    return _work_off_due(state, context, limit, deadline, stop)


def work_off_until(
    state: Postgres,
    context: HandlerContext,
    *,
    deadline: float,
    stop: Callable[[], bool] = _never,
    sleep: Callable[[float], object] = time.sleep,
) -> WorkedOff:
    """Work off what is due, and what becomes due or comes in, until `deadline` (time.monotonic())
    has come or `stop` says so."""
    requeue_mended(state, context)
    result = WorkedOff()
    while True:
        # Mended events are looked for once: the settings stay as they were read.
        result.add(_work_off_due(state, context, _AT_ONCE, deadline, stop))
        left = deadline - time.monotonic()
        if left <= 0 or stop():
            return result
        sleep(min(context.webhooks.poll_seconds, left))


def _work_off_due(
    state: Postgres,
    context: HandlerContext,
    limit: int,
    deadline: float | None,
    stop: Callable[[], bool],
) -> WorkedOff:
    result = WorkedOff()
    workers = context.webhooks.workers
    with DaemonThreads(workers, "events") as pool:
        while not result.broken_off and not stop() and not _over(deadline):
            wanted = min(limit - result.attempted, workers * _CLAIMED_PER_WORKER)
            batch = inbox.claim(state, wanted, context.webhooks.lease_seconds) if wanted else []
            if not batch:
                break
            result.add(_work_batch(state, context, pool, batch, deadline, stop))
    return result


def requeue_mended(state: Postgres, context: HandlerContext) -> int:
    """Make events new again that were parked for what the settings now have; gives how many."""
    mended: list[int] = []
    codes = [str(why) for why in MENDED_BY_SETTINGS]
    for parked in inbox.parked_for(state, codes, but=context.hopeless):
        event = events.read(parked.topic, parked.body).event
        try:
            grants = [] if event is None else grants_of(event, context.terms, parked.received_at)
        except StoreError:
            break  # what the writer can promise has to be asked of a store that is away: later
        reasons = {grant.why for grant in grants if isinstance(grant, Park)}
        if event is None or reasons.intersection(MENDED_BY_SETTINGS):
            context.hopeless.add(parked.id)
        else:
            mended.append(parked.id)
    return len(inbox.replay(state, ids=mended)) if mended else 0


def _over(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() >= deadline


def _work_batch(
    state: Postgres,
    context: HandlerContext,
    pool: DaemonThreads,
    batch: Sequence[Claimed],
    deadline: float | None,
    stop: Callable[[], bool],
) -> WorkedOff:
    waiting = deque(batch)
    # Begun later than this, an event might still be under way when its lease ends.
    last_start = time.monotonic() + context.webhooks.lease_seconds / 2
    if deadline is not None:
        last_start = min(last_start, deadline)

    round_ = _Round()

    def work() -> WorkedOff:
        worker = _Worker(state, context, round_)
        while waiting and not stop() and time.monotonic() < last_start:
            try:
                claimed = waiting.popleft()
            except IndexError:
                break
            worker.attempt(claimed)
        return worker.result

    result = WorkedOff()
    try:
        if len(batch) == 1:
            result.add(work())
        else:
            workers = [pool.submit(work) for _ in range(context.webhooks.workers)]
            wait(workers)
            for future in workers:
                result.add(future.result())
    except BaseException:
        # Else the events that were not begun would wait for the end of their leases.
        with suppress(StateError):
            inbox.release(state, waiting)
        raise
    inbox.release(state, waiting)
    result.broken_off = round_.away is not None
    return result


class _Round:
    """What the workers of a round tell one another: whether the store or the API is away.

    One event in trouble may be alone with it (a customer for whom the API always errs). A second
    one, with none that went well in between, and the others are not attempted any more.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_trouble: dict[Why, set[int]] = {}
        self.away: Retry | None = None

    def trouble(self, event_id: int, met: Retry) -> None:
        with self._lock:
            in_trouble = self._in_trouble.setdefault(met.why, set())
            in_trouble.add(event_id)
            if len(in_trouble) > 1:
                self.away = met

    def went_well(self) -> None:
        with self._lock:
            self._in_trouble.clear()


class _Worker:
    """Attempts events one after another."""

    def __init__(self, state: Postgres, context: HandlerContext, round_: _Round) -> None:
        self._state = state
        self._context = context
        self._round = round_
        self.result = WorkedOff()

    def attempt(self, claimed: Claimed) -> None:
        """Work one event off and settle it. Raises StateError; then its lease runs out."""
        self._context.at(CLAIMED)
        ended = Attempt(self._state, self._context, claimed).run(self._round.away)
        outcome = ended[0]
        if isinstance(outcome, Retry) and outcome.why in TROUBLE_FOR_ALL:
            self.result.troubles.add(outcome.reason)
        self._tell_others(claimed, outcome)
        self._note(claimed, ended)
        self._context.at(SETTLED)

    def _tell_others(self, claimed: Claimed, outcome: Outcome) -> None:
        if isinstance(outcome, Retry) and outcome.why in TROUBLE_FOR_ALL:
            self._round.trouble(claimed.id, outcome)
        elif isinstance(outcome, Done) and outcome.coupons:
            self._round.went_well()

    def _note(self, claimed: Claimed, settled: tuple[Outcome, float | None]) -> None:
        outcome, seconds = settled
        name = _NAMES[type(outcome)]
        topic = claimed.topic or ""
        self.result.by_topic.setdefault(topic, Counter())[name] += 1
        if name in _SETTLED:
            self.result.settled_ids.add(claimed.id)
        if isinstance(outcome, Park | Retry):
            self.result.by_reason[str(outcome.why)] += 1
        if isinstance(outcome, Done):
            self.result.coupons += outcome.coupons
            if seconds is not None:
                self.result.latencies.append(seconds)


_SETTLED = ("done", "parked", "quarantined")
_NAMES: dict[type[Outcome], str] = {
    Done: "done",
    Park: "parked",
    Retry: "retried",
    Quarantine: "quarantined",
    LostClaim: "lost",
}
