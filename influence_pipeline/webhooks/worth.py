"""What a reward is worth in the store: from the event itself, else from the merchant's table.

Pure arithmetic on Decimal. The documented body of a redemption has no amount, `discountValue` is
inferred (contract: Rewards), so the reward table by rule id stands behind it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal, localcontext

from influence_pipeline.platform_api.money import DIGITS
from influence_pipeline.settings import CouponKind, Reward
from influence_pipeline.webhooks.outcomes import Park, Why


@dataclass(frozen=True)
class Offer:
    """What an event says about a reward; any of it may be missing.

    `kind`: the API's word for it. `points`: spent, without sign. `point_cost`: the points that one
    `amount` costs, for rewards by increments. `minimum_unread`: there is one, and it is no amount.
    """

    kind: str | None
    amount: Decimal | None
    rule_id: str | None
    points: Decimal | None = None
    point_cost: Decimal | None = None
    minimum_spend: Decimal | None = None
    minimum_unread: bool = False


@dataclass(frozen=True)
class Worth:
    """A coupon's terms. `value`: percent, or major units of `currency`; None for free shipping.
    `product_ids`: what a product coupon takes its percent off."""

    kind: CouponKind
    value: Decimal | None
    currency: str | None
    minimum_spend: Decimal | None
    expires_days: int | None
    product_ids: tuple[str, ...] = ()


# Values seen in the sister API, and the same in other spellings (contract: rewardType, inferred).
# Product discounts, gift cards, donations and subscription or point-of-sale variants are not
# guessed at: they need the table.
_KINDS: dict[str, CouponKind] = {
    "percentageoff": "percentage",
    "percentage": "percentage",
    "percent": "percentage",
    "percentagediscount": "percentage",
    "fixedamountdiscount": "fixed",
    "fixedamount": "fixed",
    "fixed": "fixed",
    "amountdiscount": "fixed",
    "freeshipping": "free_shipping",
}
_BY_INCREMENTS = "amountdiscount"

# More digits or a larger amount than any coupon has.
LARGEST = Decimal(10) ** 9


def worth_of(
    offer: Offer,
    table: Mapping[str, Reward],
    currency: str | None,
    *,
    listed_only: bool = False,
) -> Worth | Park:
    """Give the terms, or why they are not known and which lines in influence.toml would tell.

    `currency`: of amounts in events, which carry none ([coupons] currency). `listed_only`: no
    reward but those of the table, and none is worth more than it says there.
    """
    rule = table.get(offer.rule_id) if offer.rule_id is not None else None
    found = _from_event(offer, rule, currency)
    if isinstance(found, Park) and rule is not None:
        absurd = listed_only and _says_all(offer)
        found = _not_listed(offer) if absurd else _from_table(offer, rule)
    elif isinstance(found, Worth) and listed_only:
        found = _as_listed(offer, rule, found)
    if isinstance(found, Worth) and offer.minimum_unread and found.minimum_spend is None:
        # Left out, the coupon would be worth more than what was promised.
        return _unread_minimum(offer)
    return found


def _from_event(offer: Offer, rule: Reward | None, currency: str | None) -> Worth | Park:
    word = _word(offer)
    kind = _KINDS.get(word)
    expires_days = rule.expires_days if rule is not None else None
    minimum = _positive(offer.minimum_spend)
    if minimum is None and rule is not None:
        minimum = rule.minimum_spend
    if kind == "free_shipping":
        return Worth(kind, None, _currency(rule, currency), minimum, expires_days)
    amount = _positive(offer.amount)
    if kind is None or amount is None:
        return _unknown(offer)
    if kind == "percentage":
        if amount > 100:
            return _unknown(offer)
        return Worth(kind, amount, _currency(rule, currency), minimum, expires_days)
    if word == _BY_INCREMENTS and (offer.points is not None or offer.point_cost is not None):
        points, cost = _positive(offer.points), _positive(offer.point_cost)
        if points is None or cost is None:
            return _unknown(offer)
        amount = _share(amount, points, cost)
    money = _currency(rule, currency)
    if money is None:
        return Park(
            Why.NO_CURRENCY,
            "The reward is an amount of money, and the event says no currency. Add to "
            'influence.toml, under [coupons], the shop\'s currency: currency = "EUR".',
        )
    value = _in_digits(amount, money)
    if value is None:
        return _unknown(offer)
    return Worth(kind, value, money, minimum, expires_days)


def _from_table(offer: Offer, rule: Reward) -> Worth | Park:
    value = rule.value
    if rule.kind == "fixed" and value is not None and rule.currency is not None:
        if rule.per_points is not None:
            points = _positive(offer.points)
            if points is None:
                return Park(
                    Why.NO_WORTH,
                    f"The rule {_quoted(offer.rule_id)} is worth something per points (per_points "
                    "in influence.toml), and the event does not say how many were spent.",
                )
            value = _share(value, points, Decimal(rule.per_points))
        value = _in_digits(value, rule.currency)
        if value is None:
            return Park(
                Why.NO_WORTH,
                f"The points spent are worth nothing by the rule {_quoted(offer.rule_id)} in "
                "influence.toml.",
            )
    if rule.kind == "free_shipping":
        value = None
    if rule.kind == "product" and value is None:
        value = Decimal(100)
    minimum = _positive(offer.minimum_spend) or rule.minimum_spend
    return Worth(rule.kind, value, rule.currency, minimum, rule.expires_days, tuple(rule.products))


def _word(offer: Offer) -> str:
    return re.sub(r"[^a-z]", "", (offer.kind or "").lower())


def _as_listed(offer: Offer, rule: Reward | None, said: Worth) -> Worth | Park:
    """Hold what an event says of its worth against the table, where only that counts."""
    if rule is None:
        return _unknown(offer)
    listed = _from_table(offer, rule)
    if isinstance(listed, Park):
        return listed
    same = (said.kind, said.currency) == (listed.kind, listed.currency)
    if same and (said.value is None or listed.value is None or said.value <= listed.value):
        return said
    return _not_listed(offer)


def _says_all(offer: Offer) -> bool:
    """Tell whether an event gives everything that its worth follows from, however absurd."""
    word = _word(offer)
    if word not in _KINDS or offer.amount is None:
        return False
    return word != _BY_INCREMENTS or (offer.points is not None and offer.point_cost is not None)


def _not_listed(offer: Offer) -> Park:
    return Park(
        Why.NOT_LISTED,
        f"The event says that the reward of rule {_quoted(offer.rule_id)} is worth more, or "
        "something else, than influence.toml says, and listed_rules_only is on under [coupons]. "
        "Compare the rule in the Influence dashboard with [rewards] and mend the table, and the "
        "event is worked off by itself. If the dashboard has no such redemption, it was forged: "
        "change INFLUENCE_WEBHOOK_TOKEN.",
    )


def _unknown(offer: Offer) -> Park:
    if offer.rule_id is None:
        return Park(
            Why.NO_WORTH,
            "The event neither says what the reward is worth nor names its rule. Look at the "
            "reward in the Influence dashboard and make this customer's coupon by hand.",
        )
    rule = _quoted(offer.rule_id)
    return Park(
        Why.UNKNOWN_RULE,
        f"What the reward of rule {rule} is worth is not known: the event does not say it, and "
        "influence.toml has no such rule. Add it there, and the event is worked off by itself:\n"
        f"[rewards.{rule}]\n"
        'kind = "fixed"        # or "percentage", "free_shipping", "product" (products = ["…"])\n'
        "value = 5             # fixed: an amount; percentage: percent; free_shipping: leave out\n"
        'currency = "EUR"      # with kind = "fixed"',
    )


def _unread_minimum(offer: Offer) -> Park:
    words = (
        "The event names a minimum spend that cannot be read as an amount, and a coupon without it "
        "would be worth too much."
    )
    if offer.rule_id is None:
        return Park(Why.UNREAD_MINIMUM, f"{words} Make this customer's coupon by hand.")
    return Park(
        Why.UNREAD_MINIMUM,
        f"{words} Say it in influence.toml, beside the reward's kind and value (0: there is none), "
        f"and the event is worked off by itself:\n[rewards.{_quoted(offer.rule_id)}]\n"
        "minimum_spend = 50",
    )


def _quoted(rule_id: str | None) -> str:
    """Give a rule's id as a TOML key: a basic string, which JSON's escapes fit."""
    return json.dumps(rule_id or "", ensure_ascii=False)


def _currency(rule: Reward | None, currency: str | None) -> str | None:
    return (rule.currency if rule is not None else None) or currency


def _positive(amount: Decimal | None) -> Decimal | None:
    return amount if amount is not None and 0 < amount < LARGEST else None


def _share(amount: Decimal, points: Decimal, cost: Decimal) -> Decimal:
    with localcontext() as context:
        context.prec = 60
        # Multiplied first: 3 times a third is one.
        return amount * points / cost


def _in_digits(amount: Decimal, currency: str) -> Decimal | None:
    """Cut to the currency's digits: a coupon is never worth more than its points."""
    with localcontext() as context:
        context.prec = 60
        if amount >= LARGEST:
            return None
        step = Decimal(1).scaleb(-DIGITS.get(currency, 2))
        return amount.quantize(step, rounding=ROUND_DOWN) or None
