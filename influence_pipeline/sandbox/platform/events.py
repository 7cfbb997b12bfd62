"""The bodies of webhooks, in exactly the contract's shapes (platform-api.md: Webhook deliveries).

Only the shapes; when an event happens is told by the modules of what happens, and how it is sent by
`outbox` and `webhook_sender`.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Event(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")

    def to_json(self) -> bytes:
        return self.model_dump_json(by_alias=True).encode()


class CurrentTier(Event):
    id: str
    title: str


class WebhookCustomer(Event):
    """The customer inside events, and the bare body of `customers/updated`."""

    id: str
    external_id: str | None
    email: str | None
    name: str | None
    birthday_month: int | None
    birthday_day: int | None
    referral_url: str | None
    point_balance: int
    current_loyalty_tier: CurrentTier | None
    created_at: str
    updated_at: str


class TierWithThreshold(Event):
    id: str
    title: str
    threshold: str


class TierChanged(Event):
    customer: WebhookCustomer
    old_tier: TierWithThreshold | None
    new_tier: TierWithThreshold | None


class TierEntryReward(Event):
    """Its body was found nowhere; this is the contract's inference."""

    id: str
    customer: WebhookCustomer
    coupon_code: str
    reward_type: str


class PointsEarned(Event):
    id: str
    customer: WebhookCustomer
    action: str
    points: int
    type: str
    rule_id: str | None


class PointsRedeemed(PointsEarned):
    """As documented: it has no discount amount."""

    coupon_code: str
    reward_type: str


class RedeemRuleShown(Event):
    """`redeemRule`, which a production handler reads but no page documents."""

    id: str
    title: str
    custom_title: str | None
    point_cost: int
    discount_value: float | None
    template_name: str
    redeem_type: str
    min_redeemable_points: int | None
    max_redeemable_points: int | None
    min_spend_amount: float | None
    status: str


class PointsRedeemedWithRule(PointsRedeemed):
    redeem_rule: RedeemRuleShown


class ReferralRewardShown(Event):
    id: str
    coupon_code: str | None
    coupon_code_status: str | None
    discount_type: str | None
    discount_amount: float | None


class ReferralEvent(Event):
    id: str
    customer: WebhookCustomer
    friend_customer: WebhookCustomer | None
    friend_email: str | None
    customer_reward: ReferralRewardShown | None
    friend_reward: ReferralRewardShown | None
