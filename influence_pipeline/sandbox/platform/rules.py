"""The merchant's loyalty program: what earns points, what points buy, tiers, referral rewards.

Settable with `PUT /sandbox/rules`. Here are the numbers only; who gets points when is in `orders`
and `points`.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from influence_pipeline.sandbox.platform.fields import Currency, FinancialStatus, Id, Text

# No movement and no balance may leave this range: it fits JSON numbers and SQLite integers.
MAX_POINTS = 10**15


def _factor(value: str) -> str:
    try:
        number = Decimal(value)
    except ArithmeticError:
        number = Decimal(-1)
    if not number.is_finite() or not 0 <= number <= 1_000_000:
        raise PydanticCustomError("sandbox", "must be a decimal string between 0 and 1000000")
    return value


Factor = Annotated[str, AfterValidator(_factor)]
Points = Annotated[int, Field(gt=0, le=MAX_POINTS)]

# Seen in the vendor's sister API (contract: Webhook deliveries, rewardType).
RewardType = Literal[
    "amountdiscount",
    "fixedamountdiscount",
    "percentageoff",
    "freeshipping",
    "productdiscount",
    "giftcard",
    "pointdonation",
]


class _Rule(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True
    )


class EarnRule(_Rule):
    """Points given by `POST /v1/customers/{customerId}/points` with this `earnRuleId`."""

    id: Id
    title: Text
    points: Points


class RedeemRule(_Rule):
    """What a customer can buy with points. `amountdiscount` is sold in steps of `pointCost`."""

    id: Id
    title: Text
    custom_title: str | None = None
    reward_type: RewardType
    point_cost: Points
    discount_value: float | None = None
    min_redeemable_points: int | None = None
    max_redeemable_points: int | None = None
    min_spend_amount: float | None = None
    status: Literal["active", "inactive"] = "active"

    @property
    def by_steps(self) -> bool:
        return self.reward_type == "amountdiscount"

    def value_of(self, points: int) -> float | None:
        """The discount for `points`: by steps, points / pointCost x discountValue (contract)."""
        if self.discount_value is None or not self.by_steps:
            return self.discount_value
        return self.discount_value * (points // self.point_cost)


class EntryReward(_Rule):
    reward_type: RewardType
    discount_value: float | None = None


class Tier(_Rule):
    """A customer is in the tier with the highest threshold that the lifetime points reach."""

    id: Id
    title: Text
    threshold: int = Field(ge=0, le=MAX_POINTS)
    entry_reward: EntryReward | None = None


class ReferralReward(_Rule):
    discount_type: RewardType
    discount_amount: float | None = None


class ReferralRules(_Rule):
    """What each side of a referral gets; `customerPoints` are given besides the coupon."""

    customer_reward: ReferralReward | None = ReferralReward(
        discount_type="fixedamountdiscount", discount_amount=10
    )
    friend_reward: ReferralReward | None = ReferralReward(
        discount_type="fixedamountdiscount", discount_amount=10
    )
    customer_points: int = Field(0, ge=0, le=MAX_POINTS)


def _redeem_rules() -> list[RedeemRule]:
    return [
        RedeemRule(
            id="rule-5-off",
            title="5 off",
            reward_type="fixedamountdiscount",
            point_cost=100,
            discount_value=5,
        ),
        RedeemRule(
            id="rule-10-percent",
            title="10 % off",
            reward_type="percentageoff",
            point_cost=150,
            discount_value=10,
        ),
        RedeemRule(
            id="rule-free-shipping",
            title="Free shipping",
            reward_type="freeshipping",
            point_cost=80,
        ),
        RedeemRule(
            id="rule-steps",
            title="1 off for every 20 points",
            reward_type="amountdiscount",
            point_cost=20,
            discount_value=1,
            min_redeemable_points=20,
            max_redeemable_points=1000,
        ),
    ]


def _tiers() -> list[Tier]:
    return [
        Tier(id="tier-bronze", title="Bronze", threshold=0),
        Tier(id="tier-silver", title="Silver", threshold=500),
        Tier(id="tier-gold", title="Gold", threshold=2000),
    ]


class Rules(_Rule):
    """The whole program. Numbers that multiply money are decimal strings, so nothing is rounded."""

    points_per_unit: Factor = Field(
        "1", description="Points per major unit of currency (1 EUR, 1 JPY), rounded down per order."
    )
    currency_factors: dict[Currency, Factor] = Field(
        default_factory=dict, description='Extra factor by currency, such as {"JPY": "0.01"}.'
    )
    amount: Literal["totalPrice", "subtotalPrice"] = Field(
        "totalPrice", description="Which amount of the order earns points."
    )
    awarding_statuses: list[FinancialStatus] = Field(
        ["paid"],
        description="An order is awarded once, when its status is first one of these.",
    )
    partial_refund: Literal["nothing", "share"] = Field(
        "nothing",
        description=(
            "What partially_refunded takes back. share: the share of the order's points that "
            "`refundedAmount` (decimal string, in the order's body) is of its amount."
        ),
    )
    place_order_rule_id: Id = "rule-place-order"
    sign_up_rule_id: Id = "rule-sign-up"
    sign_up_points: int = Field(0, ge=0, le=MAX_POINTS)
    earn_rules: list[EarnRule] = Field(
        default_factory=lambda: [EarnRule(id="rule-review", title="Wrote a review", points=25)]
    )
    redeem_rules: list[RedeemRule] = Field(default_factory=_redeem_rules)
    tiers: list[Tier] = Field(default_factory=_tiers)
    referral: ReferralRules = ReferralRules()

    @model_validator(mode="after")
    def _ids_once(self) -> Rules:
        for what, ids in (
            ("earnRules", [rule.id for rule in self.earn_rules]),
            ("redeemRules", [rule.id for rule in self.redeem_rules]),
            ("tiers", [tier.id for tier in self.tiers]),
        ):
            if len(ids) != len(set(ids)):
                raise ValueError(f"{what}: each id may stand there once")
        return self

    def points_for(self, amount: str | None, currency: str | None) -> int:
        """Points that an order of this amount earns, rounded down, never above MAX_POINTS."""
        if amount is None:
            return 0
        factor = Decimal(self.currency_factors.get(currency or "", "1"))
        exact = Decimal(amount) * Decimal(self.points_per_unit) * factor
        return min(MAX_POINTS, int(exact.to_integral_value(ROUND_FLOOR)))

    def earn_rule(self, rule_id: str) -> EarnRule | None:
        return next((rule for rule in self.earn_rules if rule.id == rule_id), None)

    def redeem_rule(self, rule_id: str) -> RedeemRule | None:
        return next((rule for rule in self.redeem_rules if rule.id == rule_id), None)

    def tier(self, tier_id: str | None) -> Tier | None:
        return next((tier for tier in self.tiers if tier.id == tier_id), None)

    def tier_for(self, lifetime_points: int) -> Tier | None:
        reached = [tier for tier in self.tiers if tier.threshold <= lifetime_points]
        return max(reached, key=lambda tier: tier.threshold, default=None)
