"""Housekeeping: what is only history goes when it is old. Done at the end of runs, a little each.

Deleted are rows of the log of calls, of the runs and of imports' numbers, nothing else: a snapshot
that were missing would be an order created a second time. No index is needed: ids grow with time.
"""

from __future__ import annotations

from collections.abc import Callable

from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import Retention
from influence_pipeline.sql import load_queries

_QUERIES = load_queries(__file__, "housekeeping.sql")

# One transaction deletes so many rows: short enough that nobody notices, and VACUUM can follow.
ROWS_AT_ONCE = 5_000
# One run deletes so many, and not for longer than this: four runs every five minutes then keep up
# with 600 calls a second.
MOST_ROWS = 50_000
MOST_SECONDS = 5.0


def prune(state: Postgres, retention: Retention, now: Callable[[], float]) -> int:
    """Delete what is older than the settings say, within bounds; give how many rows of the log.

    `now`: seconds of a monotonic clock. Raises StateError.
    """
    started = now()
    _delete(state, "prune_runs", retention.runs_days)
    _delete(state, "prune_imports", retention.runs_days)
    if not _attempts_are_due(state, retention.attempts_days):
        return 0
    deleted = 0
    while deleted < MOST_ROWS and now() - started < MOST_SECONDS:
        batch = _delete(state, "prune_attempts", retention.attempts_days)
        deleted += batch
        if batch < ROWS_AT_ONCE:
            break
    return deleted


def _attempts_are_due(state: Postgres, days: int) -> bool:
    with state.transaction() as connection:
        return bool(connection.execute(_QUERIES["attempts_are_due"], {"days": days}).scalar())


def _delete(state: Postgres, query: str, days: int) -> int:
    """Delete one batch in a transaction of its own; 0 also where another process is at it."""
    with state.transaction() as connection:
        if not connection.execute(_QUERIES["alone"]).scalar():
            return 0
        return connection.execute(_QUERIES[query], {"days": days, "rows": ROWS_AT_ONCE}).rowcount
