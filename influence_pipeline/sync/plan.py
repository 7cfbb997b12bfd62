"""What a sync would send, without sending it and without changing anything.

A capture runs as it would, inside a transaction that is rolled back, and the work it would leave is
read before that. So the plan is made by the same code as the sync.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from influence_pipeline.records import Entity
from influence_pipeline.sql import load_queries
from influence_pipeline.store.mapping import describe
from influence_pipeline.store.reader import rows_of
from influence_pipeline.sync.capture import CaptureJob, capture_into
from influence_pipeline.sync.engine import Engine

if TYPE_CHECKING:
    import pandas as pd

_QUERIES = load_queries(__file__, "status.sql")

COLUMNS = ("entity", "key", "action", "state", "status_now", "status_next", "reason")


class _RollBack(Exception):  # noqa: N818  (it is no error, only the way out)
    """Ends the transaction in which a plan was made."""


def plan(engine: Engine, entities: list[Entity], *, full: bool = False) -> pd.DataFrame:
    """Give one row per record that a sync would deal with.

    Columns: entity, key, action (create, update), state (ready, blocked, parked), status_now and
    status_next (of orders: last acknowledged and wanted financial status), reason.
    Raises what a sync's capture raises.
    """
    # pandas costs a second to import, so only who plans pays for it.
    import pandas as pd

    rows = [row for entity in entities for row in _rows(engine, entity, full)]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def calls_of(frame: pd.DataFrame) -> int:
    """Estimate the calls: one a customer, up to two a product, up to two an order."""
    ready = frame[frame["state"] == "ready"]
    once = int((ready["entity"] == Entity.CUSTOMER).sum())
    products = int((ready["entity"] == Entity.PRODUCT).sum())
    orders = ready[ready["entity"] == Entity.ORDER]
    creates = orders[orders["action"] == "create"]
    two_step = int((creates["status_next"] != "pending").sum())
    return once + 2 * products + len(orders) + two_step


def _rows(engine: Engine, entity: Entity, full: bool) -> list[dict[str, Any]]:
    planned: list[dict[str, Any]] = []
    go_live = engine.planned_go_live() if entity is Entity.ORDER else None
    job = CaptureJob(engine.mappings[entity], full=full, go_live=go_live)
    try:
        with engine.state.transaction() as into:
            capture_into(into, engine.store, job, lambda _point: None)
            found = into.execute(_QUERIES["planned"], {"entity": entity}).mappings()
            planned = [dict(row) for row in found]
            raise _RollBack  # noqa: TRY301  (leaving the block is what rolls back)
    except _RollBack:
        pass
    statuses = _wanted(engine, planned) if entity is Entity.ORDER else {}
    return [
        {
            "entity": row["entity"],
            "key": row["key"],
            "action": row["action"],
            "state": row["state"],
            "status_now": row["acknowledged_status"],
            "status_next": statuses.get(row["key"]),
            "reason": row["reason"],
        }
        for row in planned
    ]


def _wanted(engine: Engine, planned: list[dict[str, Any]]) -> dict[str, str]:
    keys = [row["key"] for row in planned]
    with engine.store.transaction() as connection:
        described = describe(connection, engine.mappings[Entity.ORDER])
        rows, _ = rows_of(connection, described, keys)
    return {row.key: str(row.values["financial_status"]) for row in rows}
