"""Products and their variants. A sent list of variants replaces the whole list (contract)."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from influence_pipeline.sandbox.platform.ledger import Change, Ledger
from influence_pipeline.sandbox.platform.models import Product, ProductInput, VariantInput
from influence_pipeline.sandbox.platform.refusal import Refused, not_found

_OWN_NAMES = frozenset({"created_at", "updated_at"})


def put(change: Change, product_id: str, sent: ProductInput) -> None:
    """Create or change a product; fields that are not sent are kept."""
    row = _find(change.db, product_id)
    fields = sent.sent_fields()
    at = change.at
    if row is not None:
        fields = json.loads(row["fields"]) | fields
        at = change.later_than(row["updated_at"])
    change.run("add_product", {"product_id": product_id, "fields": json.dumps(fields), "at": at})


def replace_variants(change: Change, product_id: str, variants: list[VariantInput]) -> None:
    """Set the whole list. Raises Refused: 404 unknown product, 400 empty or contradictory list."""
    if not variants:
        raise Refused(400, "variants: must not be empty; the list replaces all variants")
    row = _find(change.db, product_id)
    if row is None:
        raise not_found("Product")
    ids = [variant.external_variant_id for variant in variants]
    if len(ids) != len(set(ids)):
        raise Refused(400, "variants: the same externalVariantId stands there twice")
    if any(variant.external_product_id not in (None, product_id) for variant in variants):
        raise Refused(400, "variants: externalProductId is not the product in the path")
    change.db.execute("DELETE FROM variants WHERE product_id = ?", (product_id,))
    for place, variant in enumerate(variants):
        change.run(
            "add_variant",
            {
                "product_id": product_id,
                "variant_id": variant.external_variant_id,
                "place": place,
                "fields": json.dumps(variant.sent_fields()),
            },
        )
    change.db.execute(
        "UPDATE products SET updated_at = ? WHERE product_id = ?",
        (change.later_than(row["updated_at"]), product_id),
    )


def read(ledger: Ledger, product_id: str) -> Product | None:
    row = _find(ledger.db, product_id)
    if row is None:
        return None
    variants = ledger.rows(
        "SELECT fields FROM variants WHERE product_id = ? ORDER BY place", product_id
    )
    own: dict[str, Any] = {
        "id": product_id,
        "variants": [json.loads(variant["fields"]) for variant in variants],
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
    }
    fields = json.loads(row["fields"])
    sent = {name: value for name, value in fields.items() if name not in _OWN_NAMES}
    return Product.model_validate(sent | own)


def _find(db: sqlite3.Connection, product_id: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM products WHERE product_id = ?", (product_id,)
    ).fetchone()
    return row
