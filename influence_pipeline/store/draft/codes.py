"""The discount codes of an order: of a table of its codes, or of a column."""

from __future__ import annotations

from influence_pipeline.store.catalog import Column, Shape, Table
from influence_pipeline.store.draft import parts
from influence_pipeline.store.draft.columns import (
    LABELS,
    NUMBERS,
    TEXTS,
    Choice,
    Looked,
    amount,
    in_cents,
    like_amounts,
)
from influence_pipeline.store.draft.findings import Findings
from influence_pipeline.store.draft.select import Drafted, comment, json_list
from influence_pipeline.store.draft.words import concepts_of


def add_codes(
    drafted: Drafted, found: Findings, looked: Looked, alias: str, total: Choice | None
) -> Choice | None:
    """discount_codes: of a table of an order's codes, or of a column."""
    table = found["codes of an order"]
    if table is not None and _add_code_rows(drafted, found, looked.table, alias, table, total):
        return None

    def speaks_of_coupons(column: Column, _: object) -> tuple[int, str | None] | None:
        return (0, None) if {"coupon", "discount"} & concepts_of(column.name) else None

    choice = looked.pick(
        "code", LABELS | {Shape.ARRAY} - {Shape.INTEGER}, asks=speaks_of_coupons, enough=30
    )
    if choice is None or choice.column.shape is Shape.INTEGER:
        return None
    sql = choice.column.sql(alias)
    if choice.column.shape is Shape.ARRAY:
        drafted.add("discount_codes", f"coalesce(to_jsonb({sql}), '[]')", choice.why)
    else:
        drafted.add(
            "discount_codes",
            f"CASE WHEN btrim({sql}::text) <> '' THEN jsonb_build_array({sql}::text) ELSE '[]' END",
            choice.why,
            "is it one code, or a list with commas?",
        )
    return choice


def _add_code_rows(
    drafted: Drafted,
    found: Findings,
    orders: Table,
    alias: str,
    table: Table,
    total: Choice | None,
) -> bool:
    steps = found.path(table, orders)
    if steps is None:
        return False
    looked = found.look(table)
    cents = total is not None and in_cents(total) is not None
    taken = set(steps[0].link.columns)
    join = ""
    code = looked.pick("code", TEXTS, taken=taken, enough=30)
    if code is not None:
        code_sql, order = code.column.sql("d"), code.column.sql("d")
        why = code.why
    else:
        named = _code_of_another(found, looked, taken)
        if named is None:
            return False
        code_sql, join, why = named
        order = code_sql
    pairs = [("code", code_sql)]
    value = looked.pick("amount", NUMBERS, taken=taken, asks=like_amounts, enough=32)
    if value is None:
        value = looked.pick("discount_total", NUMBERS, taken=taken, asks=like_amounts, enough=32)
    if value is None:
        value = _the_only_amount(looked, taken)
        why += f". amount: {value.why}" if value is not None else ""
    if value is not None:
        pairs.append(("amount", amount(value, "d", cents=cents)[0]))
    aliases = ["d", "d2"]
    on = parts.joined_on(steps[-1].table, aliases[len(steps) - 1], steps[-1].link, orders, alias)
    body = json_list(pairs, dict.fromkeys([order, *parts.order_of(table, "d")]), "    ")
    drafted.joins.append(
        "CROSS JOIN LATERAL (\n"
        + "\n".join(comment(f"Codes: {why}.", "    "))
        + f"\n    SELECT {body} AS list\n"
        f"    FROM {parts.from_path(found, steps, aliases)}\n{join}"
        f"    WHERE {on} AND {code_sql} IS NOT NULL\n) AS codes"
    )
    drafted.add("discount_codes", "codes.list")
    parts.add_source(drafted, found, steps, aliases, found.key(orders))
    if join and len(steps) == 1:
        drafted.source(
            f"{table.quoted} d {' '.join(join.split())}",
            "k",
            parts.key_sql(table, "d", steps[0].link.columns),
            "the code stands there",
        )
    return True


def _the_only_amount(looked: Looked, taken: set[str]) -> Choice | None:
    """A column that is in cents by its name, where the table has no other."""
    found = [
        Choice(column, 0, ("cents by its name",), seen=looked.sample.seen.get(column.name))
        for column in looked.table.columns.values()
        if column.name not in taken and column.shape in NUMBERS - {Shape.TEXT}
    ]
    return found[0] if len(found) == 1 and in_cents(found[0]) == "cents by its name" else None


def _code_of_another(
    found: Findings, looked: Looked, taken: set[str]
) -> tuple[str, str, str] | None:
    """The code of a coupon that a row of this table leads to, how to join it, and why."""
    for link in looked.table.links:
        target = found.catalog.get(link.target)
        if target is None or set(link.columns) & taken or not target.readable:
            continue
        code = found.look(target).pick("code", TEXTS, enough=36)
        if code is not None:
            on = parts.joined_on(looked.table, "d", link, target, "k")
            return code.column.sql("k"), f"    JOIN {target.quoted} k ON {on}\n", code.why
    return None
