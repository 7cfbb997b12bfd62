"""Which rows were written since the last look: by the transaction ids that Postgres keeps per row.

A row version carries the id of the transaction that wrote it (`xmin`). A capture remembers three
things of its moment: `next_xid` (no transaction at or after it had begun to count), `horizon`
(every transaction before it had ended), and `seen_xids`: those in between whose rows it could see.
A row is new to the next capture if its transaction is at or after `next_xid`, or lies in between
and was not seen. That is exact, and stays cheap while one transaction is open for an hour.

Why not `pg_visible_in_snapshot` on the saved `pg_current_snapshot()`: that type lists running
transactions without their sub-transactions (rows written inside a savepoint would count as seen and
be missed), and on a standby it lists none at all. What was seen is asked of the rows themselves, in
the same scan that finds the new ones.

Transaction ids in rows have 32 bits and wrap; `age()` compares them right, so ages are compared and
full 64-bit ids are made from them. Rows whose age makes no sense are frozen ones: old.

A source with `changed_at` is followed by that timestamp instead (`store.stamps`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg2
import sqlalchemy as sa

from influence_pipeline.errors import MappingError, describe_database_error
from influence_pipeline.postgres import literal, run
from influence_pipeline.store import stamps
from influence_pipeline.store.mapping import Mapping

# Ages are 31-bit; a horizon this far back (two thousand million transactions) cannot be compared.
_OLDEST_AGE = 2_000_000_000


@dataclass(frozen=True)
class StorePoint:
    """A moment of one server: what a capture could see of its transactions, and its clock then."""

    server_identity: str
    horizon: int
    next_xid: int
    seen_xids: tuple[int, ...]
    clock: datetime | None = None


NO_POINT = StorePoint("", 0, 0, ())


@dataclass(frozen=True)
class Moment:
    """The present snapshot, with what is needed to turn a row's age into a full id.

    The full id of the transaction that wrote a row is `next_xid + next_age - age(xmin)`.
    """

    server_identity: str
    horizon: int
    next_xid: int
    next_age: int
    clock: datetime | None = None

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
    return Moment(identity, horizon=row[0], next_xid=row[1], next_age=row[2], clock=row[5])


_PRESENT = """
    SELECT pg_snapshot_xmin(s)::text::bigint,
           pg_snapshot_xmax(s)::text::bigint,
           age(((pg_snapshot_xmax(s)::text::bigint) % 4294967296)::text::xid),
           (SELECT oid::text FROM pg_database WHERE datname = current_database()),
           has_function_privilege('pg_control_system()', 'EXECUTE')
           AND has_function_privilege('pg_control_checkpoint()', 'EXECUTE'),
           now()
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


def look(
    connection: sa.Connection,
    mapping: Mapping,
    last: StorePoint,
    now: Moment,
    overlap: timedelta = timedelta(0),
) -> tuple[list[str], StorePoint]:
    """Give the key of every record one of whose source rows is new since `last`, each once, and the
    point to compare the next look with: what this transaction's snapshot can see.

    `overlap`: how far before `last` sources that are followed by a timestamp are read again.
    Raises psycopg2.DataError where a source's key cannot be computed for some row.
    """
    keys: set[str] = set()
    for source in mapping.sources:
        if source.changed_at is not None and last.clock is not None:
            keys.update(stamps.changed_keys(connection, mapping, source, last.clock - overlap))
    recent = _recent(mapping, now, keys_too=True)
    if not recent:
        return sorted(keys), _point(now, ())
    full_id = f"(%(now)s - {_AGE})"
    cursor = _ask(
        connection,
        mapping,
        # One scan for both questions. The rows since the last horizon are few, so they are kept.
        f"WITH recent AS MATERIALIZED ({' UNION ALL '.join(recent)}) "
        "SELECT DISTINCT key, NULL::bigint FROM recent "
        f"WHERE key IS NOT NULL AND ({full_id} >= %(next_xid)s "
        f"OR {full_id} <> ALL (%(seen)s::bigint[])) "
        f"UNION ALL SELECT DISTINCT NULL, {full_id} FROM recent WHERE {full_id} >= %(horizon)s",
        {
            "now": now.next_xid + now.next_age,
            "oldest_age": now.age_of(last.horizon),
            "next_xid": last.next_xid,
            "seen": list(last.seen_xids),
            "horizon": now.horizon,
        },
    )
    seen: list[int] = []
    for key, full in cursor:
        if key is None:
            seen.append(full)
        else:
            keys.add(key)
    return sorted(keys), _point(now, seen)


def capture_point(connection: sa.Connection, mapping: Mapping, now: Moment) -> StorePoint:
    """Make the point to compare the next look with, where nothing is compared with a last one."""
    recent = _recent(mapping, now, keys_too=False)
    if now.horizon == now.next_xid or not recent:
        return _point(now, ())
    cursor = _ask(
        connection,
        mapping,
        f"SELECT DISTINCT %(now)s - {_AGE} FROM ({' UNION ALL '.join(recent)}) AS recent",
        {"now": now.next_xid + now.next_age, "oldest_age": now.age_of(now.horizon)},
    )
    return _point(now, [full for (full,) in cursor])


# Of a row of `recent`: how many transactions ago it was written.
_AGE = "recent.row_age"


def _recent(mapping: Mapping, now: Moment, *, keys_too: bool) -> list[str]:
    """Give a SELECT per alias of the rows that were written at most `oldest_age` transactions
    ago."""
    return [
        f"SELECT {_key(source.key) if keys_too else 'NULL'} AS key, age({alias}.xmin) AS row_age "
        f"FROM {literal(source.from_clause)}\n "
        f"WHERE age({alias}.xmin) BETWEEN 0 AND %(oldest_age)s"
        for source in mapping.sources
        if source.changed_at is None
        for alias in source.aliases
    ]


def _key(key: str) -> str:
    return f"({literal(key)}\n)::text"


def _point(now: Moment, seen: list[int] | tuple[int, ...]) -> StorePoint:
    return StorePoint(
        now.server_identity, now.horizon, now.next_xid, tuple(sorted(seen)), now.clock
    )


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
