"""What a sync would send, without sending it and without changing anything.

A capture runs as it would, inside a transaction that is rolled back, and the work it would leave is
read before that. Then every record is read and its payload built, as the sync does it, so that what
cannot be told to the API shows here. So the plan is made by the same code as the sync.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from sys import intern
from typing import TYPE_CHECKING, Any

from influence_pipeline.platform_api import payloads
from influence_pipeline.platform_api.payloads import RecordError
from influence_pipeline.records import Entity
from influence_pipeline.sql import load_queries
from influence_pipeline.state.schema import WorkState
from influence_pipeline.store.mapping import describe
from influence_pipeline.store.reader import KEYS_PER_STATEMENT, CanonicalRow, rows_of
from influence_pipeline.sync.capture import Captured, CaptureJob, capture_into
from influence_pipeline.sync.engine import Engine

if TYPE_CHECKING:
    import pandas as pd

_QUERIES = load_queries(__file__, "status.sql")

COLUMNS = ("entity", "key", "action", "state", "status_now", "status_next", "reason")


@dataclass(frozen=True)
class Plan:
    """What a sync would do. `captured`: what its capture found, and leaves out.

    `records`: one row per record it would deal with. Columns: entity, key, action (create, update),
    state (ready, blocked, parked), status_now and status_next (of orders: last acknowledged and
    wanted financial status), reason. `go_live`: the cut-over of orders, as it is or would be.
    """

    records: pd.DataFrame
    captured: dict[Entity, Captured]
    go_live: datetime

    @property
    def calls(self) -> int:
        """About how many: one a customer, up to two a product, up to two an order."""
        ready = self.records[self.records["state"] == WorkState.READY]
        once = int((ready["entity"] == Entity.CUSTOMER).sum())
        products = int((ready["entity"] == Entity.PRODUCT).sum())
        orders = ready[ready["entity"] == Entity.ORDER]
        creates = orders[orders["action"] == "create"]
        two_step = int((creates["status_next"] != "pending").sum())
        return once + 2 * products + len(orders) + two_step


class _RollBack(Exception):  # noqa: N818  (it is no error, only the way out)
    """Ends the transaction in which a plan was made."""


def plan(engine: Engine, entities: Sequence[Entity], *, full: bool = False) -> Plan:
    """Plan a sync of these entities. Raises what a sync's capture raises."""
    # pandas costs a second to import, so only who plans pays for it.
    import pandas as pd

    go_live = engine.planned_go_live()
    captured: dict[Entity, Captured] = {}
    rows: list[tuple[Any, ...]] = []
    for entity in entities:
        job = engine.job(entity, full=full, guarded=True, go_live=go_live)
        captured[entity], work = _capture(engine, job)
        for first in range(0, len(work), KEYS_PER_STATEMENT):
            rows.extend(_rows(engine, entity, work[first : first + KEYS_PER_STATEMENT]))
    return Plan(pd.DataFrame(rows, columns=list(COLUMNS), dtype=object), captured, go_live)


def _capture(engine: Engine, job: CaptureJob) -> tuple[Captured, Sequence[Any]]:
    """Capture, read the work that is then there, and take it all back."""
    try:
        with engine.state.transaction() as into:
            captured = capture_into(into, engine.store, job, lambda _point: None)
            work = into.execute(_QUERIES["planned"], {"entity": job.mapping.entity}).all()
            raise _RollBack  # noqa: TRY301  (leaving the block is what rolls back)
    except _RollBack:
        return captured, work


def _rows(engine: Engine, entity: Entity, work: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """Give a plan's rows of one batch; only its canonical rows are held."""
    with engine.store.transaction() as connection:
        described = describe(connection, engine.mappings[entity])
        found, unreadable = rows_of(connection, described, [row.key for row in work])
    reasons: dict[str, str | None] = {poison.key: poison.reason for poison in unreadable}
    statuses: dict[str, str | None] = {}
    for row in found:
        reasons[row.key] = _why_untellable(entity, row)
        status = row.values.get("financial_status") if entity is Entity.ORDER else None
        statuses[row.key] = None if status is None else intern(str(status))
    for row in work:
        # What is parked already stays so, for its own reason.
        why = reasons.get(row.key) if row.state != WorkState.PARKED else None
        yield (
            entity.value,
            row.key,
            intern(row.action),
            WorkState.PARKED.value if why else intern(row.state),
            row.acknowledged_status and intern(row.acknowledged_status),
            statuses.get(row.key),
            why or row.reason,
        )


def _why_untellable(entity: Entity, row: CanonicalRow) -> str | None:
    """Build what would be sent, and say why that cannot be done, in the words of `parked`."""
    try:
        if entity is Entity.CUSTOMER:
            payloads.customer_body(row.values)
        elif entity is Entity.PRODUCT:
            payloads.product_body(row.values)
            payloads.variant_bodies(row.values)
        else:
            payloads.order_body(row.values)
    except RecordError as error:
        return str(error)
    except (ValueError, OverflowError, RecursionError) as error:
        return f"a value in it cannot be told ({type(error).__name__})"
    return None
