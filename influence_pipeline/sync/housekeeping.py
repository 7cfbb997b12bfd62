"""Housekeeping: what is only history goes when it is old. Done at the end of runs, a little each.

Deleted are rows of the log of calls, of the runs and of imports' numbers, nothing else: a snapshot
that were missing would be an order created a second time. Webhook events that are done are emptied
and stay: by their key and hash a repeated delivery is known.
"""

from __future__ import annotations

from collections.abc import Callable

from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import Retention
from influence_pipeline.sql import load_queries

_QUERIES = load_queries(__file__, "housekeeping.sql")

# One transaction deletes so many rows: short enough that nobody notices, and VACUUM can follow.
ROWS_AT_ONCE = 5_000
# Of events, each with a body of some kilobytes.
EVENTS_AT_ONCE = 1_000
# One run deletes so many, and not for longer than this: four runs every five minutes then keep up
# with 600 calls a second.
MOST_ROWS = 50_000
MOST_SECONDS = 5.0
# Whether there are events to be emptied, and the statement that does it.
_EVENTS = (("events_are_due", "empty_events"), ("set_aside_are_due", "empty_set_aside"))


def prune(state: Postgres, retention: Retention, now: Callable[[], float]) -> int:
    """Delete what is older than the settings say, within bounds; give how many rows of the log.

    `now`: seconds of a monotonic clock. Raises StateError.
    """
    started = now()
    _delete(state, "prune_runs", retention.runs_days)
    _delete(state, "prune_imports", retention.runs_days)
    days = retention.events_days
    for due, query in _EVENTS if days else ():
        if _is_due(state, due, days):
            _in_batches(state, query, days, EVENTS_AT_ONCE, started, now)
    if not _is_due(state, "attempts_are_due", retention.attempts_days):
        return 0
    return _in_batches(state, "prune_attempts", retention.attempts_days, ROWS_AT_ONCE, started, now)


def _in_batches(
    state: Postgres, query: str, days: int, at_once: int, started: float, now: Callable[[], float]
) -> int:
    """Do it until nothing is left, or this run has done enough; give how many rows."""
    done = 0
    while done < MOST_ROWS and now() - started < MOST_SECONDS:
        batch = _delete(state, query, days, at_once)
        done += batch
        if batch < at_once:
            break
    return done


def _is_due(state: Postgres, query: str, days: int) -> bool:
    with state.transaction() as connection:
        return bool(connection.execute(_QUERIES[query], {"days": days}).scalar())


def _delete(state: Postgres, query: str, days: int, rows: int = ROWS_AT_ONCE) -> int:
    """Delete one batch in a transaction of its own; 0 also where another process is at it."""
    with state.transaction() as connection:
        if not connection.execute(_QUERIES["alone"]).scalar():
            return 0
        return connection.execute(_QUERIES[query], {"days": days, "rows": rows}).rowcount
