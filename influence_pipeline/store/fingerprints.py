"""Fingerprints of source rows: all rows that make a record up, in one number, without computing it.

A record's fingerprint is the sum of a hash of each of its source rows, modulo 2^63, and stands
beside their count. Sums add up: those of a table's slices to the table's, those of records to the
sum of a bucket of records. So a whole store is compared with what is known of it by a few thousand
sums, which Postgres makes in one scan, and only where a sum differs are the fingerprints of the
bucket's records asked for. A sum over keys alone tells whether a row is gone that left no trace.

A row's hash is of all its columns that this role may read. Everything is asked in parts, each a
statement of its own, so that no transaction of the store is open for long.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import psycopg2

from influence_pipeline.errors import MappingError, describe_database_error
from influence_pipeline.postgres import Postgres, Session, driver_cursor, literal, run
from influence_pipeline.store.mapping import (
    REFUSED,
    Described,
    Mapping,
    SourceTables,
    column_types,
    hashed_value,
    record_hash,
)
from influence_pipeline.store.sources import nodes_of, plan_nodes

MODULUS = 2**63
_SEED = 2_718_281_828_459_045
# So many pages of 8 kB are asked for in one statement: 1 GB, some 5 s on a small server.
PAGES_PER_PART = 131_072
_KEYS_PER_STATEMENT = 5000


@dataclass(frozen=True)
class _Source:
    """A source, ready to be asked. `key`, `row_hash`: SQL; `own_key`: the key in the source's own
    type, which an index may serve; `sliced_by`: the alias whose place in its table parts the rows,
    None where they cannot be parted; `pages`: the size of that table."""

    from_clause: str
    key: str
    own_key: str
    own_type: str
    row_hash: str
    sliced_by: str | None
    pages: int


@dataclass(frozen=True)
class _Slice:
    """The rows of a source that lie in these pages of a table; `before` None: to its end."""

    source: _Source
    since: int = 0
    before: int | None = None

    def select(self, columns: str, more: str = "true") -> str:
        where = [more]
        alias = self.source.sliced_by
        if self.since:
            where.append(f"{alias}.ctid >= '({self.since},0)'::tid")
        if self.before is not None:
            where.append(f"{alias}.ctid < '({self.before},0)'::tid")
        return f"SELECT {columns} FROM {self.source.from_clause}\n WHERE {' AND '.join(where)}"

    def halves(self) -> tuple[_Slice, _Slice] | None:
        """Part it in the middle; None: it cannot be."""
        until = self.before if self.before is not None else self.source.pages
        middle = (self.since + until) // 2
        if self.source.sliced_by is None or middle <= self.since:
            return None
        return replace(self, before=middle), replace(self, since=middle)


_Part = tuple[_Slice, ...]


@dataclass(frozen=True)
class Fingerprinting:
    """How the source rows of a mapping are fingerprinted. `method` changes when that changes."""

    mapping: Mapping
    method: str
    integer_keys: bool
    sources: tuple[_Source, ...]

    def bucket(self, key: str, buckets: int) -> str:
        """SQL for the bucket, from 0, of a key (of the store: as `_Source.key` gives it)."""
        number = key if self.integer_keys else f"pg_catalog.hashtextextended({key}, 0)"
        # With its type, so that no operator of somebody else's fits more closely than Postgres'.
        return f"({number} & {buckets - 1}::bigint)"

    def weight(self, key: str) -> str:
        """SQL for the number that stands for a key in a sum over rows."""
        function = "hashint8extended" if self.integer_keys else "hashtextextended"
        return f"(pg_catalog.{function}({key}, 0) & {MODULUS - 1})"


def describe_sources(connection: Session, described: Described) -> Fingerprinting:
    """Hold the sources against the catalog: which columns can be read and how they are hashed."""
    sources = tuple(
        _source(connection, described, source, _SEED + number)
        for number, source in enumerate(described.mapping.sources)
    )
    text = repr([(s.from_clause, s.key, s.row_hash) for s in sources])
    return Fingerprinting(
        described.mapping,
        hashlib.sha256(text.encode()).hexdigest()[:16],
        described.key_is_integer,
        sources,
    )


def _source(connection: Session, described: Described, source: SourceTables, seed: int) -> _Source:
    values = ", ".join(
        value
        for alias in source.aliases
        for value in _values(connection, described.mapping, source, alias)
    )
    oid = (
        run(connection, f"SELECT ({source.key}\n) FROM {source.from_clause}\n LIMIT 0")
        .description[0]
        .type_code
    )
    sliced_by, pages = _pages(connection, source)
    return _Source(
        literal(source.from_clause),
        _key(described, literal(source.key)),
        f"({literal(source.key)}\n)",
        column_types(connection, {oid})[oid].name,
        # Without the sign, so that sums have none.
        f"({record_hash(literal(values), seed, native=described.native)} & {MODULUS - 1})",
        sliced_by,
        pages,
    )


def _key(described: Described, key: str) -> str:
    """The key as the record's own id is written."""
    if described.key_is_integer:
        return f"({key}\n)::bigint"
    if described.key_is_text:
        return f'({key}\n)::text COLLATE "C"'
    return f'({key}\n)::{described.key_type}::text COLLATE "C"'


