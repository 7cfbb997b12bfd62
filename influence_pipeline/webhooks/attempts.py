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

from influence_pipeline.errors import ApiError, StateError, StoreError, StoreUncertain
from influence_pipeline.postgres import Postgres
from influence_pipeline.sql import load_queries
from influence_pipeline.store.coupons.interface import CouponRefused, lock_of
from influence_pipeline.webhooks import balances, events, forgotten, inbox, issue, members
from influence_pipeline.webhooks.caps import CapCheck
from influence_pipeline.webhooks.context import HandlerContext
from influence_pipeline.webhooks.events import Event, Member, Topic
from influence_pipeline.webhooks.grants import Grant, grants_of
from influence_pipeline.webhooks.inbox import Claimed
from influence_pipeline.webhooks.one_database import OneDatabase
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
from influence_pipeline.webhooks.verify import Unconfirmed, verify

MEMBER_TOPICS = frozenset({Topic.CUSTOMER_UPDATED, Topic.TIER_CHANGED, Topic.POINTS_EARNED})
# An event that our own code stumbles over is tried so often in a row before a person is asked.
_STUMBLES = 5
# A customer is asked for so often, with half to all of so many seconds between, before it is
# believed that there is none: what was just written may not be readable yet (contract: Everywhere).
_ASKED = 3
_ASKED_AGAIN_SECONDS = 4.0
# Longer than the server lets a statement run; a server that is still silent then is not there.
_LONGEST_SECONDS = 20.0
_DURABLY = sa.text("SET LOCAL synchronous_commit = on; SET LOCAL statement_timeout = '10s'")
_SQL = load_queries(__file__, "effects.sql")
_LOCKS = sa.text("SELECT pg_advisory_xact_lock(one) FROM unnest(CAST(:locks AS bigint[])) AS one")


