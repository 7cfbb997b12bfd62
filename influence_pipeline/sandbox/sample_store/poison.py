"""Rows that no pipeline can map: each function writes one and gives its key."""

from __future__ import annotations

from influence_pipeline.sandbox.sample_store.statements import (
    Place,
    SampleStoreError,
    Touched,
    keys,
    transaction,
)


def order_with_nan_amount(place: Place) -> Touched:
    """An order whose amounts are NaN, which a numeric column takes."""
    with transaction(place) as cursor:
        return Touched(orders=keys(cursor, "changes/poison_order_with_nan_amount"))


def order_in_unknown_currency(place: Place) -> Touched:
    """An order in `xxx`."""
    with transaction(place) as cursor:
        return Touched(orders=keys(cursor, "changes/poison_order_in_unknown_currency"))


def customer_from_infinity(place: Place) -> Touched:
    """A customer whose created_at is `infinity`."""
    with transaction(place) as cursor:
        return Touched(customers=keys(cursor, "changes/poison_customer_from_infinity"))


def customer_with_invalid_email(place: Place) -> Touched:
    """A customer whose e-mail is none."""
    with transaction(place) as cursor:
        return Touched(customers=keys(cursor, "changes/poison_customer_with_invalid_email"))


def second_row_with_same_email(place: Place, customer: str) -> Touched:
    """A guest's row with the e-mail of an account (`customer`), typed otherwise."""
    with transaction(place) as cursor:
        name = "changes/poison_second_row_with_same_email"
        touched = keys(cursor, name, {"customer": customer})
        if not touched:
            raise SampleStoreError(f"The sample store has no customer {customer}.")
        return Touched(customers=touched)
