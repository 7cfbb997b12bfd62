"""Deliveries that share a transaction: each has its own outcome, and none holds up the others."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import sqlalchemy as sa

from influence_pipeline.errors import StateError
from influence_pipeline.postgres import Postgres
from influence_pipeline.webhooks.context import nothing_happens
from influence_pipeline.webhooks.inbox import Delivery, Result, Stored
from influence_pipeline.webhooks.storing import BEFORE_COMMIT, GroupedStore
from influence_pipeline_tests.webhooks.builders import delivery, encoded, redemption
from influence_pipeline_tests.webhooks.conftest import reopen, shut
from influence_pipeline_tests.webhooks.test_receiver import until

SECONDS = 15.0


class Gate:
    """Holds the first commits back until it is opened, so that what comes meanwhile is a group."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self.commits = 0

    def __call__(self, point: str) -> None:
        if point == BEFORE_COMMIT:
            self._open.wait(SECONDS)
            self.commits += 1

    def open(self) -> None:
        self._open.set()


class Counter:
    """Sends deliveries and tells what became of each; counts those that are still held."""

    def __init__(self, open_state: Callable[[], Postgres], at: Callable[[str], None]) -> None:
        self.store = GroupedStore(open_state, at)
        self.held = 0
        self._lock = threading.Lock()

    def send(self, one: Delivery) -> Future[Stored]:
        with self._lock:
            self.held += 1
        return self.store.submit(one, self._gone)

    def _gone(self) -> None:
        with self._lock:
            self.held -= 1

    def outcomes(self, futures: list[Future[Stored]]) -> list[Any]:
        return [one.exception(SECONDS) or one.result().state for one in futures]


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open()


@pytest.fixture
def counter(state: Postgres, gate: Gate) -> Iterator[Counter]:
    made = Counter(lambda: state, gate)
    yield made
    made.store.shutdown()


def redeemed(number: int, **changes: Any) -> Delivery:
    return delivery("points/redeemed", redemption(number, **changes))


def stored(state: Postgres) -> list[Any]:
    with state.transaction() as connection:
        return list(connection.execute(sa.text("SELECT * FROM inbox ORDER BY id")).all())


def keep_groups_busy(counter: Counter) -> list[Future[Stored]]:
    """Let both groups wait at the gate with a delivery each."""
    first = []
    for number in (9001, 9002):
        first.append(counter.send(redeemed(number)))
        while counter.store.waiting():
            pass
    return first


def test_what_comes_while_another_is_stored_is_committed_together(
    counter: Counter, gate: Gate, state: Postgres
) -> None:
    futures = keep_groups_busy(counter) + [counter.send(redeemed(n)) for n in range(50)]
    gate.open()
    assert set(counter.outcomes(futures)) == {Result.NEW}
    assert gate.commits <= 4
    assert len(stored(state)) == 52
    until(lambda: counter.held == 0)


def test_a_delivery_that_the_database_refuses_does_not_spoil_those_beside_it(
    counter: Counter, gate: Gate, state: Postgres
) -> None:
    with state.transaction() as connection:
        connection.execute(
            sa.text(
                "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'no'; END $$; CREATE TRIGGER no BEFORE INSERT ON inbox "
                "FOR EACH ROW WHEN (new.dedupe_key LIKE '%red-7') EXECUTE FUNCTION no()"
            )
        )
    keep_groups_busy(counter)
    futures = [counter.send(redeemed(n)) for n in range(20)]
    gate.open()
    outcomes = counter.outcomes(futures)
    assert isinstance(outcomes.pop(7), StateError)
    assert set(outcomes) == {Result.NEW}
    assert len(stored(state)) == 21


