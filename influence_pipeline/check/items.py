"""JSON lists inside records: lines and codes of orders, variants of products. What is called
otherwise is dropped without a word, and a list that is not bound to its record is everybody's."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict

from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Findings, error, warning
from influence_pipeline.check.records import FEW, column_place, values
from influence_pipeline.check.selects import each
from influence_pipeline.records import Entity

# What each list's objects may hold, and the other words that people have for it.
_KEYS: dict[tuple[Entity, str], dict[str, str]] = {
    (Entity.ORDER, "line_items"): {
        "product_id": "product|productid|product_ref",
        "variant_id": "variant|variantid|skuid|productvariantid",
        "title": "name|producttitle|productname|label",
        "quantity": "qty|count|amount|pieces|units",
        "unit_price": "price|unitprice|priceeach|unitamount",
    },
    (Entity.ORDER, "discount_codes"): {
        "code": "name|couponcode|discountcode|voucher|coupon",
        "amount": "value|discount|discountamount|total",
    },
    (Entity.PRODUCT, "variants"): {
        "id": "variantid|variant_id",
        "sku": "",
        "title": "name|varianttitle|variantname|label",
        "image_url": "image|imageurl|thumbnail|picture",
        "status": "state|active|enabled",
        "position": "rank|sort|sortorder|place",
    },
}
# Without these a rule cannot be applied, or a record not be told.
_NEEDED = {"product_id", "variant_id", "quantity", "code", "id"}


def _names(desk: Desk, entity: Entity) -> Findings:
    for (of, column), known in _KEYS.items():
        if of is not entity:
            continue
        items = [
            item
            for row in values(desk, entity)
            for item in row.get(column) or ()
            if isinstance(item, dict)
        ]
        given = {key for item in items for key in item}
        for name, others in known.items():
            meant = [
                key
                for key in given - set(known)
                if re.fullmatch(
                    rf"{re.escape(name.replace('_', ''))}|{others}", re.sub("[_-]", "", key.lower())
                )
            ]
            if items and name not in given and meant:
                say = error if name in _NEEDED else warning
                yield say(
                    f'{column} calls it "{meant[0]}", which is not read',
                    where=column_place(desk, entity, column),
                    why="A key that is not known is dropped without a word.",
                    mend=f"Call it '{name}'.",
                )


def _bound(desk: Desk, entity: Entity) -> Findings:
    """A sub-select without its condition gives every record the same list."""
    for of, column in _KEYS:
        if of is not entity:
            continue
        lists = Counter(
            json.dumps(row[column], default=str, sort_keys=True)
            for row in values(desk, entity)
            if row.get(column)
        )
        if len(lists) == 1 and lists.total() >= max(FEW, 5):
            yield error(
                f"all of {lists.total():,} {entity.plural} have the same {column}",
                where=column_place(desk, entity, column),
                why="Everybody would be told as having bought, used or offered all of it.",
                mend=f"Bind the sub-select to its {entity.value}: WHERE child.{entity.value}_id = "
                f"{entity.value[0]}.id.",
            )


def _swapped(desk: Desk) -> Findings:
    """Product and variant of a line against the products' own lists."""
    owner: dict[str, set[str]] = defaultdict(set)
    for row in values(desk, Entity.PRODUCT):
        for item in row.get("variants") or ():
            if isinstance(item, dict) and item.get("id") is not None:
                owner[str(item["id"])].add(str(row["id"]))
    pairs = [
        (str(item.get("product_id")), str(item["variant_id"]))
        for row in values(desk, Entity.ORDER)
        for item in row.get("line_items") or ()
        if isinstance(item, dict)
        and item.get("product_id") is not None
        and item.get("variant_id") is not None
        and str(item["variant_id"]) in owner
    ]
    wrong = sum(product not in owner[variant] for product, variant in pairs)
    if len(pairs) >= FEW and wrong / len(pairs) > 0.5:
        yield error(
            f"on {wrong:,} of {len(pairs):,} lines the variant is one of another product",
            where=column_place(desk, Entity.ORDER, "line_items"),
            why="Product rules would be applied to the wrong products.",
            mend="Are 'product_id' and 'variant_id' exchanged, or is the join to variants wrong?",
        )


CHECKS = (
    *(
        Check(
            f"{entity.plural}.{name}", promise, each(look, entity), (f"{entity.plural}.transform",)
        )
        for entity in (Entity.PRODUCT, Entity.ORDER)
        for name, promise, look in (
            ("names", "what lists hold is called as it is read", _names),
            ("bound", "each record has a list of its own", _bound),
        )
    ),
    Check(
        "orders.variants",
        "variants on lines belong to their products",
        _swapped,
        ("orders.transform", "products.transform"),
    ),
)
