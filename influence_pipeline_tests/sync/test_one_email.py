"""Two customers with one e-mail: the first is sent, the second waits for a person, both are named."""

from __future__ import annotations

import pytest

from influence_pipeline.records import Entity
from influence_pipeline.sandbox import sample_store
from influence_pipeline.sync.claims import Claims
from influence_pipeline_tests.support.world import World

FIRST = "cus_000001"


def second_with_the_email_of(world: World, first: str) -> str:
    """An account like any other, but for its e-mail, typed otherwise."""
    world.shop("DROP INDEX customers_email")
    second = sample_store.add_customers(world.store_url).customers[0]
    world.shop(
        "UPDATE customers SET email = upper(f.email), is_guest = false FROM customers f"
        " WHERE customers.id = %(second)s AND f.id = %(first)s",
        first=first,
        second=second,
    )
    return second


def sync_customers(world: World) -> int:
    with world.engine() as engine:
        return engine.sync(Entity.CUSTOMER).delivered.sent


def at_the_api(world: World, customer: str) -> bool:
    return bool(world.sandbox.rows("SELECT 1 FROM customers WHERE customer_id = ?", customer))


def test_the_second_of_two_customers_with_one_email_is_parked_with_both_named(
    world: World,
) -> None:
    second = second_with_the_email_of(world, FIRST)
    sync_customers(world)
    parked = world.parked()
    assert list(parked) == [second]
    assert f"customer {FIRST}" in parked[second]
    assert (at_the_api(world, FIRST), at_the_api(world, second)) == (True, False)


def test_control_a_pipeline_that_does_not_look_sends_both(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Claims, "own_emails", lambda self, hashes: {})
    second = second_with_the_email_of(world, FIRST)
    sync_customers(world)
    assert (at_the_api(world, FIRST), at_the_api(world, second)) == (True, True)


def test_it_is_also_seen_when_the_second_comes_later_and_in_another_run(world: World) -> None:
    sync_customers(world)
    second = second_with_the_email_of(world, FIRST)
    assert sync_customers(world) == 0
    assert list(world.parked()) == [second]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE customers SET email = 'moved@example.com' WHERE id = 'cus_000001'",
        "UPDATE customers SET deleted_at = now() WHERE id = 'cus_000001'",
    ],
)
def test_it_is_released_when_the_first_has_another_email_or_is_gone(
    world: World, change: str
) -> None:
    sync_customers(world)
    second = second_with_the_email_of(world, FIRST)
    sync_customers(world)
    world.shop(change)
    sync_customers(world)
    sync_customers(world)
    assert world.parked() == {}
    assert at_the_api(world, second)


def test_an_email_goes_to_and_fro_without_parking_its_owner(world: World) -> None:
    for email in ("a@example.com", "b@example.com", "a@example.com"):
        world.shop("UPDATE customers SET email = %(email)s WHERE id = 'cus_000001'", email=email)
        sync_customers(world)
    assert world.parked() == {}
    found = world.sandbox.rows("SELECT fields FROM customers WHERE customer_id = ?", FIRST)
    assert "a@example.com" in found[0]["fields"]


def test_no_address_is_kept_in_the_state(world: World) -> None:
    sync_customers(world)
    (email,) = world.ask_store("SELECT email FROM customers WHERE id = 'cus_000001'")[0]
    rows = world.ask_state("SELECT email_owner::text FROM influence.email_owner")
    assert rows
    assert email.lower() not in str(rows).lower()
