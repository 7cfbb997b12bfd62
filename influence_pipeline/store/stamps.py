"""Sources that are followed by a timestamp of their rows, for tables too large to be scanned.

A row counts as changed if its timestamp is at or after the last look's moment, less an overlap: a
transaction writes its time early and commits late. What is longer under way than the overlap is
missed, and found by the next full compare.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg2
import sqlalchemy as sa

from influence_pipeline.errors import MappingError, describe_database_error
from influence_pipeline.postgres import literal, run
from influence_pipeline.store.mapping import REFUSED, Mapping, SourceTables

# Rows of one statement: it stays short however many rows have changed.
ROWS_PER_PAGE = 10_000

# A moment in local time, and whatever local time comes after it: where the clock is put back within
# the next day, that begins earlier.
_LOCAL = (
    "least(%(since)s::timestamptz AT TIME ZONE %(zone)s, "
    "(%(since)s::timestamptz + interval '1 day') AT TIME ZONE %(zone)s - interval '1 day')"
)

_TIMESTAMP = 1114
_TIMESTAMP_WITH_ZONE = 1184


def check_stamps(connection: sa.Connection, mapping: Mapping) -> None:
    """Hold every `changed_at` against the store. Raises MappingError naming source and mend."""
    for source in mapping.sources:
        if source.changed_at is not None:
            _check(connection, mapping, source)


def _check(connection: sa.Connection, mapping: Mapping, source: SourceTables) -> None:
    place = f'{mapping.sources_place}, changed_at = "{source.changed_at}"'
    try:
        cursor = run(
            connection, f"SELECT ({source.changed_at}\n) FROM {source.from_clause}\n LIMIT 0"
        )
    except REFUSED as error:
        raise MappingError(f"{place}: {describe_database_error(error)}.") from None
    found = cursor.description[0].type_code
    if found not in {_TIMESTAMP, _TIMESTAMP_WITH_ZONE}:
        raise MappingError(f"{place}: it is no timestamp; name the column of the last change.")
    if found == _TIMESTAMP and source.time_zone is None:
        raise MappingError(
            f'{place}: it has no time zone; say in which it is written: time_zone = "UTC".'
        )
    if found == _TIMESTAMP_WITH_ZONE and source.time_zone is not None:
        raise MappingError(f"{place}: it has a time zone of its own; take time_zone away.")
    if source.time_zone is not None:
        try:
            with connection.begin_nested():
                run(connection, "SELECT now() AT TIME ZONE %(zone)s", {"zone": source.time_zone})
        except REFUSED:
            raise MappingError(
                f"{place}: the store knows no time zone {source.time_zone}."
            ) from None


def changed_keys(
    connection: sa.Connection, mapping: Mapping, source: SourceTables, since: datetime
) -> Iterator[str]:
    """Give the key of each row of which the timestamp is at or after `since`, some more than once.

    Read in pages by (timestamp, key), so that an index on the timestamp serves every page, and rows
    with one timestamp are parted between pages without one missed.
    """
    stamp = f"({literal(source.changed_at or 'NULL')}\n)"
    key = f'({literal(source.key)}\n)::text COLLATE "C"'
    # In the column's own type, so that its index can be used.
    first = "%(since)s::timestamptz" if source.time_zone is None else _LOCAL
    kind = "timestamptz" if source.time_zone is None else "timestamp"
    after = (
        f"{stamp} >= %(stamp)s::{kind} AND ({stamp}, {key}) > (%(stamp)s::{kind}, %(key)s::text)"
    )
    values = {"since": since, "zone": source.time_zone, "rows": ROWS_PER_PAGE}
    where = f"{stamp} >= {first}"
    while True:
        try:
            page = run(
                connection,
                f"SELECT {stamp}::text, {key} FROM {literal(source.from_clause)}\n "
                f"WHERE {where} AND {key} IS NOT NULL "
                f"ORDER BY {stamp}, {key} LIMIT %(rows)s",
                values,
            ).fetchall()
        except psycopg2.ProgrammingError as error:
            raise MappingError(
                f"{mapping.sources_place}: the store refuses the look for changed rows: "
                f"{describe_database_error(error)}."
            ) from None
        yield from (found for _, found in page)
        if len(page) < ROWS_PER_PAGE:
            return
        values["stamp"], values["key"] = page[-1]
        where = after


def longer_than(connection: sa.Connection, overlap: timedelta) -> timedelta | None:
    """Give the age of the oldest transaction under way in this database, if it is older than the
    overlap and this role may see it."""
    age: timedelta | None = run(connection, _OLDEST).fetchone()[0]
    return age if age is not None and age > overlap else None


_OLDEST = """
    SELECT max(now() - began) FROM (
        SELECT xact_start AS began FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
          AND backend_xid IS NOT NULL
        UNION ALL
        SELECT prepared FROM pg_prepared_xacts WHERE database = current_database()
    ) AS under_way
"""
