"""From canonical values to the contract's bodies."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influence_pipeline.platform_api.money import DIGITS, AmountError, format_amount
from influence_pipeline.platform_api.payloads import (
    Names,
    RecordError,
    customer_body,
    encode,
    order_body,
    product_body,
    variant_bodies,
)


def order(**values: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "number": "1007",
        "customer_id": "cus_1",
        "email": "Ann@Example.com",
        "currency": "eur",
        "subtotal": Decimal("19.9"),
        "total": Decimal("24.899"),
        "financial_status": "paid",
        "created_at": "2026-11-01T10:00:00+02:00",
        "line_items": [
            {"product_id": 1, "variant_id": None, "title": "Tea", "quantity": 2, "unit_price": 9.95}
        ],
        "discount_codes": [{"code": "TEN-x", "amount": Decimal(1)}, "Plain"],
        **values,
    }


def test_an_order_goes_out_under_the_contracts_names() -> None:
    assert Names().dump(order_body(order())) == {
        "id": "7",
        "orderNumber": "1007",
        "customerId": "cus_1",
        "email": "ann@example.com",
        "currency": "EUR",
        "subtotalPrice": "19.90",
        "totalPrice": "24.90",
        "financialStatus": "paid",
        "createdAt": "2026-11-01T08:00:00Z",
        "lineItems": [{"productId": "1", "title": "Tea", "quantity": 2, "price": "9.95"}],
        "discountCodes": [{"code": "TEN-x", "amount": "1.00"}, {"code": "Plain"}],
    }


def test_a_customer_goes_out_whole_without_blanks() -> None:
    row = {
        "id": 1,
        "email": " A@b.C ",
        "first_name": "Zoë",
        "last_name": " ",
        "birthday": "1990-02-28",
    }
    assert Names().dump(customer_body(row)) == {
        "email": "a@b.c",
        "name": "Zoë",
        "firstName": "Zoë",
        "birthdayMonth": 2,
        "birthdayDay": 28,
    }


@pytest.mark.parametrize("birthday", ["1990-02-29", "in spring", "infinity", ""])
def test_a_birthday_that_is_no_date_keeps_nobody_out(birthday: str) -> None:
    body = customer_body({"id": 1, "email": "a@b.c", "birthday": birthday})
    assert body.birthdayMonth is None


def test_a_product_goes_out_with_the_whole_list_of_its_variants() -> None:
    row = {
        "id": 5,
        "title": "Tea",
        "url": "tea",
        "variants": [{"id": 9, "title": "Small"}, {"id": 8}],
    }
    assert Names().dump(product_body(row)) == {"title": "Tea", "externalUrlHandle": "tea"}
    assert [Names().dump(variant) for variant in variant_bodies(row)] == [
        {"externalVariantId": "9", "externalProductId": "5", "title": "Small", "position": 0},
        {"externalVariantId": "8", "externalProductId": "5", "position": 1},
    ]


def test_names_the_contract_could_not_find_are_changed_in_one_place() -> None:
    names = Names({"order": {"totalPrice": "total"}, "line_item": {"price": "unitPrice"}})
    sent = names.dump(order_body(order()))
    assert sent["total"] == "24.90"
    assert "totalPrice" not in sent
    assert sent["lineItems"][0]["unitPrice"] == "9.95"
    assert Names({"order": {"totlPrice": "total"}}).unknown() == ["order.totlPrice"]


def test_an_order_of_a_known_customer_goes_without_an_email_that_is_none() -> None:
    assert order_body(order(email="not an address")).email is None


def test_goods_by_weight_keep_their_fraction() -> None:
    body = order_body(
        order(line_items=[{"quantity": Decimal("1.5")}, {"quantity": Decimal("2.0")}])
    )
    assert encode([line.quantity for line in body.lineItems]) == b"[1.5,2]"


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ({"total": None}, "total"),
        ({"total": "NaN"}, "total"),
        ({"total": "Infinity"}, "total"),
        ({"total": Decimal(10) ** 30}, "total"),
        ({"currency": "xxx"}, "currency"),
        ({"currency": None}, "currency"),
        ({"email": "not an address", "customer_id": None}, "email"),
        ({"financial_status": "payed"}, "financial_status"),
        ({"financial_status": None}, "financial_status"),
        ({"created_at": "infinity"}, "created_at"),
        ({"created_at": "12345-01-01T00:00:00+00:00"}, "created_at"),
        ({"line_items": {"a": 1}}, "line_items"),
        ({"line_items": [{"quantity": None}]}, "line_items"),
        ({"line_items": [{"quantity": Decimal("1e5000")}]}, "line_items"),
        ({"line_items": [{"quantity": 1, "title": "\ud800"}]}, "line_items"),
        ({"discount_codes": ["A\x00B"]}, "discount_codes"),
        ({"line_items": [{"quantity": 1, "unit_price": "NaN"}]}, "line_items"),
        ({"discount_codes": [{"amount": 1}]}, "discount_codes"),
        ({"number": "x" * 200_000}, "number"),
    ],
)
def test_a_record_that_cannot_be_told_names_its_column_and_no_value(
    values: dict[str, Any], column: str
) -> None:
    with pytest.raises(RecordError) as caught:
        order_body(order(**values))
    assert caught.value.column == column
    for value in values.values():
        words = str(caught.value).replace("NaN or infinity", "")
        assert not isinstance(value, str) or value not in words


@given(
    amount=st.decimals(min_value=0, max_value=10**12, places=3, allow_nan=False),
    currency=st.sampled_from(sorted(DIGITS)),
)
def test_amounts_keep_their_value_to_the_currencys_last_digit(
    amount: Decimal, currency: str
) -> None:
    written = format_amount(amount, currency)
    assert abs(Decimal(written) - amount) * 2 <= Decimal(1).scaleb(-DIGITS[currency])
    _, _, fraction = written.partition(".")
    assert len(fraction) == DIGITS[currency]


def test_money_is_decimal_to_the_end() -> None:
    assert format_amount(Decimal("19.99"), "EUR") == "19.99"
    assert format_amount(Decimal("0.5"), "JPY") == "1"
    assert format_amount(Decimal("1.0005"), "KWD") == "1.001"
    assert format_amount(Decimal("-0.001"), "EUR") == "0.00"
    with pytest.raises(AmountError):
        format_amount(Decimal("sNaN"), "EUR")


def test_text_goes_out_as_utf8_as_it_is() -> None:
    assert json.loads(encode({"name": "Zoë 陳 🎉"})) == {"name": "Zoë 陳 🎉"}
    assert "Zoë".encode() in encode({"name": "Zoë"})
