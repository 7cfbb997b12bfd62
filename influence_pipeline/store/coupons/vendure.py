"""Coupons of a Vendure shop, by its Admin GraphQL API (tried against 3.7.3).

By SQL a coupon that is locked to a customer may silently be worth nothing: a running server keeps
the groups of a customer in memory for a week. `addCustomersToGroup` makes it forget them, so the
order is: an empty group, the customer into it, and last the promotion, which is what `find` looks
for. Where it must be assigned to more channels it is made disabled, and enabled at the end; a
promotion that stayed half-way is worth nothing, not found, and completed by the next attempt.

Vendure compares codes without their case and has no unique index on them. It puts every promotion
into the default channel too. Amounts are whole numbers of minor units, of the channel's currency.

INFLUENCE_SHOP_API_TOKEN: `user:password` of an administrator, or an API key (`lookup:secret` in
hex, since 3.6; many times slower, because Vendure hashes it anew for each field); other text
is sent as a bearer token. Rights: Promotion and CustomerGroup (create,
read, update), and reading of customers, channels, settings and the catalog.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from decimal import Decimal
from typing import Any

from influence_pipeline.store.coupons.admin_api import AdminApi, GraphQLAnswer, without_values
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
from influence_pipeline.store.coupons.vendure_calls import (
    ADD_TO_GROUP,
    ASSIGN,
    CREATE_GROUP,
    CREATE_PROMOTION,
    ENABLE,
    FIND_PROMOTIONS,
    GROUP,
    LOGIN,
    SITUATION,
    VARIANTS,
)

_API_KEY = re.compile(r"[0-9a-fA-F]{8,}:[0-9a-fA-F]{16,}")
_DEFAULT_CHANNEL = "__default_channel__"
# Answers to what was asked; any other code is trouble with the shop or with our call.
_REFUSALS = frozenset(
    {"USER_INPUT_ERROR", "BAD_USER_INPUT", "ENTITY_NOT_FOUND", "ILLEGAL_OPERATION"}
)


class VendureCouponWriter:
    """Writes coupons as promotions with a one-member group. The caller holds the code.

    `channels`: codes or tokens of the channels where coupons are valid; none: all of them.
    """

    name = "Vendure's Admin API"
    holds_codes = False
    abilities = Abilities(
        kinds=frozenset({PERCENTAGE, FIXED, FREE_SHIPPING, PRODUCT}),
        lockable_to_customer=True,
        minimum_spend=True,
        expiry=True,
        case_sensitive=False,
    )

    def __init__(self, url: str, token: str, channels: Collection[str] = ()) -> None:
        self._shop = _Shop(url, token)
        self._channels = frozenset(channels)

    def __repr__(self) -> str:
        return f"VendureCouponWriter({self._shop.api!r})"

    def look(self, code: str) -> FoundCoupon | None:
        with self.hold(code) as desk:
            return desk.find()

    @contextmanager
    def hold(self, code: str) -> Iterator[CouponDesk]:
        with without_values(code):
            yield _Desk(self._shop, self._channels, code)

    def close(self) -> None:
        self._shop.api.close()


class _Shop:
    """The API with its ways to let us in."""

    def __init__(self, url: str, token: str) -> None:
        self._user, self._password = "", ""
        self._kept: Mapping[str, str] | None = None
        self._lock = threading.Lock()
        headers: dict[str, str] = {}
        if _API_KEY.fullmatch(token):
            headers["vendure-api-key"] = token
        elif ":" in token:
            self._user, _, self._password = token.partition(":")
        else:
            headers["authorization"] = f"Bearer {token}"
        self.api = AdminApi("Vendure", url, headers)

    def ask(
        self, document: str, variables: Mapping[str, object], *, writes: bool = False
    ) -> Mapping[str, Any]:
        """Make a call and give its data. Raises CouponRefused for an answer to what was asked."""
        session = self._session()
        answer = self.api.graphql(document, variables, headers=session, writes=writes)
        if session and _code(answer) == "FORBIDDEN":
            # The session may have ended; nothing was done.
            session = self._session(instead_of=session)
            answer = self.api.graphql(document, variables, headers=session, writes=writes)
        if answer.error is None:
            return answer.data
        code, message = answer.error
        if code in _REFUSALS:
            raise self.api.refusal(message)
        if code == "FORBIDDEN":
            raise self.api.trouble(
                "does not let us in: INFLUENCE_SHOP_API_TOKEN is wrong, revoked, or lacks rights"
            )
        raise self.api.error_of(answer, uncertain=writes)

    def _session(self, instead_of: Mapping[str, str] | None = None) -> Mapping[str, str]:
        """Give the header of a session, a new one in place of one that does not hold."""
        if not self._user:
            return {}
        with self._lock:
            if self._kept is None or self._kept == instead_of:
                self._kept = {"authorization": f"Bearer {self._log_in()}"}
            return self._kept

    def _log_in(self) -> str:
        answer = self.api.graphql(LOGIN, {"user": self._user, "password": self._password})
        login = answer.data.get("login") or {}
        token = answer.headers.get("vendure-auth-token")
        if answer.error or login.get("__typename") != "CurrentUser":
            raise self.api.trouble("does not let us in: INFLUENCE_SHOP_API_TOKEN is wrong")
        if not token:
            raise self.api.trouble(
                'gives no token for user and password: its tokenMethod must have "bearer" (or '
                'use an API key, with "api-key" there)'
            )
        return token


def _code(answer: GraphQLAnswer) -> str:
    return answer.error[0] if answer.error else ""


class _Desk:
    def __init__(self, shop: _Shop, channels: frozenset[str], code: str) -> None:
        self._shop = shop
        self._channels = channels
        self._code = code
        self._group_name = f"coupon {code}"

    def find(self) -> FoundCoupon | None:
        found = self._one_of(self._shop.ask(FIND_PROMOTIONS, {"code": _exactly(self._code)}))
        if found is None or self._is_half_made(found):
            return None
        return FoundCoupon(self._owner(found))

    def create(self, coupon: Coupon) -> None:
        with without_values(coupon.customer_id, *coupon.product_ids):
            self._create(coupon)
        if self.find() != FoundCoupon(coupon.customer_id):
            raise self._shop.api.trouble(
                "made the coupon, but does not give it back as it was sent"
            )

    def _create(self, coupon: Coupon) -> None:
        if "," in coupon.code:
            raise CouponRefused("Vendure keeps an order's codes with commas between them")
        asked = {
            "code": _exactly(self._code),
            "group": self._group_name,
            "customer": coupon.customer_id or "",
            "locked": coupon.customer_id is not None,
        }
        seen = self._shop.ask(SITUATION, asked)
        others, precision = self._places(coupon, seen)
        action = self._action(coupon, precision)
        conditions = []
        if coupon.minimum_spend:
            amount = str(_minor(coupon.minimum_spend, precision))
            conditions.append(
                _operation("minimum_order_amount", amount=amount, taxInclusive="true")
            )
        if coupon.customer_id is not None:
            group = self._group_of(coupon.customer_id, seen)
            conditions.append(_operation("customer_group", customerGroupId=group))
        promotion = self._one_of(seen)
        if promotion is None:
            promotion = self._make(coupon, conditions, action, enabled=not others)
        elif not self._is_half_made(promotion):
            raise self._shop.api.trouble("has the coupon by now, of an earlier call")
        elif not _same_terms(promotion, conditions, action):
            raise CouponRefused(
                "the shop has a disabled promotion with this code and other terms; delete it there"
            )
        for channel in others:
            assigned = {"promotionIds": [promotion["id"]], "channelId": channel}
            self._shop.ask(ASSIGN, {"input": assigned}, writes=True)
        if others or not promotion["enabled"]:
            enabled = {"id": promotion["id"], "enabled": True}
            self._shop.ask(ENABLE, {"input": enabled}, writes=True)

    def _make(
        self, coupon: Coupon, conditions: list[Any], action: dict[str, Any], *, enabled: bool
    ) -> Mapping[str, Any]:
        ends_at = coupon.expires_at and coupon.expires_at.astimezone(UTC).isoformat()
        content = {
            "enabled": enabled,
            "couponCode": coupon.code,
            "usageLimit": coupon.usage_limit,
            "perCustomerUsageLimit": coupon.usage_limit,
            "endsAt": ends_at,
            "conditions": conditions,
            "actions": [action],
            # Every language falls back to the default one, English where the shop says nothing.
            "translations": [{"languageCode": "en", "name": coupon.code, "description": ""}],
        }
        made = self._shop.ask(CREATE_PROMOTION, {"input": content}, writes=True)["createPromotion"]
        if made.get("__typename") != "Promotion":
            raise self._shop.api.refusal(str(made.get("message") or ""))
        return {**made, "enabled": enabled}

    def _one_of(self, seen: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Give the promotion with this code, enabled or not, out of what was asked for."""
        items = seen["promotions"]["items"]
        same = [each for each in items if (each["couponCode"] or "").lower() == self._code.lower()]
        if len(same) > 1:
            raise CouponRefused(
                f"the shop has {len(same)} promotions with this code, and takes any of them; "
                "delete all but one"
            )
        return same[0] if same else None

    def _is_half_made(self, promotion: Mapping[str, Any]) -> bool:
        return (
            not promotion["enabled"]
            and promotion["usageLimit"] == 1
            and promotion["name"] == promotion["couponCode"] == self._code
        )

    def _owner(self, promotion: Mapping[str, Any]) -> str | None:
        for condition in promotion["conditions"]:
            if condition["code"] == "customer_group":
                group = {arg["name"]: arg["value"] for arg in condition["args"]}
                found = self._shop.ask(GROUP, {"id": group["customerGroupId"]})["customerGroup"]
                return _only_member(found)
        return None

    def _group_of(self, customer_id: str, seen: Mapping[str, Any]) -> str:
        """Give the id of a group with only this customer, known to the server as it is."""
        if seen["customer"] is None:
            raise CouponRefused("the shop has no such customer in its default channel")
        groups = seen["customerGroups"]["items"]
        ours = [group for group in groups if group["customers"]["totalItems"] == 0]
        ours += [group for group in groups if _only_member(group) == customer_id]
        if ours:
            group = ours[-1]["id"]
        else:
            content = {"name": self._group_name}
            made = self._shop.ask(CREATE_GROUP, {"input": content}, writes=True)
            group = made["createCustomerGroup"]["id"]
        # Also where the customer is in it already: this is what makes the server forget.
        values = {"group": group, "customers": [customer_id]}
        joined = self._shop.ask(ADD_TO_GROUP, values, writes=True)["addCustomersToGroup"]
        if _only_member(joined) != customer_id:
            raise self._shop.api.trouble("did not put the customer into the coupon's group")
        return str(group)

    def _places(self, coupon: Coupon, seen: Mapping[str, Any]) -> tuple[list[str], int]:
        """Give the channels beside the default one, and the decimals of the shop's amounts."""
        channels = seen["channels"]["items"]
        named = [each for each in channels if {each["code"], each["token"]} & self._channels]
        missing = self._channels - {n for each in named for n in (each["code"], each["token"])}
        if missing:
            raise self._shop.api.trouble(
                "has no channel of a name that channels under [coupons] gives "
                f"({', '.join(sorted(missing))})"
            )
        valid = named or channels
        amounts = coupon.kind == FIXED or coupon.minimum_spend
        if amounts and coupon.currency is not None:
            # An amount is one of the order's currency, whichever that is.
            fitting = [c for c in valid if c["availableCurrencyCodes"] == [coupon.currency]]
            default = [c for c in fitting if c["code"] == _DEFAULT_CHANNEL]
            if not fitting or not (named or default):
                raise CouponRefused(
                    f"an amount in {coupon.currency} would be as many of another currency: Vendure "
                    "puts every promotion into the default channel, which sells in others too. "
                    "Name the channels where coupons are used, each with this currency alone, with "
                    "channels under [coupons], if nobody buys in the default channel"
                )
            valid = fitting
        precision = int(seen["globalSettings"]["serverConfig"]["moneyStrategyPrecision"])
        return [c["id"] for c in valid if c["code"] != _DEFAULT_CHANNEL], precision

    def _action(self, coupon: Coupon, precision: int) -> dict[str, Any]:
        if coupon.kind == FREE_SHIPPING:
            return _operation("free_shipping")
        value = coupon.value or Decimal(0)
        if coupon.kind == FIXED:
            return _operation("order_fixed_discount", discount=str(_minor(value, precision)))
        percent = format(value, "f")
        if coupon.kind == PERCENTAGE:
            return _operation("order_percentage_discount", discount=percent)
        if value >= 100:
            raise CouponRefused(
                "Vendure would give every unit of the product in the order away; it has no action "
                "for one free unit"
            )
        found = self._shop.ask(VARIANTS, {"ids": list(coupon.product_ids)})["products"]["items"]
        variants = {each["id"]: [v["id"] for v in each["variants"]] for each in found}
        if set(coupon.product_ids) - {id_ for id_, own in variants.items() if own}:
            raise CouponRefused("the shop does not have all of the reward's products")
        ids = json.dumps([id_ for own in variants.values() for id_ in own])
        return _operation("products_percentage_discount", discount=percent, productVariantIds=ids)


