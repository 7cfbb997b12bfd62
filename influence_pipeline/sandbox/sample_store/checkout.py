"""A customer buys: orders are placed, discount codes are honoured or refused."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

import psycopg2.extensions

from influence_pipeline.sandbox.sample_store.statements import (
    Place,
    SampleStoreError,
    Touched,
    keys,
    rows,
    statement,
    transaction,
)


class CodeRefused(SampleStoreError):  # noqa: N818  (what the customer reads at the checkout)
    """The checkout does not take a discount code; says why."""


class Item(NamedTuple):
    """So many of a variant, named by its key."""

    variant: str
    quantity: int = 1


class _Basket(NamedTuple):
    items: tuple[Item, ...]
    currency: str
    subtotal: Decimal
    shipping: Decimal
    digits: int

    @property
    def values(self) -> dict[str, Any]:
        return {
            "variants": [item.variant for item in self.items],
            "quantities": [item.quantity for item in self.items],
            "currency": self.currency,
            "subtotal": self.subtotal,
            "shipping": self.shipping,
        }


def place_order(
    place: Place,
    customer: str | None,
    *,
    items: Sequence[Item | tuple[str, int]] = (),
    currency: str = "EUR",
    codes: Sequence[tuple[str, Decimal]] = (),
    paid: bool = False,
    authorized: bool = False,
    email: str | None = None,
) -> Touched:
    """Place an order for a live customer, or for a guest (`customer` None).

    `items`: default two variants on sale. `codes`: what the order carries, with what each took off,
    unchecked; `place_order_with_code` is the way through the checkout. `paid`: captured at once;
    `authorized`: only reserved; neither: no payment yet. `email`: default the customer's own.
    """
    with transaction(place) as cursor:
        basket = _basket(cursor, items, currency)
        order = _place(cursor, customer, basket, codes, _payment(paid, authorized), email)
        return Touched(orders=order)


def place_order_with_code(
    place: Place,
    customer: str | None,
    code: str,
    *,
    items: Sequence[Item | tuple[str, int]] = (),
    currency: str = "EUR",
    paid: bool = False,
    authorized: bool = False,
    email: str | None = None,
) -> Touched:
    """Place an order with a discount code, by the code's rules, and count its use.

    Raises CodeRefused if it does not exist, is used up, has expired, belongs to another customer,
    is in another currency, asks for a larger order or for other products; then no order is
    placed.
    """
    with transaction(place) as cursor:
        basket = _basket(cursor, items, currency)
        discount = _claim(cursor, code, customer, basket)
        payment = _payment(paid, authorized)
        order = _place(cursor, customer, basket, [(code, discount)], payment, email)
        cursor.execute(statement("changes/count_use"), {"code": code})
        return Touched(orders=order)


def _payment(paid: bool, authorized: bool) -> str | None:
    return "captured" if paid else "authorized" if authorized else None


def _basket(
    cursor: psycopg2.extensions.cursor,
    items: Sequence[Item | tuple[str, int]],
    currency: str,
) -> _Basket:
    chosen = tuple(Item(*item) for item in items) or tuple(
        Item(key) for key in keys(cursor, "changes/default_items")
    )
    values = {
        "variants": [item.variant for item in chosen],
        "quantities": [item.quantity for item in chosen],
        "currency": currency,
    }
    found = rows(cursor, "changes/price_items", values)
    if not chosen or not found or found[0][3] != len(chosen):
        raise SampleStoreError(
            f"The sample store does not sell these variants, or not in {currency}."
        )
    subtotal, shipping, digits, _ = found[0]
    return _Basket(chosen, currency, subtotal, shipping, digits)


def _place(
    cursor: psycopg2.extensions.cursor,
    customer: str | None,
    basket: _Basket,
    codes: Sequence[tuple[str, Decimal]],
    payment_status: str | None,
    email: str | None,
) -> tuple[str, ...]:
    address = email or "Guest.Buyer@Example.com"
    if customer is not None:
        found = rows(cursor, "changes/find_buyer", {"customer": customer})
        if not found:
            raise SampleStoreError(f"The sample store has no live customer {customer}.")
        address = email or found[0][1]
    values = {
        **basket.values,
        "customer": customer,
        "email": address,
        "codes": [code for code, _ in codes],
        "amounts": [amount for _, amount in codes],
        "payment_status": payment_status,
    }
    return keys(cursor, "changes/place_order", values)


def _claim(
    cursor: psycopg2.extensions.cursor, code: str, customer: str | None, basket: _Basket
) -> Decimal:
    """Hold the code and give what it takes off the basket. Raises CodeRefused."""
    found = rows(cursor, "changes/claim_code", {"code": code})
    if not found:
        raise CodeRefused(f"The discount code {code} does not exist.")
    kind, value, currency, owner, minimum_spend, used_up, expired, products = found[0]
    concerned = basket.subtotal
    if kind == "product":
        values = {**basket.values, "products": products}
        concerned = rows(cursor, "changes/price_products", values)[0][0]
    refusals = (
        (used_up, "has been used"),
        (expired, "has expired"),
        (owner is not None and owner != customer, "belongs to another customer"),
        (
            currency is not None and currency != basket.currency.lower(),
            f"is not for orders in {basket.currency}",
        ),
        (
            minimum_spend is not None and basket.subtotal < minimum_spend,
            f"is for orders from {minimum_spend} on",
        ),
        (concerned == 0, "is for other products"),
    )
    for refused, reason in refusals:
        if refused:
            raise CodeRefused(f"The discount code {code} {reason}.")
    if kind == "free_shipping":
        return basket.shipping
    off = min(value, concerned) if kind == "fixed" else concerned * value / 100
    return Decimal(off).quantize(Decimal(1).scaleb(-basket.digits), rounding=ROUND_HALF_UP)
