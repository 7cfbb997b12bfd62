"""The SELECT of the orders, with lines, codes and where the money is."""

from __future__ import annotations

from dataclasses import replace

from influence_pipeline.records import Entity
from influence_pipeline.store.catalog import Shape
from influence_pipeline.store.draft import parts
from influence_pipeline.store.draft.buyers import add_buyer
from influence_pipeline.store.draft.codes import add_codes
from influence_pipeline.store.draft.columns import (
    MOMENTS,
    NUMBERS,
    TEXTS,
    Choice,
    Looked,
    amount,
    in_cents,
    like_amounts,
    like_currencies,
    like_moments,
)
from influence_pipeline.store.draft.findings import Findings
from influence_pipeline.store.draft.lines import add_lines
from influence_pipeline.store.draft.money import add_financial_status
from influence_pipeline.store.draft.select import Drafted
from influence_pipeline.store.draft.words import likeness, tokens

UNKNOWN_CURRENCY = "EUR"


def orders(found: Findings) -> Drafted:
    table = found["orders"]
    if table is None:
        return parts.without(Entity.ORDER, found, "orders")
    looked, alias = found.look(table), "o"
    drafted = Drafted(Entity.ORDER, joins=[f"FROM {table.quoted} {alias}"])
    roles = ("orders", "order lines", "payments", "refunds", "codes of an order")
    parts.head(drafted, found, roles)
    key = found.key(table)
    taken = set(key)
    drafted.add(
        "id", parts.key_sql(table, alias, key), f"{', '.join(key)}: the key that others name"
    )
    drafted.source(f"{table.quoted} {alias}", alias, parts.key_sql(table, alias, key))
    number = looked.pick("number", {Shape.TEXT, Shape.INTEGER}, taken=taken, enough=36)
    if number is not None:
        drafted.add("number", number.column.sql(alias), number.why)
    chosen = [number, *add_buyer(drafted, found, looked, alias, taken)]
    chosen.append(_add_currency(drafted, found, looked, alias, taken))
    total = looked.pick("total", NUMBERS, taken=taken, asks=like_amounts)
    only_part = total is None
    if only_part:
        total = looked.pick("subtotal", NUMBERS, taken=taken, asks=like_amounts)
    chosen.append(total)
    _add_amounts(drafted, looked, alias, total, taken, only_part=only_part)
    add_lines(drafted, found, table, alias, total)
    columns = add_financial_status(drafted, found, looked, alias, total)
    created = parts.add_moment(drafted, found, looked, ("placed", "created"), alias, taken)
    if created is not None:
        chosen.append(created)
        _doubt_created(drafted, looked, created)
        _leave_out_not_placed(drafted, created, alias)
    parts.only_its_kind(drafted, table, alias)
    parts.leave_out_deleted(drafted, looked, alias)
    chosen.append(add_codes(drafted, found, looked, alias, total))
    columns += [choice.column for choice in chosen if choice is not None]
    parts.add_sources_beside(drafted, found, looked, alias, columns)
    return drafted


def _add_currency(
    drafted: Drafted, found: Findings, looked: Looked, alias: str, taken: set[str]
) -> Choice | None:
    choice = looked.pick("currency", TEXTS, taken=taken, asks=like_currencies)
    if choice is not None:
        column = choice.column.sql(alias)
        text = column if choice.column.shape is Shape.TEXT else f"{column}::text"
        drafted.add("currency", f"upper({text})", choice.why)
        return choice
    known = found.wishes.currency
    drafted.add(
        "currency",
        f"'{known or UNKNOWN_CURRENCY}'",
        "no column of currencies was found",
        None if known else f"'{UNKNOWN_CURRENCY}' is a guess; which currency are the amounts in?",
    )
    return None


def _add_amounts(
    drafted: Drafted,
    looked: Looked,
    alias: str,
    total: Choice | None,
    taken: set[str],
    *,
    only_part: bool,
) -> None:
    """total, subtotal, discount_total. `only_part`: what was found for the total is a subtotal."""
    if total is None:
        return
    taken.add(total.column.name)
    cents = in_cents(total) is not None
    sql, why = amount(total, alias)
    todo = None
    if cents and "by its name" not in why:
        todo = "take `/ 100.0` off if amounts are in whole units"
    if "due" in tokens(total.column.name):
        todo = "is it all that the buyer pays, and not what is still open?"
    if only_part:
        todo = _part_of_a_total(looked) + (f" {todo}" if todo else "")
    drafted.add("total", sql, f"{total.why}{f' ({why})' if why else ''}", todo)
    for name in ("subtotal", "discount_total"):
        choice = looked.pick(name, NUMBERS, taken=taken, asks=like_amounts, enough=36)
        if choice is not None:
            sql, why = amount(choice, alias, cents=cents)
            if choice.seen is not None and choice.seen.negative:
                sql, why = f"abs({sql})", "; ".join(filter(None, [why, "kept below zero"]))
            drafted.add(name, sql, f"{choice.why}{f' ({why})' if why else ''}")
            taken.add(choice.column.name)


def _part_of_a_total(looked: Looked) -> str:
    rest = ", ".join(
        column.name
        for column in looked.table.columns.values()
        if column.shape in NUMBERS - {Shape.TEXT} and "shipping" in tokens(column.name)
    )
    beside = f" ({rest})" if rest else ""
    return (
        "no column of totals was found, and this is a subtotal: add what the buyer paid beside it"
        f"{beside}."
    )


def _doubt_created(drafted: Drafted, looked: Looked, created: Choice) -> None:
    """A cart is created long before it is an order."""
    other = looked.pick(
        "completed", MOMENTS, taken={created.column.name}, asks=like_moments, enough=36
    )
    if other is None:
        return
    for place, item in enumerate(drafted.items):
        if item.name == "created_at" and not likeness(created.column.name, "placed"):
            doubt = f"is an order placed at {other.column.name}, and a cart before that?"
            todo = f"{item.todo}; {doubt}" if item.todo else doubt
            drafted.items[place] = replace(item, todo=todo)


def _leave_out_not_placed(drafted: Drafted, created: Choice, alias: str) -> None:
    """A moment of placing that some rows have not: carts and drafts share the table."""
    if created.column.not_null or created.seen is None or created.seen.filled == 1:
        return
    if created.seen.rows:
        drafted.where.append(
            (
                f"{created.column.sql(alias)} IS NOT NULL",
                f"TODO: rows without {created.column.name} are taken for carts or drafts.",
            )
        )
