"""All records of a store in slices by key, so that no transaction of the store is open for long.

The marks between slices are a sample of the keys of the first source, in the order of the id's own
type and collation. How many marks a slice spans follows from how long the last one took.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg2
import sqlalchemy as sa

from influence_pipeline.postgres import Postgres, literal, run
from influence_pipeline.store.fingerprints import Fingerprinting
from influence_pipeline.store.mapping import Described, canonical_rows
from influence_pipeline.store.reader import ALL_KEYS, ROW_FAILURES, KeyRange

# What a slice should take, far below the store's time-out.
TARGET_SECONDS = 8.0
# So many marks are enough for slices of a thousandth of a table.
MARKS = 1000
# A table of at most so many pages of 8 kB is one slice.
PAGES_OF_ONE_SLICE = 512
# A page holds about so many rows; how many marks there are follows from it, and need not be exact.
_ROWS_PER_PAGE = 40
# What Postgres compares by where a text has no collation of its own, or two.
_DEFAULT = '"default"'


def in_slices(
    store: Postgres,
    described: Described,
    prints: Fingerprinting | None,
    take: Callable[[sa.Connection, KeyRange], None],
    within: KeyRange = ALL_KEYS,
) -> None:
    """Call `take` with a transaction for each slice; together they hold every record of the range
    `within` once.

    A slice that takes longer than the store's time-out is made smaller and taken again, so `take`
    must keep nothing of it then. Raises what `take` raises.
    """
    rows = _rows(prints)
    marks = _marks(store, described, rows, within) if rows else []
    ends = [*marks, within.before]
    step = max(1, len(ends) // 50)
    since = within.since
    first = 0
    while first < len(ends):
        step = min(step, len(ends) - first)
        before = ends[first + step - 1]
        began = time.monotonic()
        with store.transaction() as connection:
            try:
                with connection.begin_nested():
                    take(connection, KeyRange(since, before) if marks else within)
            except psycopg2.errors.QueryCanceled:
                if not marks:
                    # Small, or a view of unknown size, and slow all the same.
                    marks = _marks(store, described, None, within)
                    if not marks:
                        raise
                    ends = [*marks, within.before]
                    step = max(1, len(ends) // 50)
                    continue
                if step == 1:
                    raise
                step = max(1, step // 4)
                continue
        seconds = time.monotonic() - began
        since, first = before, first + step
        step = max(1, int(step * min(4.0, TARGET_SECONDS / max(seconds, 0.001))))


def _rows(prints: Fingerprinting | None) -> int | None:
    """Say about how many rows the largest source has; None: so few that all is one slice, or
    nobody knows."""
    pages = max((source.pages for source in prints.sources), default=0) if prints else 0
    return pages * _ROWS_PER_PAGE if pages > PAGES_OF_ONE_SLICE else None


def ends_of_parts(store: Postgres, described: Described, parts: int) -> list[str]:
    """Give keys that cut all records into so many ranges of about the same size; fewer, where there
    are not enough records."""
    marks = _marks(store, described, None, ALL_KEYS, most=max(MARKS, parts * 50))
    at = [round(len(marks) * part / parts) for part in range(1, parts)]
    return [marks[i] for i in sorted({i for i in at if 0 < i < len(marks)})]


def _marks(
    store: Postgres,
    described: Described,
    rows: int | None,
    within: KeyRange,
    most: int = MARKS,
) -> list[str]:
    """Give keys inside `within` that part its records into about equal portions. `rows`: of the
    first source; None: they are counted."""
    source = described.mapping.sources[0]
    key = f"({literal(source.key)}\n)::{described.key_type}"
    counted = f"(SELECT count(*) FROM {literal(source.from_clause)}\n)"
    with store.transaction() as connection:
        try:
            with connection.begin_nested():
                cursor = run(
                    connection,
                    "SELECT mark.id::text FROM (SELECT DISTINCT "
                    f"{key}{_collation(connection, described)} AS id "
                    f"FROM {literal(source.from_clause)}\n "
                    f"WHERE random() < %(marks)s / ({rows or counted})::float8) AS mark "
                    f"WHERE mark.id IS NOT NULL AND {_inside(within, described)} ORDER BY mark.id",
                    {"marks": most, **within.parameters},
                )
        except ROW_FAILURES:
            # A key that cannot be computed; then it is all one slice.
            return []
        return [mark for (mark,) in cursor]


def _inside(within: KeyRange, described: Described) -> str:
    """A condition on `mark.id`: inside the range, and not at its beginning."""
    parts = []
    if within.since is not None:
        parts.append(f"mark.id > %(key_since)s::{described.key_type}")
    if within.before is not None:
        parts.append(f"mark.id < %(key_before)s::{described.key_type}")
    return " AND ".join(parts) or "true"


def _collation(connection: sa.Connection, described: Described) -> str:
    """Give the collation in which the ids of the SELECT are compared; the source's key may have
    another, and a slice is cut by comparing ids."""
    if not described.key_is_text:
        return ""
    ids = f"SELECT canonical.id FROM {canonical_rows(described.mapping)} LIMIT 0"
    found = run(connection, f"SELECT pg_collation_for(({ids}))").fetchone()[0]
    return f" COLLATE {literal(found or _DEFAULT)}"
