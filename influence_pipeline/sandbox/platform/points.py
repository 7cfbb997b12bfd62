"""Movements of points: the only place that changes a balance.

Each movement is one append-only row with the balance after it, in the transaction of its cause,
with the events that tell of it and the tier that follows from it.
"""

from __future__ import annotations

import uuid
from typing import Literal

from influence_pipeline.sandbox.platform import customers, rewards
from influence_pipeline.sandbox.platform.events import (
    PointsEarned,
    TierChanged,
    TierEntryReward,
    TierWithThreshold,
)
from influence_pipeline.sandbox.platform.ledger import Change
from influence_pipeline.sandbox.platform.outbox import add_event, is_wanted
from influence_pipeline.sandbox.platform.refusal import Refused
from influence_pipeline.sandbox.platform.rules import MAX_POINTS, Tier

Kind = Literal["award", "deduction", "redemption", "sign_up", "manual", "referral"]


def move(
    change: Change,
    customer_id: str,
    amount: int,
    kind: Kind,
    *,
    order_id: str | None = None,
    rule_id: str | None = None,
    action: str,
) -> str:
    """Add `amount` (signed) to a balance; returns the movement's id.

    A balance may go below zero: a refund takes back points that are already spent. Lifetime points
    (what tiers look at) follow everything but redemptions. Raises Refused: 404 for an unknown
    customer, 400 when a balance would leave the range of numbers.
    """
    row = customers.require(change, customer_id)
    balance = row["point_balance"] + amount
    lifetime = row["lifetime_points"] + (0 if kind == "redemption" else amount)
    if max(abs(balance), abs(lifetime)) > MAX_POINTS:
        raise Refused(400, f"points: the balance would leave the range of +-{MAX_POINTS}")
    old_tier = change.rules.tier(row["tier_id"])
    new_tier = change.rules.tier_for(lifetime)
    movement_id = str(uuid.uuid4())
    change.run(
        "add_movement",
        {
            "movement_id": movement_id,
            "at": change.at,
            "call_id": change.call_id,
            "customer_id": customer_id,
            "order_id": order_id,
            "kind": kind,
            "points": amount,
            "balance_after": balance,
            "rule_id": rule_id,
        },
    )
    change.run(
        "move_points",
        {
            "customer_id": customer_id,
            "balance": balance,
            "lifetime": lifetime,
            "tier_id": new_tier.id if new_tier else None,
            "updated_at": change.later_than(row["updated_at"]),
            "at": change.at,
        },
    )
    if amount > 0 and is_wanted(change, "points/earned"):
        add_event(
            change,
            "points/earned",
            PointsEarned(
                id=movement_id,
                customer=customers.in_event(change, customer_id),
                action=action,
                points=amount,
                type=kind,
                rule_id=rule_id,
            ),
        )
    if amount != 0:
        customers.tell_updated(change, customer_id)
    if (old_tier and old_tier.id) != (new_tier and new_tier.id):
        _enter_tier(change, customer_id, old_tier, new_tier)
    return movement_id


def set_tier(change: Change, customer_id: str, tier_id: str) -> None:
    """Put a customer into a tier, as a merchant does by hand; the next movement of points puts them
    where their lifetime points do. Raises Refused: 404 for an unknown customer, 400 for a tier."""
    row = customers.require(change, customer_id)
    new_tier = change.rules.tier(tier_id)
    if new_tier is None:
        raise Refused(400, "tierId: no tier has this id; see GET /sandbox/rules")
    old_tier = change.rules.tier(row["tier_id"])
    if old_tier is not None and old_tier.id == new_tier.id:
        return
    change.db.execute(
        "UPDATE customers SET tier_id = ?, updated_at = ? WHERE customer_id = ?",
        (new_tier.id, change.later_than(row["updated_at"]), customer_id),
    )
    customers.tell_updated(change, customer_id)
    _enter_tier(change, customer_id, old_tier, new_tier)


def _enter_tier(
    change: Change, customer_id: str, old_tier: Tier | None, new_tier: Tier | None
) -> None:
    if is_wanted(change, "customers/tier_changed"):
        add_event(
            change,
            "customers/tier_changed",
            TierChanged(
                customer=customers.in_event(change, customer_id),
                old_tier=_with_threshold(old_tier),
                new_tier=_with_threshold(new_tier),
            ),
        )
    risen = new_tier is not None and (old_tier is None or new_tier.threshold > old_tier.threshold)
    if not risen or new_tier is None or new_tier.entry_reward is None:
        return
    reward = rewards.issue(
        change,
        source="tier_entry",
        customer_id=customer_id,
        rule_id=new_tier.id,
        reward_type=new_tier.entry_reward.reward_type,
        discount_value=new_tier.entry_reward.discount_value,
        points=0,
    )
    if is_wanted(change, "customers/tier_entry_reward_earned"):
        add_event(
            change,
            "customers/tier_entry_reward_earned",
            TierEntryReward(
                id=reward.id,
                customer=customers.in_event(change, customer_id),
                coupon_code=reward.coupon_code,
                reward_type=reward.reward_type,
            ),
        )


def _with_threshold(tier: Tier | None) -> TierWithThreshold | None:
    if tier is None:
        return None
    return TierWithThreshold(id=tier.id, title=tier.title, threshold=str(tier.threshold))
