"""Customers as they are read: one, a page of them, and as the customer inside an event.

How they are created and changed is in `enrolment`; how their points move in `points`.
"""

from __future__ import annotations

import base64
import json
import random
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

from influence_pipeline.sandbox.platform.events import CurrentTier, WebhookCustomer
from influence_pipeline.sandbox.platform.fields import has_broken_text
from influence_pipeline.sandbox.platform.ledger import Change, Ledger, in_words
from influence_pipeline.sandbox.platform.models import Customer
from influence_pipeline.sandbox.platform.outbox import add_event, is_wanted
from influence_pipeline.sandbox.platform.refusal import Refused, not_found
from influence_pipeline.sandbox.platform.switches import Switches


def require(change: Change, customer_id: str) -> sqlite3.Row:
    """The customer's row. Raises Refused (404) when there is none."""
    row = change.row("SELECT * FROM customers WHERE customer_id = ?", customer_id)
    if row is None:
        raise not_found("Customer")
    return row


def tell_updated(change: Change, customer_id: str) -> None:
    """Send customers/updated: the bare customer (contract)."""
    if is_wanted(change, "customers/updated"):
        add_event(change, "customers/updated", in_event(change, customer_id))


def in_event(change: Change, customer_id: str) -> WebhookCustomer:
    """The customer as it is now, for the body of an event."""
    row = require(change, customer_id)
    fields = json.loads(row["fields"])
    tier = change.rules.tier(row["tier_id"])
    return WebhookCustomer(
        id=row["influence_id"],
        external_id=row["customer_id"],
        email=fields.get("email"),
        name=_full_name(fields),
        birthday_month=fields.get("birthdayMonth"),
        birthday_day=fields.get("birthdayDay"),
        referral_url=f"https://shop.invalid/?ref={_referral_slug(row)}",
        point_balance=row["point_balance"],
        current_loyalty_tier=CurrentTier(id=tier.id, title=tier.title) if tier else None,
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def read(ledger: Ledger, customer_id: str) -> Customer | None:
    rows = ledger.named("customer", {"customer_id": customer_id})
    return _shown(rows[0]) if rows else None


def balance_before(ledger: Ledger, customer_id: str, seconds: float) -> int:
    """The balance as it was so many seconds ago."""
    then = in_words(datetime.now(UTC) - timedelta(seconds=seconds))
    row = ledger.row(
        "SELECT balance_after FROM movements WHERE customer_id = ? AND at <= ? "
        "ORDER BY id DESC LIMIT 1",
        customer_id,
        then,
    )
    return 0 if row is None else int(row["balance_after"])


def _shown(row: sqlite3.Row) -> Customer:
    fields = json.loads(row["fields"])
    known = {
        "id": row["influence_id"],
        "externalId": row["customer_id"],
        "email": fields.get("email"),
        "firstName": fields.get("firstName"),
        "lastName": fields.get("lastName"),
        "name": _full_name(fields),
        "phone": fields.get("phone"),
        "customerType": row["customer_type"],
        "membershipId": row["membership_id"],
        "pointBalance": row["point_balance"],
        "referralLink": _referral_slug(row),
        "referralsCompleted": row["referrals_completed"],
        "birthdayMonth": fields.get("birthdayMonth"),
        "birthdayDay": fields.get("birthdayDay"),
        "currentLoyaltyTierProgress": row["lifetime_points"],
        "currentLoyaltyTierId": row["tier_id"],
        "lastSeenAt": row["last_seen_at"],
        "totalOrders": row["total_orders"],
        "averageOrderValue": row["average_order_value"],
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
    }
    unknown = {name: value for name, value in fields.items() if name not in _ANSWER_NAMES}
    return Customer.model_validate(unknown | known)


# What an answer holds of its own; a field of that name in a PUT does not change it.
_ANSWER_NAMES = frozenset(
    name
    for python_name, field in Customer.model_fields.items()
    for name in (python_name, field.alias or python_name)
)


def page(
    ledger: Ledger, switches: Switches, filters: dict[str, Any], cursor: str | None
) -> tuple[list[Customer], str | None]:
    """One page of customers and the cursor of the next one.

    The switches may let the next page begin with the end of this one, and leave customers out, as
    a list does whose order changes meanwhile. A cursor carries the filters of the first page, so
    that it overrides all others (contract: Customers).
    Raises Refused (400) for a cursor that no page has given.
    """
    after = 0
    if cursor is not None:
        after, filters = _open_cursor(cursor)
    rows = ledger.named(
        "page_of_customers", filters | {"after": after, "limit": switches.page_size + 1}
    )
    more = len(rows) > switches.page_size
    rows = rows[: switches.page_size]
    next_cursor = None
    if more:
        # At least one is new on each page.
        last = max(len(rows) - 1 - switches.page_repeats, 0)
        written = json.dumps([rows[last]["place"], filters], separators=(",", ":"))
        next_cursor = base64.urlsafe_b64encode(written.encode()).decode()
    if switches.page_skips:
        rows = [row for row in rows if random.random() >= switches.page_skips]  # noqa: S311
    return [_shown(row) for row in rows], next_cursor


# The names of the filters in `page_of_customers`.
FILTERS = (
    "email",
    "balance_min",
    "balance_max",
    "created_min",
    "created_max",
    "updated_min",
    "updated_max",
    "seen_min",
    "seen_max",
)


def _open_cursor(cursor: str) -> tuple[int, dict[str, Any]]:
    try:
        after, filters = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, TypeError, RecursionError):
        raise Refused(400, "cursor: not one that a page has given") from None
    good = (
        isinstance(after, int)
        and 0 <= after < 2**63
        and isinstance(filters, dict)
        and sorted(filters) == sorted(FILTERS)
        and all(value is None or isinstance(value, str | float) for value in filters.values())
        and not has_broken_text(filters)
    )
    if not good:
        raise Refused(400, "cursor: not one that a page has given")
    return after, filters


def _full_name(fields: dict[str, Any]) -> str | None:
    if "name" in fields:
        return str(fields["name"])
    parts = [fields[part] for part in ("firstName", "lastName") if part in fields]
    return " ".join(parts) or None


def _referral_slug(row: sqlite3.Row) -> str:
    return str(row["influence_id"])[:8]


def lower(email: str | None) -> str | None:
    """An e-mail as it is compared: lower case (contract: Emails)."""
    return None if email is None else email.lower()