def _exactly(code: str) -> str:
    """Give the pattern of exactly this code, which Vendure compares without its case."""
    return f"^{re.escape(code)}$"


def _operation(code: str, **arguments: str) -> dict[str, Any]:
    listed = [{"name": name, "value": value} for name, value in arguments.items()]
    return {"code": code, "arguments": listed}


def _minor(amount: Decimal, precision: int) -> int:
    # Cut, never rounded up, as everywhere.
    return int(amount.scaleb(precision))


def _only_member(group: Mapping[str, Any] | None) -> str | None:
    members = [] if group is None else group["customers"]["items"]
    return str(members[0]["id"]) if len(members) == 1 else None


def _plain(value: str) -> str:
    """Give an argument without the shop's freedom to quote the ids in a list or not."""
    return ",".join(str(id_) for id_ in json.loads(value)) if value.startswith("[") else value


def _same_terms(promotion: Mapping[str, Any], conditions: list[Any], action: Any) -> bool:
    def said(operations: list[Any], arguments: str) -> list[Any]:
        return [
            (each["code"], sorted((arg["name"], _plain(arg["value"])) for arg in each[arguments]))
            for each in operations
        ]

    return said(promotion["conditions"], "args") == said(conditions, "arguments") and said(
        promotion["actions"], "args"
    ) == said([action], "arguments")
