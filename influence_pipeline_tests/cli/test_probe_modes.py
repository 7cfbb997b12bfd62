"""`probe` finds each way in which the API may behave, and proposes the settings that follow."""

from __future__ import annotations

from typing import Any

import pytest

from influence_pipeline_tests.cli.probing import Prober, prober

__all__ = ["prober"]

PLAIN = {
    "key": "accepted",
    "unknown-path": "404",
    "customer-not-found": "understood",
    "order-not-found": "understood",
    "list-customers": "cursor",
    "list-webhooks": "listed",
    "product-fields": "fields",
    "variants-body": "either",
    "subscribe": "works",
    "enrol": "no_points",
    "customer-fields": "fields",
    "customer-errors": "told",
    "merge-or-replace": "merge",
    "same-email": "both",
    "order-create": "taken",
    "get-order": "yes",
    "patch-absent": "understood",
    "order-errors": "told",
    "patch-content": "taken",
    "discount-code": "taken",
    "fraction": "refused",
    "unknown-customer": "refused",
    "guest-order": "taken",
    "award": "awards",
    "award-again": "once",
    "refund": "takes_back",
    "refund-again": "once",
    "late-paid": "nothing",
    "second-post": "no_second_award",
    "second-post-paid": "no_second_award",
    "statuses": "statuses",
    "late-points": "no",
    "rate-limit": "none",
}


def test_an_api_as_the_contract_guesses_it_needs_no_setting(prober: Prober) -> None:
    found = prober("--yes")
    assert found.ran.code == 0
    assert found.values == PLAIN
    assert found.must == {}
    assert found.may == {"orders": {"protocol": "direct"}}
    assert found.attention == {"fraction"}
    assert "None: nothing was found that the settings in force do not fit." in found.report


ORDERS = ("--only", "orders")
DIRECT = {"orders": {"protocol": "direct"}}

