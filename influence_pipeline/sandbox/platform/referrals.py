"""Referrals: a friend leaves an e-mail address, later buys, and both sides get a coupon.

The friend's coupon is issued at the start; the order that brings it (or the friend's e-mail) and
reaches an awarding status completes the referral (contract: Orders, Webhook deliveries).
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from typing import Any

from influence_pipeline.sandbox.platform import customers, points, rewards
from influence_pipeline.sandbox.platform.events import ReferralEvent, ReferralRewardShown
from influence_pipeline.sandbox.platform.fields import Topic
from influence_pipeline.sandbox.platform.ledger import Change
from influence_pipeline.sandbox.platform.models import Reward
from influence_pipeline.sandbox.platform.outbox import add_event, is_wanted
from influence_pipeline.sandbox.platform.refusal import Refused
from influence_pipeline.sandbox.platform.rules import ReferralReward


def start(change: Change, customer_id: str, friend_email: str) -> sqlite3.Row:
    """Start a referral and give the friend a coupon. Raises Refused: 404, 400, 409."""
    customer = customers.require(change, customer_id)
    email = customers.lower(friend_email)
    if email == customer["email"]:
        raise Refused(400, "friendEmail: nobody can refer themselves")
    if change.row("SELECT 1 FROM referrals WHERE friend_email = ?", email) is not None:
        raise Refused(409, "friendEmail: this friend has been referred before")
    reward = _issue(change, change.rules.referral.friend_reward, "referral_friend", None)
    referral_id = str(uuid.uuid4())
    change.run(
        "add_referral",
        {
            "referral_id": referral_id,
            "customer_id": customer_id,
            "friend_email": email,
            "friend_coupon_code": reward.coupon_code if reward else None,
            "at": change.at,
        },
    )
    row = _require(change, referral_id)
    _tell(change, "referrals/started", row, None)
    return row


def complete_by(change: Change, order: sqlite3.Row) -> None:
    """Complete the referral that this order belongs to, if there is one."""
    codes = [part["code"] for part in json.loads(order["fields"]).get("discountCodes", [])]
    found = change.run(
        "referral_of_order",
        {
            "email": order["email"],
            "codes": json.dumps(codes),
            "customer_id": order["customer_id"],
            "order_created_at": order["created_at"],
        },
    ).fetchone()
    if found is None:
        return
    referrer = found["customer_id"]
    rules = change.rules.referral
    reward = _issue(change, rules.customer_reward, "referral_customer", referrer)
    change.run(
        "complete_referral",
        {
            "referral_id": found["referral_id"],
            "order_id": order["order_id"],
            "customer_coupon_code": reward.coupon_code if reward else None,
            "at": change.at,
        },
    )
    change.db.execute(
        "UPDATE customers SET referrals_completed = referrals_completed + 1, updated_at = ? "
        "WHERE customer_id = ?",
        (
            change.later_than(customers.require(change, referrer)["updated_at"]),
            referrer,
        ),
    )
    customers.tell_updated(change, referrer)
    if rules.customer_points:
        points.move(
            change,
            referrer,
            rules.customer_points,
            "referral",
            order_id=order["order_id"],
            action="Referred a friend",
        )
    row = _require(change, found["referral_id"])
    _tell(change, "referrals/completed", row, order["customer_id"])


def _issue(
    change: Change,
    rule: ReferralReward | None,
    source: rewards.Source,
    customer_id: str | None,
) -> Reward | None:
    if rule is None:
        return None
    return rewards.issue(
        change,
        source=source,
        customer_id=customer_id,
        rule_id=None,
        reward_type=rule.discount_type,
        discount_value=rule.discount_amount,
        points=0,
    )


def _require(change: Change, referral_id: str) -> sqlite3.Row:
    row = change.row("SELECT * FROM referrals WHERE referral_id = ?", referral_id)
    if row is None:  # written in this very transaction
        raise LookupError("a referral just written is missing")
    return row


def _tell(change: Change, topic: Topic, row: sqlite3.Row, friend_id: str | None) -> None:
    if is_wanted(change, topic):
        add_event(
            change,
            topic,
            ReferralEvent(
                id=row["referral_id"],
                customer=customers.in_event(change, row["customer_id"]),
                friend_customer=customers.in_event(change, friend_id) if friend_id else None,
                friend_email=row["friend_email"],
                customer_reward=_shown(change, row["customer_coupon_code"]),
                friend_reward=_shown(change, row["friend_coupon_code"]),
            ),
        )


def _shown(change: Change, coupon_code: str | None) -> ReferralRewardShown | None:
    if coupon_code is None:
        return None
    reward = rewards.read(change, coupon_code)
    return ReferralRewardShown(
        id=reward.id,
        coupon_code=reward.coupon_code,
        coupon_code_status=reward.status,
        discount_type=reward.reward_type,
        discount_amount=reward.discount_value,
    )


def as_answer(row: sqlite3.Row) -> dict[str, Any]:
    """A referral for the control endpoints."""
    return {
        "id": row["referral_id"],
        "customerId": row["customer_id"],
        "friendEmail": row["friend_email"],
        "friendCouponCode": row["friend_coupon_code"],
        "customerCouponCode": row["customer_coupon_code"],
        "state": row["state"],
        "orderId": row["order_id"],
        "createdAt": row["created_at"],
        "completedAt": row["completed_at"],
    }
