"""The log of calls as a feed: every row once, in spite of transactions that commit late.

Ids are drawn when a row is written and seen when its transaction commits, so a row with a lower id
may come into sight after one with a higher one; and an id whose transaction was rolled back never
does. Ids that are passed over are kept as gaps. A gap is waited for as long as one of the
transactions lives that could hold its ids: those that were writing into the log when the gap was
noticed. After they have ended, one more look decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from influence_pipeline.postgres import Postgres
from influence_pipeline.sql import load_queries

if TYPE_CHECKING:
    import sqlalchemy as sa

_QUERIES = load_queries(__file__, "call_feed.sql")

# Rows of one question, and the most that one look reads; what is more comes with the next.
_ROWS_AT_ONCE = 20_000
_MOST_ROWS = 400_000
# Before this many of the latest ids nobody is writing any more when the feed begins.
_LATEST = 10_000


@dataclass(frozen=True)
class LoggedCall:
    """A row of the log. `ms`: from sending to the whole reply."""

    entity: str
    call: str
    outcome: str
    http_status: int | None
    ms: int | None


@dataclass(frozen=True)
class _Gap:
    """Ids from `low` to `high` that were not seen; `writers`: who may hold them yet."""

    low: int
    high: int
    writers: frozenset[str]


class CallFeed:
    """Begins at the end of the log as it is at the first look. Not shared between threads."""

    def __init__(self, state: Postgres) -> None:
        self._state = state
        self._top: int | None = None
        self._gaps: list[_Gap] = []

    def look(self) -> list[LoggedCall]:
        """Give the calls that came into sight since the last look. Raises StateError, and then has
        not moved: the next look gives them."""
        top, gaps, found = self._top, self._gaps, []
        with self._state.transaction() as connection:
            connection.execute(_QUERIES["read_committed"])
            if top is None or self._went_back(connection, top):
                top, gaps = self._begin(connection)
            else:
                # Before the gaps are looked into: who has ended by now has committed what it will.
                writers = _writers(connection)
                found += _look_into(connection, gaps)
                gaps = list(_left(gaps, [row.id for row in found], writers))
                new = _newer(connection, top)
                found += new
                noticed = _writers(connection)
                gaps += [_Gap(low, high, noticed) for low, high in _missing(top, new)]
                top = new[-1].id if new else top
        self._top, self._gaps = top, gaps
        return [
            LoggedCall(row.entity, row.call, row.outcome, row.http_status, row.ms) for row in found
        ]

    def _begin(self, connection: sa.Connection) -> tuple[int, list[_Gap]]:
        """Begin behind the last row in sight; what is being written now comes when it commits."""
        top = connection.execute(_QUERIES["newest"]).scalar() or 0
        start = max(top - _LATEST, 0)
        latest = _newer(connection, start)
        noticed = _writers(connection)
        gaps = [_Gap(low, high, noticed) for low, high in _missing(start, latest)]
        return (latest[-1].id if latest else top), gaps

    def _went_back(self, connection: sa.Connection, top: int) -> bool:
        """Tell whether ids are given out anew: the state was restored from a backup."""
        newest = connection.execute(_QUERIES["newest"]).scalar()
        return newest is not None and newest < top


def _writers(connection: sa.Connection) -> frozenset[str]:
    return frozenset(row.writer for row in connection.execute(_QUERIES["writers"]))


def _newer(connection: sa.Connection, top: int) -> list[Any]:
    rows: list[Any] = []
    while len(rows) < _MOST_ROWS:
        part = connection.execute(_QUERIES["newer"], {"top": top, "most": _ROWS_AT_ONCE}).all()
        rows += part
        if len(part) < _ROWS_AT_ONCE:
            break
        top = part[-1].id
    return rows


def _look_into(connection: sa.Connection, gaps: Sequence[_Gap]) -> list[Any]:
    if not gaps:
        return []
    bounds = {"lows": [gap.low for gap in gaps], "highs": [gap.high for gap in gaps]}
    return list(connection.execute(_QUERIES["in_gaps"], bounds).all())


def _missing(after: int, rows: Sequence[Any]) -> Iterator[tuple[int, int]]:
    """Give the ranges of ids between `after` and the last row that no row has."""
    for row in rows:
        if row.id > after + 1:
            yield after + 1, row.id - 1
        after = row.id


def _left(gaps: Sequence[_Gap], found: Sequence[int], writers: frozenset[str]) -> Iterator[_Gap]:
    """Give what is still to be waited for of the gaps, after these ids were found in them and
    while these transactions were still writing."""
    for gap in gaps:
        alive = gap.writers & writers
        if not alive:
            # Whoever could hold an id of it has ended: what is not here by now never comes.
            continue
        low = gap.low
        for found_id in (number for number in found if gap.low <= number <= gap.high):
            if found_id > low:
                yield _Gap(low, found_id - 1, alive)
            low = found_id + 1
        if low <= gap.high:
            yield _Gap(low, gap.high, alive)
