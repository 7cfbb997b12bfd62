"""What the ledger looks like from outside: the summary, and the whole of it as JSON.

The same can be read from the SQLite file; see `docs/sandbox.md`.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any
from urllib.parse import urlsplit

from influence_pipeline.sandbox.platform import referrals, rewards
from influence_pipeline.sandbox.platform.ledger import Ledger


def summary(ledger: Ledger) -> dict[str, Any]:
    """Counts of everything, deliveries by state, calls by method and status."""
    totals = dict(ledger.named("totals", {})[0])
    deliveries = ledger.rows("SELECT state, count(*) AS n FROM deliveries GROUP BY state")
    calls = ledger.rows(
        "SELECT method, coalesce(CAST(status AS TEXT), 'closed') AS status, count(*) AS n "
        "FROM calls GROUP BY 1, 2 ORDER BY 1, 2"
    )
    kinds = ledger.rows("SELECT kind, count(*) AS n FROM movements GROUP BY kind")
    return _camel(totals) | {
        "deliveries": {row["state"]: row["n"] for row in deliveries},
        "callsByStatus": {f"{row['method']} {row['status']}": row["n"] for row in calls},
        "movementsByKind": {row["kind"]: row["n"] for row in kinds},
    }


def whole(ledger: Ledger) -> dict[str, Any]:
    """Everything but calls and deliveries."""
    variants: dict[str, list[Any]] = {}
    for row in ledger.rows("SELECT product_id, fields FROM variants ORDER BY product_id, place"):
        variants.setdefault(row["product_id"], []).append(json.loads(row["fields"]))
    return {
        "customers": [_customer(row) for row in ledger.rows("SELECT * FROM customers")],
        "orders": [_order(row) for row in ledger.rows("SELECT * FROM orders")],
        "products": [
            {
                "productId": row["product_id"],
                "fields": json.loads(row["fields"]),
                "puts": row["puts"],
                "variants": variants.get(row["product_id"], []),
            }
            for row in ledger.rows("SELECT * FROM products")
        ],
        "rewards": [
            json.loads(rewards.shown(row).to_json()) | {"customerId": row["customer_id"]}
            for row in ledger.rows("SELECT * FROM rewards")
        ],
        "referrals": [referrals.as_answer(row) for row in ledger.rows("SELECT * FROM referrals")],
        "movements": [
            _camel(dict(row)) for row in ledger.rows("SELECT * FROM movements ORDER BY id")
        ],
    }


def calls(ledger: Ledger, entity: str | None, key: str | None, limit: int) -> list[dict[str, Any]]:
    """The latest calls, newest first; bodies as text."""
    found = ledger.rows(
        "SELECT * FROM calls WHERE (?1 IS NULL OR entity = ?1) AND (?2 IS NULL OR key = ?2) "
        "ORDER BY id DESC LIMIT ?3",
        entity,
        key,
        limit,
    )
    return [
        _camel(dict(row))
        | {"body": None if row["body"] is None else row["body"].decode("utf-8", "replace")}
        for row in found
    ]


def deliveries(ledger: Ledger, state: str | None, limit: int) -> list[dict[str, Any]]:
    """The latest webhook deliveries, newest first. Of the url only where it goes to."""
    found = ledger.rows(
        "SELECT * FROM deliveries WHERE (?1 IS NULL OR state = ?1) ORDER BY id DESC LIMIT ?2",
        state,
        limit,
    )
    return [
        _camel({name: part for name, part in dict(row).items() if name not in ("url", "body")})
        | {"to": _host(row["url"]), "body": json.loads(row["body"])}
        for row in found
    ]


def _host(url: str) -> str:
    """Scheme, host and port: the path is the receiver's secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _customer(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "customerId": row["customer_id"],
        "id": row["influence_id"],
        "fields": json.loads(row["fields"]),
        "customerType": row["customer_type"],
        "membershipId": row["membership_id"],
        "pointBalance": row["point_balance"],
        "lifetimePoints": row["lifetime_points"],
        "tierId": row["tier_id"],
        "referralsCompleted": row["referrals_completed"],
        "puts": row["puts"],
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
    }


def _order(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "orderId": row["order_id"],
        "customerId": row["customer_id"],
        "currency": row["currency"],
        "totalPrice": row["total_price"],
        "financialStatus": row["financial_status"],
        "fields": json.loads(row["fields"]),
        "lastBody": json.loads(row["last_body"]),
        "posts": row["posts"],
        "patches": row["patches"],
        "copies": row["copies"],
        "awards": row["awards"],
        "pointsAwarded": row["points_awarded"],
        "deductions": row["deductions"],
        "pointsDeducted": row["points_deducted"],
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
    }


def _camel(row: dict[str, Any]) -> dict[str, Any]:
    result = {}
    for name, value in row.items():
        first, *rest = name.split("_")
        result[first + "".join(part.title() for part in rest)] = value
    return result
