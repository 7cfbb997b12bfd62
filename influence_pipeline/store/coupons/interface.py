"""What a coupon is, and what a way to make one must offer. No database and no network here."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Protocol

PERCENTAGE = "percentage"
FIXED = "fixed"
FREE_SHIPPING = "free_shipping"
PRODUCT = "product"


@dataclass(frozen=True)
class Coupon:
    """What is to be made; each field is a `:name` of a merchant's create statement.

    `kind`: percentage (`value` in percent), fixed (`value` in major units of `currency`),
    free_shipping (`value` None) or product (`value` in percent off the products in `product_ids`,
    the store's own ids as text). `customer_id`: the store's own id, as text; an integer column
    takes it as it is in VALUES, and as CAST(:customer_id AS integer) in a SELECT.
    """

    code: str
    customer_id: str | None
    kind: str
    value: Decimal | None
    currency: str | None = None
    minimum_spend: Decimal | None = None
    expires_at: datetime | None = None
    usage_limit: int = 1
    product_ids: tuple[str, ...] = ()


COUPON_VALUES = tuple(field.name for field in fields(Coupon))


@dataclass(frozen=True)
class FoundCoupon:
    """A coupon that the store has. `customer_id` where the store tells whose it is."""

    customer_id: str | None = None


@dataclass(frozen=True)
class Abilities:
    """What a way to make coupons can promise; a coupon that needs more is not attempted.

    `case_sensitive`: whether the store takes two codes that differ in case for two codes.
    """

    kinds: frozenset[str]
    lockable_to_customer: bool
    minimum_spend: bool
    expiry: bool
    case_sensitive: bool = True


class CouponRefused(Exception):  # noqa: N818  (an outcome of one coupon, not a fault of ours)
    """The store does not take this coupon, and nothing of it was written. Holds no value of it."""


class CouponDesk(Protocol):
    """One code, held so that nobody else of the pipeline works on it meanwhile."""

    def find(self) -> FoundCoupon | None:
        """Give the coupon with this code, compared as the store compares codes, or None."""

    def create(self, coupon: Coupon) -> None:
        """Make it. Raises CouponRefused with the store's reason."""


class CouponWriter(Protocol):
    """A way to put coupons into a store."""

    @property
    def name(self) -> str:
        """What it is called in messages: a file, an API."""

    @property
    def abilities(self) -> Abilities:
        """What it can promise."""

    @property
    def holds_codes(self) -> bool:
        """Whether `hold` keeps every other worker out by itself; else the caller must."""

    def hold(self, code: str) -> AbstractContextManager[CouponDesk]:
        """Hold a code; what was created is there for good when the context ends without error.

        Raises StoreError when the store cannot be reached, does not answer in time or the end is
        not certain, and lets CouponRefused through; nothing was written then.
        """

    def close(self) -> None:
        """Close what it opened."""


def lacking(writer: CouponWriter, coupon: Coupon, left_out: Collection[str] = ()) -> str | None:
    """Say which of the coupon's terms this writer cannot keep, or None.

    `left_out`: terms ("minimum_spend", "expiry") that the merchant lets a coupon go without.
    A coupon without a term that limits it would be worth more than what was promised.
    """
    able = writer.abilities
    if coupon.kind not in able.kinds:
        return f'{writer.name} makes no coupon of kind "{coupon.kind}"'
    limits = (
        ("minimum_spend", coupon.minimum_spend, able.minimum_spend, "minimum_spend"),
        ("expiry", coupon.expires_at, able.expiry, "expires_at"),
    )
    for term, value, kept, column in limits:
        if value is not None and not kept and term not in left_out:
            return f"{writer.name} takes no {column}, which this coupon has"
    return None


def lock_of(code: str) -> int:
    """Give the code's advisory lock. Codes that differ in case share it: some stores take them as
    one."""
    digest = hashlib.sha256(f"influence coupon {code.casefold()}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
