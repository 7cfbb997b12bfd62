"""Bodies as Influence sends them: a builder says only what matters to its test."""

from __future__ import annotations

import json
from typing import Any

from influence_pipeline.webhooks.inbox import Delivery

TOKEN = "Zk3vQ0m8Xw5T1rYb7LsN2cHd9UeJ4gAf"


def customer(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"inf-{number}",
        "externalId": str(number),
        "email": f"person{number}@example.test",
        "name": "Ada Example",
        "pointBalance": 500,
        "referralUrl": f"https://shop.test/?ref={number}",
        "currentLoyaltyTier": {"id": "t1", "title": "Bronze"},
        "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": "2026-05-01T10:00:00Z",
        **changes,
    }


def redemption(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"red-{number}",
        "customer": customer(number),
        "action": "redeem",
        "points": -500,
        "type": "redeem",
        "ruleId": "rule-5-euro",
        "couponCode": f"LOYAL-{number:04d}",
        "rewardType": "amountdiscount",
        **changes,
    }


def referral(number: int = 1, **changes: Any) -> dict[str, Any]:
    def reward(side: str) -> dict[str, Any]:
        return {
            "id": f"reward-{side}",
            "couponCode": f"{side.upper()}-{number}",
            "couponCodeStatus": "active",
            "discountType": "percentage",
            "discountAmount": 10,
        }

    return {
        "id": f"ref-{number}",
        "customer": customer(number),
        "friendCustomer": customer(number + 1000),
        "friendEmail": "friend@example.test",
        "customerReward": reward("giver"),
        "friendReward": reward("friend"),
        **changes,
    }


def encoded(body: Any) -> bytes:
    return json.dumps(body).encode()


def delivery(topic: str | None, body: Any) -> Delivery:
    """A delivery of `body`: bytes as they are, anything else as JSON."""
    raw = body if isinstance(body, bytes) else encoded(body)
    return Delivery(raw, topic, webhook_id="subscription-1", headers={"content-type": "a/json"})
