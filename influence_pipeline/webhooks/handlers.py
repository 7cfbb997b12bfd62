"""Working stored events off: one function for the sensor, the receiver's fast path and the CLI.

What an event brings about stands in `grants`, `issue` and `members`; here it is decided how an
attempt ends: done, parked with a reason, or later. Log lines and results hold counts, never codes.
"""

from __future__ import annotations

import random
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from influence_pipeline.errors import ApiError, StateError, StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.webhooks import events, inbox, issue, members
from influence_pipeline.webhooks.context import HandlerContext
from influence_pipeline.webhooks.events import Event, Topic
from influence_pipeline.webhooks.grants import Grant, grants_of
from influence_pipeline.webhooks.inbox import Claimed
from influence_pipeline.webhooks.outcomes import (
    MENDED_BY_SETTINGS,
    Done,
    Ending,
    LostClaim,
    Outcome,
    Park,
    Quarantine,
    Retry,
    Why,
)
from influence_pipeline.webhooks.verify import verify

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

_MEMBER_TOPICS = frozenset({Topic.CUSTOMER_UPDATED, Topic.TIER_CHANGED, Topic.POINTS_EARNED})
# An event that our own code stumbles over is tried so often before a person is asked.
_STUMBLES = 5
_CLAIMED_PER_WORKER = 8


@dataclass
class WorkedOff:
    """What a round did. `by_topic`: topic -> outcome -> events. `latencies`: seconds from the
    delivery to done, per event done. `troubles`: what was away, in words, if anything was."""

    by_topic: dict[str, Counter[str]] = field(default_factory=dict)
    by_reason: Counter[str] = field(default_factory=Counter)
    coupons: int = 0
    latencies: list[float] = field(default_factory=list)
    troubles: set[str] = field(default_factory=set)

    def count(self, outcome: str) -> int:
        """How many events ended so: done, parked, retried, quarantined or lost."""
        return sum(counts[outcome] for counts in self.by_topic.values())

    @property
    def settled(self) -> int:
        """How many events need no further attempt."""
        return sum(self.count(outcome) for outcome in ("done", "parked", "quarantined"))

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
        self.troubles |= other.troubles


def work_off(
    state: Postgres,
    context: HandlerContext,
    *,
    limit: int = 1000,
    deadline: float | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> WorkedOff:
    """Work off what is due, up to `limit` events, until nothing is left, `deadline` (a value of
    time.monotonic()) has come or `stop` says so. What was begun is finished, the rest given back.

    Ends early when the store or the API is away; those events wait. Raises StateError.
    """
    requeue_mended(state, context)
    result = WorkedOff()
    workers = context.webhooks.workers
    with ThreadPoolExecutor(workers, thread_name_prefix="events") as pool:
        while not result.troubles and not stop() and not _over(deadline):
            wanted = min(limit - result.attempted, workers * _CLAIMED_PER_WORKER)
            batch = inbox.claim(state, wanted, context.webhooks.lease_seconds) if wanted else []
            if not batch:
                break
            result.add(_work_batch(state, context, pool, batch, deadline, stop))
    return result


def work_off_until(
    state: Postgres,
    context: HandlerContext,
    *,
    deadline: float,
    limit: int = 1000,
    sleep: Callable[[float], None] = time.sleep,
) -> WorkedOff:
    """Wait for work until `deadline` (time.monotonic()), and come back as soon as some is done."""
    result = WorkedOff()
    while True:
        result.add(work_off(state, context, limit=limit, deadline=deadline))
        left = deadline - time.monotonic()
        if result.settled or left <= 0:
            return result
        sleep(min(context.webhooks.poll_seconds, left))


def requeue_mended(state: Postgres, context: HandlerContext) -> int:
    """Make events new again that were parked for what the settings now have; gives how many."""
    mended: list[int] = []
    codes = [str(why) for why in MENDED_BY_SETTINGS]
    for parked in inbox.parked_for(state, codes, but=context.hopeless):
        event = events.read(parked.topic, parked.body).event
        grants = [] if event is None else grants_of(event, context.terms, parked.received_at)
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
    pool: ThreadPoolExecutor,
    batch: Sequence[Claimed],
    deadline: float | None,
    stop: Callable[[], bool],
) -> WorkedOff:
    waiting = deque(batch)
    # Begun later than this, an event might still be under way when its lease ends.
    last_start = time.monotonic() + context.webhooks.lease_seconds / 2
    if deadline is not None:
        last_start = min(last_start, deadline)

    def work() -> WorkedOff:
        worker = _Worker(state, context)
        while waiting and not stop() and time.monotonic() < last_start:
            try:
                claimed = waiting.popleft()
            except IndexError:
                break
            worker.attempt(claimed)
        return worker.result

    result = WorkedOff()
    if len(batch) == 1:
        result.add(work())
    else:
        for future in [pool.submit(work) for _ in range(context.webhooks.workers)]:
            result.add(future.result())
    inbox.release(state, waiting)
    return result


