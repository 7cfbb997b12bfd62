"""T17, end to end: what a store's Postgres holds as numeric, timestamptz and text arrives at the API
exact to the byte, whatever zone the database and its roles are set to."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

import psycopg2.extensions
import pytest

from influence_pipeline import postgres as room
from influence_pipeline.platform_api import payloads
from influence_pipeline.records import Entity
from influence_pipeline.store import reader
from influence_pipeline_tests.support.exact_orders import Exact, exact_order
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.support.world import World

pytestmark = pytest.mark.proves("T17")

_DIGITS_THE_SANDBOX_TAKES = 15


def place(world: World, seed: int, count: int) -> dict[str, Exact]:
    """Place them in a shop whose own clock is on Lord Howe Island."""
    chance = random.Random(seed)
    orders = {str(number): exact_order(chance, number) for number in range(1, count + 1)}
    name = psycopg2.extensions.parse_dsn(world.store_url)["dbname"]
    world.shop(f"ALTER DATABASE {name} SET timezone = 'Australia/Lord_Howe'")
    world.shop(
        "INSERT INTO orders (id, email, currency_code, status, subtotal, total, placed_at, updated_at)"
        " SELECT id, email, currency, 'pending', total, total, placed_at, now()"
        " FROM unnest(%(ids)s::bigint[], %(emails)s::text[], %(currencies)s::text[],"
        " %(totals)s::numeric[], %(moments)s::timestamptz[])"
        " AS given (id, email, currency, total, placed_at)",
        ids=list(orders),
        emails=[order.email for order in orders.values()],
        currencies=[order.currency for order in orders.values()],
        totals=[order.total for order in orders.values()],
        moments=[order.placed_at for order in orders.values()],
    )
    world.shop(
        "INSERT INTO order_lines (order_id, title, quantity, unit_price)"
        " SELECT id, 'x', 1, price FROM unnest(%(ids)s::bigint[], %(prices)s::numeric[]) g (id, price)",
        ids=list(orders),
        prices=[order.price for order in orders.values()],
    )
    return orders


def wrong_ones(world: World, orders: dict[str, Exact]) -> list[str]:
    """Send them; give those of which a part did not arrive as it must."""
    # Calls have time: what is asked is what arrives, not how soon.
    world.configure(("timeout_seconds = 2", "timeout_seconds = 60"))
    with world.engine() as engine:
        remaining = engine.sync(Entity.ORDER).remaining
    assert (remaining.waiting, remaining.blocked) == (0, 0)
    # The sandbox refuses more than fifteen digits before the point; what it was sent counts here.
    too_large = {
        key
        for key, order in orders.items()
        if max(order.total, order.price) >= 10**_DIGITS_THE_SANDBOX_TAKES
    }
    assert set(world.parked()) <= too_large
    received = {
        row["key"]: bytes(row["body"])
        for row in world.sandbox.rows("SELECT key, body FROM calls WHERE path = '/v1/orders'")
    }
    return [
        key
        for key, order in orders.items()
        if not all(part in received.get(key, b"") for part in order.in_body())
    ]


@pytest.mark.seeds(1)
def test_money_moments_and_emails_arrive_exact_to_the_byte(
    worst: World, seed: int, tally: Tally
) -> None:
    wrong = wrong_ones(worst, place(worst, seed, 400))
    tally(400, "orders", lost=len(wrong))
    assert wrong == []


@pytest.mark.seeds(0, slow=1)
def test_so_they_do_of_twenty_thousand_orders(worst: World, seed: int, tally: Tally) -> None:
    wrong = wrong_ones(worst, place(worst, seed, 20_000))
    tally(20_000, "orders", lost=len(wrong))
    assert wrong == []


def _reads_through_floats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_JSON", json.JSONDecoder())


def _takes_the_shops_clock_for_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    prelude, moment = room._prelude, payloads._moment
    monkeypatch.setattr(
        room,
        "_prelude",
        lambda *given: [one.replace("'UTC'", "'Australia/Lord_Howe'") for one in prelude(*given)],
    )
    # Without the offset, as from a column without a zone.
    monkeypatch.setattr(
        payloads,
        "_moment",
        lambda row, column: moment({column: f"{row[column][:-6]}+00:00"}, column),
    )


@pytest.mark.parametrize("breaks", [_reads_through_floats, _takes_the_shops_clock_for_utc])
def test_control_a_store_that_is_read_inexactly_is_caught(
    worst: World, breaks: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch)
    assert len(wrong_ones(worst, place(worst, 1, 200))) > 20
