"""A loyalty program between the sandbox and the inbox, with the test as the network between them.

The sandbox's deliveries wait in its ledger; the test hands those that were not dropped over, in
whatever order, as often as it likes. The judge reads the ledger only.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from influence_pipeline.platform_api.single import SingleCalls
from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import Members
from influence_pipeline.webhooks import gaps, inbox
from influence_pipeline.webhooks.context import HandlerContext
from influence_pipeline.webhooks.events import Topic
from influence_pipeline.webhooks.gaps import Gap
from influence_pipeline.webhooks.handlers import WorkedOff, work_off
from influence_pipeline.webhooks.inbox import Delivery
from influence_pipeline.webhooks.reconcile import Reconciled, reconcile
from influence_pipeline_tests.sandbox.platform_fixtures import Sandbox, order

# The sender never comes to it: what is sent is the test's business.
NOBODY = {"delay_ms": 10**12}


@dataclass
class Loyalty:
    """Sandbox, state and what events are worked off with, in one hand."""

    sandbox: Sandbox
    state: Postgres
    context: HandlerContext
    api: SingleCalls
    settings: Members = field(default_factory=lambda: Members(grace_minutes=0))
    handed_over: int = 0

    def subscribe(self) -> None:
        self.network()
        for topic in Topic:
            body = {"topic": topic, "url": "http://127.0.0.1:9/webhooks"}
            self.sandbox.good("POST", "/v1/webhooks", body)

    def network(self, **switches: Any) -> None:
        """Say what the sender loses from now on."""
        self.sandbox.set(webhooks={"drop": 0, "drop_by_topic": {}, **NOBODY, **switches})

    # --- what happens in the shop and at Influence

    def customer(self, key: str = "c-1") -> str:
        self.sandbox.put_customer(key)
        return key

    def earn(self, key: str = "c-1", points: int = 500, order_key: str | None = None) -> None:
        """An order that is paid; it earns as many points."""
        body = order(order_key or f"o-{key}", customerId=key, totalPrice=f"{points}.00")
        assert self.sandbox.call("POST", "/v1/orders", body).ok

    def redeem(self, key: str = "c-1", rule: str = "rule-5-off") -> None:
        self.sandbox.good("POST", f"/sandbox/customers/{key}/redeem", {"ruleId": rule})

    def refund(self, order_key: str, customer: str, **fields: Any) -> None:
        """A refund by us: told as the sync tells it, with the note that the sync makes."""
        with self.state.transaction() as connection:
            connection.execute(
                sa.text(
                    "INSERT INTO refund_told (order_key, customer_key) VALUES (:order, :customer)"
                ),
                {"order": order_key, "customer": customer},
            )
        body = {"financialStatus": "refunded", **fields}
        assert self.sandbox.patch_order(order_key, **body).ok

    def by_hand(self, key: str, points: int) -> None:
        self.sandbox.good("POST", f"/sandbox/customers/{key}/points", {"points": points})

    # --- the network

    def hand_over(
        self,
        draw: random.Random | None = None,
        *,
        duplicates: float = 0.0,
        also: str = "",
        but: str = "none",
    ) -> WorkedOff:
        """Deliver what was not dropped, shuffled by `draw`, and work it off."""
        rows = self.sandbox.rows(
            "SELECT id, topic, body FROM deliveries WHERE state IN ('pending', ?) AND id > ? "
            "AND topic <> ? ORDER BY id",
            also,
            self.handed_over,
            but,
        )
        if rows:
            self.handed_over = max(row["id"] for row in rows)
        deliveries = [Delivery(row["body"], row["topic"]) for row in rows]
        if draw is not None:
            deliveries += draw.sample(deliveries, int(len(deliveries) * duplicates))
            draw.shuffle(deliveries)
        for start in range(0, len(deliveries), 500):
            with self.state.transaction() as connection:
                for one in deliveries[start : start + 500]:
                    inbox.store(connection, one)
        return self.work()

    def skip(self) -> None:
        """Let what was told so far be lost; for what was before the first cycle."""
        (row,) = self.sandbox.rows("SELECT coalesce(max(id), 0) AS id FROM deliveries")
        self.handed_over = row["id"]

    def work(self) -> WorkedOff:
        """Work off all that is due."""
        done = WorkedOff()
        while True:
            round_ = work_off(self.state, self.context, limit=10_000)
            done.add(round_)
            if not round_.attempted:
                return done

    def reconcile(self, **options: Any) -> Reconciled:
        return reconcile(self.state, self.api, self.settings, sleep=lambda _: None, **options)

    # --- what came of it

    def gaps(self) -> list[Gap]:
        return gaps.find(self.state, 1_000_000)

    def flagged(self) -> set[str]:
        """The customers of whom points are missing."""
        return {str(gap.external_id) for gap in self.gaps() if gap.points < 0}

    def dropped(self, topic: str, after: int = 0) -> set[str]:
        """By the ledger: the customers a delivery of this topic was dropped of."""
        rows = self.sandbox.rows(
            "SELECT body FROM deliveries WHERE state = 'dropped' AND topic = ? AND id > ?",
            topic,
            after,
        )
        return {json.loads(row["body"])["customer"]["externalId"] for row in rows}

    def seen_rows(self) -> int:
        with self.state.transaction() as connection:
            return int(
                connection.execute(sa.text("SELECT count(*) FROM balance_seen")).scalar_one()
            )
