"""Which rows were written since the last look: by the transaction ids that Postgres keeps per row.

A row version carries the id of the transaction that wrote it (`xmin`). A capture remembers three
things of its moment: `next_xid` (no transaction at or after it had begun to count), `horizon`
(every transaction before it had ended), and `seen_xids`: those in between whose rows it could see.
A row is new to the next capture if its transaction is at or after `next_xid`, or lies in between
and was not seen. That is exact, and stays cheap while one transaction is open for an hour.

Why not `pg_visible_in_snapshot` on the saved `pg_current_snapshot()`: that type lists running
transactions without their sub-transactions (rows written inside a savepoint would count as seen and
be missed), and on a standby it lists none at all. What was seen is asked of the rows themselves.

Transaction ids in rows have 32 bits and wrap; `age()` compares them right, so ages are compared and
full 64-bit ids are made from them. Rows whose age makes no sense are frozen ones: old.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg2
import sqlalchemy as sa

from influence_pipeline.errors import MappingError, describe_database_error
from influence_pipeline.postgres import literal, run
from influence_pipeline.store.mapping import Mapping

# Ages are 31-bit; a horizon this far back (two thousand million transactions) cannot be compared.
_OLDEST_AGE = 2_000_000_000


@dataclass(frozen=True)
class StorePoint:
    """A moment of one server: what a capture could see of its transactions."""

    server_identity: str
    horizon: int
    next_xid: int
    seen_xids: tuple[int, ...]


NO_POINT = StorePoint("", 0, 0, ())


@dataclass(frozen=True)
class Moment:
    """The present snapshot, with what is needed to turn a row's age into a full id."""

    server_identity: str
    horizon: int
    next_xid: int
    next_age: int

    def full_id(self, alias: str) -> str:
        """Give SQL for the full id of the transaction that wrote a row of `alias`."""
        return f"({self.next_xid + self.next_age} - age({alias}.xmin))"

    def age_of(self, full_id: int) -> int:
        return self.next_xid + self.next_age - full_id


def present(connection: sa.Connection) -> Moment:
    """Look at the transaction's own snapshot and at who the server is.

    The identity is the cluster's system identifier and timeline where this role may read them, and
    the database's own number: a restored, promoted or other server is another one.
    """
    row = run(connection, _PRESENT).fetchone()
    identity = row[3]
    if row[4]:
        identity += run(connection, _CLUSTER).fetchone()[0]
    return Moment(identity, horizon=row[0], next_xid=row[1], next_age=row[2])


_PRESENT = """
    SELECT pg_snapshot_xmin(s)::text::bigint,
           pg_snapshot_xmax(s)::text::bigint,
           age(((pg_snapshot_xmax(s)::text::bigint) % 4294967296)::text::xid),
           (SELECT oid::text FROM pg_database WHERE datname = current_database()),
           has_function_privilege('pg_control_system()', 'EXECUTE')
           AND has_function_privilege('pg_control_checkpoint()', 'EXECUTE')
    FROM pg_current_snapshot() AS s
"""

_CLUSTER = """
    SELECT '@' || system_identifier || '/' || timeline_id
    FROM pg_control_system(), pg_control_checkpoint()
"""


def why_not_comparable(last: StorePoint, now: Moment) -> str | None:
    """Say why changes since `last` cannot be told by transaction ids, or None if they can."""
    if last == NO_POINT:
        return "it has not been compared before"
    if last.server_identity != now.server_identity:
        return "the store answers from another server, timeline or database than last time"
    if last.next_xid > now.next_xid:
        return "the store has gone back in time: was a backup restored?"
    if now.age_of(last.horizon) > _OLDEST_AGE:
        return "the last capture is too many transactions ago"
    return None


def changed_keys(
    connection: sa.Connection, mapping: Mapping, last: StorePoint, now: Moment
) -> list[str]:
    """Give the keys of every record one of whose source rows is new since `last`.

    Raises psycopg2.DataError where a source's key cannot be computed for some row.
    """
    questions = []
    for source in mapping.sources:
        for alias in source.aliases:
            full = now.full_id(alias)
            questions.append(
                f"SELECT ({literal(source.key)}\n)::text AS key "
                f"FROM {literal(source.from_clause)}\n "
                f"WHERE age({alias}.xmin) BETWEEN 0 AND %(oldest_age)s "
                f"AND ({full} >= %(next_xid)s OR {full} <> ALL (%(seen)s::bigint[]))"
            )
    cursor = _ask(
        connection,
        mapping,
        f"SELECT DISTINCT key FROM ({' UNION ALL '.join(questions)}) q WHERE key IS NOT NULL",
        {
            "oldest_age": now.age_of(last.horizon),
            "next_xid": last.next_xid,
            "seen": list(last.seen_xids),
        },
    )
    return [key for (key,) in cursor]


def capture_point(connection: sa.Connection, mapping: Mapping, now: Moment) -> StorePoint:
    """Make the point to compare the next look with: what this transaction's snapshot can see."""
    seen: list[int] = []
    if now.horizon < now.next_xid:
        questions = [
            f"SELECT {now.full_id(alias)} FROM {literal(source.from_clause)}\n "
            f"WHERE age({alias}.xmin) BETWEEN 0 AND %(oldest_age)s"
            for source in mapping.sources
            for alias in source.aliases
        ]
        cursor = _ask(
            connection,
            mapping,
            " UNION ".join(questions),
            {"oldest_age": now.age_of(now.horizon)},
        )
        seen = sorted(full for (full,) in cursor)
    return StorePoint(now.server_identity, now.horizon, now.next_xid, tuple(seen))


def _ask(
    connection: sa.Connection, mapping: Mapping, sql: str, parameters: dict[str, object]
) -> Any:
    try:
        return run(connection, sql, parameters)
    except psycopg2.ProgrammingError as error:
        raise MappingError(
            f"{mapping.sources_place}: the store refuses the look for changed rows: "
            f"{describe_database_error(error)}."
        ) from None