class Attempt:
    """One claimed event, worked off once: `run` it."""

    def __init__(self, state: Postgres, context: HandlerContext, claimed: Claimed) -> None:
        self._state = state
        self._context = context
        self._claimed = claimed
        self._in_store: list[str] = []
        self._to_forget: list[str] = []

    def run(self, away: Retry | None = None) -> tuple[Outcome, float | None]:
        """Work it off and write the end, in one transaction guarded by the fence. Gives the end
        with the seconds since the delivery, if it is done. Raises StateError.

        `away`: the store or the API is known to be away, so that no coupon is attempted.
        """
        if self._claimed.some_are_erased:
            left = forgotten.of_others(self._state, self._claimed)
            if not isinstance(left, Claimed):
                return left
            self._claimed = left
        reading = events.read(self._claimed.topic, self._claimed.body)
        event = reading.event
        if event is None:
            return self._settle(Quarantine(str(reading.unusable), reading.reason or ""), None)
        if event.topic in MEMBER_TOPICS:
            return self._settle(Done(), event)
        if away is not None:
            return self._settle(away, event)
        checked = self._checked(event)
        try:
            together = self._context.together_with(self._state)
        except StoreError as error:
            return self._settle(Retry(Why.STORE_AWAY, str(error)), event)
        if together is not None:
            return self._make_together(together, event, checked)
        return self._settle(self._make(checked), event)

    def _checked(self, event: Event) -> list[Grant | Park | Retry]:
        """Give each coupon the event asks for, or what is in the way of it."""
        claimed = self._claimed
        terms = self._context.terms
        try:
            grants = grants_of(event, terms, claimed.received_at, over_cap=claimed.over_cap)
        except StoreError as error:  # what a writer can promise may have to be asked of the store
            return [Retry(Why.STORE_AWAY, str(error))]
        return [
            grant if isinstance(grant, Park) else self._verified(grant) or grant for grant in grants
        ]

    def _make(self, checked: Sequence[Grant | Park | Retry]) -> Outcome:
        """Make the coupons, where the store is another database than the state."""
        problems: list[Park | Retry] = []
        for grant in checked:
            problem = self._made(grant) if isinstance(grant, Grant) else grant
            if isinstance(problem, LostClaim):
                return problem
            if problem is not None:
                problems.append(problem)
        return self._ended(problems)

    def _made(self, grant: Grant) -> Park | Retry | LostClaim | None:
        claimed, caps, at = self._claimed, self._caps(grant), self._context.at
        try:
            made = issue.issue(self._state, grant.writer, claimed, grant.coupon, caps, at)
        except StoreUncertain as error:
            return Retry(Why.STORE_AWAY, str(error), least_seconds=error.quiet_seconds)
        except StoreError as error:
            return Retry(Why.STORE_AWAY, str(error))
        except StateError:
            raise
        except Exception as error:  # one event must not stop the others
            return self._stumbled(error)
        if isinstance(made, LostClaim):
            return made
        return self._noted(grant, made)

    def _make_together(
        self, place: OneDatabase, event: Event, checked: Sequence[Grant | Park | Retry]
    ) -> tuple[Outcome, float | None]:
        """Make the coupons and write the end, all in one transaction."""
        problems = [one for one in checked if not isinstance(one, Grant)]
        # Asked before the transaction: within it that takes a second connection, which a small
        # pooler may not have, and then everybody would wait for everybody.
        grants = [(one, self._caps(one)) for one in checked if isinstance(one, Grant)]
        with self._state.within(_LONGEST_SECONDS), self._state.transaction() as connection:
            connection.execute(_DURABLY)
            # In one order for everybody, so that no two wait for each other.
            connection.execute(_LOCKS, {"locks": sorted(_locks(grants))})
            if not inbox.hold(connection, self._claimed):
                return LostClaim(), None
            for grant, caps in grants:
                problem = self._made_within(connection, place, grant, caps)
                if problem is not None:
                    problems.append(problem)
            outcome = self._ended(problems)
            _, seconds = self._write(connection, outcome, event)
        return outcome, seconds

    def _made_within(
        self, connection: sa.Connection, place: OneDatabase, grant: Grant, caps: CapCheck
    ) -> Park | Retry | None:
        coupon = grant.coupon
        try:
            with connection.begin_nested():
                made = issue.issue_within(
                    connection,
                    place.desk(connection, coupon.code),
                    self._claimed,
                    coupon,
                    caps,
                    not grant.writer.abilities.case_sensitive,
                    self._context.at,
                )
        except CouponRefused as refusal:
            made = issue.NotOurs(issue.refused(refusal), forget=True)
        except StoreError as error:
            return Retry(Why.STORE_AWAY, str(error))
        except sa.exc.DBAPIError:
            raise  # the state's own trouble
        except Exception as error:  # one event must not stop the others
            return self._stumbled(error)
        return self._noted(grant, made)

    def _caps(self, grant: Grant) -> CapCheck:
        member = grant.witness.id if grant.witness is not None else None
        room = self._context.day.leaves_room(self._state, grant.caps.per_day)
        return CapCheck(grant.caps, member, self._claimed.over_cap, one_by_one=not room)

    def _noted(self, grant: Grant, made: issue.InStore | issue.NotOurs) -> Park | None:
        if isinstance(made, issue.NotOurs):
            if made.forget:
                self._to_forget.append(grant.coupon.code)
            return made.park
        self._in_store.append(grant.coupon.code)
        return None

    def _ended(self, problems: Sequence[Park | Retry]) -> Ending:
        """Say how the event ends: what is in the way of one of its coupons decides."""
        # What passes goes before what needs a person: the event is looked at as a whole again.
        later = next((problem for problem in problems if isinstance(problem, Retry)), None)
        if later is not None:
            return self._given_up(later) or later
        parks = [problem for problem in problems if isinstance(problem, Park)]
        return _joined(parks) if parks else Done(coupons=len(self._in_store))

    def _verified(self, grant: Grant) -> Park | Retry | None:
        if self._context.api is None:
            return None
        try:
            before = self._known_before if grant.spends else None
            verdict = verify(self._context.api, grant.witness, before)
        except ApiError as error:
            return Retry(Why.API_AWAY, str(error))
        except StateError:
            raise
        except Exception as error:  # one event must not stop the others
            return self._stumbled(error)
        if not isinstance(verdict, Unconfirmed):
            return verdict
        if self._in_a_row(Why.NOT_VERIFIED) < _ASKED:
            return Retry(Why.NOT_VERIFIED, verdict.park.reason)
        return verdict.park

    def _known_before(self, member: Member) -> members.Known | None:
        """What is known of the member's points before those of this event were spent."""
        with self._state.transaction() as connection:
            return members.known_before(connection, member)

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

    def _settle(self, outcome: Outcome, event: Event | None) -> tuple[Outcome, float | None]:
        """Write the end of the attempt, in a transaction of its own."""
        if isinstance(outcome, LostClaim):
            return outcome, None
        plain = event is not None and event.topic not in (*MEMBER_TOPICS, *_OTHER_HALF)
        if plain and event is not None and isinstance(outcome, Done) and not self._to_forget:
            return self._settle_at_once(outcome, event)
        try:
            with self._state.transaction() as connection:
                kept, seconds = self._write(connection, outcome, event)
        except StoreError as error:
            # Only the end was not written: the store is to be told of a member in it.
            return self._settle(Retry(Why.STORE_AWAY, str(error)), None)
        return (outcome, seconds) if kept else (LostClaim(), None)

    def _settle_at_once(self, done: Done, event: Event) -> tuple[Outcome, float | None]:
        """Write the end of an event that is done, in one round trip."""
        claimed = self._claimed
        seen = balances.seen_in(event, claimed.id, claimed.received_at)
        values = {"id": claimed.id, "fence": claimed.fence, "codes": self._in_store}
        rows = self._state.once(_SQL["settle_at_once"], {**values, **balances.columns(seen)})
        return (done, rows[0]["seconds"]) if rows else (LostClaim(), None)

    def _write(
        self, connection: sa.Connection, outcome: Ending, event: Event | None
    ) -> tuple[bool, float | None]:
        kept, seconds = self._write_state(connection, outcome)
        if not kept:
            return False, None
        for code in self._in_store:
            issue.mark_issued(connection, code)
        for code in self._to_forget:
            issue.forget(connection, self._claimed, code)
        if event is not None and isinstance(outcome, Done):
            balances.observe(connection, event, self._claimed.id, self._claimed.received_at)
            if event.topic in MEMBER_TOPICS:
                writer = self._context.member_writer
                members.remember(connection, event.member, self._claimed.id, writer)
            elif event.topic in _OTHER_HALF:
                self._finish_other_half(connection, event.topic)
        return True, seconds

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

    def _write_state(self, connection: sa.Connection, outcome: Ending) -> tuple[bool, float | None]:
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
        spread = min(webhooks.retry_cap_seconds, doubled) * random.uniform(0.5, 1.0)  # noqa: S311
        return max(spread, later.least_seconds)


def _locks(grants: Sequence[tuple[Grant, CapCheck]]) -> set[int]:
    """The codes, and the members whose coupons are counted."""
    return {lock_of(grant.coupon.code) for grant, _ in grants}.union(
        *(caps.locks for _, caps in grants)
    )


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
