"""What a refusal says about names, as different validators write it, and which name is tried next."""

from __future__ import annotations

from typing import Any

import pytest

from influence_pipeline.platform_api.probe.naming import (
    CANDIDATES,
    fields_of,
    names_in,
    renamed,
    same,
    shown_as,
)

ORDER = {ours: ours for ours in CANDIDATES["order"]}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"message": "total: Field required"}, [("total",)]),
        ({"message": '"externalId" is required'}, [("externalId",)]),
        ({"message": "lineItems.0.unitPrice: too long; total: no"}, [("lineItems", "unitPrice"), ("total",)]),
        ({"errors": [{"path": ["lineItems", 0, "price"], "message": "Required"}]}, [("lineItems", "price")]),
        ({"errors": {"total": ["can't be blank"]}}, [("total",)]),
        ({"detail": [{"loc": ["body", "total"], "msg": "field required"}]}, [("total",)]),
        ({"code": "unrecognized_keys", "keys": ["totalPrice", "id"]}, [("totalPrice",), ("id",)]),
        ({"params": {"missingProperty": "total"}, "message": "must have required property 'total'"}, [("total",)]),
        ({"message": "Unknown customer: customerId must be sent first"}, []),
        ({"message": "The order could not be created"}, []),
        ({"message": 7, "errors": None}, []),
        ("text", []),
        (None, []),
    ],
)  # fmt: skip
def test_names_are_read_from_where_validators_put_them(body: Any, told: list[Any]) -> None:
    assert names_in(body) == told


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        ({"message": "total: Field required"}, {"totalPrice": "total"}),
        ({"message": "totalPrice: is not a known field"}, {"totalPrice": "total"}),
        ({"message": "Unrecognized key(s) in object: 'orderNumber'"}, {"orderNumber": "number"}),
        # A complaint about a value is none about a name.
        ({"message": "currency: must be ISO 4217"}, {}),
        ({"message": "totalPrice: must be a number"}, {}),
        ({"message": "lineItems.0.price: is not a known field"}, {}),
    ],
)
def test_a_field_is_renamed_for_what_is_asked_or_what_is_not_known(
    body: Any, changes: dict[str, str]
) -> None:
    assert renamed("order", body, ORDER, {}) == changes


def test_names_that_were_refused_are_not_tried_again_and_in_the_end_it_is_left_out() -> None:
    names, tried = dict(ORDER), {"orderNumber": set()}  # type: dict[str, str], dict[str, set[str]]
    seen = []
    for _ in range(9):
        body = {"message": f"{names['orderNumber']}: unknown field"}
        change = renamed("order", body, names, tried)
        tried["orderNumber"].add(names["orderNumber"])
        seen.append(change["orderNumber"])
        if change["orderNumber"] is None:
            break
        names["orderNumber"] = change["orderNumber"]
    assert seen == [*CANDIDATES["order"]["orderNumber"], None]


def test_what_an_order_needs_is_never_left_out() -> None:
    names = {**ORDER, "totalPrice": "orderTotal"}
    tried = {"totalPrice": {"totalPrice", *CANDIDATES["order"]["totalPrice"]}}
    assert renamed("order", {"message": "orderTotal: unknown field"}, names, tried) == {}


def test_a_name_inside_a_list_counts_for_its_items() -> None:
    names = {ours: ours for ours in CANDIDATES["line_item"]}
    told = {"message": "items.0.price: is not a known field"}
    assert renamed("line_item", told, names, {}, "items") == {"price": "unitPrice"}
    assert renamed("line_item", told, names, {}, "lineItems") == {}
    # Without a path, only what no order has.
    assert renamed("line_item", {"message": "price: unknown field"}, names, {}, "items") == {
        "price": "unitPrice"
    }
    codes = {ours: ours for ours in CANDIDATES["discount_code"]}
    assert renamed("discount_code", {"message": "amount: unknown"}, codes, {}, "codes") == {}


@pytest.mark.parametrize(
    ("sent", "shown", "is_same"),
    [
        ("10.00", "10.0", True), ("10.00", 10, True), ("a@example.com", "A@Example.com", True),
        ("10.00", "11.00", False), (7, 7, True), (1, True, False), ("x", None, False),
        ([], "x", False),
    ],
)  # fmt: skip
def test_a_value_is_known_again_though_written_otherwise(
    sent: Any, shown: Any, is_same: bool
) -> None:
    assert same(sent, shown) is is_same


def test_a_value_is_found_under_another_name_if_it_is_long_enough_to_be_told() -> None:
    record = {"first_name": "Probe record", "n": 7, "age": 7}
    assert shown_as("Probe record", "firstName", record) == "first_name"
    assert shown_as(7, "birthdayMonth", record) is None
    assert shown_as(7, "n", record) == "n"


def test_a_reply_that_only_says_done_is_no_record() -> None:
    assert fields_of({"success": True}, "order") == {}
    assert fields_of({"order": {"a": 1}}, "order") == {"a": 1}
    assert fields_of({"id": "1"}, "order") == {"id": "1"}
    assert fields_of(["id"], "order") == {}
