"""The merchant's mapping, made ready to run: SELECTs read from their files and held against the
store's catalog. Builds the SQL around a canonical SELECT; runs only LIMIT 0 look-ups of types.

The SELECT itself is the merchant's and is used as it stands, inside a sub-select.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

from influence_pipeline.errors import MappingError, describe_database_error
from influence_pipeline.postgres import Session, run
from influence_pipeline.records import Entity
from influence_pipeline.store.canonical import CANONICAL, Kind
from influence_pipeline.store.transform import Transform


@dataclass(frozen=True)
class SourceTables:
    """A FROM clause, the aliases whose rows count, and the expression of the record's key.

    `changed_at`: the expression of the moment of a row's last change, for a source that is followed
    by it; None: by transaction ids. `time_zone`: of a `changed_at` without one.
    """

    from_clause: str
    aliases: tuple[str, ...]
    key: str
    changed_at: str | None = field(default=None, repr=False)
    time_zone: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Mapping:
    """One entity's SELECT and sources, as written, and its transform, if it has one. `file` is for
    messages."""

    entity: Entity
    file: Path
    select: str
    sources: tuple[SourceTables, ...]
    transform: Transform | None = None

    @property
    def sources_place(self) -> str:
        """Where the sources stand, for messages."""
        return f"{self.file.parent}/influence.toml, {self.entity.plural}.sources"

    @property
    def fingerprint(self) -> str:
        """Changes when the text of the mapping changes."""
        text = repr((self.select, self.sources))
        stamps = [(source.changed_at, source.time_zone) for source in self.sources]
        if any(stamp != (None, None) for stamp in stamps):
            text += repr(stamps)
        if self.transform is not None:
            text += repr(("transform", self.transform.digest))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Described:
    """A mapping that fits the store: its columns' types are known, and how its rows are hashed.

    `native`: whether the store can hash a record as such (Postgres 14 and newer).
    `first_expression`: how states of schema 0002 and older hash, which do not say how: only the
    columns there are.
    """

    mapping: Mapping
    key_type: str
    key_is_text: bool
    key_is_integer: bool
    native: bool
    columns: tuple[str, ...]
    row_expression: str
    hash_expression: str
    hash_method: str
    first_expression: str
    has_created_at: bool


def read_select(file: Path) -> str:
    """Read one SELECT. Raises MappingError if the file is missing, empty or holds two statements.

    A `;` at the end is taken off. One elsewhere is left to Postgres, which refuses two statements
    in one sub-select.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise MappingError(
            f"There is no {file}; influence.toml names it. Paths are relative to influence.toml."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(f"{file} cannot be read: {error}.") from None
    select = _END.sub("", text).strip()
    if not select:
        raise MappingError(f"{file} is empty; it must hold one SELECT with the canonical columns.")
    return select


# What Postgres raises at SQL that does not fit the store. Its own trouble (a lock, a time-out, a
# lost line) is an OperationalError, and no fault of a mapping.
REFUSED = (
    psycopg2.ProgrammingError,
    psycopg2.DataError,
    psycopg2.IntegrityError,
    psycopg2.InternalError,
    psycopg2.NotSupportedError,
)
# A `;` at the end, and comments after it.
_END = re.compile(r"\s*;\s*((--[^\n]*|/\*.*?\*/)\s*)*\Z", re.DOTALL)
# Not 0: with it a numeric NaN, and not 1: with it a numeric 0, would hash as NULL does.
_SEED = 7_091_213_550_649_177_021


# Before the SELECT; its last line may be a comment, so what closes it stands on a line of its own.
_OPENED = "(\n"


def canonical_rows(mapping: Mapping) -> str:
    """The SELECT as a sub-select named `canonical`."""
    return f"{_OPENED}{mapping.select}\n) AS canonical"


def place_in_select(mapping: Mapping, error: psycopg2.Error, before: str) -> str:
    """Give file and line of what the store's error points at: "orders.sql, line 12". `before`: what
    stood before `canonical_rows` in the statement."""
    position = error.diag.statement_position
    if position is None:
        return str(mapping.file)
    offset = int(position) - 1 - len(before) - len(_OPENED)
    if not 0 <= offset <= len(mapping.select):
        return str(mapping.file)
    # The SELECT was taken out of its file: what was before it there are comments and blank lines.
    try:
        above = mapping.file.read_text(encoding="utf-8-sig").partition(mapping.select)[0]
    except (OSError, UnicodeDecodeError):
        above = ""
    line = above.count("\n") + mapping.select.count("\n", 0, offset) + 1
    return f"{mapping.file}, line {line}"


def hint_of(error: psycopg2.Error) -> str:
    """Give Postgres's own suggestion, where it is about names and not about values."""
    hint = error.diag.message_hint
    return f" {hint}" if hint and (error.pgcode or "").startswith("42") else ""


def describe(connection: Session, mapping: Mapping) -> Described:
    """Hold a mapping against the store: are the canonical columns there, and of usable types?

    Raises MappingError naming the file, the column and the mend.
    """
    types = _column_types(connection, mapping)
    columns = CANONICAL[mapping.entity]
    missing = [c.name for c in columns if c.required and c.name not in types]
    if missing:
        raise MappingError(
            f"{mapping.file}: the SELECT for {mapping.entity.plural} gives no column "
            f"{', '.join(missing)}. Add it (AS {missing[0]})."
        )
    for column in columns:
        found = types.get(column.name)
        if found is not None and column.kind.value and found.base not in column.kind.value:
            raise MappingError(
                f"{mapping.file}: column {column.name} is {found.name}; {_TYPE_ADVICE[column.kind]}"
            )
    names = tuple(c.name for c in columns if c.name in types)
    # A column that the SELECT does not give counts as NULL: to add one that holds nothing yet
    # changes no record.
    hashed = ", ".join(
        hashed_value("q", c.name, types[c.name]) if c.name in types else "NULL::text"
        for c in columns
    )
    seed = _seed(mapping.transform)
    native = run(
        connection,
        "SELECT to_regprocedure('pg_catalog.hash_record_extended(record,bigint)') IS NOT NULL",
    ).fetchone()[0]
    return Described(
        mapping=mapping,
        key_type=types["id"].name,
        key_is_text=types["id"].is_text,
        key_is_integer=types["id"].base in {"smallint", "integer", "bigint"},
        native=bool(native),
        columns=names,
        row_expression=", ".join(f'canonical."{n}"' for n in names),
        hash_expression=record_hash(hashed, seed, native=bool(native)),
        hash_method=_hash_method(connection, bool(native), hashed, mapping.transform),
        first_expression=record_hash(
            ", ".join(hashed_value("q", n, types[n]) for n in names), seed, native=bool(native)
        ),
        has_created_at="created_at" in types,
    )


def _seed(transform: Transform | None) -> int:
    """Give the seed of record hashes. What is sent follows from the code too, so other code makes
    other hashes: every record counts as changed."""
    return _SEED if transform is None else _SEED ^ int(transform.digest[:15], 16)


def record_hash(values: str, seed: int, *, native: bool) -> str:
    """SQL for the 64-bit hash of these values, the cheapest that the store has.

    Named with its schema: a function of somebody else's on the search path that fits the arguments
    more closely would be called instead, with the reader's rights.
    """
    if native:
        return f"pg_catalog.hash_record_extended(ROW({values}), {seed})"
    return f"pg_catalog.hashtextextended(ROW({values})::text, {seed})"


def hashed_value(alias: str, name: str, found: ColumnType) -> str:
    """SQL for a column's value as it is hashed."""
    quoted = name.replace('"', '""')
    # Under a collation of its own (case-insensitive, say) a text hashes as those it is equal to.
    value = f'{alias}."{quoted}"' if found.hashable else f'{alias}."{quoted}"::text'
    return f'{value} COLLATE "C"' if found.collatable or not found.hashable else value


@dataclass(frozen=True)
class ColumnType:
    """`name`: as it is written in a cast. `base`: under a domain, as it is called in messages."""

    name: str
    base: str
    hashable: bool
    is_text: bool
    collatable: bool


def _column_types(connection: Session, mapping: Mapping) -> dict[str, ColumnType]:
    before = "SELECT canonical.* FROM "
    try:
        cursor = run(connection, f"{before}{canonical_rows(mapping)} LIMIT 0")
    except REFUSED as error:
        raise MappingError(
            f"{place_in_select(mapping, error, before)}: the store refuses the SELECT: "
            f"{describe_database_error(error)}.{hint_of(error)}"
        ) from None
    given = [(column.name, column.type_code) for column in cursor.description or ()]
    repeated = sorted({name for name, _ in given if [n for n, _ in given].count(name) > 1})
    if repeated:
        raise MappingError(f"{mapping.file}: the SELECT gives {', '.join(repeated)} twice.")
    by_oid = column_types(connection, {oid for _, oid in given})
    return {name: by_oid[oid] for name, oid in given}


def column_types(connection: Session, oids: set[int]) -> dict[int, ColumnType]:
    """Look types up in the store's catalog."""
    rows = run(connection, _TYPES, {"oids": sorted(oids)}).fetchall()
    return {oid: ColumnType(*row) for oid, *row in rows}


# `base`: the type under a domain. A type can be hashed inside a record if it has one of Postgres's
# own default hash classes; strings share one. Others (json, xml, point) are hashed as their text.
# So are enums, whose own hash is that of a number that changes when the type is made anew (a usual
# migration) or restored from a dump; arrays, whose own hash takes no notice of their dimensions;
# and intervals, to which 30 days are a month.
# The type's modifier -1 gives the name without any length: plain `character` would be char(1).
_TYPES = """
    WITH RECURSIVE unwrapped (whole, oid) AS (
        SELECT oid, oid FROM pg_type WHERE oid = ANY(%(oids)s::oid[])
        UNION ALL
        SELECT u.whole, t.typbasetype FROM unwrapped u JOIN pg_type t USING (oid)
        WHERE t.typtype = 'd'
    )
    SELECT u.whole, format_type(u.whole, -1), format_type(base.oid, NULL),
           (base.oid < 16384 AND base.typcategory = 'S')
           OR (base.oid <> 'interval'::regtype
               AND EXISTS (SELECT FROM pg_opclass c JOIN pg_am a ON a.oid = c.opcmethod
                           WHERE a.amname = 'hash' AND c.opcintype = base.oid
                             AND c.opcdefault AND c.oid < 16384)),
           base.typcategory = 'S', base.typcollation <> 0
    FROM unwrapped u
    JOIN pg_type base ON base.oid = u.oid AND base.typtype <> 'd'
"""

_TYPE_ADVICE = {
    Kind.AMOUNT: "an amount must be exact: cast it to numeric.",
    Kind.DATE: "it must be a date: cast it (::date).",
    Kind.MOMENT: "a moment needs its time zone: write … AT TIME ZONE 'UTC' (the zone it is in).",
    Kind.LIST: "it must be a JSON array: use jsonb_agg or to_jsonb.",
}


def _hash_method(
    connection: Session, native: bool, hashed: str, transform: Transform | None
) -> str:
    major = int(run(connection, "SHOW server_version_num").fetchone()[0]) // 10000
    shape = hashlib.sha256(hashed.encode()).hexdigest()[:8]
    code = "" if transform is None else f"/{transform.digest[:8]}"
    return f"{'record' if native else 'text'}/{major}/{_SEED % 1000}/{shape}{code}"
