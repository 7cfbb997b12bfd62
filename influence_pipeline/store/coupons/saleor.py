"""Coupons of a Saleor shop, by its GraphQL API. Built from the public schema of 3.2x; not tried
against a running Saleor.

A coupon is one voucher with one code, for one use, by two calls: `voucherCreate`, then
`voucherChannelListingUpdate` with its value in each channel. Between the two it is worth nothing
anywhere (a voucher without a channel listing is not applicable), is not found, and is completed by
the next attempt. Saleor has no way to lock a voucher to a customer. Codes are compared with their
case and are unique, together with those of gift cards.

INFLUENCE_SHOP_API_URL: the address of the GraphQL API (`…/graphql/`). INFLUENCE_SHOP_API_TOKEN: an
app's token, with the right MANAGE_DISCOUNTS.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

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

_FIND = """
query ($code: String!) {
  vouchers(first: 50, filter: {search: $code}) {
    edges {
      node {
        id name type discountValueType singleUse applyOncePerOrder endDate
        codes(first: 100) { edges { node { code } } }
        channelListings { id }
        products(first: 100) { edges { node { id } } }
      }
    }
  }
}"""

_CHANNELS = "query { channels { id slug isActive currencyCode } }"

_CREATE = """
mutation ($input: VoucherInput!) {
  voucherCreate(input: $input) { voucher { id } errors { field code message } }
}"""

_LIST = """
mutation ($id: ID!, $input: VoucherChannelListingInput!) {
  voucherChannelListingUpdate(id: $id, input: $input) { errors { field code message } }
}"""

# Codes of errors that say that nothing was done.
_KEPT_OUT = frozenset(
    {"PermissionDenied", "InvalidTokenError", "ExpiredSignatureError", "JSONWebTokenError"}
)


class SaleorCouponWriter:
    """Writes coupons as vouchers with one code. The caller holds the code.

    `channels`: slugs of the channels where coupons are valid; none: all that are active. An amount
    of money is listed only where the channel has its currency.
    """

    name = "Saleor's API"
    holds_codes = False
    abilities = Abilities(
        kinds=frozenset({PERCENTAGE, FIXED, FREE_SHIPPING, PRODUCT}),
        lockable_to_customer=False,
        minimum_spend=True,
        expiry=True,
        case_sensitive=True,
    )

    def __init__(self, url: str, token: str, channels: Collection[str] = ()) -> None:
        # Settings take the slash off, and Saleor's address has one.
        headers = {"authorization": f"Bearer {token}"}
        self._api = AdminApi("Saleor", url, headers, graphql_path="/")
        self._channels = frozenset(channels)

    def __repr__(self) -> str:
        return f"SaleorCouponWriter({self._api!r})"

    def look(self, code: str) -> FoundCoupon | None:
        with self.hold(code) as desk:
            return desk.find()

    @contextmanager
    def hold(self, code: str) -> Iterator[CouponDesk]:
        with without_values(code):
            yield _Desk(self._api, self._channels, code)

    def close(self) -> None:
        self._api.close()


class _Desk:
    def __init__(self, api: AdminApi, channels: frozenset[str], code: str) -> None:
        self._api = api
        self._channels = channels
        self._code = code

    def find(self) -> FoundCoupon | None:
        found = self._voucher()
        return None if found is None or self._is_half_made(found) else FoundCoupon()

    def create(self, coupon: Coupon) -> None:
        with without_values(coupon.customer_id, *coupon.product_ids):
            self._create(coupon)
        if self.find() is None:
            raise self._api.trouble("made the coupon, but does not find it")

    def _create(self, coupon: Coupon) -> None:
        if coupon.code != coupon.code.strip():
            raise CouponRefused("Saleor takes the spaces around a code off")
        listings = self._listings(coupon)
        content = _voucher(coupon)
        voucher = self._voucher()
        if voucher is None:
            id_ = self._make(content)
        elif not self._is_half_made(voucher):
            raise self._api.trouble("has the coupon by now, of an earlier call")
        elif not _same_terms(voucher, content):
            raise CouponRefused(
                "the shop has a voucher with this code, without channels and with other terms; "
                "delete it there"
            )
        else:
            id_ = voucher["id"]
        values = {"id": id_, "input": {"addChannels": listings}}
        listed = self._ask(_LIST, values, writes=True)["voucherChannelListingUpdate"]
        if listed["errors"]:
            raise self._api.refusal(_words(listed["errors"]))

    def _make(self, content: Mapping[str, object]) -> str:
        made = self._ask(_CREATE, {"input": content}, writes=True)["voucherCreate"]
        if any(error["code"] == "ALREADY_EXISTS" for error in made["errors"]) and self._voucher():
            raise self._api.trouble("has the coupon by now, of an earlier call")
        if made["errors"] or not made["voucher"]:
            raise self._api.refusal(_words(made["errors"]))
        return str(made["voucher"]["id"])

    def _voucher(self) -> Mapping[str, Any] | None:
        """Give the voucher that has this code. The search is one for parts of names and codes; one
        that it does not reach is still not made twice, because codes are unique."""
        edges = self._ask(_FIND, {"code": self._code})["vouchers"]["edges"]
        for voucher in (edge["node"] for edge in edges):
            if self._code in [each["node"]["code"] for each in voucher["codes"]["edges"]]:
                return dict(voucher)
        return None

    def _is_half_made(self, voucher: Mapping[str, Any]) -> bool:
        ours = voucher["singleUse"] and voucher["name"] == self._code
        return bool(ours) and not voucher["channelListings"]

    def _listings(self, coupon: Coupon) -> list[dict[str, object]]:
        channels = [each for each in self._ask(_CHANNELS, {})["channels"] if each["isActive"]]
        missing = self._channels - {each["slug"] for each in channels}
        if missing:
            raise self._api.trouble(
                "has no active channel of a name that channels under [coupons] gives "
                f"({', '.join(sorted(missing))})"
            )
        valid = [each for each in channels if not self._channels or each["slug"] in self._channels]
        if (coupon.kind == FIXED or coupon.minimum_spend) and coupon.currency is not None:
            valid = [each for each in valid if each["currencyCode"] == coupon.currency]
        if not valid:
            raise CouponRefused("the shop has no active channel with the coupon's currency")
        terms: dict[str, object] = {
            "discountValue": 100 if coupon.kind == FREE_SHIPPING else coupon.value
        }
        if coupon.minimum_spend:
            terms["minAmountSpent"] = coupon.minimum_spend
        return [{"channelId": each["id"], **terms} for each in valid]

    def _ask(
        self, document: str, variables: Mapping[str, object], *, writes: bool = False
    ) -> Mapping[str, Any]:
        answer = self._api.graphql(document, variables, writes=writes)
        if answer.error is None:
            return answer.data
        code, _ = answer.error
        if code in _KEPT_OUT:
            raise self._api.trouble(
                "does not let us in: INFLUENCE_SHOP_API_TOKEN is wrong, revoked, or lacks the "
                "right MANAGE_DISCOUNTS"
            )
        raise self._api.error_of(answer, uncertain=writes)


def _voucher(coupon: Coupon) -> dict[str, object]:
    types = {FREE_SHIPPING: "SHIPPING", PRODUCT: "SPECIFIC_PRODUCT"}
    until = coupon.expires_at
    return {
        "name": coupon.code,
        "addCodes": [coupon.code],
        "type": types.get(coupon.kind, "ENTIRE_ORDER"),
        "discountValueType": "FIXED" if coupon.kind == FIXED else "PERCENTAGE",
        # Of a product coupon: off one unit of the cheapest of its products.
        "applyOncePerOrder": coupon.kind == PRODUCT,
        "products": [_product(id_) for id_ in coupon.product_ids],
        "usageLimit": coupon.usage_limit,
        "singleUse": True,
        "applyOncePerCustomer": True,
        "endDate": None if until is None else until.astimezone(UTC).isoformat(),
    }


def _product(id_: str) -> str:
    """Give Saleor's global id for the number that a product has in the database."""
    return base64.b64encode(f"Product:{id_}".encode()).decode() if id_.isdecimal() else id_


def _same_terms(voucher: Mapping[str, Any], content: Mapping[str, Any]) -> bool:
    names = ("type", "discountValueType", "applyOncePerOrder")
    products = {edge["node"]["id"] for edge in voucher["products"]["edges"]}
    return (
        all(voucher[name] == content[name] for name in names)
        and products == set(content["products"])
        and _moment(voucher["endDate"]) == _moment(content["endDate"])
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _words(errors: Collection[Mapping[str, Any]]) -> str:
    return "; ".join(f"{each['field']}: {each['message']}" for each in errors)
