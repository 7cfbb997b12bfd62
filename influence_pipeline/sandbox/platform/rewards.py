"""Coupons the sandbox has issued, and their use (contract: Rewards)."""

from __future__ import annotations

import base64
import secrets
import sqlite3
import uuid
from typing import Literal

from influence_pipeline.sandbox.platform.ledger import Change
from influence_pipeline.sandbox.platform.models import Reward
from influence_pipeline.sandbox.platform.refusal import Refused, not_found

Source = Literal["redemption", "tier_entry", "referral_customer", "referral_friend"]


def issue(
    change: Change,
    *,
    source: Source,
    customer_id: str | None,
    rule_id: str | None,
    reward_type: str,
    discount_value: float | None,
    points: int,
) -> Reward:
    """A new reward with a coupon code of 80 random bits, which nobody can guess."""
    coupon_code = "INF-" + base64.b32encode(secrets.token_bytes(10)).decode()
    change.run(
        "add_reward",
        {
            "coupon_code": coupon_code,
            "reward_id": str(uuid.uuid4()),
            "source": source,
            "customer_id": customer_id,
            "rule_id": rule_id,
            "reward_type": reward_type,
            "discount_value": discount_value,
            "points": points,
            "at": change.at,
        },
    )
    return read(change, coupon_code)


def use(change: Change, coupon_code: str, code_in_body: str | None) -> Reward:
    """Mark a reward as used. Raises Refused: 404 unknown, 409 used before, 400 two codes."""
    if code_in_body is not None and code_in_body != coupon_code:
        raise Refused(400, "couponCode: is not the code in the path")
    reward = read(change, coupon_code)
    if reward.status == "used":
        raise Refused(409, "Reward already used")
    change.db.execute(
        "UPDATE rewards SET state = 'used', used_at = ? WHERE coupon_code = ?",
        (change.at, coupon_code),
    )
    return read(change, coupon_code)


def read(change: Change, coupon_code: str) -> Reward:
    row = change.row("SELECT * FROM rewards WHERE coupon_code = ?", coupon_code)
    if row is None:
        raise not_found("Reward")
    return shown(row)


def shown(row: sqlite3.Row) -> Reward:
    return Reward(
        id=row["reward_id"],
        coupon_code=row["coupon_code"],
        status=row["state"],
        source=row["source"],
        reward_type=row["reward_type"],
        discount_value=row["discount_value"],
        rule_id=row["rule_id"],
        points=row["points"],
        issued_at=row["issued_at"],
        used_at=row["used_at"],
    )
