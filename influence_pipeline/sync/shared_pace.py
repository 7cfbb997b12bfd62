"""The pace of all workers, kept in one row of the state database and asked in the background."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from typing import Any

from influence_pipeline.postgres import Postgres
from influence_pipeline.sql import load_queries
from influence_pipeline.sync import pace_control
from influence_pipeline.sync.pace_control import Grant, Report
from influence_pipeline.sync.pacing import BLOCK_SECONDS

_QUERIES = load_queries(__file__, "pace.sql")


class SharedPace:
    """One worker's way to it. `ceiling`: the merchant's own limit, in calls a second."""

    def __init__(self, state: Postgres, executor: Executor, ceiling: float | None) -> None:
        self._state = state
        self._executor = executor
        self._ceiling = ceiling
        self._asked: Future[Grant] | None = None

    def begin(self, report: Report) -> None:
        """Ask for slots, and hand in what happened. One question at a time."""
        self._asked = self._executor.submit(self._exchange, report)

    def take(self) -> Grant | None:
        """Give the answer once, when it is there. Raises StateError."""
        if self._asked is None or not self._asked.done():
            return None
        asked, self._asked = self._asked, None
        return asked.result()

    def _exchange(self, report: Report) -> Grant:
        with self._state.transaction() as connection:
            row = connection.execute(_QUERIES["take"]).one_or_none()
            if row is None:
                connection.execute(_QUERIES["make"])
                row = connection.execute(_QUERIES["take"]).one()
            control = pace_control.read(row.control)
            grant = pace_control.exchange(
                control,
                report,
                float(row.now),
                ceiling=self._ceiling,
                most_seconds=BLOCK_SECONDS,
            )
            connection.execute(_QUERIES["put"], {"control": pace_control.written(control)})
        return grant


def pace_found(state: Postgres) -> dict[str, Any] | None:
    """Give what was last found out of the account's pace; None: no call was ever made.

    `mode` (see `pace_control`); `calls_per_second`, None where no limit was met; `held_seconds`,
    for which the API asked to be left alone.
    """
    with state.transaction() as connection:
        row = connection.execute(_QUERIES["look"]).one_or_none()
    if row is None:
        return None
    control = pace_control.read(row.control)
    return {
        "mode": control.mode,
        "calls_per_second": None if control.rate is None else round(control.rate, 2),
        "held_seconds": round(max(control.held_until - float(row.now), 0.0), 1),
    }
