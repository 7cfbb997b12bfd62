"""What Dagster's check says: nothing that may be somebody's coupon is passed over."""

from __future__ import annotations

from typing import Any

import pytest

from influence_pipeline.assets.coupons import Result, result_of
from influence_pipeline.webhooks.handlers import WorkedOff
from influence_pipeline_tests.webhooks.builders import customer, redemption
from influence_pipeline_tests.webhooks.conftest import Desk


def check(desk: Desk) -> Result:
    desk.work()
    return result_of(desk.state, WorkedOff())


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("points/redeemed", b"{"),
        ("Points/Redeemed", b"{"),
        ("referrals/completed", b""),
        ("orders/created", {}),
        (None, {}),
    ],
)
def test_a_delivery_that_may_be_a_redemption_and_is_no_event_fails_it(
    desk: Desk, topic: str | None, body: Any
) -> None:
    stored = desk.deliver(topic, body)
    found = check(desk)
    assert not found.checks[0].passed
    assert found.checks[0].description.startswith("1 delivery is quarantined that may be")
    assert f"influence-pipeline events show {stored.id}" in found.checks[0].description
    assert "by hand" in found.checks[0].description
    assert found.metadata["quarantined"] == 1


def test_the_same_key_with_another_code_fails_it(desk: Desk) -> None:
    desk.deliver("points/redeemed", redemption())
    desk.deliver("points/redeemed", redemption(couponCode="OTHER"))
    assert not check(desk).checks[0].passed


def test_parked_and_quarantined_are_both_told(desk: Desk) -> None:
    desk.deliver("points/redeemed", redemption(couponCode=None))
    for number in range(3):
        desk.deliver("points/redeemed", b"{" * (number + 1))
    words = check(desk).checks[0].description or ""
    assert "1 event is parked" in words
    assert "3 deliveries are quarantined" in words


def test_what_is_quarantined_and_costs_nobody_anything_passes_it(desk: Desk) -> None:
    desk.deliver("points/redeemed", redemption())
    desk.deliver("points/redeemed", redemption(customer=customer(pointBalance=1)))
    desk.deliver("customers/updated", b"{")
    desk.deliver("Points/Earned", b"{")
    found = check(desk)
    assert found.checks[0].passed, found.checks[0].description
