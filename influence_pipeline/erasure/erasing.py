"""Erasing one customer: noted first, so that nothing new comes, then taken out of every table.

Each step may be broken off and done again: what is noted stays noted, and what was found by it is
found again. Who writes at this moment is waited for, or has lost what it holds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import psycopg2.errors
import sqlalchemy as sa

from influence_pipeline.erasure.finding import Event, Found, Reading
from influence_pipeline.errors import StateError
from influence_pipeline.postgres import Postgres
from influence_pipeline.records import Entity
from influence_pipeline.sql import load_queries
from influence_pipeline.state import erased
from influence_pipeline.state.name_hashes import Keys, Kind, hashed
from influence_pipeline.state.schema import InboxState
from influence_pipeline.sync.claims import exclude_results
from influence_pipeline.webhooks import people
from influence_pipeline.webhooks.events import MONEY_TOPICS

_SQL = load_queries(__file__, "erasure.sql")
# Longer than a call with its lease usually takes, and than an event is held.
WAIT_SECONDS = 60.0
_GLANCE_SECONDS = 0.25
# Who waits for us meanwhile waits two seconds at most, and then not for a while.
_BETWEEN_LOCKS_SECONDS = 0.5
# In the order in which everybody takes these locks.
_CHANGED = (Entity.CUSTOMER, Entity.ORDER, Entity.REWARD)

# Where a test may stop the process.
NOTED = "erasure: noted"
EVENTS_EMPTIED = "erasure: events emptied"
CRASH_POINTS = (NOTED, EVENTS_EMPTIED)


@dataclass
class Erased:
    """What was done. `events`: emptied, or what they told of the customer taken out. `rows`: of all
    other tables. `under_way`: calls and events that somebody still works on; then not all is done.
    `without_coupon`: events that asked for a coupon and were put away without one.
    """

    events: int = 0
    rows: int = 0
    under_way: int = 0
    without_coupon: list[int] = field(default_factory=list)


def _nothing(_point: str) -> None:
    """The default crash point: nothing happens."""


def forget(
    state: Postgres,
    found: Found,
    *,
    wait_seconds: float = WAIT_SECONDS,
    sleep: Callable[[float], object] = time.sleep,
    at: Callable[[str], None] = _nothing,
) -> Erased:
    """Erase a customer for good. `found`: what was found of them just now. Raises StateError."""
    return _Erasure(state, found, time.monotonic() + wait_seconds, sleep, at).run()


def undo(state: Postgres, customer: str) -> bool:
    """Let a customer in again who was erased; False: they were not. What was erased stays so."""
    with state.transaction() as connection:
        if not erased.unmark(connection, customer):
            return False
        connection.execute(_SQL["no_longer_left_out"], {"customer": customer})
        return True


class _Erasure:
    def __init__(
        self,
        state: Postgres,
        found: Found,
        deadline: float,
        sleep: Callable[[float], object],
        at: Callable[[str], None],
    ) -> None:
        self._state = state
        self._customer = found.customer
        self._names = found.names
        self._deadline = deadline
        self._sleep = sleep
        self._at = at
        self._keys: Keys | None = None
        self._done = Erased()

    def run(self) -> Erased:
        self._note()
        self._at(NOTED)
        self._wait_for_writers()
        held = self._empty_events()
        while held and self._may_wait():
            held = self._empty_events(held)
        self._at(EVENTS_EMPTIED)
        codes = self._codes()
        calls = self._under_way(codes)
        while calls and self._may_wait():
            calls = self._under_way(codes)
        self._done.under_way = len(held) + calls
        if not calls:
            self._erase_rows(codes)
        return self._done

    def _may_wait(self) -> bool:
        if time.monotonic() >= self._deadline:
            return False
        self._sleep(_GLANCE_SECONDS)
        return True

    def _note(self) -> None:
        """Note who it is. From here on whoever asks leaves the customer out."""
        with self._state.transaction() as connection:
            self._keys = erased.make_keys(connection)
            self._mark(connection)
        with self._state.transaction() as connection:
            erased.draw_fence(connection, self._keys, self._customer)

    def _mark(self, connection: sa.Connection) -> None:
        self._done.rows += erased.mark(connection, self._marks(), self._customer, self._names)

    def _marks(self) -> Keys:
        assert self._keys is not None  # noqa: S101  (noted first of all)
        return self._keys

    def _wait_for_writers(self) -> None:
        """Wait for who has asked before. Raises StateError if that takes too long."""
        while not self._had_the_tables():
            if time.monotonic() >= self._deadline:
                raise StateError(
                    "Somebody writes to the inbox or to the members all the time (or a VACUUM of "
                    "them runs), and could not be waited for. The customer is noted as erased; run "
                    "it again to erase what is kept."
                )
            self._sleep(_BETWEEN_LOCKS_SECONDS)

    def _had_the_tables(self) -> bool:
        try:
            with self._state.transaction() as connection:
                try:
                    connection.execute(_SQL["wait_for_others"])
                except sa.exc.DBAPIError as error:
                    if isinstance(error.orig, psycopg2.errors.LockNotAvailable):
                        raise _BusyError from None
                    raise
        except _BusyError:
            return False
        return True

    # -- events --------------------------------------------------------------------------------

    def _empty_events(self, only: Sequence[int] | None = None) -> list[int]:
        """Empty what names the customer, until nothing new is learned; gives the ids of events that
        a worker is about to make a coupon for."""
        while True:
            reading = Reading(self._state, self._customer, self._names)
            held: list[int] = []
            for batch in reading.batches(only):
                if reading.names != self._names:
                    self._names = reading.names
                    self._note()
                held += self._empty(batch)
            if reading.names == self._names or only is not None:
                return held

    def _empty(self, batch: Sequence[Event]) -> list[int]:
        """Empty these events, and erase the coupons that they made for the customer, at once."""
        held = [event.id for event in batch if self._is_held(event)]
        free = [event for event in batch if event.id not in held]
        if not free:
            return held
        rest = {event.id: self._rest(event) for event in free}
        emptied = [id_ for id_, body in rest.items() if body is None]
        done: set[int] = set()
        with self._state.transaction() as connection:
            self._erase_coupons(connection, {code for event in free for code in event.codes})
            values = {"ids": emptied, "waited_for": list(map(str, MONEY_TOPICS))}
            done.update(connection.execute(_SQL["empty"], values).scalars())
            # By nothing but these events it may be known whose ids those are.
            self._erase_member(connection)
            for id_, body in rest.items():
                if body is not None:
                    replaced = connection.execute(_SQL["replace"], {"id": id_, "body": body})
                    done.update(replaced.scalars())
        self._done.events += len(done)
        self._done.without_coupon += [e.id for e in free if e.waits and e.id in done]
        # Claimed since it was read.
        return held + [event.id for event in free if event.id not in done]

    def _is_held(self, event: Event) -> bool:
        return event.state is InboxState.NEW and event.held and event.topic in set(MONEY_TOPICS)

    def _rest(self, event: Event) -> bytes | None:
        """Give what is left of an event, if somebody else's coupon waits for it, or a person may
        have to look whether it does."""
        if event.state is InboxState.DONE or event.topic not in set(MONEY_TOPICS):
            return None
        return people.rest_without(event.topic, event.body, self._names)

    # -- everything else -----------------------------------------------------------------------

    def _codes(self) -> list[str]:
        with self._state.transaction() as connection:
            values = {"customer": self._customer}
            return list(connection.execute(_SQL["coupons_of"], values).scalars())

    def _under_way(self, codes: Sequence[str]) -> int:
        with self._state.transaction() as connection:
            person = hashed(self._marks(), Kind.CUSTOMER, self._customer)
            values = {"customer": self._customer, "person": person, "codes": list(codes)}
            return int(connection.execute(_SQL["under_way"], values).scalar_one())

    def _erase_coupons(self, connection: sa.Connection, codes: Iterable[str]) -> None:
        given = sorted(codes)
        for code in given:
            mark = hashed(self._marks(), Kind.CODE, code)
            values = {"code": code, "mark": mark}
            self._done.rows += connection.execute(_SQL["erase_coupon"], values).rowcount
        if given:
            for query in ("erase_code_work", "erase_code_snapshots", "erase_code_attempts"):
                self._done.rows += connection.execute(_SQL[query], {"codes": given}).rowcount

    def _erase_rows(self, codes: Sequence[str]) -> None:
        """Erase the rest in one transaction: by these rows the names are known, should this be
        broken off before."""
        person = hashed(self._marks(), Kind.CUSTOMER, self._customer)
        values = {"customer": self._customer, "person": person}
        with self._state.transaction() as connection:
            for entity in _CHANGED:
                exclude_results(connection, entity)
            self._erase_coupons(connection, codes)
            connection.execute(_SQL["leave_out"], values)
            # An e-mail that a call under way was sent with is noted with the others.
            self._mark(connection)
            connection.execute(_SQL["release_waiting"], values)
            for query in _ERASES:
                self._done.rows += connection.execute(_SQL[query], values).rowcount
            self._erase_member(connection)

    def _erase_member(self, connection: sa.Connection) -> None:
        """Erase what goes by Influence's ids."""
        values = {"customer": self._customer, "members": sorted(self._names.members)}
        for query in _ERASES_OF_MEMBER:
            self._done.rows += connection.execute(_SQL[query], values).rowcount


_ERASES = ("erase_snapshot", "erase_work", "erase_attempts", "erase_refunds", "erase_misses")
_ERASES_OF_MEMBER = ("erase_referred", "erase_balances", "erase_gaps", "erase_member")


class _BusyError(Exception):
    """Somebody writes to the tables for longer than others may be kept waiting."""
