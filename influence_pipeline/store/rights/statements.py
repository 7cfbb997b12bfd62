"""Which statements the pipeline puts to the store, as far as rights go: those of the mapping's
SELECTs and sources, and those that make coupons and tell of members."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NoReturn

import psycopg2

from influence_pipeline.errors import MappingError, describe_database_error
from influence_pipeline.postgres import Session, run
from influence_pipeline.records import Entity
from influence_pipeline.store import mapping as mappings_of_the_store
from influence_pipeline.store.mapping import REFUSED, SourceTables, canonical_rows, describe
from influence_pipeline.store.rights import parse_tree
from influence_pipeline.store.rights.needs import Needs, needs_of
from influence_pipeline.store.rights.parse_tree import Tree
from influence_pipeline.store.rights.paths import path_for
from influence_pipeline.store.statements import Statement, is_one

Mappings = Mapping[Entity, mappings_of_the_store.Mapping]


@dataclass(frozen=True)
class Asked:
    """One statement, without values to bind, and where it stands, for messages. `instead`: what is
    asked where a column in it is not there, or an example value does not fit its type; `optional`:
    nothing is, then."""

    place: str
    sql: str
    instead: str | None = None
    optional: bool = False


def reads(connection: Session, mappings: Mappings) -> dict[tuple[str, str], tuple[str, ...] | None]:
    """Give what a mapping reads of each (schema, table): its columns, system columns among them;
    None: whole rows. Names as the catalog has them. Raises as `reader_needs` does."""
    found: dict[tuple[str, str], tuple[str, ...] | None] = {}
    for right in reader_needs(connection, mappings).rights:
        if right.kind == "TABLE":
            row = run(
                connection,
                "SELECT n.nspname, c.relname, ARRAY(SELECT a.attname::text FROM pg_attribute a "
                "WHERE a.attrelid = c.oid AND a.attnum = ANY (%(numbers)s::int2[]) "
                "ORDER BY array_position(%(numbers)s::int2[], a.attnum)) "
                "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE c.oid = %(oid)s::bigint::oid",
                {"oid": right.oid, "numbers": list(right.numbers)},
            ).fetchone()
            found[row[0], row[1]] = tuple(row[2]) or None
    return found


def reader_needs(connection: Session, mappings: Mappings, *, role: str | None = None) -> Needs:
    """Say what the role that reads needs. `role`: also which search path a role of this name would
    need. Raises MappingError naming the file where the store refuses a statement."""
    needs = _needs(connection, reader_statements(connection, mappings), role)
    needs.by_time = any(s.changed_at for mapping in mappings.values() for s in mapping.sources)
    return needs


def writer_needs(
    connection: Session, statements: Iterable[Asked], *, role: str | None = None
) -> Needs:
    """Say what the role that makes coupons needs. Raises as `reader_needs` does."""
    return _needs(connection, list(statements), role)


def _needs(connection: Session, asked: Sequence[Asked], role: str | None) -> Needs:
    parse_tree.begin(connection)
    try:
        found = [one for one in (understood(connection, one) for one in asked) if one is not None]
        needs = needs_of(connection, [tree for _, tree in found])
        if role is not None:
            needs.path = path_for(connection, role, found)
    finally:
        parse_tree.end(connection)
    return needs


def understood(connection: Session, asked: Asked) -> tuple[str, Tree] | None:
    """Analyse a statement; give what it was in the end, and its tree. None: it is left out. Raises
    MappingError naming the place where the store refuses it."""
    if not is_one(asked.sql):
        # A second one would be run.
        raise MappingError(f"{asked.place}: it holds a `;`, and one statement is all it may hold.")
    try:
        return asked.sql, parse_tree.analyse(connection, asked.sql)
    except (psycopg2.errors.UndefinedColumn, psycopg2.DataError) as error:
        if asked.optional:
            return None
        if asked.instead is None:
            _refused(asked, error)
        return understood(connection, Asked(asked.place, asked.instead))
    except REFUSED as error:
        _refused(asked, error)


def _refused(asked: Asked, error: psycopg2.Error) -> NoReturn:
    raise MappingError(
        f"{asked.place}: the store refuses the statement: {describe_database_error(error)}."
    ) from error


# -- what is read ----------------------------------------------------------------------------------


def reader_statements(connection: Session, mappings: Mappings) -> list[Asked]:
    """List what the engine asks of the store, one statement for each table it is asked of."""
    asked: list[Asked] = []
    for mapping in mappings.values():
        asked.append(Asked(str(mapping.file), f"SELECT canonical.* FROM {canonical_rows(mapping)}"))
        asked += _key_type(connection, mapping)
        for source in mapping.sources:
            asked += _source(connection, mapping, source)
    return asked


def _key_type(connection: Session, mapping: mappings_of_the_store.Mapping) -> list[Asked]:
    """Records are asked for by their keys, cast to the id's type, which may have a schema."""
    try:
        with connection.begin_nested():
            described = describe(connection, mapping)
    except MappingError:
        # It is said by who asks for the mapping itself; rights that lack come first.
        return []
    return [Asked(str(mapping.file), f"SELECT NULL::{described.key_type}")]


