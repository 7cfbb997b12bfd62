"""[coupons] for a plain table of codes, where the store has one that a coupon can be put into."""

from __future__ import annotations

from collections.abc import Callable

from influence_pipeline.store.catalog import Column, Shape, Table
from influence_pipeline.store.draft.columns import (
    LABELS,
    MOMENTS,
    NUMBERS,
    Choice,
    Looked,
    in_cents,
    like_amounts,
    like_labels,
    like_moments,
)
from influence_pipeline.store.draft.findings import Findings
from influence_pipeline.store.draft.select import toml_comment
from influence_pipeline.store.draft.words import CONCEPTS

# The words for kinds of coupons that are written into the table.
_KINDS = ("percentage", "fixed", "free_shipping", "product")


def coupons(found: Findings, quote: Callable[[str], str]) -> list[str]:
    """The lines of the table [coupons]; a comment where a person must first write the statements.

    `quote` writes a TOML string.
    """
    table = found["coupons"]
    if table is None:
        return [
            "# No table of codes was found. How coupons get into the store is said here; without",
            "# it none is made, and events that ask for one wait. See docs/mapping.md, Coupons.",
            "# [coupons]",
            '# lookup = "coupon_lookup.sql"',
            '# create = "coupon_create.sql"',
        ]
    looked = found.look(table)
    columns = _columns(found, looked)
    kinds = _kinds(looked)
    lines = toml_comment(
        f"{table.quoted} looks like the table of codes: "
        f"{', '.join(f'{name} = {column.name}' for name, column in columns.items())}."
    )
    needed = _not_filled(table, columns)
    cents = _in_cents(looked, columns.get("value"))
    whole = {"code", "kind", "value"} <= set(columns) and bool(kinds) and not needed and not cents
    if needed:
        lines += toml_comment(
            f"TODO: {', '.join(needed)} must not be NULL and have no default, so the two "
            "statements must be written: docs/mapping.md, Coupons."
        )
    elif cents:
        lines += toml_comment(
            f"TODO: its values are in cents ({cents}), and a coupon's value is written in major "
            "units, so the two statements must be written: docs/mapping.md, Coupons."
        )
    elif not whole:
        lines += toml_comment(
            "TODO: it has no column of kinds in the words percentage, fixed, free_shipping, or "
            "none for the value, so the two statements must be written: docs/mapping.md, Coupons."
        )
    mapped = ", ".join(
        f"{name} = {quote(column.name)}" for name, column in columns.items() if column.name != name
    )
    body = ["[coupons]", 'writer = "table"', f"table = {quote(table.quoted)}"]
    if mapped:
        body.append(f"columns = {{ {mapped} }}")
    if whole:
        body.append(f"kinds = [{', '.join(quote(kind) for kind in kinds)}]")
    currency = found.wishes.currency
    body.append(f"{'' if currency else '# TODO: '}currency = {quote(currency or 'EUR')}")
    return lines + (body if whole else [f"# {line}" for line in body])


def _columns(found: Findings, looked: Looked) -> dict[str, Column]:
    chosen: dict[str, Column] = {}
    taken: set[str] = set()

    def take(name: str, column: Column | None) -> None:
        if column is not None and column.name not in taken:
            chosen[name] = column
            taken.add(column.name)

    code = looked.pick("code", {Shape.TEXT}, enough=30)
    take("code", code.column if code else None)
    kind = looked.pick("kind", LABELS - {Shape.INTEGER}, taken=taken, asks=like_labels)
    take("kind", kind.column if kind else None)
    value = looked.pick("amount", NUMBERS - {Shape.TEXT}, taken=taken, asks=like_amounts)
    take("value", value.column if value else None)
    expires = looked.pick("expires", MOMENTS - {Shape.INTEGER, Shape.TEXT}, asks=like_moments)
    take("expires_at", expires.column if expires else None)
    limit = looked.pick("usage_limit", {Shape.INTEGER}, taken=taken)
    take("usage_limit", limit.column if limit else None)
    customers = found["customers"]
    if customers is not None:
        links = found.links(looked.table, customers, CONCEPTS["customer"])
        if links and len(links[0].columns) == 1:
            take("customer_id", looked.table.columns[links[0].columns[0]])
    for name in ("currency", "minimum_spend", "product_ids"):
        take(name, looked.table.columns.get(name))
    return chosen


def _in_cents(looked: Looked, value: Column | None) -> str | None:
    if value is None:
        return None
    return in_cents(Choice(value, 0, (), seen=looked.sample.seen.get(value.name)))


def _kinds(looked: Looked) -> list[str]:
    kind = looked.pick("kind", LABELS - {Shape.INTEGER}, asks=like_labels)
    if kind is None:
        return []
    labels = {label for label, _ in (kind.seen.labels or ())} if kind.seen else set()
    labels |= set(kind.column.labels)
    return [word for word in _KINDS if word in labels]


def _not_filled(table: Table, columns: dict[str, Column]) -> list[str]:
    filled = {column.name for column in columns.values()}
    return [
        column.name
        for column in table.columns.values()
        if column.not_null and not column.has_default and column.name not in filled
    ]