class _Worker:
    """Attempts events one after another. Trouble met once is not asked for again in this batch."""

    def __init__(self, state: Postgres, context: HandlerContext) -> None:
        self._state = state
        self._context = context
        self._trouble: Retry | None = None
        self.result = WorkedOff()

    def attempt(self, claimed: Claimed) -> None:
        """Work one event off and settle it. Raises StateError; then its lease runs out."""
        self._context.at(CLAIMED)
        attempt = _Attempt(self._state, self._context, claimed)
        event = events.read(claimed.topic, claimed.body)
        outcome: Outcome
        if event.event is None:
            outcome = Quarantine(str(event.unusable), event.reason or "")
        elif event.event.topic in _MEMBER_TOPICS:
            outcome = Done()
        elif self._trouble is not None:
            outcome = self._trouble
        else:
            outcome = attempt.coupons(event.event)
        if isinstance(outcome, Retry) and outcome.why is not Why.INTERNAL_ERROR:
            self._trouble = outcome
            self.result.troubles.add(outcome.reason)
        self._note(claimed, attempt.settle(outcome, event.event))
        self._context.at(SETTLED)

    def _note(self, claimed: Claimed, settled: tuple[Outcome, float | None]) -> None:
        outcome, seconds = settled
        name = _NAMES[type(outcome)]
        topic = claimed.topic or ""
        self.result.by_topic.setdefault(topic, Counter())[name] += 1
        if isinstance(outcome, Park | Retry):
            self.result.by_reason[str(outcome.why)] += 1
        if isinstance(outcome, Done):
            self.result.coupons += outcome.coupons
            if seconds is not None:
                self.result.latencies.append(seconds)


_NAMES: dict[type[Outcome], str] = {
    Done: "done",
    Park: "parked",
    Retry: "retried",
    Quarantine: "quarantined",
    LostClaim: "lost",
}


class _Attempt:
    """One attempt at one event: what was found out on the way, and its end."""

    def __init__(self, state: Postgres, context: HandlerContext, claimed: Claimed) -> None:
        self._state = state
        self._context = context
        self._claimed = claimed
        self._in_store: list[str] = []
        self._to_forget: list[str] = []

    def coupons(self, event: Event) -> Outcome:
        """Make every coupon the event asks for; the first thing in the way decides its end."""
        problems: list[Outcome] = []
        for grant in grants_of(event, self._context.terms, self._claimed.received_at):
            problem = grant if isinstance(grant, Park) else self._coupon(grant)
            if isinstance(problem, LostClaim):
                return problem
            if problem is not None:
                problems.append(problem)
        # What passes goes before what needs a person: the event is looked at as a whole again.
        later = [problem for problem in problems if isinstance(problem, Retry)]
        return next(iter(later or problems), Done(coupons=len(self._in_store)))

    def _coupon(self, grant: Grant) -> Park | Retry | LostClaim | None:
        try:
            if self._context.api is not None:
                unverified = verify(self._context.api, grant.witness)
                if unverified is not None:
                    return unverified
            made = issue.issue(
                self._state, grant.writer, self._claimed, grant.coupon, self._context.at
            )
        except StoreError as error:
            return Retry(Why.STORE_AWAY, str(error))
        except ApiError as error:
            return Retry(Why.API_AWAY, str(error))
        except StateError:
            raise
        except Exception as error:  # one event must not stop the others
            return self._stumbled(error)
        if isinstance(made, LostClaim):
            return made
        if isinstance(made, issue.NotOurs):
            if made.forget:
                self._to_forget.append(grant.coupon.code)
            return made.park
        self._in_store.append(grant.coupon.code)
        return None

    def _stumbled(self, error: Exception) -> Park | Retry:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        # Not the exception's text: it may hold a customer's data.
        reason = f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}"
        if self._claimed.attempts < _STUMBLES:
            return Retry(Why.INTERNAL_ERROR, reason)
        return Park(
            Why.INTERNAL_ERROR,
            f"This program stumbled over the event {_STUMBLES} times: {reason}. Please report it; "
            "after an update replay the event (influence-pipeline events replay).",
        )

    def settle(self, outcome: Outcome, event: Event | None) -> tuple[Outcome, float | None]:
        """Write the end of the attempt, all of it in one transaction guarded by the fence."""
        if isinstance(outcome, LostClaim):
            return outcome, None
        with self._state.transaction() as connection:
            kept, seconds = self._write(connection, outcome)
            if not kept:
                return LostClaim(), None
            for code in self._in_store:
                issue.mark_issued(connection, code)
            for code in self._to_forget:
                issue.forget(connection, self._claimed, code)
            if event is not None and event.topic in _MEMBER_TOPICS and isinstance(outcome, Done):
                members.remember(connection, event.member, self._claimed.id)
        return outcome, seconds

    def _write(self, connection: sa.Connection, outcome: Ending) -> tuple[bool, float | None]:
        claimed = self._claimed
        if isinstance(outcome, Done):
            seconds = inbox.finish(connection, claimed)
            return seconds is not None, seconds
        if isinstance(outcome, Park):
            return inbox.park(connection, claimed, outcome.why, outcome.reason), None
        if isinstance(outcome, Quarantine):
            return inbox.quarantine(connection, claimed, outcome.code, outcome.reason), None
        delay = self._delay()
        return inbox.retry_later(connection, claimed, delay, outcome.why, outcome.reason), None

    def _delay(self) -> float:
        """Seconds to the next attempt: doubled each time, spread so that not all come at once."""
        webhooks = self._context.webhooks
        doubled = webhooks.retry_base_seconds * 2.0 ** min(self._claimed.attempts - 1, 30)
        return min(webhooks.retry_cap_seconds, doubled) * random.uniform(0.5, 1.0)  # noqa: S311