def test_one_event_several_times_in_a_group_is_one_row(
    counter: Counter, gate: Gate, state: Postgres
) -> None:
    keep_groups_busy(counter)
    same = [redeemed(1), redeemed(1), redeemed(1, points=-900, couponCode="OTHER-1"), redeemed(1)]
    futures = [counter.send(one) for one in same]
    gate.open()
    outcomes = counter.outcomes(futures)
    assert sorted(outcomes) == ["conflict", "duplicate", "duplicate", "new"]
    assert outcomes[0] == Result.NEW
    rows = [row for row in stored(state) if row.dedupe_key.endswith("red-1")]
    assert [(row.deliveries, row.conflicts) for row in rows] == [(3, False), (1, True)]


def test_bytes_that_are_no_event_are_stored_beside_those_that_are(
    counter: Counter, gate: Gate, state: Postgres
) -> None:
    keep_groups_busy(counter)
    bodies = [b"", b"\x00", b'"\\ud800"', b"\xff\xfe", encoded(redemption(5)), b"[" * 5000]
    topics = ["points/redeemed", None, "\x00", "x" * 3000, "points/redeemed", "\udce9"]
    futures = [
        counter.send(Delivery(body, topic, webhook_id="\x00", headers={"date": "\x00\udc80"}))
        for body, topic in zip(bodies, topics, strict=True)
    ]
    gate.open()
    outcomes = counter.outcomes(futures)
    assert outcomes == [Result.QUARANTINED] * 4 + [Result.NEW, Result.QUARANTINED]
    assert {bytes(row.body) for row in stored(state)} >= set(bodies)


def test_a_key_that_somebody_else_is_just_writing_holds_up_only_itself(
    state: Postgres, state_url: str
) -> None:
    counter = Counter(lambda: state, nothing_happens)
    with closing(psycopg2.connect(state_url)) as other:
        other.cursor().execute(
            "INSERT INTO influence.inbox (dedupe_key, body_sha256, body, headers) "
            "VALUES ('points/redeemed|red-3', '', '', '{}')"
        )
        held = counter.send(redeemed(3))
        beside = [counter.send(redeemed(n)) for n in range(4, 40)]
        assert set(counter.outcomes(beside)) == {Result.NEW}
        assert not held.done()
        other.rollback()
        assert held.result(SECONDS).state == Result.NEW
    counter.store.shutdown()


def test_one_that_nobody_waits_for_any_more_is_not_stored(
    counter: Counter, gate: Gate, state: Postgres
) -> None:
    keep_groups_busy(counter)
    given_up, kept = counter.send(redeemed(1)), counter.send(redeemed(2))
    assert given_up.cancel()
    gate.open()
    assert counter.outcomes([kept]) == [Result.NEW]
    assert not [row for row in stored(state) if row.dedupe_key.endswith("red-1")]
    until(lambda: counter.held == 0)


def test_while_the_database_is_away_each_is_told_so(
    counter: Counter, gate: Gate, state: Postgres, state_url: str
) -> None:
    gate.open()
    shut(state_url)
    try:
        outcomes = counter.outcomes([counter.send(redeemed(n)) for n in range(20)])
    finally:
        reopen(state_url)
    assert {type(one) for one in outcomes} == {StateError}
    assert counter.outcomes([counter.send(redeemed(n)) for n in range(20)]) == [Result.NEW] * 20
    assert len(stored(state)) == 20
    until(lambda: counter.held == 0)


def test_two_receivers_with_the_same_events_in_other_orders_do_not_lock_each_other_out(
    state: Postgres, tmp_path: Path
) -> None:
    stores = [Counter(lambda: state, nothing_happens) for _ in range(2)]
    futures: list[tuple[Counter, Future[Stored]]] = []
    chance = random.Random(1)
    for number in range(20):
        wanted = list(range(number * 50, number * 50 + 50))
        for one in stores:
            chance.shuffle(wanted)
            futures += [(one, one.send(redeemed(n))) for n in wanted]
    outcomes = [one.outcomes([future])[0] for one, future in futures]
    assert sorted(set(outcomes)) == ["duplicate", "new"]
    assert outcomes.count(Result.NEW) == 1000
    assert {row.deliveries for row in stored(state)} == {2}
    for one in stores:
        one.store.shutdown()
