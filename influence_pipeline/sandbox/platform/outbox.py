"""Events become deliveries: one row per subscription of the topic, in the change's transaction.

Here the webhook switches decide what is dropped, duplicated, delayed or reordered; the sending is
in `webhook_sender`.
"""

from __future__ import annotations

import random
import time
import uuid

from influence_pipeline.sandbox.platform.events import Event
from influence_pipeline.sandbox.platform.fields import Topic
from influence_pipeline.sandbox.platform.ledger import Change
from influence_pipeline.sandbox.platform.switches import WebhookSwitches


def is_wanted(change: Change, topic: Topic) -> bool:
    """Whether anybody subscribes to the topic, so that a body need not be built for nobody."""
    return change.row("SELECT 1 FROM subscriptions WHERE topic = ? LIMIT 1", topic) is not None


def add_event(change: Change, topic: Topic, event: Event) -> None:
    """Put one event into the outbox for every subscription of its topic."""
    subscriptions = change.db.execute(
        "SELECT subscription_id, url FROM subscriptions WHERE topic = ?", (topic,)
    ).fetchall()
    body = event.to_json()
    for subscription in subscriptions:
        _add_delivery(change, subscription["subscription_id"], topic, subscription["url"], body)


def _add_delivery(
    change: Change, subscription_id: str, topic: Topic, url: str, body: bytes
) -> None:
    switches = change.switches.webhooks
    dropped, doubled, held = _draw(change)
    due_at = time.time() + switches.delay_ms / 1000
    if held < switches.reorder:
        due_at += switches.reorder_ms / 1000
    values = {
        "event_id": str(uuid.uuid4()),
        "subscription_id": subscription_id,
        "topic": topic,
        "url": url,
        "body": body,
        "state": "dropped" if dropped < _drop(switches, topic) else "pending",
        "due_at": due_at,
        "at": change.at,
    }
    copies = 2 if values["state"] == "pending" and doubled < switches.duplicate else 1
    for _ in range(copies):
        change.run("add_delivery", values)
    change.wakes_sender = True


def _drop(switches: WebhookSwitches, topic: Topic) -> float:
    return switches.drop_by_topic.get(topic, switches.drop)


def _draw(change: Change) -> tuple[float, float, float]:
    """Three numbers in [0, 1), fixed by the seed and the number of the delivery.

    So one seed and one order of events give one outcome, also across a restart.
    """
    switches = change.switches.webhooks
    drops = switches.drop or switches.drop_by_topic
    if not (drops or switches.duplicate or switches.reorder):
        return 1.0, 1.0, 1.0
    last = change.row("SELECT coalesce(max(id), 0) AS id FROM deliveries")
    draw = random.Random(f"{switches.seed}:{last['id'] if last else 0}")  # noqa: S311
    return draw.random(), draw.random(), draw.random()
