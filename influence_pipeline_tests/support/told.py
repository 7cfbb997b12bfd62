"""What the sandbox's ledger holds, in the short words in which expectations are written by hand.

Reads the ledger's file, and nothing of the pipeline.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from typing import Any

from influence_pipeline_tests.sandbox.platform_fixtures import Sandbox

Told = dict[str, dict[str, Any]]


def told(sandbox: Sandbox) -> Told:
    """Give customers, orders and products by their ids, as in `store/expected/*.toml`."""
    variants: dict[str, list[str]] = defaultdict(list)
    for row in sandbox.rows("SELECT * FROM variants ORDER BY product_id, place"):
        title = json.loads(row["fields"]).get("title", "")
        variants[row["product_id"]].append(f"{row['variant_id']} {title}".strip())
    return {
        "customers": {
            row["customer_id"]: {
                name: value
                for name, value in json.loads(row["fields"]).items()
                if name in ("email", "firstName", "lastName", "phone")
            }
            for row in sandbox.rows("SELECT * FROM customers")
        },
        "orders": {
            row["order_id"]: _order(row, json.loads(row["fields"]))
            for row in sandbox.rows("SELECT * FROM orders")
        },
        "products": {
            row["product_id"]: [json.loads(row["fields"])["title"], *variants[row["product_id"]]]
            for row in sandbox.rows("SELECT * FROM products")
        },
    }


def _order(row: Any, fields: dict[str, Any]) -> dict[str, Any]:
    placed = datetime.fromisoformat(fields["createdAt"])
    made = {
        "number": fields.get("orderNumber"),
        "customer": row["customer_id"],
        "email": row["email"],
        "total": f"{row['total_price']} {row['currency']}",
        "status": row["financial_status"],
        "placed": placed.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
        "codes": [
            f"{code['code']} {code.get('amount', '')}".strip()
            for code in fields.get("discountCodes", [])
        ],
        "lines": [
            f"{line['quantity']} x {line.get('variantId')}" for line in fields.get("lineItems", [])
        ],
    }
    return {name: value for name, value in made.items() if value is not None}


def differences(expected: Told, found: Told) -> list[str]:
    """Say each thing on which they do not agree, a line each."""
    said = []
    for entity in ("customers", "orders", "products"):
        wanted, has = expected[entity], found[entity]
        said += [f"{entity} {key}: missing" for key in wanted.keys() - has.keys()]
        said += [f"{entity} {key}: was told and must not be" for key in has.keys() - wanted.keys()]
        for key in wanted.keys() & has.keys():
            if wanted[key] != has[key]:
                said.append(f"{entity} {key}: must be {wanted[key]}, is {has[key]}")
    return sorted(said)