def _source(
    connection: Session, mapping: mappings_of_the_store.Mapping, source: SourceTables
) -> list[Asked]:
    place = f'{mapping.sources_place}, from = "{source.from_clause}"'
    stamp = f", ({source.changed_at}\n)" if source.changed_at else ""
    asked = [Asked(place, f"SELECT ({source.key}\n){stamp} FROM {source.from_clause}\n")]
    for number, alias in enumerate(source.aliases):
        rows = f'{mapping.sources_place}, rows = ["{alias}"]'
        asked.append(
            Asked(
                rows,
                # Its transaction id, and which table it is (a partition is one of many).
                f"SELECT {alias}.xmin, {alias}.tableoid FROM {source.from_clause}\n",
                # Of a view and of others without transaction ids every column is compared.
                instead=f"SELECT {alias} FROM {source.from_clause}\n",
            )
        )
        if number == 0:
            # By a row's place large tables are read in parts.
            by_place = f"SELECT {alias}.ctid FROM {source.from_clause}\n"
            asked.append(Asked(rows, by_place, optional=True))
    return asked


# -- what is written -------------------------------------------------------------------------------

_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
# Any value of the type that is bound: names are resolved by types, not by values. Ids are NULL,
# which a cast to any type takes (uuid, say).
_EXAMPLES: dict[str, Any] = {
    "code": "X",
    "customer_id": None,
    "kind": "fixed",
    "value": Decimal(1),
    "product_ids": ["1"],
    "currency": "EUR",
    "minimum_spend": Decimal(1),
    "expires_at": _MOMENT,
    "usage_limit": 1,
    "influence_id": None,
    "point_balance": 1,
    "tier_id": None,
    "tier_title": "X",
    "referral_url": "X",
    "updated_at": _MOMENT,
}
_BARE: dict[str, Any] = {"code": "X", "product_ids": []}


def written_out(connection: Session, statements: Collection[Statement]) -> list[Asked]:
    """Write a coupon writer's statements (and that of members) out as they are run, with example
    values in the places of what is bound."""
    from sqlalchemy.dialects import postgresql

    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    asked = []
    with connection.connection.cursor() as cursor:
        for statement in statements:
            compiled = str(statement.clause.compile(dialect=dialect))
            values = {name: _EXAMPLES[name] for name in statement.names}
            # Where the store has types of its own for these (an enum of kinds, ids of products).
            bare = {name: _BARE.get(name) for name in statement.names}
            sql, instead = (cursor.mogrify(compiled, one).decode() for one in (values, bare))
            asked.append(Asked(str(statement.file), sql, instead))
    return asked
