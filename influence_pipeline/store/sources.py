"""What a mapping's sources are in the store's catalog: do their rows carry transaction ids, which
tables are behind them, does this role see all of their rows. Looks at catalog and plans only.

The tables are read from Postgres's own plan of a FROM clause, not from its text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg2
import sqlalchemy as sa

from influence_pipeline.errors import MappingError, describe_database_error
from influence_pipeline.postgres import Session, run
from influence_pipeline.store.mapping import (
    REFUSED,
    Described,
    Mapping,
    SourceTables,
    canonical_rows,
    hint_of,
)
from influence_pipeline.store.stamps import check_stamps


@dataclass(frozen=True)
class Probed:
    """What was found.

    `without_ids`: aliases whose rows carry no transaction id (views, foreign tables), of sources
    that are followed by it. `tables`: changes when a table behind a source is another one (renamed,
    a partition attached). `hidden`: tables of which row-level security may hide rows from this
    role. `uncovered`: tables that the SELECT reads and no source names.
    """

    without_ids: tuple[str, ...]
    tables: str
    hidden: tuple[str, ...]
    uncovered: tuple[str, ...] = ()


def probe_sources(connection: sa.Connection, described: Described) -> Probed:
    """Raises MappingError where a source's FROM clause, rows or key do not fit the store."""
    mapping = described.mapping
    check_stamps(connection, mapping)
    without: list[str] = []
    tables: set[_Table] = set()
    covered: set[_Table] = set()
    statements = [f"SELECT {described.row_expression} FROM {canonical_rows(mapping)}"]
    for source in mapping.sources:
        _check_key(connection, described, source)
        missing = _aliases_without_ids(connection, mapping, source)
        # Of a view, all it gives: the planner leaves out what is not asked for.
        columns = [alias if alias in missing else f"{alias}.xmin" for alias in source.aliases]
        statements.append(f"SELECT {', '.join(columns) or '1'} FROM {source.from_clause}\n")
        nodes = plan_nodes(connection, statements[-1])
        missing += [
            alias for alias in source.aliases if alias not in missing and _is_foreign(nodes, alias)
        ]
        if source.changed_at is None:
            without += missing
        tables |= _tables(nodes)
        for alias in source.aliases:
            # A view's own tables stand under other names; all of the plan is taken for its.
            covered |= _tables(nodes_of(nodes, alias)) or _tables(nodes)
    read = _tables(plan_nodes(connection, statements[0]))
    return Probed(
        tuple(without),
        _fingerprint(_numbers(connection, tables)),
        _hidden(connection, statements),
        tuple(sorted(f"{schema}.{name}" for schema, name in read - covered)),
    )


_Table = tuple[str, str]


def _check_key(connection: sa.Connection, described: Described, source: SourceTables) -> None:
    mapping = described.mapping
    place = f'{mapping.sources_place}, from = "{source.from_clause}"'
    try:
        # With a WHERE, because the engine puts its own conditions behind the clause.
        cursor = run(
            connection, f"SELECT ({source.key}\n) FROM {source.from_clause}\n WHERE true LIMIT 0"
        )
    except psycopg2.errors.SyntaxError as error:
        raise MappingError(
            f"{place}: {describe_database_error(error)}. If a WHERE, ORDER BY or LIMIT stands "
            "behind the tables: it must be a FROM clause and no more. Put a condition into the ON "
            "of its join, or leave it out."
        ) from None
    except REFUSED as error:
        raise MappingError(f"{place}: {describe_database_error(error)}.{hint_of(error)}") from None
    if described.key_is_text:
        # Any key has a text, which is compared.
        return
    comparison = f"SELECT ({source.key}\n) = NULL::{described.key_type} FROM {source.from_clause}\n"
    try:
        with connection.begin_nested():
            run(connection, f"{comparison} LIMIT 0")
    except REFUSED:
        found = run(
            connection,
            "SELECT format_type(%(oid)s, NULL)",
            {"oid": cursor.description[0].type_code},
        ).fetchone()[0]
        raise MappingError(
            f'{mapping.sources_place}, key = "{source.key}": it is {found}, and the id that the '
            f"SELECT gives is {described.key_type}. Is it another column? If not, cast it: "
            f'key = "({source.key})::{described.key_type}".'
        ) from None


