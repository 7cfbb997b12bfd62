"""Working stored events off: one function for the sensor, the receiver's fast path and the CLI.

Here it is decided which events are attempted and when; one attempt and its end are in `attempts`.
Results hold counts, never codes.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import wait
from contextlib import suppress
from dataclasses import dataclass, field

from influence_pipeline.errors import StateError, StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.webhooks import events, forgotten, inbox, issue
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
_MENDED_EVERY_SECONDS = 1.0
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
    _look_at_what_waits(state, context)
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
    _look_at_what_waits(state, context)
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
    round_ = _Round()
    supply = _Supply(state, context, limit, lambda: stop() or _over(deadline), round_)

    def work() -> WorkedOff:
        worker = _Worker(state, context, round_)
        try:
            while (claimed := supply.take()) is not None:
                worker.attempt(claimed)
        except BaseException:
            supply.end()
            raise
        return worker.result

    try:
        with DaemonThreads(context.webhooks.workers, "events") as pool:
            while (waiting := supply.refill()) > 0:
                if waiting == 1:
                    result.add(work())
                    continue
                workers = [pool.submit(work) for _ in range(context.webhooks.workers)]
                wait(workers)
                for future in workers:
                    result.add(future.result())
    except BaseException:
        # Else the events that were not begun would wait for the end of their leases.
        with suppress(StateError):
            supply.give_back()
        raise
    supply.give_back()
    result.broken_off = round_.away is not None
    return result


def _look_at_what_waits(state: Postgres, context: HandlerContext) -> None:
    """See to events that are not due: those that the settings mend, and those of erased people."""
    if time.monotonic() >= context.swept + _MENDED_EVERY_SECONDS:
        context.swept = time.monotonic()
        forgotten.sweep(state)
    requeue_mended(state, context)


def requeue_mended(state: Postgres, context: HandlerContext) -> int:
    """Make events new again that were parked for what the settings now have; gives how many. With
    one context once a second at most: its settings stay as they were read."""
    if time.monotonic() < context.looked_for_mended + _MENDED_EVERY_SECONDS:
        return 0
    context.looked_for_mended = time.monotonic()
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


class _Supply:
    """Claimed events for the workers of a round; who takes one of the last claims the next ones, so
    that nobody waits for the slowest."""

    def __init__(
        self,
        state: Postgres,
        context: HandlerContext,
        limit: int,
        over: Callable[[], bool],
        round_: _Round,
    ) -> None:
        self._state = state
        self._webhooks = context.webhooks
        self._left = limit
        self._over = over
        self._round = round_
        self._waiting: deque[tuple[float, Claimed]] = deque()
        self._claiming = threading.Lock()
        self._more = False
        self._ended = False

    def take(self) -> Claimed | None:
        """Give the next event, or None where there is none or none is to be begun any more."""
        while not self._ended and not self._over():
            if len(self._waiting) < self._webhooks.workers:
                self._claim_ahead()
            try:
                last_start, claimed = self._waiting.popleft()
            except IndexError:
                return None
            if time.monotonic() < last_start:
                return claimed
            inbox.release(self._state, [claimed])
        return None

    def refill(self) -> int:
        """Claim events that are due; gives how many are to be begun."""
        with self._claiming:
            self._claim()
        return 0 if self._ended or self._over() else len(self._waiting)

    def _claim_ahead(self) -> None:
        """Claim more while others are at work, if there was more than was claimed. Only who has
        nothing to do waits for somebody who is at it."""
        if not self._more or not self._claiming.acquire(blocking=not self._waiting):
            return
        try:
            if self._more and len(self._waiting) < self._webhooks.workers:
                self._claim()
        finally:
            self._claiming.release()

    def end(self) -> None:
        """Let no further event be begun."""
        self._ended = True

    def give_back(self) -> None:
        """Give back what was claimed and not begun. Raises StateError."""
        waiting = [claimed for _, claimed in self._waiting]
        self._waiting.clear()
        inbox.release(self._state, waiting)

    def _claim(self) -> None:
        self._more = False
        # After trouble for all, only what is claimed already is seen through.
        if self._ended or self._round.away is not None or self._over():
            return
        wanted = min(self._left, self._webhooks.workers * _CLAIMED_PER_WORKER)
        if not wanted:
            return
        # Begun later than this, an event might still be under way when its lease ends.
        last_start = time.monotonic() + self._webhooks.lease_seconds / 2
        batch = inbox.claim(self._state, wanted, self._webhooks.lease_seconds)
        self._left -= len(batch)
        self._more = len(batch) == wanted
        self._waiting.extend((last_start, claimed) for claimed in batch)


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
