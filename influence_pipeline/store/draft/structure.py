"""What hangs together with what, and what its values look like, whatever the tables are called:
this speaks for a part, or against it, beside the words that `roles` goes by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from influence_pipeline.store.catalog import Column, Link, Shape, Table
from influence_pipeline.store.draft.columns import (
    LABELS,
    NUMBERS,
    TEXTS,
    Looked,
    like_amounts,
    like_emails,
    like_labels,
)
from influence_pipeline.store.draft.words import concepts_of, is_noise, singular, tokens, word_list

if TYPE_CHECKING:
    from influence_pipeline.store.draft.findings import Findings

# Tables of one role that are looked at for this.
_MOST = 8
_PLACE = frozenset(
    word_list("street road city town postcode zip postal strasse plz ort rue ville calle ciudad")
)
# What an order or a line may lead to that is nothing sold and nobody.
_NO_GOODS = frozenset({"customer", "order", "payment", "refund", "discount", "coupon", "line"})


def weigh_lines(found: Findings, orders: Table) -> None:
    """Lines lead to what is sold, and count it; amounts of both signs and kinds are a ledger's."""
    for candidate in found.roles.every("order lines")[:_MOST]:
        table = candidate.table
        if not table.readable or table.oid == orders.oid or not found.links(table, orders):
            continue
        looked = found.look(table)
        price = looked.pick("unit_price", NUMBERS, asks=like_amounts)
        if price is not None and price.seen is not None and price.seen.negative:
            _say(found, "order lines", table, -25, f"{price.column.name} is below zero too")
        kind = looked.pick("kind", LABELS, asks=like_labels, enough=36)
        if kind is not None and kind.seen is not None and len(kind.seen.labels or ()) > 1:
            _say(found, "order lines", table, -15, f"it has kinds ({kind.column.name})")
        for link in sold_by(found, table, orders):
            target = found.catalog[link.target]
            if not {"product", "variant"} & concepts_of(target.name):
                _say(
                    found,
                    "order lines",
                    table,
                    15,
                    f"{'/'.join(link.columns)} leads to {target.name}, which has a title"
                    if found.look(target).pick("title", TEXTS) is not None
                    else f"{'/'.join(link.columns)} leads to {target.name}, a part of what is sold",
                )
                break
        counts = counting(looked)
        if counts is not None:
            _say(found, "order lines", table, 10, f"{counts.name} counts: small whole numbers")


def sold_by(found: Findings, table: Table, orders: Table) -> list[Link]:
    """Foreign keys of a table of lines to what seems to be sold: a table with a title, or one that
    leads up to such a table."""
    sold = []
    for link in table.links:
        target = found.catalog.get(link.target)
        if target is None or not link.is_declared or not _may_be_goods(found, target, orders):
            continue
        if title_of(found, target) or parent_of(found, target, orders) is not None:
            sold.append(link)
    # Where a name says what is sold, a picture or a brand beside it is not.
    said = [
        link
        for link in sold
        if {"product", "variant"} & concepts_of(found.catalog[link.target].name)
    ]
    return said or sold


def title_of(found: Findings, table: Table) -> bool:
    return found.look(table).pick("title", TEXTS, enough=36) is not None


def parent_of(found: Findings, table: Table, orders: Table) -> Table | None:
    """The table with a title that rows of this one are kinds of."""
    for link in table.links:
        target = found.catalog.get(link.target)
        if target is None or target.oid == table.oid or not link.is_declared:
            continue
        column = table.columns.get(link.columns[0])
        says_so = "product" in concepts_of(target.name)
        if column is None or not (column.not_null or says_so):
            continue
        if _may_be_goods(found, target, orders) and title_of(found, target):
            return target
    return None


def _may_be_goods(found: Findings, table: Table, orders: Table) -> bool:
    taken = {one.oid for one in found.tables.values()} | {orders.oid}
    return (
        table.readable
        and table.oid not in taken
        and len(table.columns) > 2
        and not _NO_GOODS & concepts_of(table.name)
        and not _is_aside(table)
        and found.look(table).pick("email", TEXTS, asks=like_emails) is None
    )