def _values(connection: Session, mapping: Mapping, source: SourceTables, alias: str) -> list[str]:
    """Give SQL for the value of each column of an alias that this role may read."""
    try:
        with connection.begin_nested():
            cursor = run(connection, f"SELECT {alias}.* FROM {source.from_clause}\n LIMIT 0")
    except psycopg2.errors.InsufficientPrivilege:
        names = _readable(connection, source, alias)
        if not names:
            raise MappingError(
                f'{mapping.sources_place}, rows = ["{alias}"]: the role may read none of its '
                "columns; grant it SELECT on those that the mapping uses."
            ) from None
        chosen = ", ".join(f"{alias}.{_quoted(name)}" for name in names)
        cursor = run(connection, f"SELECT {chosen} FROM {source.from_clause}\n LIMIT 0")
    columns = [(column.name, column.type_code) for column in cursor.description or ()]
    types = column_types(connection, {oid for _, oid in columns})
    return [hashed_value(alias, name, types[oid]) for name, oid in columns]


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _readable(connection: Session, source: SourceTables, alias: str) -> list[str]:
    # Of the system columns a role that may read single columns has been granted this one. Which
    # table it is of, comes with it; a plan would not do: where row-level security lets no row
    # through, the table is not in it.
    cursor = run(connection, f"SELECT {alias}.xmin FROM {source.from_clause}\n LIMIT 0")
    rows = run(
        connection,
        """
        SELECT a.attname FROM pg_attribute a
        WHERE a.attrelid = %(table)s AND a.attnum > 0 AND NOT a.attisdropped
          AND has_column_privilege(a.attrelid, a.attnum, 'SELECT')
        ORDER BY a.attnum
        """,
        {"table": cursor.description[0].table_oid},
    )
    return [name for (name,) in rows]


def _pages(connection: Session, source: SourceTables) -> tuple[str | None, int]:
    """Give the alias by whose place the rows can be parted, and the size of the largest table
    behind it; (None, 0) for views and others that have no place, and outer joins, whose rows may
    have none."""
    alias = source.aliases[0]
    try:
        with connection.begin_nested():
            nodes = plan_nodes(connection, _places(source, alias))
    except REFUSED:
        return None, 0
    if any(node.get("Join Type", "Inner") != "Inner" for node in nodes):
        return None, 0
    pages = run(
        connection,
        """
        SELECT max(pg_relation_size(c.oid)) / current_setting('block_size')::int FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE (n.nspname::text, c.relname::text) IN (
            SELECT * FROM unnest(%(schemas)s::text[], %(names)s::text[]))
        """,
        _named(nodes_of(nodes, alias)),
    ).fetchone()[0]
    return (None, 0) if pages is None else (alias, int(pages))


def _places(source: SourceTables, alias: str) -> str:
    return f"SELECT {alias}.ctid FROM {source.from_clause}\n"


def _named(nodes: list[dict[str, Any]]) -> dict[str, list[str]]:
    tables = [n for n in nodes if "Relation Name" in n and "Schema" in n]
    return {
        "schemas": [node["Schema"] for node in tables],
        "names": [node["Relation Name"] for node in tables],
    }


# -- what is asked ---------------------------------------------------------------------------------


def key_sums(connection: Session, prints: Fingerprinting) -> tuple[int, int]:
    """Count all source rows, and add up the weights of their keys: a row gone changes both."""
    rows = " UNION ALL ".join(_Slice(s).select(f"{s.key} AS key") for s in prints.sources)
    count, total = _ask(
        connection,
        prints,
        f"SELECT count(*), coalesce(sum({prints.weight('key')}), 0) FROM ({rows}) AS q "
        "WHERE key IS NOT NULL",
        {},
    ).fetchone()
    return int(count), int(total)


def fingerprints_of(
    connection: Session, prints: Fingerprinting, keys: Sequence[str]
) -> Iterator[tuple[str, int, int]]:
    """Give (key, fingerprint, rows) of each of these keys that has source rows.

    Raises psycopg2.DataError where a source's key cannot be computed for some row.
    """
    for first in range(0, len(keys), _KEYS_PER_STATEMENT):
        batch = list(keys[first : first + _KEYS_PER_STATEMENT])
        try:
            with connection.begin_nested():
                found = _of_batch(connection, prints, batch, own_type=True)
        except psycopg2.DataError:
            # Some key is none in a source's own type. As text all can be compared.
            found = _of_batch(connection, prints, batch, own_type=False)
        # A source may spell a key otherwise and call it equal; that is another key here.
        wanted = set(batch)
        yield from (row for row in found if row[0] in wanted)


