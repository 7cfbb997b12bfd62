"""One attempt at one event: what is found out on the way, how it ends, and writing that end.

Which coupons are asked for stands in `grants`, making one in `issue`. Here it is decided whether
what came in the way passes, is given up on, or needs a person. Which events are attempted, and
when, is in `handlers`.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from influence_pipeline.errors import ApiError, StateError, StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.webhooks import balances, events, inbox, issue, members
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
from influence_pipeline.webhooks.verify import NotFound, verify

MEMBER_TOPICS = frozenset({Topic.CUSTOMER_UPDATED, Topic.TIER_CHANGED, Topic.POINTS_EARNED})
# An event that our own code stumbles over is tried so often in a row before a person is asked.
_STUMBLES = 5
# A customer is asked for so often, with half to all of so many seconds between, before it is
# believed that there is none: what was just written may not be readable yet (contract: Everywhere).
_ASKED = 3
_ASKED_AGAIN_SECONDS = 4.0


class Attempt:
    def __init__(self, state: Postgres, context: HandlerContext, claimed: Claimed) -> None:
        self._state = state
        self._context = context
        self._claimed = claimed
        self._in_store: list[str] = []
        self._to_forget: list[str] = []

    def coupons(self, event: Event) -> Outcome:
        """Make every coupon the event asks for; what is in the way of one decides its end."""
        problems: list[Park | Retry] = []
        for grant in grants_of(event, self._context.terms, self._claimed.received_at):
            problem = grant if isinstance(grant, Park) else self._coupon(grant)
            if isinstance(problem, LostClaim):
                return problem
            if problem is not None:
                problems.append(problem)
        # What passes goes before what needs a person: the event is looked at as a whole again.
        later = next((problem for problem in problems if isinstance(problem, Retry)), None)
        if later is not None:
            return self._given_up(later) or later
        parks = [problem for problem in problems if isinstance(problem, Park)]
        return _joined(parks) if parks else Done(coupons=len(self._in_store))

    def _coupon(self, grant: Grant) -> Park | Retry | LostClaim | None:
        try:
            unverified = self._verified(grant)
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

    def _verified(self, grant: Grant) -> Park | Retry | None:
        if self._context.api is None:
            return None
        verdict = verify(self._context.api, grant.witness)
        if not isinstance(verdict, NotFound):
            return verdict
        if self._in_a_row(Why.NOT_VERIFIED) < _ASKED:
            return Retry(Why.NOT_VERIFIED, verdict.park.reason)
        return verdict.park

    def _stumbled(self, error: Exception) -> Park | Retry:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        # Not the exception's text: it may hold a customer's data.
        reason = f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}"
        if self._in_a_row(Why.INTERNAL_ERROR) < _STUMBLES:
            return Retry(Why.INTERNAL_ERROR, reason)
        return Park(
            Why.INTERNAL_ERROR,
            f"This program stumbled over the event {_STUMBLES} times: {reason}. Please report it; "
            "after an update replay the event (influence-pipeline events replay).",
        )

    def _in_a_row(self, why: Why) -> int:
        """How often the event was attempted since something else was in its way, with this one."""
        return self._claimed.attempts if self._claimed.reason_code == why else 1

    def _given_up(self, later: Retry) -> Park | None:
        hours = self._context.webhooks.give_up_after_hours
        if datetime.now(UTC) - self._claimed.received_at < timedelta(hours=hours):
            return None
        if not inbox.left_behind(self._state, self._claimed):
            return None  # nobody gets through: it is not this event's fault
        return Park(
            Why.GAVE_UP,
            f"It could not be worked off for more than {hours:g} hours, while events that came "
            f"later were. The last time: {later.reason} When that is mended, replay the event "
            "(influence-pipeline events replay).",
        )

    def settle(self, outcome: Outcome, event: Event | None) -> tuple[Outcome, float | None]:
        """Write the end of the attempt, all of it in one transaction guarded by the fence. Gives it
        with the seconds since the delivery, if it is done."""
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
            if event is not None and isinstance(outcome, Done):
                balances.observe(connection, event, self._claimed.id, self._claimed.received_at)
                if event.topic in MEMBER_TOPICS:
                    members.remember(connection, event.member, self._claimed.id)
                elif event.topic in _OTHER_HALF:
                    self._finish_other_half(connection, event.topic)
        return outcome, seconds

    def _finish_other_half(self, connection: sa.Connection, topic: Topic) -> None:
        """A referral's start that waits for the friend's id in the store has nothing to wait for
        once its end, which gave the id, has the same coupon; and the other way round."""
        _, _, rest = self._claimed.dedupe_key.partition("|")
        parked = inbox.parked_with_key(connection, f"{_OTHER_HALF[topic]}|{rest}")
        event = None if parked is None else events.read(parked.topic, parked.body).event
        if parked is None or event is None:
            return
        grants = grants_of(event, self._context.terms, parked.received_at)
        lacking = {grant.why for grant in grants if isinstance(grant, Park)}
        if lacking <= {Why.NO_CUSTOMER} and events.coupon_codes(event) <= set(self._in_store):
            inbox.finish_parked(connection, parked)

    def _write(self, connection: sa.Connection, outcome: Ending) -> tuple[bool, float | None]:
        claimed = self._claimed
        if isinstance(outcome, Done):
            seconds = inbox.finish(connection, claimed)
            return seconds is not None, seconds
        if isinstance(outcome, Park):
            return inbox.park(connection, claimed, outcome.why, outcome.reason), None
        if isinstance(outcome, Quarantine):
            return inbox.quarantine(connection, claimed, outcome.code, outcome.reason), None
        delay = self._delay(outcome)
        return inbox.retry_later(connection, claimed, delay, outcome.why, outcome.reason), None

    def _delay(self, later: Retry) -> float:
        """Seconds to the next attempt: doubled each time, spread so that not all come at once."""
        webhooks = self._context.webhooks
        doubled = webhooks.retry_base_seconds * 2.0 ** min(self._in_a_row(later.why) - 1, 30)
        if later.why is Why.NOT_VERIFIED:
            doubled = max(doubled, _ASKED_AGAIN_SECONDS)
        return min(webhooks.retry_cap_seconds, doubled) * random.uniform(0.5, 1.0)  # noqa: S311


_OTHER_HALF = {
    Topic.REFERRAL_STARTED: Topic.REFERRAL_COMPLETED,
    Topic.REFERRAL_COMPLETED: Topic.REFERRAL_STARTED,
}


def _joined(parks: Sequence[Park]) -> Park:
    """Give one for several: of those that the settings mend, so that the event comes back by itself
    and as much as possible is made then, with the words of all."""
    first = next((park for park in parks if park.why in MENDED_BY_SETTINGS), parks[0])
    words = dict.fromkeys([first.reason, *(park.reason for park in parks)])
    return Park(first.why, "\n".join(words))
