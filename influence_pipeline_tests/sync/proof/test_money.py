"""T17, money, end to end: a numeric of the store's Postgres, through row_to_json and the payload, to
the bytes that the API has received."""

from __future__ import annotations

import json
import random
from decimal import Decimal

import pytest

from influence_pipeline.platform_api.money import DIGITS
from influence_pipeline.records import Entity
from influence_pipeline.store import reader
from influence_pipeline_tests.platform_api.test_money import written
from influence_pipeline_tests.support.world import World

pytestmark = pytest.mark.proves("T17")

Amounts = dict[str, tuple[str, str, str]]


def place_orders_of_any_amount(world: World, seed: int, count: int) -> Amounts:
    """Place orders of up to 18 digits in all currencies; give each one's currency, total and price
    of a line as they must be written."""
    chance = random.Random(seed)
    expected: Amounts = {}
    for number in range(1, count + 1):
        # Every currency is among them, and every number of digits.
        currency = sorted(DIGITS)[number % len(DIGITS)]
        digits = DIGITS[currency]
        total, price = (
            written(chance.randrange(10 ** chance.randrange(1, 19)), digits) for _ in "12"
        )
        expected[str(number)] = currency, total, price
    world.shop(
        "INSERT INTO orders (id, email, currency_code, status, subtotal, total, placed_at, updated_at)"
        " SELECT id, 'b@example.com', currency, 'pending', total, total, now(), now()"
        " FROM unnest(%(ids)s::bigint[], %(currencies)s::text[], %(totals)s::numeric[])"
        " AS given (id, currency, total)",
        ids=list(expected),
        currencies=[currency for currency, _, _ in expected.values()],
        totals=[Decimal(total) for _, total, _ in expected.values()],
    )
    world.shop(
        "INSERT INTO order_lines (order_id, title, quantity, unit_price)"
        " SELECT id, 'x', 1, price FROM unnest(%(ids)s::bigint[], %(prices)s::numeric[]) g (id, price)",
        ids=list(expected),
        prices=[Decimal(price) for _, _, price in expected.values()],
    )
    return expected


def wrong_ones(world: World, expected: Amounts) -> list[str]:
    """Send them; give the orders whose amounts did not arrive as they must."""
    with world.engine() as engine:
        engine.sync(Entity.ORDER)
    received = {
        row["key"]: bytes(row["body"])
        for row in world.sandbox.rows("SELECT key, body FROM calls WHERE path = '/v1/orders'")
    }
    assert len(received) == len(expected)
    wrong = []
    for key, (currency, total, price) in expected.items():
        said = json.loads(received[key])
        exact = f'"totalPrice":"{total}"'.encode() in received[key]
        if not exact or said["currency"] != currency or said["lineItems"][0]["price"] != price:
            wrong.append(key)
    return wrong


@pytest.mark.seeds(1, slow=10)
def test_every_amount_arrives_exact_to_the_byte(worst: World, seed: int) -> None:
    assert wrong_ones(worst, place_orders_of_any_amount(worst, seed, 300)) == []


def test_control_a_store_that_is_read_through_floats_is_caught(
    worst: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_JSON", json.JSONDecoder())
    expected = place_orders_of_any_amount(worst, 1, 300)
    assert len(wrong_ones(worst, expected)) > 20
