"""T17, money: every amount a shop can have goes out exact to the byte, in every currency.

What is right is written here with whole numbers of the smallest unit, not with the decimal
arithmetic that is tested.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from influence_pipeline.platform_api import payloads
from influence_pipeline.platform_api.money import DIGITS
from influence_pipeline.platform_api.payloads import Names, encode, order_body

pytestmark = pytest.mark.proves("T17")

# ISO 4217, list one: the codes whose money has not two digits (funds and metals left out).
OTHER_THAN_TWO = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}

currencies = st.sampled_from(sorted(DIGITS))
# Up to 18 digits, the largest and the smallest among them.
units = st.one_of(st.integers(0, 10**18 - 1), st.sampled_from([0, 1, 5, 49, 50, 99, 10**18 - 1]))


def written(smallest_units: int, digits: int) -> str:
    """How a whole number of smallest units is written: 1990 with two digits is 19.90."""
    text = f"{smallest_units:0{digits + 1}d}"
    return f"{text[:-digits]}.{text[-digits:]}" if digits else text


def body_of(total: Any, currency: str, **more: Any) -> bytes:
    """The bytes that an order goes out as."""
    row = {
        "id": 1,
        "currency": currency,
        "total": total,
        "email": "a@example.com",
        "financial_status": "paid",
        "created_at": "2026-11-01T10:00:00+00:00",
        **more,
    }
    return encode(Names().dump(order_body(row)))


def test_every_currency_has_the_digits_of_iso_4217() -> None:
    for digits, codes in OTHER_THAN_TWO.items():
        assert {code for code, own in DIGITS.items() if own == digits} == set(codes.split())
    assert set(DIGITS.values()) == {2, *OTHER_THAN_TWO}


@settings(max_examples=1000)
@given(smallest=units, currency=currencies)
def test_an_amount_in_its_currencys_units_goes_out_exact_to_the_byte(
    smallest: int, currency: str
) -> None:
    digits = DIGITS[currency]
    # As the store's JSON gives it: a Decimal, whatever zeros it was stored with.
    for total in (
        Decimal(written(smallest, digits)),
        Decimal(smallest).scaleb(-digits).normalize(),
    ):
        sent = body_of(total, currency)
        assert f'"totalPrice":"{written(smallest, digits)}"'.encode() in sent


@settings(max_examples=1000)
@given(
    smallest=st.integers(0, 10**14),
    rest=st.integers(0, 9999),
    currency=currencies,
)
def test_what_is_finer_than_the_currency_is_rounded_half_up(
    smallest: int, rest: int, currency: str
) -> None:
    digits = DIGITS[currency]
    total = Decimal(f"{written(smallest, digits)}{'' if digits else '.'}{rest:04d}")
    expected = written(smallest + (rest >= 5000), digits)
    assert f'"totalPrice":"{expected}"'.encode() in body_of(total, currency)


@settings(max_examples=300)
@given(smallest=st.lists(units, min_size=1, max_size=4), currency=currencies)
def test_every_amount_of_an_order_is_exact(smallest: list[int], currency: str) -> None:
    digits = DIGITS[currency]
    amounts = [Decimal(written(one, digits)) for one in smallest]
    sent = json.loads(
        body_of(
            amounts[0],
            currency,
            subtotal=amounts[-1],
            line_items=[{"quantity": 1, "unit_price": amount} for amount in amounts],
            discount_codes=[{"code": f"C{n}", "amount": one} for n, one in enumerate(amounts)],
        )
    )
    expected = [written(one, digits) for one in smallest]
    assert (sent["totalPrice"], sent["subtotalPrice"]) == (expected[0], expected[-1])
    assert [line["price"] for line in sent["lineItems"]] == expected
    assert [code["amount"] for code in sent["discountCodes"]] == expected


def test_control_amounts_that_pass_through_a_float_are_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = payloads.format_amount

    def by_float(amount: Decimal, currency: str) -> str:
        return real(Decimal(float(amount)), currency)

    monkeypatch.setattr(payloads, "format_amount", by_float)
    # Hypothesis gives a group where it finds more than one way to fail.
    with pytest.raises((AssertionError, ExceptionGroup)):
        test_an_amount_in_its_currencys_units_goes_out_exact_to_the_byte()
