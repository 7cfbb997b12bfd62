"""A customer spends points on a reward, as in the storefront's widget.

The points are gone and the coupon code exists before `points/redeemed` is sent (contract: Webhook
deliveries); the shop has to create the coupon with exactly that code.
"""

from __future__ import annotations

from influence_pipeline.sandbox.platform import customers, points, rewards
from influence_pipeline.sandbox.platform.events import (
    PointsRedeemed,
    PointsRedeemedWithRule,
    RedeemRuleShown,
)
from influence_pipeline.sandbox.platform.ledger import Change
from influence_pipeline.sandbox.platform.models import Reward
from influence_pipeline.sandbox.platform.outbox import add_event, is_wanted
from influence_pipeline.sandbox.platform.refusal import Refused, not_found
from influence_pipeline.sandbox.platform.rules import RedeemRule


def redeem(change: Change, customer_id: str, rule_id: str, amount: int | None) -> Reward:
    """Spend points by a redeem rule; `amount` is for rules sold by steps only.

    Raises Refused: 404 unknown customer or rule, 400 wrong amount, 409 balance too small.
    """
    row = customers.require(change, customer_id)
    rule = change.rules.redeem_rule(rule_id)
    if rule is None or rule.status != "active":
        raise not_found("Redeem rule")
    spent = _price(rule, amount)
    if row["point_balance"] < spent:
        raise Refused(409, f"Not enough points: this reward costs {spent}")
    movement_id = points.move(
        change, customer_id, -spent, "redemption", rule_id=rule.id, action=rule.title
    )
    reward = rewards.issue(
        change,
        source="redemption",
        customer_id=customer_id,
        rule_id=rule.id,
        reward_type=rule.reward_type,
        discount_value=rule.value_of(spent),
        points=spent,
    )
    if is_wanted(change, "points/redeemed"):
        _tell(change, customer_id, movement_id, rule, spent, reward)
    return reward


def _price(rule: RedeemRule, amount: int | None) -> int:
    if not rule.by_steps:
        if amount not in (None, rule.point_cost):
            raise Refused(400, f"points: this reward costs {rule.point_cost}")
        return rule.point_cost
    amount = rule.point_cost if amount is None else amount
    lowest = rule.min_redeemable_points or rule.point_cost
    highest = rule.max_redeemable_points or amount
    if amount % rule.point_cost or not lowest <= amount <= highest:
        raise Refused(
            400, f"points: must be a multiple of {rule.point_cost}, within the rule's limits"
        )
    return amount


def _tell(
    change: Change,
    customer_id: str,
    movement_id: str,
    rule: RedeemRule,
    spent: int,
    reward: Reward,
) -> None:
    event = PointsRedeemed(
        id=movement_id,
        customer=customers.in_event(change, customer_id),
        action=rule.title,
        points=spent,
        type="redemption",
        rule_id=rule.id,
        coupon_code=reward.coupon_code,
        reward_type=rule.reward_type,
    )
    if change.switches.redeem_rule_in_event:
        event = PointsRedeemedWithRule(redeem_rule=_shown(rule), **dict(event))
    add_event(change, "points/redeemed", event)


def _shown(rule: RedeemRule) -> RedeemRuleShown:
    return RedeemRuleShown(
        id=rule.id,
        title=rule.title,
        custom_title=rule.custom_title,
        point_cost=rule.point_cost,
        discount_value=rule.discount_value,
        template_name=rule.reward_type,
        redeem_type="increments" if rule.by_steps else "fixed",
        min_redeemable_points=rule.min_redeemable_points,
        max_redeemable_points=rule.max_redeemable_points,
        min_spend_amount=rule.min_spend_amount,
        status=rule.status,
    )
