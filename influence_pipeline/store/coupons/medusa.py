"""Coupons of a Medusa shop, by its Admin API (tried against 2.21.2).

A coupon is one promotion, made by one call: `limit` 1, a rule `customer.id`, a campaign for its
end, a rule `original_item_total` for a minimum spend (goods with tax, before discounts). The admin
shows neither rule in its list of attributes, but the cart is judged by them. Codes are compared
with their case and are unique. A product coupon is for one unit.

INFLUENCE_SHOP_API_TOKEN: a secret API key (`sk_…`), sent as HTTP Basic.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from influence_pipeline.errors import StoreError
from influence_pipeline.store.coupons.admin_api import AdminApi, without_values
from influence_pipeline.store.coupons.interface import (
    FIXED,
    FREE_SHIPPING,
    PERCENTAGE,
    PRODUCT,
    Abilities,
    Coupon,
    CouponDesk,
    CouponRefused,
    FoundCoupon,
)

_FIELDS = "id,code,rules.attribute,rules.operator,rules.values.value"


class MedusaCouponWriter:
    """Writes coupons through POST /admin/promotions. The caller holds the code."""

    name = "Medusa's Admin API"
    holds_codes = False
    abilities = Abilities(
        kinds=frozenset({PERCENTAGE, FIXED, FREE_SHIPPING, PRODUCT}),
        lockable_to_customer=True,
        minimum_spend=True,
        expiry=True,
        case_sensitive=True,
    )

    def __init__(self, url: str, token: str) -> None:
        basic = base64.b64encode(f"{token}:".encode()).decode()
        self._api = AdminApi("Medusa", url, {"authorization": f"Basic {basic}"})

    def __repr__(self) -> str:
        return f"MedusaCouponWriter({self._api!r})"

    def look(self, code: str) -> FoundCoupon | None:
        with self.hold(code) as desk:
            return desk.find()

    @contextmanager
    def hold(self, code: str) -> Iterator[CouponDesk]:
        with without_values(code):
            yield _Desk(self._api, code)

    def close(self) -> None:
        self._api.close()


class _Desk:
    def __init__(self, api: AdminApi, code: str) -> None:
        self._api = api
        self._code = code

    def find(self) -> FoundCoupon | None:
        query = {"code": self._code, "fields": _FIELDS, "limit": "2"}
        try:
            body = self._api.rest("GET", "/admin/promotions", query=query)
            # The filter is trusted with nothing: a shop that overlooks it would give all of them.
            found = [each for each in body["promotions"] if each["code"] == self._code]
            return FoundCoupon(_customer(found[0])) if found else None
        except CouponRefused as refusal:
            # A look-up is no coupon that could be refused.
            raise StoreError(f"{self._api.where}: {refusal}.") from None
        except (TypeError, KeyError):
            raise self._api.trouble("does not answer with a list of promotions") from None

    def create(self, coupon: Coupon) -> None:
        with without_values(coupon.customer_id, *coupon.product_ids):
            try:
                self._api.rest("POST", "/admin/promotions", body=_promotion(coupon), writes=True)
            except CouponRefused:
                if self.find() is not None:
                    raise self._api.trouble("has the coupon by now, of an earlier call") from None
                raise
        if self.find() != FoundCoupon(coupon.customer_id):
            raise self._api.trouble("made the coupon, but does not give it back as it was sent")


def _customer(promotion: Any) -> str | None:
    for rule in promotion.get("rules") or ():
        if rule["attribute"] == "customer.id" and rule["operator"] == "eq":
            values = [value["value"] for value in rule["values"]]
            return str(values[0]) if len(values) == 1 else None
    return None


def _promotion(coupon: Coupon) -> dict[str, object]:
    rules: list[dict[str, object]] = []
    if coupon.customer_id is not None:
        rules.append(_rule("customer.id", coupon.customer_id))
    if coupon.minimum_spend:
        least = format(coupon.minimum_spend, "f")
        rules.append(_rule("original_item_total", least, operator="gte"))
        if coupon.currency is not None:
            # The minimum is an amount of this currency.
            rules.append(_rule("currency_code", coupon.currency.lower()))
    promotion: dict[str, object] = {
        "code": coupon.code,
        "type": "standard",
        "status": "active",
        "is_automatic": False,
        "limit": coupon.usage_limit,
        "rules": rules,
        "application_method": _method(coupon),
    }
    if coupon.kind == FIXED:
        # So much less to pay, whatever the tax.
        promotion["is_tax_inclusive"] = True
    if coupon.expires_at is not None:
        promotion["campaign"] = {
            "name": f"Coupon {coupon.code}",
            "campaign_identifier": f"coupon-{coupon.code}",
            "ends_at": _moment(coupon.expires_at),
        }
    return promotion


def _method(coupon: Coupon) -> dict[str, object]:
    if coupon.kind == FREE_SHIPPING:
        return {
            "type": "percentage",
            "target_type": "shipping_methods",
            "allocation": "across",
            "value": 100,
        }
    if coupon.kind == PRODUCT:
        # "once": one unit of the cheapest of these products, not every one in the cart.
        return {
            "type": "percentage",
            "target_type": "items",
            "allocation": "once",
            "max_quantity": 1,
            "value": coupon.value,
            "target_rules": [_rule("items.product.id", *coupon.product_ids, operator="in")],
        }
    method: dict[str, object] = {
        "type": "percentage" if coupon.kind == PERCENTAGE else "fixed",
        "target_type": "order",
        "allocation": "across",
        "value": coupon.value,
    }
    if coupon.kind == FIXED:
        method["currency_code"] = (coupon.currency or "").lower()
    return method


def _rule(attribute: str, *values: str, operator: str = "eq") -> dict[str, object]:
    return {"attribute": attribute, "operator": operator, "values": list(values)}


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
