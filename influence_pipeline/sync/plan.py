"""What a sync would send, without sending it and without changing anything.

A capture runs as it would, inside a transaction that is rolled back, and the work it would leave is
read before that. Then the records are read, sorted out and made into calls by the code of the sync
(`prepare`, `jobs`), with every call taken as accepted. So the plan is made by the same code.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from influence_pipeline.records import Entity, FinancialStatus
from influence_pipeline.sql import load_queries
from influence_pipeline.sync import status
from influence_pipeline.sync.capture import capture_into
from influence_pipeline.sync.captured import Captured, CaptureJob
from influence_pipeline.sync.claims import release
from influence_pipeline.sync.engine import EMAIL_SALT, Engine
from influence_pipeline.sync.planned_customers import PlannedCustomers
from influence_pipeline.sync.planned_records import Planned, PlannedRecords
from influence_pipeline.sync.points import effect
from influence_pipeline.sync.prepare import Preparation, Rules

if TYPE_CHECKING:
    import pandas as pd

_QUERIES = load_queries(__file__, "plan.sql")

COLUMNS = (
    *("entity", "key", "action", "state", "status_now", "status_next", "reason"),
    *("before", "after"),
)


@dataclass(frozen=True)
class Plan:
    """What a sync would do. `captured`: what its capture found, and leaves out.

    `records`: one row per record it would deal with. Columns: entity, key, action (create, update),
    state (see `Planned`), status_now and status_next (of orders: last acknowledged and wanted
    financial status), reason, before (JSON of what is known to have been acknowledged: an order's
    status), after (JSON of the fields that are sent; personal data). `calls`: how many that takes,
    if each is accepted; `calls_per_second`: the pace to be expected, None before the first calls.
    `go_live`: the cut-over of orders, as it is or would be.
    """

    records: pd.DataFrame
    captured: dict[Entity, Captured]
    go_live: datetime
    calls: int
    calls_per_second: float | None

    @property
    def seconds(self) -> float | None:
        """How long the calls take at that pace; None: not known."""
        if self.calls_per_second is None:
            return None
        return round(self.calls / self.calls_per_second, 1)

    @property
    def status_moves(self) -> list[dict[str, Any]]:
        """Moves of orders' financial status that would be sent, and what they do to points."""
        orders = self.records[
            (self.records["entity"] == Entity.ORDER) & (self.records["state"] == Planned.READY)
        ]
        return status_moves(zip(orders["status_now"], orders["status_next"], strict=True))


def status_moves(moves: Iterable[tuple[str | None, str]]) -> list[dict[str, Any]]:
    """Count moves of orders' status (now, next) and say what each kind does to points."""
    counted: dict[tuple[str | None, str], int] = {}
    for move in moves:
        if move[0] != move[1]:
            counted[move] = counted.get(move, 0) + 1
    return [
        {
            "status_now": now,
            "status_next": following,
            "orders": orders,
            "points": effect(
                FinancialStatus(now) if now else None, FinancialStatus(following)
            ).value,
        }
        for (now, following), orders in sorted(counted.items(), key=lambda item: -item[1])
    ]


class RollBack(Exception):  # noqa: N818  (it is no error, only the way out)
    """Ends the transaction in which a plan was made."""


def plan(engine: Engine, entities: Sequence[Entity], *, full: bool = False) -> Plan:
    """Plan a sync of these entities. Raises what a sync's capture raises."""
    # pandas costs a second to import, so only who plans pays for it.
    import pandas as pd

    go_live = engine.planned_go_live()
    rules = planned_rules(engine, go_live)
    customers = PlannedCustomers(engine.state)
    captured: dict[Entity, Captured] = {}
    rows: list[tuple[Any, ...]] = []
    calls = 0
    for entity in entities:
        job = engine.job(entity, full=full, guarded=True, go_live=go_live)
        captured[entity], work = _capture(engine, job, customers)
        preparation = Preparation(engine.store, engine.mappings, rules, entity, customers)
        records = PlannedRecords(preparation, customers, rules.names, engine.linger_seconds)
        records.add(work)
        records.add_gone(captured[entity].gone)
        rows.extend(records.rows())
        calls += records.calls
    given = engine.config.delivery
    return Plan(
        pd.DataFrame(rows, columns=list(COLUMNS), dtype=object),
        captured,
        go_live,
        calls,
        status.expected_pace(engine.state, given.in_flight, given.calls_per_second),
    )


def planned_rules(engine: Engine, go_live: datetime | None) -> Rules:
    """Say how records become calls, noting nothing."""
    # Where there is no salt yet there are no owners of e-mails, and any salt will do.
    salt = status.get_fact(engine.state, EMAIL_SALT) or secrets.token_hex(32)
    return engine.rules(go_live=go_live, email_salt=bytes.fromhex(salt))


def _capture(
    engine: Engine, job: CaptureJob, customers: PlannedCustomers
) -> tuple[Captured, Sequence[Any]]:
    """Capture, read the work that a delivery would then find, and take it all back."""
    entity = job.mapping.entity
    try:
        with engine.state.transaction() as into:
            captured = capture_into(into, engine.store, job, lambda _point: None)
            release(into, entity)
            work = into.execute(
                _QUERIES["planned"], {"entity": entity, "imports": None, "most": None}
            ).all()
            if entity is Entity.CUSTOMER:
                customers.gone.update(into.execute(_QUERIES["gone_customers"]).scalars())
            raise RollBack  # noqa: TRY301  (leaving the block is what rolls back)
    except RollBack:
        return captured, work
