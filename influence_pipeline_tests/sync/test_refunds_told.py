"""Orders told a status that may take points back are noted, with their customer: what explains that
a balance went down (webhooks.gaps)."""

from __future__ import annotations

from typing import Any

from influence_pipeline.sandbox import sample_store
from influence_pipeline_tests.support.world import World


def told(world: World) -> list[Any]:
    return world.ask_state("SELECT order_key, customer_key FROM refund_told ORDER BY order_key")


def paid_order(world: World) -> tuple[str, str]:
    buyer = sample_store.add_customers(world.store_url).customers[0]
    order = sample_store.place_order(world.store_url, buyer, paid=True).orders[0]
    world.sync()
    return order, buyer


def test_a_refund_is_noted_with_its_customer(world: World) -> None:
    order, buyer = paid_order(world)
    before = told(world)
    sample_store.refund_order(world.store_url, order)
    world.sync()
    assert [row for row in told(world) if row not in before] == [(order, buyer)]


def test_a_payment_is_not_noted(world: World) -> None:
    order, _ = paid_order(world)
    assert order not in {row[0] for row in told(world)}


def test_a_refund_whose_answer_is_lost_is_noted_from_before_its_call(world: World) -> None:
    order, buyer = paid_order(world)
    sample_store.refund_order(world.store_url, order)
    world.sandbox.fault("drop_after", method="PATCH", path=f"orders/{order}$")
    world.sync()
    ((noted, customer, waited),) = world.ask_state(
        "SELECT order_key, customer_key, last_at > first_at FROM refund_told "
        f"WHERE order_key = '{order}'"
    )
    assert (noted, customer, waited) == (order, buyer, True)