# What the sandbox is set to; what is found other than in PLAIN; what must and may be set.
MODES: list[tuple[str, dict[str, Any], tuple[str, ...], dict[str, str], Any, Any]] = [
    ("each POST is an order", {"second_post": "award_again"}, ORDERS,
     {"second-post": "award_again", "second-post-paid": "award_again"}, {}, {}),
    ("a second POST is a conflict", {"second_post": "conflict"}, ORDERS,
     {"second-post": "conflict"}, {}, DIRECT),
    ("refunds repeat", {"refund_repeat": "again"}, ORDERS, {"refund-again": "again"}, {}, DIRECT),
    ("awards repeat", {"award_repeat": "again"}, ORDERS,
     {"award-again": "again", "late-paid": "again", "second-post-paid": "award_again"}, {}, {}),
    ("awards repeat after a refund", {"award_repeat": "after_refund"}, ORDERS,
     {"late-paid": "again"}, {}, DIRECT),
    ("orders cannot be read", {"get_order": False}, ORDERS,
     {"order-not-found": "gateway", "get-order": "no"}, {}, DIRECT),
    ("other words for a missing order", {"order_not_found": "No such purchase: it's gone (404)"},
     ORDERS, {"order-not-found": "other_words", "patch-absent": "other_words"},
     {"delivery": {"order_not_found_pattern": r"(?i)No such purchase: it.*s gone \(404"}}, DIRECT),
    ("words for a missing order that say nothing", {"order_not_found": "Not Found"}, ORDERS,
     {"order-not-found": "gateway", "patch-absent": "gateway"}, {}, DIRECT),
    ("a PATCH makes the order", {"patch_unknown_order": "create"}, ORDERS,
     {"patch-absent": "creates"}, {}, DIRECT),
    ("no orders of guests", {"guest_orders": False}, ORDERS, {"guest-order": "refused"},
     {"orders": {"guest_orders": "skip"}}, DIRECT),
    ("orders are answered with nothing", {"order_reply": "empty"}, ORDERS, {}, {}, DIRECT),
    ("variants as a bare list", {"variants_body": "bare"}, ("--only", "products"),
     {"variants-body": "bare"}, {"api_names": {"variants_body": "bare"}}, {}),
    ("variants wrapped", {"variants_body": "wrapped"}, ("--only", "products"),
     {"variants-body": "wrapped"}, {}, {}),
    ("a PUT replaces", {"put_customer": "replace"}, ("--only", "customers"),
     {"merge-or-replace": "replace"}, {}, {}),
    ("e-mails are unique", {"unique_email": True}, ("--only", "customers"),
     {"same-email": "refused"}, {}, {}),
    ("limits are told", {"rate_limit": 5000, "rate_limit_headers": True}, ("--only", "access"),
     {"rate-limit": "headers"}, {}, {}),
    ("the cursor is called otherwise", {"cursor_name": "nextToken"}, ("--only", "access"),
     {"list-customers": "nextToken"}, {}, {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("switches", "groups", "found_otherwise", "must", "may"),
    [mode[1:] for mode in MODES],
    ids=[mode[0] for mode in MODES],
)
def test_every_mode_of_the_api_is_found_with_what_follows_from_it(
    prober: Prober,
    switches: dict[str, Any],
    groups: tuple[str, ...],
    found_otherwise: dict[str, str],
    must: Any,
    may: Any,
) -> None:
    prober.sandbox.set(**switches)
    found = prober("--yes", *groups)
    expected = {name: PLAIN[name] for name in found.values} | found_otherwise
    assert found.values == expected
    assert (found.must, found.may) == (must, may)


NAMES = {
    "customer": {"email": "emailAddress", "firstName": "first_name", "birthdayMonth": "birthMonth"},
    "product": {"title": "name", "imageUrl": "image"},
    "variant": {"externalVariantId": "variantId"},
    "order": {"id": "externalId", "totalPrice": "total", "lineItems": "items"},
    "line_item": {"price": "unitPrice"},
    "discount_code": {"code": "couponCode"},
}


def test_every_field_that_is_called_otherwise_is_found_where_unknown_ones_are_refused(
    prober: Prober,
) -> None:
    prober.sandbox.set(names=NAMES, unknown_fields="refuse")
    found = prober("--yes")
    assert found.must == {"api_names": NAMES}
    assert found.values == PLAIN
    # What was refused on the way is not left behind; what is there is.
    left = {one["id"] for one in found.left if one["kind"] == "order"}
    assert left == {row["order_id"] for row in prober.sandbox.rows("SELECT order_id FROM orders")}


def test_fields_that_are_dropped_under_our_names_are_found_under_others(prober: Prober) -> None:
    customer = {"firstName": "first_name", "birthdayMonth": "birthMonth"}
    names = {"customer": customer, "product": {"imageUrl": "image"}}
    prober.sandbox.set(names=names, unknown_fields="drop")
    found = prober("--yes", "--only", "customers", "--only", "products")
    assert found.must == {"api_names": names}


def test_a_field_that_is_listed_under_another_name_is_found_though_any_name_is_kept(
    prober: Prober,
) -> None:
    prober.sandbox.set(names={"customer": {"firstName": "first_name"}})
    found = prober("--yes", "--only", "customers")
    assert found.must == {"api_names": {"customer": {"firstName": "first_name"}}}


def test_a_name_that_is_kept_as_any_other_is_not_called_known(prober: Prober) -> None:
    words = prober("--yes", "--only", "products").findings["product-fields"]
    assert "taken and shown, as any name is: imageUrl, status, externalUrlHandle" in words["answer"]
    assert words["confidence"] == "medium"
    prober.sandbox.set(unknown_fields="drop")
    words = prober("--yes", "--only", "products").findings["product-fields"]
    assert words["answer"] == "Known: title, imageUrl, status, externalUrlHandle."
    assert words["confidence"] == "high"


def test_sign_up_points_are_seen_before_an_import_gives_them_to_everybody(prober: Prober) -> None:
    prober.sandbox.good("PUT", "/sandbox/rules", {"signUpPoints": 50})
    found = prober("--yes", "--only", "customers")
    assert found.values["enrol"] == "sign_up_points"
    assert "50 points" in found.findings["enrol"]["answer"]
    assert "enrol" in found.attention


def test_an_account_that_awards_pending_orders_is_seen(prober: Prober) -> None:
    rules = {"awardingStatuses": ["pending", "paid"]}
    prober.sandbox.good("PUT", "/sandbox/rules", rules)
    prober.sandbox.set(second_post="award_again")
    found = prober("--yes", *ORDERS)
    assert found.values["order-create"] == "pending_awards"
    assert found.values["award"] == "awarded_before"
    assert found.values["second-post"] == "award_again"
    assert "order-create" in found.attention


def test_an_account_without_a_rule_for_orders_is_not_taken_for_one_that_awards_once(
    prober: Prober,
) -> None:
    prober.sandbox.good("PUT", "/sandbox/rules", {"pointsPerUnit": "0"})
    found = prober("--yes", *ORDERS)
    assert found.values["award"] == "no_award"
    assert found.values["second-post"] == "unclear"
    for question in ("award-again", "refund", "refund-again", "late-paid", "second-post-paid"):
        assert found.values[question] == "skipped"
    assert found.may == {}


def test_the_statuses_tell_which_of_them_give_points(prober: Prober) -> None:
    prober.sandbox.good("PUT", "/sandbox/rules", {"awardingStatuses": ["authorized"]})
    words = prober("--yes", *ORDERS).findings["statuses"]
    assert (
        "authorized: taken, +10 points; partially_paid: taken, no points moved" in words["answer"]
    )
    assert "Points are given at authorized: is that meant?" in words["means"]
    assert words["attention"]


def test_amounts_tell_what_an_order_earns(prober: Prober) -> None:
    prober.sandbox.good("PUT", "/sandbox/rules", {"amount": "subtotalPrice"})
    words = prober("--yes", *ORDERS, "--currency", "JPY", "--amount", "1000").findings["award"]
    assert "order of 1000 JPY (subtotal 800) gives 800 points" in words["answer"]
    assert "0.8 per JPY of the total or 1 per JPY of the subtotal" in words["answer"]


def test_a_second_page_of_customers_is_asked_for_with_the_cursor(prober: Prober) -> None:
    prober.sandbox.set(cursor_name="nextCursor")
    for number in range(101):
        prober.sandbox.put_customer(f"c-{number}")
    found = prober("--only", "access").findings["list-customers"]
    assert found["value"] == "nextCursor"
    assert "100 on a page" in found["answer"]
    assert found["answer"].endswith("sent back as `cursor` it gives the next page.")


def test_no_subscriptions_by_call_is_said_so(prober: Prober) -> None:
    prober.sandbox.good(
        "PUT", "/sandbox/faults", {"faults": [{"kind": "gateway_404", "path": "^/v1/webhooks"}]}
    )
    found = prober("--yes", "--only", "webhooks")
    assert found.values["list-webhooks"] == found.values["subscribe"] == "no_endpoint"
    assert "Influence dashboard" in found.findings["subscribe"]["means"]


def test_a_refused_subscription_does_not_say_that_there_are_none(prober: Prober) -> None:
    fault = {"kind": "error_before", "status": 422, "method": "POST", "path": "^/v1/webhooks"}
    prober.sandbox.good("PUT", "/sandbox/faults", {"faults": [fault]})
    found = prober("--yes", "--only", "webhooks")
    assert found.values["subscribe"] == "refused"
    assert "Try `webhooks register`" in found.findings["subscribe"]["means"]
    assert found.left == []


def test_the_subscription_is_removed_again_and_no_other_one(prober: Prober) -> None:
    prober.sandbox.good(
        "POST", "/v1/webhooks", {"topic": "customers/tier_changed", "url": "https://x.example/abc"}
    )
    assert prober("--yes", "--only", "webhooks").values["subscribe"] == "works"
    (only,) = prober.sandbox.good("GET", "/v1/webhooks")["webhooks"]
    assert only["url"] == "https://x.example/abc"


def test_a_subscription_that_cannot_be_removed_is_left_and_said_so(prober: Prober) -> None:
    fault = {"kind": "gateway_404", "method": "DELETE"}
    prober.sandbox.good("PUT", "/sandbox/faults", {"faults": [fault]})
    found = prober("--yes", "--only", "webhooks")
    assert found.values["subscribe"] == "not_removed"
    (left,) = found.left
    assert left["kind"] == "webhook subscription"
    assert left["id"] in found.report


def test_what_shows_late_is_waited_for(prober: Prober) -> None:
    prober.sandbox.set(read_after_write_delay_ms=40, balance_delay_ms=100, order_reply="empty")
    prober.settle = "0.3"
    found = prober("--yes", "--only", "customers", *ORDERS)
    assert found.values == {name: PLAIN[name] for name in found.values}


def test_control_without_the_wait_the_same_api_is_taken_for_one_that_awards_nothing(
    prober: Prober,
) -> None:
    prober.sandbox.set(balance_delay_ms=60_000)
    assert prober("--yes", *ORDERS).values["award"] == "no_award"