def _of_batch(
    connection: Session, prints: Fingerprinting, keys: list[str], *, own_type: bool
) -> list[tuple[str, int, int]]:
    selects = []
    for source in prints.sources:
        kind = source.own_type if own_type else "text"
        key = source.own_key if own_type else f"({source.key})::text"
        wanted = f"(SELECT unnest(%(keys)s::text[])::{kind})"
        selects.append(
            _Slice(source).select(
                f"{source.key} AS key, {source.row_hash} AS hash", f"{key} IN {wanted}"
            )
        )
    rows: list[tuple[str, int, int]] = _ask(
        connection, prints, _grouped(selects), {"keys": keys}
    ).fetchall()
    return rows


def _grouped(selects: Sequence[str]) -> str:
    return (
        f"SELECT key::text, pg_catalog.mod(sum(hash), {MODULUS})::bigint, count(*) "
        f"FROM ({' UNION ALL '.join(selects)}) AS q WHERE key IS NOT NULL GROUP BY key"
    )


def bucket_sums(store: Postgres, prints: Fingerprinting, buckets: int) -> list[int]:
    """Add up the fingerprints of all records, by bucket, modulo 2^63.

    Each part is read in a transaction of its own; what changes meanwhile makes its bucket differ.
    Raises psycopg2.DataError, MappingError or StoreError.
    """
    sums = [0] * buckets

    def add(connection: Session, part: _Part) -> None:
        rows = " UNION ALL ".join(
            s.select(f"{s.source.key} AS key, {s.source.row_hash} AS hash") for s in part
        )
        cursor = _ask(
            connection,
            prints,
            f"SELECT {prints.bucket('key', buckets)}::int, "
            f"pg_catalog.mod(sum(hash), {MODULUS})::bigint "
            f"FROM ({rows}) AS q WHERE key IS NOT NULL GROUP BY 1",
            {},
        )
        for bucket, total in cursor:
            sums[bucket] += total

    _in_parts(store, prints, add)
    return [total % MODULUS for total in sums]


def copy_fingerprints(
    store: Postgres,
    prints: Fingerprinting,
    copy: Callable[[Callable[[io.RawIOBase], None]], None],
    *,
    buckets: int = 1,
    only: Sequence[int] | None = None,
) -> None:
    """Stream (key, fingerprint, rows), in COPY's text form, of all records or those of some
    buckets.

    `copy` is called for each part with a function that writes the part into a file. A record comes
    once for each part that has rows of it: their fingerprints and counts are to be added up. Raises
    as `bucket_sums` does.
    """

    def add(connection: Session, part: _Part) -> None:
        selects = []
        for piece in part:
            source = piece.source
            where = "true" if only is None else _in_buckets(prints, source.key, buckets, only)
            selects.append(piece.select(f"{source.key} AS key, {source.row_hash} AS hash", where))
        sql = driver_cursor(connection).mogrify(_grouped(selects), {}).decode()
        copy(lambda sink: driver_cursor(connection).copy_expert(f"COPY ({sql}) TO STDOUT", sink))

    _in_parts(store, prints, add)


def _in_buckets(prints: Fingerprinting, key: str, buckets: int, only: Sequence[int]) -> str:
    return f"{prints.bucket(key, buckets)} = ANY ('{{{','.join(map(str, only))}}}'::bigint[])"


def _in_parts(
    store: Postgres, prints: Fingerprinting, ask: Callable[[Session, _Part], None]
) -> None:
    """Ask part by part. One that takes longer than the store's time-out is halved, as far as it
    can be."""
    todo = _parts(prints.sources)
    while todo:
        part = todo.pop()
        failed: psycopg2.DataError | None = None
        with store.transaction() as connection:
            try:
                with connection.begin_nested():
                    ask(connection, part)
            except psycopg2.errors.QueryCanceled:
                smaller = _smaller(part)
                if smaller is None:
                    raise
                todo += smaller
            except psycopg2.DataError as error:
                failed = error
        if failed is not None:
            # Outside, where it is not turned into words: the caller has another way.
            raise failed


def _smaller(part: _Part) -> list[_Part] | None:
    if len(part) > 1:
        return [(piece,) for piece in part]
    halves = part[0].halves()
    return None if halves is None else [(half,) for half in halves]


def _parts(sources: Sequence[_Source]) -> list[_Part]:
    """Small sources together, large ones in slices."""
    parts: list[_Part] = []
    small: list[_Slice] = []
    pages = 0
    for source in sorted(sources, key=lambda s: s.pages):
        if pages + source.pages <= PAGES_PER_PART or source.sliced_by is None:
            small.append(_Slice(source))
            pages += source.pages
            continue
        starts = range(0, source.pages, PAGES_PER_PART)
        parts += [
            (_Slice(source, start, None if start == starts[-1] else start + PAGES_PER_PART),)
            for start in starts
        ]
    return [*parts, tuple(small)] if small else parts


def _ask(
    connection: Session, prints: Fingerprinting, sql: str, parameters: dict[str, object]
) -> Any:
    try:
        return run(connection, sql, parameters)
    except psycopg2.ProgrammingError as error:
        _refused(prints.mapping, error)


def _refused(mapping: Mapping, error: psycopg2.Error) -> NoReturn:
    raise MappingError(
        f"{mapping.sources_place}: the store refuses to fingerprint its rows: "
        f"{describe_database_error(error)}."
    ) from None
