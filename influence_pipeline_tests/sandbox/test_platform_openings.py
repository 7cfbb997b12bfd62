"""The switches that let the sandbox answer in the other ways the contract leaves open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from influence_pipeline_tests.sandbox.platform_fixtures import Sandbox, order, running, until


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("openings"), access_log=False) as started:
        yield started


@pytest.fixture
def sandbox(process: Sandbox) -> Sandbox:
    process.good("POST", "/sandbox/reset")
    return process


OTHER_NAMES = {
    "customer": {"firstName": "first_name"},
    "order": {"totalPrice": "total", "lineItems": "items"},
    "line_item": {"price": "unitPrice"},
    "product": {"title": "name"},
    "variant": {"externalVariantId": "sku"},
}


def test_fields_may_be_called_otherwise_in_bodies_and_in_answers(sandbox: Sandbox) -> None:
    sandbox.set(names=OTHER_NAMES)
    customer = sandbox.put_customer(first_name="Ann")
    assert (customer["first_name"], "firstName" in customer) == ("Ann", False)
    sent = order(totalPrice=None, total="100.00", items=[{"quantity": 1, "unitPrice": "1.00"}])
    shown = sandbox.good("POST", "/v1/orders", sent)["order"]
    assert (shown["total"], shown["items"]) == ("100.00", sent["items"])
    assert sandbox.movements("award") == [100]
    sandbox.good("PUT", "/v1/products/p-1", {"name": "Soap"})
    for body in ([{"sku": "v-1"}], {"variants": [{"sku": "v-1"}]}):
        product = sandbox.good("POST", "/v1/products/p-1/variants", body)["product"]
        assert (product["name"], product["variants"]) == ("Soap", [{"sku": "v-1"}])
    assert sandbox.good("GET", "/v1/customers")["customers"][0]["first_name"] == "Ann"


def test_a_field_by_the_contracts_name_is_then_an_unknown_one(sandbox: Sandbox) -> None:
    sandbox.set(names=OTHER_NAMES)
    assert sandbox.put_customer(firstName="Ann")["firstName"] == "Ann"
    assert sandbox.put_customer()["first_name"] is None
    words = sandbox.refused(400, "POST", "/v1/orders", order())
    assert words == "total: Field required"


@pytest.mark.parametrize(("mode", "kept"), [("keep", True), ("drop", False)])
def test_unknown_fields_are_kept_or_left_out(sandbox: Sandbox, mode: str, kept: bool) -> None:
    sandbox.set(unknown_fields=mode)
    assert ("shoeSize" in sandbox.put_customer(shoeSize="42", firstName="Ann")) is kept
    assert sandbox.put_customer()["firstName"] == "Ann"
    shown = sandbox.post_order(shoeSize="42").json()["order"]
    assert (shown["totalPrice"], "shoeSize" in shown) == ("100.00", kept)


def test_unknown_fields_may_be_refused_and_nothing_is_applied(sandbox: Sandbox) -> None:
    sandbox.set(unknown_fields="refuse")
    body = {"email": "a@example.org", "shoeSize": "42"}
    sandbox.refused(400, "PUT", "/v1/customers/c-1", body)
    assert sandbox.rows("SELECT 1 FROM customers") == []
    (call,) = sandbox.rows("SELECT status, outcome FROM calls")
    assert tuple(call) == (400, 400)
    words = sandbox.refused(400, "PUT", "/v1/customers/c-1", body)
    assert words == "shoeSize: is not a known field"
    sandbox.put_customer()
    bad = order(lineItems=[{"quantity": 1, "shoeSize": "42"}])
    words = sandbox.refused(400, "POST", "/v1/orders", bad)
    assert words == "lineItems.0.shoeSize: is not a known field"
    sandbox.good("PUT", "/v1/products/p-1", {"title": "Soap"})
    for body in (
        {"variants": [{"externalVariantId": "v", "shoeSize": "42"}]},
        [{"shoeSize": "42"}],
    ):
        assert "0.shoeSize: is not a known field" in sandbox.refused(
            400, "POST", "/v1/products/p-1/variants", body
        )


@pytest.mark.parametrize(
    ("mode", "awards"), [("once", [100]), ("after_refund", [100, 100]), ("again", [100, 100, 100])]
)
def test_a_repeated_change_to_paid_may_award_again(
    sandbox: Sandbox, mode: str, awards: list[int]
) -> None:
    sandbox.set(award_repeat=mode)
    sandbox.put_customer()
    for status in ("paid", "paid", "refunded", "paid"):
        if status == "paid" and not sandbox.rows("SELECT 1 FROM orders"):
            sandbox.post_order(financialStatus=status)
        else:
            sandbox.patch_order(financialStatus=status)
    assert sandbox.movements("award") == awards


def test_a_change_without_a_status_awards_nothing_in_any_mode(sandbox: Sandbox) -> None:
    sandbox.set(award_repeat="again")
    sandbox.put_customer()
    sandbox.post_order()
    sandbox.patch_order(orderNumber="7")
    assert sandbox.movements("award") == [100]


def test_an_unknown_order_may_be_made_by_a_patch(sandbox: Sandbox) -> None:
    assert sandbox.patch_order(financialStatus="pending").status_code == 404
    sandbox.set(patch_unknown_order="create")
    assert (
        sandbox.patch_order(email="a@example.org").json()["order"]["financialStatus"] == "pending"
    )
    assert len(sandbox.rows("SELECT 1 FROM orders")) == 1


def test_the_words_for_a_missing_order_can_be_others(sandbox: Sandbox) -> None:
    sandbox.set(order_not_found="No such order")
    assert sandbox.refused(404, "GET", "/v1/orders/o-1") == "No such order"
    assert sandbox.refused(404, "PATCH", "/v1/orders/o-1", {}) == "No such order"


def test_calls_on_orders_may_be_answered_with_nothing(sandbox: Sandbox) -> None:
    sandbox.set(order_reply="empty")
    sandbox.put_customer()
    assert sandbox.post_order().json() == {}
    assert sandbox.patch_order(financialStatus="refunded").json() == {}
    assert sandbox.good("GET", "/v1/orders/o-1")["order"]["financialStatus"] == "refunded"


def test_orders_of_guests_may_be_refused(sandbox: Sandbox) -> None:
    assert sandbox.post_order("o-1", customerId=None).status_code == 200
    sandbox.set(guest_orders=False)
    body = order("o-2", customerId=None)
    assert sandbox.refused(400, "POST", "/v1/orders", body) == "customerId: Field required"


def test_the_cursor_may_be_called_otherwise(sandbox: Sandbox) -> None:
    sandbox.set(cursor_name="nextToken")
    for number in range(101):
        sandbox.put_customer(f"c-{number}")
    page = sandbox.good("GET", "/v1/customers")
    assert sorted(page) == ["customers", "nextToken"]
    rest = sandbox.good("GET", f"/v1/customers?cursor={page['nextToken']}")
    assert [one["externalId"] for one in rest["customers"]] == ["c-100"]


def test_a_page_may_repeat_the_end_of_the_one_before_and_leave_customers_out(
    sandbox: Sandbox,
) -> None:
    for number in range(6):
        sandbox.put_customer(f"c-{number}")
    sandbox.set(page_size=3, page_repeats=1)
    page = sandbox.good("GET", "/v1/customers")
    assert [one["externalId"] for one in page["customers"]] == ["c-0", "c-1", "c-2"]
    page = sandbox.good("GET", f"/v1/customers?cursor={page['cursor']}")
    assert [one["externalId"] for one in page["customers"]] == ["c-2", "c-3", "c-4"]
    sandbox.set(page_skips=1)
    page = sandbox.good("GET", "/v1/customers")
    assert page["customers"] == []
    assert page["cursor"]


def test_deliveries_of_one_topic_alone_may_be_dropped(sandbox: Sandbox) -> None:
    for topic in ("points/earned", "customers/updated"):
        sandbox.good("POST", "/v1/webhooks", {"topic": topic, "url": "http://127.0.0.1:9/"})
    sandbox.set(webhooks={"drop_by_topic": {"points/earned": 1}, "delay_ms": 10**9})
    sandbox.put_customer()
    sandbox.post_order()
    rows = sandbox.rows("SELECT topic, state FROM deliveries ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("customers/updated", "pending"),
        ("points/earned", "dropped"),
        ("customers/updated", "pending"),
    ]
    assert "drop_by_topic" in sandbox.refused(
        400, "PUT", "/sandbox/switches", {"webhooks": {"drop_by_topic": {"points/lost": 1}}}
    )


def test_a_merchant_gives_points_takes_them_away_and_sets_a_tier(sandbox: Sandbox) -> None:
    for topic in ("points/earned", "customers/tier_changed"):
        sandbox.good("POST", "/v1/webhooks", {"topic": topic, "url": "http://127.0.0.1:9/"})
    sandbox.set(webhooks={"delay_ms": 10**9})
    sandbox.put_customer()
    sandbox.good("POST", "/sandbox/customers/c-1/points", {"points": 50})
    shown = sandbox.good("POST", "/sandbox/customers/c-1/points", {"points": -20})
    assert shown["customer"]["pointBalance"] == 30
    assert sandbox.movements("manual") == [50, -20]
    shown = sandbox.good("POST", "/sandbox/customers/c-1/tier", {"tierId": "tier-gold"})
    assert shown["customer"]["currentLoyaltyTierId"] == "tier-gold"
    sandbox.good("POST", "/sandbox/customers/c-1/tier", {"tierId": "tier-gold"})
    topics = [row["topic"] for row in sandbox.rows("SELECT topic FROM deliveries ORDER BY id")]
    assert topics == ["points/earned", "customers/tier_changed"]
    sandbox.refused(400, "POST", "/sandbox/customers/c-1/tier", {"tierId": "tier-lead"})
    sandbox.refused(404, "POST", "/sandbox/customers/nobody/points", {"points": 1})


def test_a_balance_may_show_late(sandbox: Sandbox) -> None:
    sandbox.set(balance_delay_ms=300)
    sandbox.put_customer()
    assert sandbox.post_order().json()["order"]["points"] == 100
    assert sandbox.balance() == 0
    until(lambda: sandbox.balance() == 100, "the balance to show")


def test_names_given_at_the_start_count_too(tmp_path: Path) -> None:
    with running(tmp_path, switches={"names": {"order": {"totalPrice": "total"}}}) as sandbox:
        sandbox.put_customer()
        assert sandbox.post_order().status_code == 400
