"""Whether a source's rows make up the records that its key leads to, by trying.

The store is not changed for it. A record is read twice: as it is, and through the same SELECT in
which the source's table is hidden behind a WITH of the same name that lacks one row. If the record
that the key names does not change, and another one does, the key names the wrong column.

Rows that make no difference to anything (a declined payment, say) prove nothing either way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg2
import sqlalchemy as sa

from influence_pipeline.postgres import literal, run
from influence_pipeline.store.mapping import Described
from influence_pipeline.store.sources import nodes_of, plan_nodes

# Rows tried of each table, and records that are searched for one that a stray row belongs to.
_ROWS = 6
_RECORDS = 200


@dataclass(frozen=True)
class Stray:
    """A row that the key leads to record `key`, and that makes up record `owner`. `better`: the
    column that names the owner, of every such row."""

    key: str
    owner: str
    better: str | None


@dataclass(frozen=True)
class Tried:
    """What trying `rows` rows of a table showed. `idle`: none of them made a difference to any
    record, and they were enough to wonder."""

    table: str
    rows: int
    stray: Stray | None
    idle: bool


@dataclass(frozen=True)
class _Row:
    """A row: whether it makes up a record that its key names, and if not, whose it is. `named`:
    what its columns hold."""

    led_to: list[str]
    own: bool
    owners: list[str]
    named: dict[str, str]


@dataclass(frozen=True)
class _Table:
    schema: str
    name: str
    columns: tuple[str, ...]
    # Expressions of columns that are the table's own key, by the alias.
    own_keys: frozenset[str]

    @property
    def quoted(self) -> str:
        return f"{_quoted(self.schema)}.{_quoted(self.name)}"


def tried(
    connection: sa.Connection, described: Described, number: int, records: Sequence[str]
) -> Iterator[Tried]:
    """Try some rows of each table of a source, and say what they make up. `records`: keys of some
    records there are. What cannot be tried is left out.

    `connection`: in a read-only transaction; every trial is a savepoint of it.
    """
    source = described.mapping.sources[number]
    nodes = plan_nodes(connection, f"SELECT ({source.key}\n) FROM {source.from_clause}\n")
    for alias in source.aliases:
        table = _behind(connection, nodes, alias)
        if table is None:
            continue
        rows = [
            made
            for place in _some_rows(connection, described, number, alias)
            if (made := _row(connection, described, number, alias, table, place, records))
        ]
        if rows:
            yield Tried(f"{table.schema}.{table.name}", len(rows), _stray(table, rows), _idle(rows))


def _stray(table: _Table, rows: Sequence[_Row]) -> Stray | None:
    astray = [row for row in rows if row.owners]
    if not astray:
        return None
    # A column is a better key if it names an owner for each of these rows. That of the table's own
    # key does so by chance only.
    better = next(
        (
            column
            for column in astray[0].named
            if column not in table.own_keys
            and all(row.named.get(column) in row.owners for row in astray)
        ),
        None,
    )
    first = astray[0]
    owner = first.named[better] if better else first.owners[0]
    return Stray(first.led_to[0], owner, better)


def _idle(rows: Sequence[_Row]) -> bool:
    return len(rows) >= _ROWS and not any(row.own or row.owners for row in rows)


def _behind(connection: sa.Connection, nodes: list[dict[str, Any]], alias: str) -> _Table | None:
    """Give the one table behind an alias; none for views, partitions and foreign tables."""
    found = {
        (str(node["Schema"]), str(node["Relation Name"]))
        for node in nodes_of(nodes, alias)
        if "Relation Name" in node
    }
    if len(found) != 1:
        return None
    schema, name = found.pop()
    columns = run(
        connection,
        """
        SELECT a.attname::text, EXISTS (
            SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary
              AND i.indnatts = 1 AND i.indkey[0] = a.attnum
        ) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE (n.nspname, c.relname) = (%(schema)s, %(name)s) AND c.relkind = 'r'
          AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
          AND has_column_privilege(c.oid, a.attnum, 'SELECT')
        ORDER BY a.attnum
        """,
        {"schema": schema, "name": name},
    ).fetchall()
    if not columns:
        return None
    own = frozenset(f"{alias}.{_plain(column)}" for column, is_key in columns if is_key)
    return _Table(schema, name, tuple(column for column, _ in columns), own)


def _some_rows(
    connection: sa.Connection, described: Described, number: int, alias: str
) -> list[str]:
    source = described.mapping.sources[number]
    return [
        place
        for (place,) in _ask(
            connection,
            f"SELECT place FROM (SELECT DISTINCT {alias}.ctid::text AS place "
            f"FROM {source.from_clause}\n WHERE ({source.key}\n) IS NOT NULL) q "
            f"ORDER BY hashtext(place) LIMIT {_ROWS}",
        )
        or []
    ]


def _row(
    connection: sa.Connection,
    described: Described,
    number: int,
    alias: str,
    table: _Table,
    place: str,
    records: Sequence[str],
) -> _Row | None:
    """Try one row; None where it cannot be tried."""
    source = described.mapping.sources[number]
    led_to = [
        key
        for (key,) in _ask(
            connection,
            f"SELECT DISTINCT ({source.key}\n)::text FROM {source.from_clause}\n "
            f"WHERE {alias}.ctid = '{place}'::tid AND ({source.key}\n) IS NOT NULL LIMIT 200",
        )
        or []
    ]
    changed = _changed(connection, described, table, place, led_to)
    if changed is None or not led_to:
        return None
    if changed:
        return _Row(led_to, own=True, owners=[], named={})
    named = _named_by(connection, source.from_clause, alias, place, table)
    others = dict.fromkeys((*named.values(), *records[:_RECORDS]))
    owners = _changed(
        connection, described, table, place, [key for key in others if key not in led_to]
    )
    return _Row(led_to, own=False, owners=owners or [], named=named)


def _named_by(
    connection: sa.Connection, from_clause: str, alias: str, place: str, table: _Table
) -> dict[str, str]:
    """Give what each of the row's own columns holds, by its expression."""
    named: dict[str, str] = {}
    for column in table.columns:
        expression = f"{alias}.{_plain(column)}"
        rows = _ask(
            connection,
            f"SELECT ({expression})::text FROM {from_clause}\n "
            f"WHERE {alias}.ctid = '{place}'::tid LIMIT 1",
        )
        value = rows[0][0] if rows else None
        if value is not None and len(value) < 200:
            named[expression] = value
    return named


