"""The lines of an order, as the SELECT of the orders gives them."""

from __future__ import annotations

from influence_pipeline.store.catalog import Column, Table
from influence_pipeline.store.draft import parts
from influence_pipeline.store.draft.columns import (
    NUMBERS,
    TEXTS,
    Choice,
    amount,
    count,
    in_cents,
    like_amounts,
    like_numbers,
)
from influence_pipeline.store.draft.findings import Findings, Step
from influence_pipeline.store.draft.select import Drafted, comment, json_list
from influence_pipeline.store.draft.words import CONCEPTS, tokens


def add_lines(
    drafted: Drafted, found: Findings, table: Table, alias: str, total: Choice | None
) -> None:
    lines = found["order lines"]
    steps = found.path(lines, table) if lines is not None else None
    if lines is None or steps is None:
        return
    looked = found.look(lines)
    cents = total is not None and in_cents(total) is not None
    taken = {column for step in steps[:1] for column in step.link.columns} | set(lines.primary)
    reasons = [f"Lines: rows of {lines.quoted}, {steps[0].link.why}."]
    pairs: list[tuple[str, str]] = []
    joins: list[str] = []
    columns: list[Column] = []
    _add_sold(drafted, found, lines, steps, pairs, joins, taken)
    quantity = looked.pick("quantity", NUMBERS, taken=taken, asks=like_numbers)
    if quantity is not None:
        pairs.append(("quantity", count(quantity, "l")))
        reasons.append(f"quantity: {quantity.why}.")
        columns.append(quantity.column)
        taken.add(quantity.column.name)
    else:
        pairs.append(("quantity", "1"))
        reasons.append("TODO: no column was found for quantity; 1 is a guess.")
    title = looked.pick("title", TEXTS, taken=taken)
    if title is not None:
        pairs.append(("title", title.column.sql("l")))
        reasons.append(f"title: {title.why}.")
        columns.append(title.column)
    price = looked.pick("unit_price", NUMBERS, taken=taken, asks=like_amounts)
    if price is not None:
        sql, why = amount(price, "l", cents=cents)
        pairs.append(("unit_price", sql))
        reasons.append(f"unit_price: {price.why}{f' ({why})' if why else ''}.")
        columns.append(price.column)
    aliases = ["l", "l2"]
    on = parts.joined_on(steps[-1].table, aliases[len(steps) - 1], steps[-1].link, table, alias)
    if lines.only:
        on += f" AND {lines.condition('l')}"
    text = [line for reason in reasons for line in comment(reason, "    ")]
    body = json_list(pairs, parts.order_of(lines, "l"), "    ") + " AS list"
    if total is None and quantity is not None and price is not None:
        body += f",\n           coalesce(sum({dict(pairs)['quantity']} * {sql}), 0) AS total"
    drafted.joins.append(
        "CROSS JOIN LATERAL (\n"
        + "\n".join(text)
        + f"\n    SELECT {body}\n    FROM {parts.from_path(found, steps, aliases)}\n"
        + "".join(f"    {join}\n" for join in joins)
        + f"    WHERE {on}\n) AS lines"
    )
    drafted.add("line_items", "lines.list")
    if " AS total" in body:
        drafted.add(
            "total",
            "lines.total",
            "what the lines add up to",
            "no column of totals was found: add shipping and taxes, take discounts off",
        )
    parts.add_source(drafted, found, steps, aliases, found.key(table))
    for column in columns:
        beside = looked.beside.get(column.name)
        if beside is not None and not beside.looked_up:
            further = [Step(beside.table, beside.link), *steps]
            parts.add_source(drafted, found, further, ["m", *aliases], found.key(table))


def _add_sold(
    drafted: Drafted,
    found: Findings,
    lines: Table,
    steps: list[Step],
    pairs: list[tuple[str, str]],
    joins: list[str],
    taken: set[str],
) -> None:
    """product_id and variant_id of a line; the product through the variant where need be."""
    products, variants = found["products"], found["variants"]
    to_product = found.links(lines, products, CONCEPTS["product"]) if products else []
    to_variant = found.links(lines, variants, CONCEPTS["variant"]) if variants else []
    if to_product and products is not None and to_product[0].target_columns == found.key(products):
        pairs.append(("product_id", parts.key_sql(lines, "l", to_product[0].columns)))
        taken.update(to_product[0].columns)
    elif to_variant and variants is not None and products is not None:
        up = found.links(variants, products)
        if up and up[0].target_columns == found.key(products):
            on = parts.joined_on(lines, "l", to_variant[0], variants, "v")
            joins.append(f"LEFT JOIN {variants.quoted} v ON {on}")
            pairs.append(("product_id", parts.key_sql(variants, "v", up[0].columns)))
            last = steps[-1]
            if len(steps) == 1 and last.link.target_columns == found.key(
                found.catalog[last.link.target]
            ):
                drafted.source(
                    f"{lines.quoted} l JOIN {variants.quoted} v ON {on}",
                    "v",
                    parts.key_sql(lines, "l", last.link.columns),
                    "a line shows the product of its variant",
                )
    if not any(name == "product_id" for name, _ in pairs):
        # A value under a key, as in a table of keys and values.
        for column in found.look(lines).table.columns.values():
            if column.of_key and {"product", "id"} <= set(tokens(column.name)):
                pairs.append(("product_id", column.sql("l")))
                taken.add(column.name)
                break
    if to_variant and variants is not None and to_variant[0].target_columns == found.key(variants):
        pairs.append(("variant_id", parts.key_sql(lines, "l", to_variant[0].columns)))
        taken.update(to_variant[0].columns)