def _is_aside(table: Table) -> bool:
    """Whether a table is noise, or a property of goods; events and kinds of tickets are sold."""
    rest = [t for t in tokens(table.name) if t not in ("event", "events", "type", "types")]
    said = {"brand", "manufacturer", "publisher", "author", "genre", "artist", "unit", "asset"}
    return (not rest and not _EVENTS & set(tokens(table.name))) or (
        is_noise("_".join(rest)) or bool(said & {singular(token) for token in rest})
    )


_EVENTS = frozenset({"event", "events"})


def counting(looked: Looked) -> Column | None:
    """A column of small whole numbers above zero."""
    keys = {c for link in looked.table.links for c in link.columns} | set(looked.table.primary)
    for column in looked.table.columns.values():
        seen = looked.sample.seen.get(column.name)
        if column.name in keys or column.shape is not Shape.INTEGER or column.of_key:
            continue
        if seen is None or seen.rows < 5 or seen.negative or seen.median is None:
            continue
        if (
            1 <= seen.median <= 20
            and seen.distinct <= 50
            and {"position", "sort"}.isdisjoint(tokens(column.name))
        ):
            return column
    return None


def weigh_customers(found: Findings, orders: Table) -> None:
    """A buyer has a name; an address has one at most beside its street."""
    for link in orders.links:
        table = found.catalog.get(link.target)
        if table is None or table.oid == orders.oid or not table.readable:
            continue
        looked = found.look(table)
        if is_address(table):
            _say(found, "customers", table, -30, "an address")
            continue
        named = [
            choice.column.name
            for field in ("first_name", "last_name")
            if (choice := looked.pick(field, TEXTS, enough=36)) is not None
        ]
        if len(set(named)) < 2:
            continue
        if looked.pick("email", TEXTS, asks=like_emails) is None:
            kept = email_beside(found, table)
            if kept is not None:
                why = f"its e-mail addresses stand in {kept[0].name}"
                _say(found, "customers", table, 30, why)
        if "customer" not in concepts_of(table.name):
            _say(found, "customers", table, 15, "people by their names, and orders lead to it")


def is_address(table: Table) -> bool:
    """Whether a table holds places rather than people."""
    words = {token for column in table.columns for token in tokens(column)}
    said = set(tokens(table.name)) & {"address", "addresses", "adresse", "adressen"}
    return bool(said) or (len(_PLACE & words) >= 2 and "customer" not in concepts_of(table.name))


def email_beside(found: Findings, people: Table) -> tuple[Table, Link] | None:
    """A table with e-mail addresses whose rows belong to people, and the link to them."""
    for table in found.catalog:
        if not table.readable or table.oid == people.oid or table.kind not in "rpm":
            continue
        if {"order", "payment"} & concepts_of(table.name) or _has_noise(table):
            continue
        links = [link for link in table.links if link.target == people.oid]
        if not links or not found.links(table, people):
            continue
        if found.look(table).pick("email", TEXTS, asks=like_emails, enough=36) is not None:
            return table, found.links(table, people)[0]
    return None


def _has_noise(table: Table) -> bool:
    """Whether a table is noise, and not for being one of addresses or of mail."""
    rest = [
        t for t in tokens(table.name) if not t.startswith(("address", "adress", "mail", "email"))
    ]
    return is_noise("_".join(rest))


def weigh_products(found: Findings) -> None:
    """What lines lead to is sold: a variant, where it leads up to a table with a title."""
    orders, lines = found["orders"], found["order lines"]
    if orders is None or lines is None:
        return
    for link in sold_by(found, lines, orders):
        table = found.catalog[link.target]
        above = parent_of(found, table, orders)
        by = f"{lines.name}.{'/'.join(link.columns)}"
        if above is None and "variant" not in concepts_of(table.name):
            _say(found, "products", table, 40, f"{by} leads to it, and it has a title")
            found.titled.add(table.oid)
        elif above is not None and (
            not title_of(found, table)
            or "variant" in concepts_of(table.name)
            or "product" in concepts_of(above.name)
        ):
            _say(found, "variants", table, 40, f"{by} leads to it, and it to {above.name}")
            _say(found, "products", above, 40, f"{by} leads to {table.name}, and that to it")
            found.titled.add(above.oid)
        elif above is not None:
            why = f"{by} leads to it, and it has a title"
            _say(found, "products", table, 40, f"{why}; or is it a variant of {above.name}?")


def _say(found: Findings, role: str, table: Table, points: int, reason: str) -> None:
    found.roles.weigh(role, table, points, reason)
