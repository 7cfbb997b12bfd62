"""What must be true after a soak, by the store, the ledger of the sandbox, the senders' records, and
what the pipeline itself lists as set aside."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field

from influence_pipeline_tests.soak.site import Site
from influence_pipeline_tests.soak.traffic import Sender, tables
from influence_pipeline_tests.support import judging
from influence_pipeline_tests.support.world import LONG_AGO


@dataclass
class Verdict:
    """`differences`: store against ledger (I1, I2, I4, I5). `lost`, `doubled`: webhooks answered 2xx
    that the inbox has not, or more than once (I3). `parked`: what is set aside, with reasons (I7).
    `waiting`: what is not settled yet."""

    differences: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    parked: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    orders: int = 0
    coupons: int = 0
    webhooks: int = 0

    @property
    def settled(self) -> bool:
        return not (self.differences or self.waiting or self.lost)


def judge(site: Site, sender: Sender) -> Verdict:
    """Look at everything now; more than once, until it is settled."""
    found = judging.judge(site.store_url, site.sandbox.ledger, LONG_AGO)
    verdict = Verdict(
        differences=[str(one) for one in found.differences],
        orders=found.compared["orders"],
        coupons=found.compared["coupons"],
    )
    _webhooks(site, sender, verdict)
    _set_aside(site, verdict)
    return verdict


def _webhooks(site: Site, sender: Sender, verdict: Verdict) -> None:
    deliveries = site.sandbox.rows("SELECT topic, body, state FROM deliveries")
    answered = {
        (str(row["topic"]), hashlib.sha256(bytes(row["body"])).hexdigest())
        for row in deliveries
        if row["state"] == "delivered"
    }
    answered |= {
        ("customers/updated", hashlib.sha256(body).hexdigest()) for body in sender.answered
    }
    stored = Counter(
        (str(topic), str(sha))
        for topic, sha in tables(
            site.state_url, "SELECT topic, encode(body_sha256, 'hex') FROM influence.inbox"
        )
    )
    verdict.webhooks = len(answered)
    verdict.lost = [f"{topic} {sha}" for topic, sha in answered if not stored[topic, sha]]
    verdict.doubled = [f"{topic} {sha}" for (topic, sha), n in stored.items() if n > 1]
    for state, n in Counter(str(row["state"]) for row in deliveries).items():
        if state == "pending":
            verdict.waiting.append(f"{n} webhooks are not delivered yet")
        elif state != "delivered":
            verdict.lost.append(f"{n} webhooks are {state}")


def _set_aside(site: Site, verdict: Verdict) -> None:
    verdict.parked = [
        f"{entity} {key}: {reason}"
        for entity, key, reason in tables(
            site.state_url,
            "SELECT entity::text, key, reason FROM influence.work WHERE state = 'parked'",
        )
    ]
    verdict.parked += [
        f"{topic} is {state}: {reason}"
        for topic, state, reason in tables(
            site.state_url,
            "SELECT topic, state, coalesce(reason, reason_code) FROM influence.inbox"
            " WHERE state IN ('parked', 'quarantined')",
        )
    ]
    for what, sql in {
        "records wait": "SELECT count(*) FROM influence.work WHERE state <> 'parked'",
        "events wait": "SELECT count(*) FROM influence.inbox WHERE state = 'new'",
    }.items():
        ((n,),) = tables(site.state_url, sql)
        if n:
            verdict.waiting.append(f"{n} {what}")