def _aliases_without_ids(
    connection: sa.Connection, mapping: Mapping, source: SourceTables
) -> list[str]:
    without: list[str] = []
    for alias in source.aliases:
        try:
            with connection.begin_nested():
                run(
                    connection,
                    f"SELECT {alias}.xmin, {alias}.tableoid FROM {source.from_clause}\n LIMIT 0",
                )
        except psycopg2.errors.UndefinedColumn:
            without.append(alias)
        except REFUSED as error:
            mend = ""
            if isinstance(error, psycopg2.errors.InsufficientPrivilege):
                mend = (
                    " The role must be let read the system columns too: GRANT SELECT (xmin, "
                    "tableoid) ON that table, or SELECT on the whole of it."
                )
            raise MappingError(
                f'{mapping.sources_place}, rows = ["{alias}"]: {describe_database_error(error)}.'
                + mend
            ) from None
    return without


def plan_nodes(connection: Session, select: str) -> list[dict[str, Any]]:
    """Give the nodes of Postgres's plan for a statement; nothing of it is run."""
    row = run(connection, f"EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) {select}").fetchone()
    return list(_nodes(row[0][0]["Plan"]))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def nodes_of(nodes: list[dict[str, Any]], alias: str) -> list[dict[str, Any]]:
    """Give those that read the table behind an alias, or partitions of it."""
    name = alias.strip('"') if alias.startswith('"') else alias.lower()
    mine = re.compile(re.escape(name) + r"(_\d+)?")
    return [node for node in nodes if mine.fullmatch(str(node.get("Alias", "")))]


def _is_foreign(nodes: list[dict[str, Any]], alias: str) -> bool:
    """Tell whether an alias is a foreign table, or a partition of it is. A foreign row's xmin says
    nothing; postgres_fdw gives 0. A join that the other server makes names no alias of ours."""
    mine = nodes_of(nodes, alias)
    return any(
        node["Node Type"] == "Foreign Scan" and ("Alias" not in node or node in mine)
        for node in nodes
    )


def _tables(nodes: list[dict[str, Any]]) -> set[_Table]:
    return {
        (node["Schema"], node["Relation Name"])
        for node in nodes
        if "Relation Name" in node and "Schema" in node
    }


def _numbers(connection: sa.Connection, tables: set[_Table]) -> set[int]:
    cursor = run(
        connection,
        """
        SELECT c.oid::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE (n.nspname::text, c.relname::text) IN (
            SELECT * FROM unnest(%(schemas)s::text[], %(names)s::text[]))
        """,
        {"schemas": [schema for schema, _ in tables], "names": [name for _, name in tables]},
    )
    return {oid for (oid,) in cursor}


def _fingerprint(tables: set[int]) -> str:
    return hashlib.sha256(repr(sorted(tables)).encode()).hexdigest()[:16]


def _hidden(connection: sa.Connection, statements: list[str]) -> tuple[str, ...]:
    """Name the tables whose rows these statements may not see all of.

    With `row_security` off Postgres refuses, instead of leaving rows out (as pg_dump has it). A
    plan would not do: where no policy lets any row through, the table is not in it.
    """
    hidden: list[str] = []
    for statement in statements:
        nested = connection.begin_nested()
        try:
            run(connection, "SET LOCAL row_security = off")
            plan_nodes(connection, statement)
        except psycopg2.errors.InsufficientPrivilege as error:
            named = re.search(r'"(.+)"', error.diag.message_primary or "")
            hidden.append(named[1] if named else "a table")
        finally:
            nested.rollback()
    return tuple(sorted(set(hidden)))
