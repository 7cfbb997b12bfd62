"""T17: money, moments and e-mails of orders go out exact to the byte: twenty thousand of them here, by
the payload alone; `sync.proof.test_exact` takes them through a Postgres to the API."""

from __future__ import annotations

import json
import random
import unicodedata
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from influence_pipeline.platform_api import payloads
from influence_pipeline.platform_api.payloads import Names, encode, order_body
from influence_pipeline_tests.support.exact_orders import CLOCK_CHANGES, Exact, exact_order
from influence_pipeline_tests.support.tally import Tally

pytestmark = pytest.mark.proves("T17")

EXAMPLES = 20_000


def body_of(order: Exact, number: int) -> bytes:
    row = {
        "id": number,
        "currency": order.currency,
        "total": order.total,
        "email": order.email,
        "financial_status": "paid",
        "created_at": order.placed_at,
        "line_items": [{"title": "x", "quantity": 1, "unit_price": order.price}],
    }
    return encode(Names().dump(order_body(row)))


def wrong_ones(seed: int, count: int) -> list[tuple[Exact, bytes]]:
    chance = random.Random(seed)
    orders = [exact_order(chance, number) for number in range(count)]
    bodies = [body_of(order, number) for number, order in enumerate(orders)]
    return [
        (order, body)
        for order, body in zip(orders, bodies, strict=True)
        if not all(part in body for part in order.in_body())
    ]


@pytest.mark.seeds(1, slow=5)
def test_of_twenty_thousand_orders_each_goes_out_exact_to_the_byte(seed: int, tally: Tally) -> None:
    wrong = wrong_ones(seed, EXAMPLES)
    tally(EXAMPLES, "orders", lost=len(wrong))
    assert wrong == []


def test_an_hour_that_the_clock_shows_twice_is_two_moments() -> None:
    """In Berlin it is half past two twice on that night; the store says which by the offset."""
    chance = random.Random(1)
    order = exact_order(chance, 0)
    summer, winter = (
        json.loads(
            body_of(Exact(**{**vars(order), "placed_at": f"2026-10-25T02:30:00{offset}"}), 1)
        )["createdAt"]
        for offset in ("+02:00", "+01:00")
    )
    assert (summer, winter) == ("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")
    assert len({zone for zone, _ in CLOCK_CHANGES}) > 6


def _through_floats(row: Any, column: str, of: str | None = None) -> Decimal | None:
    value = row.get(column)
    return None if value is None else Decimal(float(value))


def _without_its_offset(row: Any, column: str) -> str:
    moment = datetime.fromisoformat(str(row[column])).replace(tzinfo=None)
    return f"{moment.isoformat()}Z"


def _composed(row: Any) -> str:
    return unicodedata.normalize("NFC", str(row["email"]).strip().lower())


@pytest.mark.parametrize(
    ("name", "broken"),
    [("_number", _through_floats), ("_moment", _without_its_offset), ("_email", _composed)],
)
def test_control_what_is_rounded_shifted_or_rewritten_is_caught(
    name: str, broken: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payloads, name, broken)
    assert len(wrong_ones(1, 500)) > 20
