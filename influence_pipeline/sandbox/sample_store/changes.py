"""What happens in the sample store besides buying: one function, one transaction of a real shop.

Each gives the keys it touched, and raises SampleStoreError if there was nothing to do it to.
"""

from __future__ import annotations

from decimal import Decimal

from influence_pipeline.sandbox.sample_store.statements import (
    Place,
    SampleStoreError,
    Touched,
    keys,
    rows,
    transaction,
)


def add_customers(place: Place, count: int = 1) -> Touched:
    """Add `count` new accounts."""
    with transaction(place) as cursor:
        return Touched(customers=keys(cursor, "changes/add_customers", {"count": count}))


def rename_customer(
    place: Place, customer: str, *, first_name: str | None = None, last_name: str | None = None
) -> Touched:
    """Give a live customer another name; without a `last_name`, one it did not have before."""
    with transaction(place) as cursor:
        values = {"customer": customer, "first_name": first_name, "last_name": last_name}
        touched = keys(cursor, "changes/rename_customer", values)
        return Touched(customers=_some(touched, f"has no live customer {customer}"))


def soft_delete_customer(place: Place, customer: str) -> Touched:
    """Close a live customer's account: the row stays, with deleted_at."""
    with transaction(place) as cursor:
        touched = keys(cursor, "changes/soft_delete_customer", {"customer": customer})
        return Touched(customers=_some(touched, f"has no live customer {customer}"))


def remove_variant(place: Place, product: str | None = None, variant: str | None = None) -> Touched:
    """Delete a variant for good; by default one that few orders name and that is not the last.

    The orders that sold it are touched too: their lines lose its id.
    """
    with transaction(place) as cursor:
        values = {"product": product, "variant": variant}
        found = rows(cursor, "changes/spare_variant", values)
        if not found:
            raise SampleStoreError("The sample store has no such variant to remove.")
        values = {"product": found[0][0], "variant": found[0][1]}
        touched = rows(cursor, "changes/remove_variant", values)
        return Touched(
            products=tuple(key for kind, key in touched if kind == "product"),
            orders=tuple(sorted((key for kind, key in touched if kind == "order"), key=int)),
        )


def capture_payment(place: Place, order: str, amount: Decimal | None = None) -> Touched:
    """Take the authorized money, else what is still owed; orders.updated_at does not move.

    `amount`: in the order's currency, default all of it.
    """
    with transaction(place) as cursor:
        touched = keys(cursor, "changes/capture_payment", {"order": order, "amount": amount})
        return Touched(orders=_some(touched, f"has nothing to capture for order {order}"))


def refund_order(place: Place, order: str, amount: Decimal | None = None) -> Touched:
    """Give captured money back; orders.updated_at does not move.

    `amount`: in the order's currency, default all that is left.
    """
    with transaction(place) as cursor:
        touched = keys(cursor, "changes/refund_order", {"order": order, "amount": amount})
        return Touched(orders=_some(touched, f"has not so much to give back for order {order}"))


def cancel_order(place: Place, order: str) -> Touched:
    """Cancel an order: authorizations are voided, captured money goes back."""
    with transaction(place) as cursor:
        touched = keys(cursor, "changes/cancel_order", {"order": order})
        return Touched(orders=_some(touched, f"has no order {order} that can be canceled"))


def _some(touched: tuple[str, ...], otherwise: str) -> tuple[str, ...]:
    if not touched:
        raise SampleStoreError(f"The sample store {otherwise}.")
    return touched