def _changed(
    connection: sa.Connection,
    described: Described,
    table: _Table,
    place: str,
    keys: Sequence[str],
) -> list[str] | None:
    """Give the records that are other ones without the row; None where that cannot be asked."""
    if not keys:
        return []
    hidden = _without_schema(described.mapping.select, table)
    columns = ", ".join(map(_quoted, table.columns))
    without = (
        f"WITH {_quoted(table.name)} AS NOT MATERIALIZED "
        f"(SELECT {columns} FROM {literal(table.quoted)} WHERE ctid <> '{place}'::tid) "
    )
    before = _hashes(connection, described, described.mapping.select, "", keys)
    after = _hashes(connection, described, hidden, literal(without), keys)
    if before is None or after is None:
        return None
    return [key for key in before if before[key] != after.get(key)]


def _hashes(
    connection: sa.Connection,
    described: Described,
    select: str,
    before: str,
    keys: Sequence[str],
) -> dict[str, int] | None:
    rows = _ask(
        connection,
        f"{before}SELECT q.id::text, {described.hash_expression} "
        f"FROM unnest(%(keys)s::text[]) AS wanted (key) CROSS JOIN LATERAL "
        f"(SELECT {described.row_expression} FROM (\n{literal(select)}\n) AS canonical "
        f"WHERE canonical.id = wanted.key::{described.key_type} OFFSET 0) AS q",
        {"keys": _usable(connection, described, keys)},
    )
    return None if rows is None else dict(rows)


def _usable(connection: sa.Connection, described: Described, keys: Sequence[str]) -> list[str]:
    """Leave out texts that are no key of this type."""
    if described.key_is_text:
        return list(keys)
    cast = f"SELECT %(key)s::{literal(described.key_type)}"
    return [key for key in keys if _ask(connection, cast, {"key": key}) is not None]


def _without_schema(select: str, table: _Table) -> str:
    """Take the schema off this table's name, so that the WITH of that name is meant."""
    schema = rf'(?:\b{re.escape(table.schema)}|"{re.escape(table.schema)}")'
    name = rf'(?:{re.escape(table.name)}\b|"{re.escape(table.name)}")'
    return re.sub(rf"{schema}\s*\.\s*(?={name})", "", select)


def _ask(
    connection: sa.Connection, sql: str, parameters: dict[str, object] | None = None
) -> list[Any] | None:
    try:
        with connection.begin_nested():
            return list(run(connection, sql, parameters).fetchall())
    except psycopg2.Error:
        return None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _plain(name: str) -> str:
    """Quote a column's name where that is needed, as a person would write it."""
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else _quoted(name)
