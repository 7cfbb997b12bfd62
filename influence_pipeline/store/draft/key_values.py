"""Stores that keep several kinds of things in one table, or values in a table of keys and values
(WordPress: posts and postmeta; Magento: attributes), or words in a table beside (status_id).

Each is made to look like plain tables and columns, so that the rest need not know.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

import sqlalchemy as sa

from influence_pipeline.postgres import driver_cursor
from influence_pipeline.store.catalog import Catalog, Column, Link, Shape, Table
from influence_pipeline.store.draft.asking import ask, literal
from influence_pipeline.store.draft.translations import translations
from influence_pipeline.store.draft.words import concepts_of, is_noise, likeness, tokens

# Rows that are looked at for the kinds or keys that there are, and how many tables are.
_ROWS = 20_000
_TABLES = 12
_KEYS = 80


@dataclass(frozen=True)
class Beside:
    """A table whose rows are read through `of_key` columns: a source of its own.

    `link`: from its rows to the table's rows, or the other way round (`looked_up`).
    """

    table: Table
    link: Link
    looked_up: bool = False


def split_kinds(connection: sa.Connection, catalog: Catalog) -> Catalog:
    """Add a table for each kind of thing in tables that hold several (posts by post_type)."""
    added: list[Table] = []
    links: dict[int, list[Link]] = defaultdict(list)
    asked = 0
    for table in list(catalog):
        column = _kind_column(table)
        if column is None or asked == _TABLES:
            continue
        asked += 1
        for value in _values(connection, table, column):
            if not concepts_of(value) or is_noise(value):
                continue
            number = -(len(added) + 1)
            quoted = _literal(connection, value)
            added.append(
                replace(
                    table,
                    oid=number,
                    name=value,
                    only=f"{{alias}}.{column.quoted}::text = {quoted}",
                    uniques=table.uniques,
                )
            )
            for other in catalog:
                links[other.oid] += [
                    replace(link, target=number, why=f"a row of {table.name}")
                    for link in other.links
                    if link.target == table.oid
                ]
    for variant in added:
        # A variation's post_parent is its product.
        links[variant.oid] += [
            Link((column.name,), product.oid, product.identity, column.name)
            for column in variant.columns.values()
            if "variant" in concepts_of(variant.name) and "parent" in tokens(column.name)
            for product in added
            if concepts_of(product.name) == {"product"} and product.quoted == variant.quoted
        ]
    if not added:
        return catalog
    return catalog.with_tables(added).with_links(links)


def _kind_column(table: Table) -> Column | None:
    """A text column that tells kinds apart, of a table whose own name says little."""
    if not table.readable or not table.identity or concepts_of(table.name):
        return None
    for column in table.columns.values():
        words = tokens(column.name)
        if column.shape in (Shape.TEXT, Shape.ENUM) and words[-1:] in (("type",), ("kind",)):
            return column
    return None


def _values(connection: sa.Connection, table: Table, column: Column) -> list[str]:
    statement = (
        f"SELECT v FROM (SELECT {column.sql('s')}::text AS v FROM {table.quoted} AS s "
        f"LIMIT {_ROWS}) AS few WHERE length(v) BETWEEN 1 AND 60 "
        "GROUP BY v ORDER BY count(*) DESC, v LIMIT 40"
    )
    return [value for (value,) in _asked(connection, statement)]


def with_columns_beside(
    connection: sa.Connection, catalog: Catalog, table: Table
) -> tuple[Table, dict[str, Beside]]:
    """Give the table with columns for what tables of keys and values, and tables of words, say of
    its rows; and by such a column's name the table that it is read from."""
    columns: dict[str, Column] = {}
    beside: dict[str, Beside] = {}
    for other in catalog:
        for link in other.links:
            keyed = key_and_value(other)
            if link.target == table.oid and keyed is not None and len(link.columns) == 1:
                key, value = keyed
                for name in _keys(connection, table, other, link, key):
                    if name in table.columns or name in columns:
                        continue
                    columns[name] = _of_key(connection, table, other, link, key, value, name)
                    beside[name] = Beside(other, link)
    for text, other, link in translations(connection, catalog, table):
        if text.name not in table.columns and text.name not in columns:
            columns[text.name] = text
            beside[text.name] = Beside(other, link)
    for link in table.links:
        found = _word_beside(catalog, table, link)
        if found is not None and found.name not in table.columns:
            columns[found.name] = found
            beside[found.name] = Beside(catalog[link.target], link, looked_up=True)
    return replace(table, columns={**table.columns, **columns}), beside


