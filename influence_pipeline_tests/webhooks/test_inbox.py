"""The inbox: stored once, byte for byte, and worked on by one at a time."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa

from influence_pipeline.postgres import Postgres
from influence_pipeline.state.schema import InboxState
from influence_pipeline.webhooks import events, inbox
from influence_pipeline.webhooks.inbox import Claimed, Delivery, Result, Stored
from influence_pipeline_tests.webhooks.builders import customer, delivery, encoded, redemption
from influence_pipeline_tests.webhooks.test_events import HOSTILE


def store(state: Postgres, one: Delivery) -> Stored:
    with state.transaction() as connection:
        return inbox.store(connection, one)


def rows(state: Postgres, sql: str) -> list[Any]:
    with state.transaction() as connection:
        return list(connection.execute(sa.text(sql)).all())


def test_a_repeated_delivery_is_counted_not_stored_again(state: Postgres) -> None:
    first = store(state, delivery("points/redeemed", redemption()))
    again = store(state, delivery("points/redeemed", redemption()))
    assert (first.state, again.state) == (Result.NEW, Result.DUPLICATE)
    assert first.id == again.id
    (line,) = inbox.list_events(state)
    assert (line.deliveries, line.state, line.conflicts) == (2, "new", False)


def test_one_webhook_id_for_all_deliveries_loses_none(state: Postgres) -> None:
    results = [store(state, delivery("points/redeemed", redemption(n))) for n in (1, 2, 3)]
    assert [one.state for one in results] == [Result.NEW] * 3


def test_the_same_key_with_another_body_is_kept_beside_the_first_and_flagged(
    state: Postgres,
) -> None:
    first = store(state, delivery("points/redeemed", redemption()))
    forged = redemption(couponCode="OTHER")
    results = [store(state, delivery("points/redeemed", forged)).state for _ in range(2)]
    assert results == [Result.CONFLICT, Result.DUPLICATE]
    second, original = inbox.list_events(state)
    assert (second.conflicts, second.state, second.reason_code) == (True, "quarantined", "conflict")
    assert second.deliveries == 2
    assert (original.id, original.conflicts, original.state) == (first.id, False, "new")
    # A repeated delivery of the first one is still a duplicate, not a new conflict.
    assert store(state, delivery("points/redeemed", redemption())).state is Result.DUPLICATE


def test_what_is_no_usable_event_is_kept_byte_for_byte_and_quarantined(state: Postgres) -> None:
    for name, (body, why) in HOSTILE.items():
        stored = store(state, delivery("points/redeemed", body))
        assert stored.state is Result.QUARANTINED, name
        found = inbox.show_event(state, stored.id, with_body=True)
        assert found is not None
        assert found.body == body, name
        assert (found.line.state, found.line.reason_code) == ("quarantined", why), name
        assert found.line.reason
    assert store(state, delivery("points/redeemed", b"")).state is Result.DUPLICATE


def test_hostile_headers_are_stored_without_what_a_column_cannot_take(state: Postgres) -> None:
    one = Delivery(
        encoded(redemption()),
        "orders/\x00created\ud800",
        webhook_id="\x00\udfff" + "x" * 5000,
        headers={"user-agent": "a\x00b\ud800" + "é" * 1000},
    )
    assert store(state, one).state is Result.QUARANTINED


def test_a_listing_shows_nothing_of_the_body(state: Postgres) -> None:
    stored = store(state, delivery("points/redeemed", redemption()))
    store(state, delivery("customers/updated", customer(email="ada@example.test")))
    shown = repr(inbox.list_events(state)) + repr(inbox.show_event(state, stored.id))
    for secret in ("@example.test", "Ada", "LOYAL-0001"):
        assert secret not in shown


def test_events_are_listed_by_state_topic_and_page(state: Postgres) -> None:
    for number in range(1, 6):
        store(state, delivery("points/redeemed", redemption(number)))
    store(state, delivery("nonsense", b"{}"))
    quarantined = inbox.list_events(state, states=[InboxState.QUARANTINED])
    assert [line.reason_code for line in quarantined] == ["unknown_topic"]
    page = inbox.list_events(state, topic="points/redeemed", limit=2)
    rest = inbox.list_events(state, topic="points/redeemed", before_id=page[-1].id)
    assert [len(page), len(rest)] == [2, 3]
    assert inbox.count_events(state)[InboxState.NEW].events == 5


def test_a_claimed_event_is_left_alone_until_its_lease_ends(state: Postgres) -> None:
    store(state, delivery("points/redeemed", redemption()))
    (first,) = inbox.claim(state, 10, lease_seconds=30)
    assert inbox.claim(state, 10, lease_seconds=30) == []
    with state.transaction() as connection:
        connection.execute(sa.text("UPDATE inbox SET lease_until = now() - interval '1 s'"))
    (second,) = inbox.claim(state, 10, lease_seconds=30)
    assert (second.id, second.attempts) == (first.id, 2)
    assert second.fence != first.fence


def test_a_worker_that_lost_its_claim_changes_nothing(state: Postgres) -> None:
    store(state, delivery("points/redeemed", redemption()))
    (old,) = inbox.claim(state, 1, lease_seconds=30)
    with state.transaction() as connection:
        connection.execute(sa.text("UPDATE inbox SET lease_until = NULL"))
    (new,) = inbox.claim(state, 1, lease_seconds=30)
    with state.transaction() as connection:
        assert not inbox.hold(connection, old)
        assert inbox.finish(connection, old) is None
        assert not inbox.park(connection, old, "x", "x")
        assert not inbox.retry_later(connection, old, 1, "x", "x")
    inbox.release(state, [old])
    assert inbox.list_events(state)[0].state == "new"
    with state.transaction() as connection:
        assert inbox.finish(connection, new) is not None
    assert inbox.list_events(state)[0].state == "done"


def test_what_was_not_begun_is_given_back_as_if_never_claimed(state: Postgres) -> None:
    store(state, delivery("points/redeemed", redemption()))
    inbox.release(state, inbox.claim(state, 1, lease_seconds=30))
    (again,) = inbox.claim(state, 1, lease_seconds=30)
    assert again.attempts == 1


def test_several_workers_never_claim_the_same_event(state: Postgres) -> None:
    for number in range(60):
        store(state, delivery("points/redeemed", redemption(number)))

    def take(_: int) -> list[Claimed]:
        return inbox.claim(state, 7, lease_seconds=30)

    with ThreadPoolExecutor(8) as pool:
        claimed = [event.id for batch in pool.map(take, range(12)) for event in batch]
    assert len(claimed) == len(set(claimed)) == 60


def test_another_body_with_the_same_coupon_is_no_alarm(state: Postgres) -> None:
    store(state, delivery("points/redeemed", redemption()))
    store(state, delivery("points/redeemed", redemption(customer=customer(pointBalance=1))))
    line, _ = inbox.list_events(state)
    assert (line.conflicts, line.state, line.reason_code) == (True, "quarantined", "changed")


def test_one_body_under_two_unknown_topics_is_kept_twice(state: Postgres) -> None:
    for topic in ("customers/created", "customers/deleted"):
        assert store(state, delivery(topic, customer())).state is Result.QUARANTINED
    assert len(inbox.list_events(state)) == 2


def parked_first_and_second(state: Postgres) -> tuple[Stored, Stored]:
    """Two bodies with one key, the first of them parked."""
    first = store(state, delivery("points/redeemed", redemption()))
    second = store(state, delivery("points/redeemed", redemption(couponCode="OTHER")))
    (claimed,) = inbox.claim(state, 1, lease_seconds=30)
    with state.transaction() as connection:
        assert inbox.park(connection, claimed, "not_verified", "words")
    return first, second


def test_a_second_body_is_taken_by_its_id_where_the_first_was_never_acted_on(
    state: Postgres,
) -> None:
    first, second = parked_first_and_second(state)
    assert inbox.replay(state, states=list(InboxState), reason_code="conflict") == []
    quarantined = [InboxState.QUARANTINED]
    assert inbox.replay(state, ids=[second.id], states=quarantined) == [second.id]
    taken, aside = inbox.list_events(state)
    assert (taken.id, taken.state, taken.conflicts) == (second.id, "new", False)
    assert (aside.id, aside.state, aside.conflicts) == (first.id, "quarantined", True)
    assert str(second.id) in str(aside.reason)


def test_a_second_body_is_not_taken_where_the_first_has_a_coupon_or_is_done(
    state: Postgres,
) -> None:
    first, second = parked_first_and_second(state)
    rows(
        state,
        "INSERT INTO coupon (code, event_id, kind) "
        f"VALUES ('LOYAL-0001', {first.id}, 'fixed') RETURNING 1",
    )
    everything = list(InboxState)
    assert inbox.replay(state, ids=[second.id], states=everything) == []
    rows(state, "DELETE FROM coupon RETURNING 1")
    rows(state, f"UPDATE inbox SET state = 'done' WHERE id = {first.id} RETURNING 1")
    assert inbox.replay(state, ids=[second.id], states=everything) == []


def test_what_failed_for_one_reason_does_not_use_up_the_attempts_of_another(
    state: Postgres,
) -> None:
    store(state, delivery("points/redeemed", redemption()))
    seen = []
    for why in ("store_away", "store_away", "store_away", "internal_error", "internal_error"):
        (claimed,) = inbox.claim(state, 1, lease_seconds=30)
        seen.append((claimed.attempts, claimed.reason_code))
        with state.transaction() as connection:
            assert inbox.retry_later(connection, claimed, 0, why, "words")
    assert seen == [
        (1, None),
        (2, "store_away"),
        (3, "store_away"),
        (4, "store_away"),
        (2, "internal_error"),
    ]


def test_replay_makes_a_parked_event_new_and_leaves_conflicts_alone(state: Postgres) -> None:
    first = store(state, delivery("points/redeemed", redemption()))
    conflict = store(state, delivery("points/redeemed", redemption(couponCode="OTHER")))
    (claimed,) = inbox.claim(state, 1, lease_seconds=30)
    with state.transaction() as connection:
        assert inbox.park(connection, claimed, "unknown_rule", "words")
    assert inbox.replay(state, reason_code="something_else") == []
    assert inbox.replay(state, reason_code="unknown_rule") == [first.id]
    everything = list(InboxState)
    assert inbox.replay(state, ids=[conflict.id], states=everything) == []
    (again,) = inbox.claim(state, 1, lease_seconds=30)
    assert (again.id, again.attempts) == (first.id, 1)


def deliver_at_once(threads: int, times: int, one: Callable[[int], None]) -> None:
    """Run `one(number)` in all threads for each number, started together."""
    start = threading.Barrier(threads)

    def run() -> None:
        for number in range(times):
            start.wait(timeout=30)
            one(number)

    with ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(run) for _ in range(threads)]:
            future.result()


def test_eight_senders_of_the_same_200_events_leave_200_rows(state: Postgres) -> None:
    def one(number: int) -> None:
        store(state, delivery("points/redeemed", redemption(number)))

    deliver_at_once(8, 200, one)
    ((events_stored, deliveries),) = rows(state, "SELECT count(*), sum(deliveries) FROM inbox")
    assert (events_stored, deliveries) == (200, 1600)


def test_control_checking_before_inserting_doubles_them(state: Postgres) -> None:
    """The test above can fail: a receiver that looks first, without constraints, doubles events."""
    rows(state, "CREATE TABLE naive (key text, body bytea); SELECT 1")

    def one(number: int) -> None:
        body = encoded(redemption(number))
        values = {"key": events.read("points/redeemed", body).key, "body": body}
        with state.transaction() as connection:
            found = connection.execute(sa.text("SELECT 1 FROM naive WHERE key = :key"), values)
            if found.first() is None:
                connection.execute(sa.text("INSERT INTO naive VALUES (:key, :body)"), values)

    deliver_at_once(8, 50, one)
    ((stored,),) = rows(state, "SELECT count(*) FROM naive")
    assert stored > 50


def test_the_hash_of_the_body_is_that_of_the_bytes(state: Postgres) -> None:
    body = b"\xff\xfe not JSON"
    store(state, delivery("points/redeemed", body))
    ((stored,),) = rows(state, "SELECT body_sha256 FROM inbox")
    assert bytes(stored) == hashlib.sha256(body).digest()
