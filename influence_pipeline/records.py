"""The vocabulary all rooms share: kinds of record, and where the money of an order can be."""

from __future__ import annotations

from enum import StrEnum


class Entity(StrEnum):
    """A kind of record the API is told about. A reward is a coupon code that an order has used."""

    CUSTOMER = "customer"
    PRODUCT = "product"
    ORDER = "order"
    REWARD = "reward"

    @property
    def plural(self) -> str:
        return f"{self.value}s"


# What is read from the store, in the order in which it is sent: customers before their orders.
STORE_ENTITIES = (Entity.CUSTOMER, Entity.PRODUCT, Entity.ORDER)


class FinancialStatus(StrEnum):
    """Where the money of an order is (contract: Orders, `financialStatus`)."""

    AUTHORIZED = "authorized"
    PENDING = "pending"
    PAID = "paid"
    PARTIALLY_PAID = "partially_paid"
    REFUNDED = "refunded"
    PARTIALLY_REFUNDED = "partially_refunded"
    VOIDED = "voided"
    EXPIRED = "expired"