def key_and_value(table: Table) -> tuple[Column, Column] | None:
    """The two columns of a table of keys and values; None of any other table."""
    if len(table.columns) > 8 or not table.readable:
        return None
    keys = [
        c for c in table.columns.values()
        if c.shape is Shape.TEXT and tokens(c.name)[-1:] in (("key",), ("name",), ("attribute",))
    ]  # fmt: skip
    values = [
        c for c in table.columns.values()
        if c.shape in (Shape.TEXT, Shape.JSON) and tokens(c.name)[-1:] == ("value",)
    ]  # fmt: skip
    return (keys[0], values[0]) if len(keys) == 1 and len(values) == 1 else None


def _keys(
    connection: sa.Connection, table: Table, other: Table, link: Link, key: Column
) -> list[str]:
    condition = table.condition("t")
    statement = (
        f"SELECT k FROM (SELECT {key.sql('m')}::text AS k FROM {other.quoted} AS m "
        f"JOIN {table.quoted} AS t ON {table.columns[link.target_columns[0]].sql('t')} = "
        f"{other.columns[link.columns[0]].sql('m')}"
        f"{f' WHERE {condition}' if condition else ''} LIMIT {_ROWS}) AS few "
        "WHERE length(k) BETWEEN 1 AND 60 AND k !~ '[{}@]' "
        f"GROUP BY k HAVING count(*) > 1 ORDER BY count(*) DESC, k LIMIT {_KEYS}"
    )
    return [name for (name,) in _asked(connection, statement)]


def _of_key(
    connection: sa.Connection,
    table: Table,
    other: Table,
    link: Link,
    key: Column,
    value: Column,
    name: str,
) -> Column:
    text = (
        f"(SELECT m.{value.quoted}::text FROM {other.quoted} m "
        f"WHERE m.{other.columns[link.columns[0]].quoted} = "
        f"{{alias}}.{table.columns[link.target_columns[0]].quoted} "
        f"AND m.{key.quoted} = {_literal(connection, name)} "
        f"ORDER BY {', '.join(other.columns[c].sql('m') for c in other.identity or (value.name,))} "
        "LIMIT 1)"
    )
    return Column(name, name, "text", Shape.TEXT, of_key=(text, f"{name} of {other.name}"))


def _word_beside(catalog: Catalog, table: Table, link: Link) -> Column | None:
    """Of a link to a table of words (statuses, currencies): the word."""
    target = catalog.get(link.target)
    if target is None or len(link.columns) != 1 or (target.rows or 0) > 1000 or target.only:
        return None
    name = link.columns[0]
    if table.columns[name].shape is Shape.TEXT:
        return None  # It is the word itself.
    kind = next((k for k in ("status", "currency") if likeness(name, k) >= 20), None)
    if kind is None:
        return None
    wanted = ("code", "iso", "name", "label", "title", "status", "state", "key", "bezeichnung")
    texts = [c for c in target.columns.values() if c.shape in (Shape.TEXT, Shape.ENUM)]
    texts = [c for c in texts if set(tokens(c.name)) & set(wanted)]
    if not texts:
        return None
    texts.sort(key=lambda c: min(wanted.index(t) for t in tokens(c.name) if t in wanted))
    # Built from the store's own names, as the catalog quotes them.
    text = (
        f"(SELECT w.{texts[0].quoted}::text FROM {target.quoted} w "
        f"WHERE w.{target.columns[link.target_columns[0]].quoted} = "
        f"{{alias}}.{table.columns[name].quoted})"
    )
    words = [word for word in tokens(name) if word not in {"id", "fk"}]
    column = "_".join(words) or kind
    if column in table.columns:
        column = f"{column}_{texts[0].name}"
    return Column(
        column, column, "text", Shape.TEXT, of_key=(text, f"{target.name}.{texts[0].name}")
    )


def _literal(connection: sa.Connection, value: str) -> str:
    return literal(driver_cursor(connection), value)


def _asked(connection: sa.Connection, statement: str) -> list[tuple[str]]:
    found = ask(connection, statement)
    return [] if isinstance(found, str) else found
