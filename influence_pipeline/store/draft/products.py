"""The SELECT of the products with their variants."""

from __future__ import annotations

import textwrap

from influence_pipeline.records import Entity
from influence_pipeline.store.catalog import Column, Shape, Table
from influence_pipeline.store.draft import parts
from influence_pipeline.store.draft.columns import (
    NUMBERS,
    TEXTS,
    Looked,
    like_labels,
    like_numbers,
)
from influence_pipeline.store.draft.findings import Findings, Step
from influence_pipeline.store.draft.select import Drafted, comment, json_list
from influence_pipeline.store.draft.words import is_said, tokens


def products(found: Findings) -> Drafted:
    table = found["products"]
    if table is None:
        return parts.without(Entity.PRODUCT, found, "products")
    looked, alias = found.look(table), "p"
    drafted = Drafted(Entity.PRODUCT, joins=[f"FROM {table.quoted} {alias}"])
    parts.head(drafted, found, ("products", "variants"))
    key = found.key(table)
    taken = set(key)
    drafted.add(
        "id", parts.key_sql(table, alias, key), f"{', '.join(key)}: the key that others name"
    )
    chosen: list[Column | None] = []
    for name, field in (("title", "title"), ("sku", "sku"), ("image_url", "image"), ("url", "url")):
        choice = parts.add_text(drafted, looked, name, field, alias, taken)
        chosen.append(choice.column if choice else None)
    created = parts.add_moment(drafted, found, looked, ("created",), alias, taken)
    chosen.append(created.column if created else None)
    _add_status(drafted, looked, alias)
    parts.only_its_kind(drafted, table, alias)
    parts.leave_out_deleted(drafted, looked, alias)
    drafted.source(f"{table.quoted} {alias}", alias, parts.key_sql(table, alias, key))
    parts.add_sources_beside(drafted, found, looked, alias, chosen)
    variants = found["variants"]
    if variants is not None:
        _add_variants(drafted, found, table, variants, key)
    else:
        own = parts.key_sql(table, alias, key)
        title = next((i.sql for i in drafted.items if i.name == "title"), "NULL::text")
        drafted.add(
            "variants",
            f"jsonb_build_array(jsonb_build_object('id', {own}, 'title', {title}, 'position', 0))",
            "no table of variants was found: each product is its only variant",
        )
    return drafted


def _add_status(drafted: Drafted, looked: Looked, alias: str) -> None:
    choice = looked.pick("active", {Shape.BOOLEAN, Shape.MOMENT, Shape.NAIVE}, enough=36)
    if choice is not None:
        sql = choice.column.sql(alias)
        condition = sql if choice.column.shape is Shape.BOOLEAN else f"{sql} IS NOT NULL"
        drafted.add("status", f"CASE WHEN {condition} THEN 'active' ELSE 'draft' END", choice.why)
        return
    choice = looked.pick("status", TEXTS, asks=like_labels, enough=30)
    if choice is None or choice.seen is None or not choice.seen.labels:
        return
    labels = [label for label, _ in choice.seen.labels]
    sold = [
        label for label in labels if any(is_said(t, s) for t in tokens(label) for s in _ON_SALE)
    ]
    if sold:
        listed = ", ".join("'" + label.replace("'", "''") + "'" for label in sold)
        drafted.add(
            "status",
            f"CASE WHEN {choice.column.sql(alias)}::text IN ({listed}) "
            "THEN 'active' ELSE 'draft' END",
            choice.why,
            f"{choice.column.name} is one of {', '.join(labels)}; which are on sale?",
        )


_ON_SALE = ("active", "publish", "enabled", "live", "aktiv", "actif", "activo", "visible", "online")


def _add_variants(
    drafted: Drafted, found: Findings, table: Table, variants: Table, key: tuple[str, ...]
) -> None:
    looked, alias = found.look(variants), "v"
    (link, *_) = found.links(variants, table)
    own = found.key(variants)
    taken = {*own, *link.columns}
    pairs = [("id", parts.key_sql(variants, alias, own))]
    reasons = [f"Variants: rows of {variants.quoted} by {', '.join(link.columns)} ({link.why})."]
    chosen: list[Column | None] = []
    for name, field in (("title", "size_title"), ("sku", "sku"), ("image_url", "image")):
        choice = looked.pick(field, TEXTS, taken=taken)
        if choice is not None:
            pairs.append((name, choice.column.sql(alias)))
            reasons.append(f"{name}: {choice.why}.")
            taken.add(choice.column.name)
            chosen.append(choice.column)
    order = parts.order_of(variants, alias)
    place = looked.pick("position", NUMBERS, taken=taken, asks=like_numbers)
    if place is not None:
        pairs.append(("position", place.column.sql(alias)))
        reasons.append(f"position: {place.why}.")
        order.insert(0, place.column.sql(alias))
        chosen.append(place.column)
    conditions = [parts.joined_on(variants, alias, link, table, "p")]
    only = variants.condition(alias)
    if only:
        conditions.append(only)
    deleted = Drafted(Entity.PRODUCT)
    parts.leave_out_deleted(deleted, looked, alias)
    conditions += [condition for condition, _ in deleted.where]
    lines = [line for reason in reasons for line in comment(reason, "    ")]
    drafted.joins.append(
        "CROSS JOIN LATERAL (\n"
        + "\n".join(lines)
        + f"\n    SELECT {json_list(pairs, order, '    ')} AS list\n"
        + f"    FROM {variants.quoted} {alias}\n"
        + textwrap.indent("WHERE " + "\nAND ".join(conditions), "    ")
        + "\n) AS variants"
    )
    drafted.add("variants", "variants.list")
    parts.add_source(drafted, found, [Step(variants, link)], [alias], key)
    for column in chosen:
        beside = looked.beside.get(column.name) if column is not None else None
        if beside is not None and not beside.looked_up:
            steps = [Step(beside.table, beside.link), Step(variants, link)]
            parts.add_source(drafted, found, steps, ["m", alias], key)
