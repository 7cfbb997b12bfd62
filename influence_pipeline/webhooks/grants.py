"""Which coupons an event asks for, for whom and on what terms, as far as the settings can tell.

Pure: the same event and settings give the same grants, so a parked event can be looked at again
when the settings change. Whether the customer is real and the code free is found out later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from influence_pipeline.settings import Caps, Coupons, Reward
from influence_pipeline.store.coupons.interface import (
    FIXED,
    PERCENTAGE,
    Coupon,
    CouponWriter,
    lacking,
)
from influence_pipeline.webhooks.events import (
    Event,
    Member,
    Topic,
    clean_text,
    coupon_code,
    decimal_number,
    identifier,
)
from influence_pipeline.webhooks.outcomes import Park, Why
from influence_pipeline.webhooks.worth import LARGEST, Offer, Worth, worth_of


@dataclass(frozen=True)
class Terms:
    """What the settings say about coupons. `writer` None: there is no way to make one."""

    rewards: Mapping[str, Reward]
    coupons: Coupons | None
    writer: CouponWriter | None


@dataclass(frozen=True)
class Grant:
    """One coupon to be made. `witness`: the member whom the API must know before it is made, and
    for whom it counts. `spends`: it was paid for with their points, which `witness` tells of."""

    coupon: Coupon
    witness: Member | None
    writer: CouponWriter
    caps: Caps
    spends: bool = False


def grants_of(
    event: Event, terms: Terms, received_at: datetime, *, over_cap: bool = False
) -> list[Grant | Park]:
    """Give every coupon an event asks for, each as a grant or as the reason why it cannot be one.

    Expiry counts from `received_at`, so that an attempt repeated tomorrow makes the same coupon.
    `over_cap`: however large, by a person's word.
    """
    asked = _asked(event)
    granted = [one if isinstance(one, Park) else _granted(one, terms, received_at) for one in asked]
    return granted if over_cap else [_within(one) for one in granted]


def rules_of(event: Event) -> frozenset[str]:
    """Give the ids of the rules whose rewards an event asks for."""
    offers = [one.offer for one in _asked(event) if isinstance(one, _Asked)]
    return frozenset(offer.rule_id for offer in offers if offer.rule_id is not None)


def _asked(event: Event) -> Sequence[_Asked | Park]:
    if event.topic is Topic.POINTS_REDEEMED:
        return [_redemption(event)]
    if event.topic is Topic.TIER_REWARD_EARNED:
        return [_tier_reward(event)]
    if event.topic in (Topic.REFERRAL_STARTED, Topic.REFERRAL_COMPLETED):
        return _referral(event)
    return []


def _within(grant: Grant | Park) -> Grant | Park:
    """Park a coupon that is worth more than any may be."""
    if isinstance(grant, Park):
        return grant
    caps, coupon = grant.caps, grant.coupon
    cap, largest = {
        FIXED: ("largest_amount", caps.largest_amount),
        PERCENTAGE: ("largest_percentage", caps.largest_percentage),
    }.get(coupon.kind, ("", None))
    if largest is None or coupon.value is None or coupon.value <= largest:
        return grant
    return Park(
        Why.TOO_LARGE,
        f"The coupon would be worth {coupon.value:f}, which is more than any may be "
        f"([coupons.caps] {cap} = {largest:f} in influence.toml). If it is right, raise the cap, "
        "and the event is worked off by itself; or make only this one: influence-pipeline events "
        "replay ID --over-cap.",
    )


@dataclass(frozen=True)
class _Asked:
    code: str
    owner: Member | None
    witness: Member | None
    offer: Offer
    spends: bool = False


def _redemption(event: Event) -> _Asked | Park:
    body = event.body
    code = coupon_code(body)
    if code is None:
        return Park(
            Why.NO_CODE,
            "The redemption carries no usable couponCode. The points are spent: look the customer "
            "up in the Influence dashboard and make the coupon by hand.",
        )
    rule = _object(body.get("redeemRule"))
    minimum, unread = _minimum_spend(rule)
    offer = Offer(
        kind=clean_text(body.get("rewardType")),
        amount=decimal_number(rule.get("discountValue")),
        rule_id=identifier(body.get("ruleId")) or identifier(rule.get("id")),
        points=_points(body.get("points")),
        point_cost=decimal_number(rule.get("pointCost")),
        minimum_spend=minimum,
        minimum_unread=unread,
    )
    return _Asked(code, event.member, event.member, offer, spends=offer.points != 0)


def _tier_reward(event: Event) -> _Asked | Park:
    """Read the one topic whose body nobody has documented: only what is plainly there is used."""
    body = event.body
    reward = _object(body.get("reward"))
    code = coupon_code(body) or coupon_code(reward)
    if code is None:
        return Park(
            Why.NO_CODE,
            "A tier entry reward without a couponCode: its body is not documented. If the reward "
            "is a coupon, make it by hand from the Influence dashboard.",
        )
    # A null beside the reward says nothing; the reward's own word stands.
    both = {**reward, **{name: value for name, value in body.items() if value is not None}}
    amount = decimal_number(both.get("discountValue"))
    minimum, unread = _minimum_spend(both)
    offer = Offer(
        kind=clean_text(both.get("rewardType")) or clean_text(both.get("discountType")),
        amount=decimal_number(both.get("discountAmount")) if amount is None else amount,
        rule_id=identifier(both.get("ruleId")) or identifier(reward.get("id")),
        minimum_spend=minimum,
        minimum_unread=unread,
    )
    return _Asked(code, event.member, event.member, offer)


# Words of `couponCodeStatus` (not documented) after which a coupon must not be made any more.
_SPENT = frozenset({"used", "expired", "cancelled", "canceled", "revoked", "disabled", "deleted"})


def _referral(event: Event) -> list[_Asked | Park]:
    asked: list[_Asked | Park] = []
    for name, owner in (("customerReward", event.member), ("friendReward", event.friend)):
        given = event.body.get(name)
        reward = _object(given)
        if not given or (reward and _asks_for_nothing(reward)):
            continue
        code = coupon_code(reward)
        if code is None:
            asked.append(
                Park(
                    Why.NO_CODE,
                    f"The referral's {name} is of a shape that is not known, without a usable "
                    "couponCode. Look the customer up in the Influence dashboard; if the reward is "
                    "a coupon, make it by hand.",
                )
            )
            continue
        minimum, unread = _minimum_spend(reward)
        offer = Offer(
            kind=clean_text(reward.get("discountType")),
            amount=decimal_number(reward.get("discountAmount")),
            rule_id=identifier(reward.get("id")),
            minimum_spend=minimum,
            minimum_unread=unread,
        )
        # A friend without an account is vouched for by the member who referred them.
        known = owner is not None and owner.external_id is not None
        asked.append(_Asked(code, owner, owner if known else event.member, offer))
    return asked


def _asks_for_nothing(reward: Mapping[str, Any]) -> bool:
    """A reward of the documented shape that is no coupon (yet), or whose coupon is spent."""
    if (clean_text(reward.get("couponCodeStatus")) or "").casefold() in _SPENT:
        return True
    return "couponCode" in reward and reward["couponCode"] in (None, "")


def _points(value: object) -> Decimal | None:
    """Give the points spent. Their sign is not documented (contract: Webhook deliveries). Points
    that cannot be read are 0, by which nothing can be worth something, not as good as unsaid."""
    number = decimal_number(value)
    if number is None:
        return None if value is None else Decimal(0)
    return abs(number)


def _minimum_spend(holder: Mapping[str, Any]) -> tuple[Decimal | None, bool]:
    """Give the minimum spend, and whether there is one that cannot be read as an amount."""
    value = holder.get("minSpendAmount")
    if value in (None, ""):
        return None, False
    number = decimal_number(value)
    if number is None or not 0 <= number < LARGEST:
        return None, True
    return number, False


def _granted(asked: _Asked, terms: Terms, received_at: datetime) -> Grant | Park:
    writer, settings = terms.writer, terms.coupons
    if writer is None or settings is None:
        return Park(
            Why.NO_WRITER,
            "There is no way to make coupons: influence.toml has no [coupons], or no database URL "
            "is set (INFLUENCE_COUPON_URL). Add it, and the event is worked off by itself.",
        )
    worth = worth_of(
        asked.offer, terms.rewards, settings.currency, listed_only=settings.listed_rules_only
    )
    if isinstance(worth, Park):
        return worth
    customer_id = asked.owner.external_id if asked.owner is not None else None
    lockable = writer.abilities.lockable_to_customer
    if not lockable and settings.unlockable == "park":
        return Park(
            Why.STORE_CANNOT,
            f"{writer.name} cannot lock a coupon to its customer. Extend it, or set "
            'unlockable = "issue" under [coupons] to make coupons for anyone who has the code, and '
            "the event is worked off by itself.",
        )
    if customer_id is None and lockable and settings.without_customer == "park":
        return Park(
            Why.NO_CUSTOMER,
            "The store locks a coupon to its customer, and the event gives no externalId to name "
            'one. Make the coupon by hand, or set without_customer = "issue" under [coupons] to '
            "make such coupons for anyone who has the code.",
        )
    coupon = _coupon(asked.code, customer_id, worth, received_at)
    lacks = lacking(writer, coupon, settings.may_lack)
    if lacks is not None:
        return Park(
            Why.STORE_CANNOT,
            f"The coupon cannot be made as promised: {lacks}. Extend it, or say under [coupons] "
            "(kinds, may_lack) what is to be done without, and the event is worked off by itself.",
        )
    return Grant(coupon, asked.witness, writer, settings.caps, asked.spends)


def _coupon(code: str, customer_id: str | None, worth: Worth, received_at: datetime) -> Coupon:
    days = worth.expires_days
    return Coupon(
        code=code,
        customer_id=customer_id,
        kind=worth.kind,
        value=worth.value,
        currency=worth.currency,
        minimum_spend=worth.minimum_spend,
        product_ids=worth.product_ids,
        expires_at=None if days is None else received_at + timedelta(days=days),
    )


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
