"""Customers created and changed by the merchant's id, given points, put into memberships."""

from __future__ import annotations

import json
import uuid
from typing import Any

from influence_pipeline.sandbox.platform import points
from influence_pipeline.sandbox.platform.customers import lower, require, tell_updated
from influence_pipeline.sandbox.platform.ledger import Change
from influence_pipeline.sandbox.platform.models import CustomerInput
from influence_pipeline.sandbox.platform.refusal import Refused


def put(change: Change, customer_id: str, sent: CustomerInput) -> None:
    """Create or change a customer. Missing fields are kept or cleared as the switch says."""
    fields = sent.sent_fields()
    _refuse_second_owner(change, customer_id, sent.email)
    row = change.row("SELECT * FROM customers WHERE customer_id = ?", customer_id)
    if row is None:
        _create(change, customer_id, fields)
        return
    if change.switches.put_customer == "merge":
        fields = json.loads(row["fields"]) | fields
    change.run(
        "change_customer",
        {
            "customer_id": customer_id,
            "fields": json.dumps(fields),
            "email": lower(fields.get("email")),
            "updated_at": change.later_than(row["updated_at"]),
        },
    )
    tell_updated(change, customer_id)


def _create(change: Change, customer_id: str, fields: dict[str, Any]) -> None:
    tier = change.rules.tier_for(0)
    change.run(
        "add_customer",
        {
            "customer_id": customer_id,
            "influence_id": str(uuid.uuid4()),
            "fields": json.dumps(fields),
            "email": lower(fields.get("email")),
            "tier_id": tier.id if tier else None,
            "at": change.at,
        },
    )
    tell_updated(change, customer_id)
    if change.rules.sign_up_points:
        points.move(
            change,
            customer_id,
            change.rules.sign_up_points,
            "sign_up",
            rule_id=change.rules.sign_up_rule_id,
            action="Signed up",
        )


def _refuse_second_owner(change: Change, customer_id: str, email: str | None) -> None:
    if email is None or not change.switches.unique_email:
        return
    other = change.row(
        "SELECT 1 FROM customers WHERE email = ? AND customer_id <> ?", lower(email), customer_id
    )
    if other is not None:
        raise Refused(400, "email: another customer has this e-mail address")


def give_points(
    change: Change, customer_id: str, amount: int | None, rule_id: str | None, action: str | None
) -> None:
    """POST points: a number, or an earn rule's number (contract: a number overrides the rule)."""
    require(change, customer_id)
    rule = None
    if rule_id is not None:
        rule = change.rules.earn_rule(rule_id)
        if rule is None:
            raise Refused(400, "earnRuleId: no earn rule has this id; see GET /sandbox/rules")
    given = amount if amount is not None else (rule.points if rule else 0)
    action = action or (rule.title if rule else "Points awarded")
    points.move(change, customer_id, given, "manual", rule_id=rule_id, action=action)


def set_membership(
    change: Change, customer_id: str, customer_type: str, membership_id: str | None
) -> None:
    row = require(change, customer_id)
    change.db.execute(
        "UPDATE customers SET customer_type = ?, membership_id = ?, updated_at = ? "
        "WHERE customer_id = ?",
        (customer_type, membership_id, change.later_than(row["updated_at"]), customer_id),
    )
    tell_updated(change, customer_id)
