"""Webhook subscriptions (contract: Webhook subscriptions; all shapes are inferred)."""

from __future__ import annotations

import sqlite3
import uuid

from influence_pipeline.sandbox.platform.ledger import Change, Ledger
from influence_pipeline.sandbox.platform.models import Webhook, WebhookInput
from influence_pipeline.sandbox.platform.refusal import not_found


def add(change: Change, sent: WebhookInput) -> str:
    """A new subscription, also when the same topic and url have one: then both are served."""
    subscription_id = str(uuid.uuid4())
    change.run(
        "add_subscription",
        {
            "subscription_id": subscription_id,
            "topic": sent.topic,
            "url": sent.url,
            "at": change.at,
        },
    )
    return subscription_id


def put(change: Change, subscription_id: str, sent: WebhookInput) -> None:
    """Change topic and url. What waits to be sent goes to the url it was written for."""
    found = change.db.execute(
        "UPDATE subscriptions SET topic = ?, url = ?, updated_at = ? WHERE subscription_id = ?",
        (sent.topic, sent.url, change.at, subscription_id),
    )
    if found.rowcount == 0:
        raise not_found("Webhook")


def remove(change: Change, subscription_id: str) -> None:
    """Remove a subscription; what still waits for it is cancelled."""
    found = change.db.execute(
        "DELETE FROM subscriptions WHERE subscription_id = ?", (subscription_id,)
    )
    if found.rowcount == 0:
        raise not_found("Webhook")
    change.db.execute(
        "UPDATE deliveries SET state = 'cancelled' WHERE subscription_id = ? AND state = 'pending'",
        (subscription_id,),
    )


def read(ledger: Ledger, subscription_id: str) -> Webhook:
    row = ledger.row("SELECT * FROM subscriptions WHERE subscription_id = ?", subscription_id)
    if row is None:
        raise not_found("Webhook")
    return _shown(row)


def read_all(ledger: Ledger) -> list[Webhook]:
    return [_shown(row) for row in ledger.rows("SELECT * FROM subscriptions ORDER BY rowid")]


def _shown(row: sqlite3.Row) -> Webhook:
    return Webhook(
        id=row["subscription_id"],
        topic=row["topic"],
        url=row["url"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
