"""What an import would send, before its first call: records, calls, hours, what could be awarded.

The import's own capture runs inside a transaction that is rolled back, so the records are counted
by the code that sends them. How many calls they take is worked out record by record for so many of
them, and for the rest by what those take on average.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from influence_pipeline.amounts import counted, duration
from influence_pipeline.records import Entity, FinancialStatus
from influence_pipeline.sql import load_queries
from influence_pipeline.store.mapping import describe
from influence_pipeline.store.reader import EVERYTHING, Window, money_by_currency
from influence_pipeline.sync import status
from influence_pipeline.sync.capture import capture_into
from influence_pipeline.sync.captured import Captured, added_up
from influence_pipeline.sync.engine import Engine
from influence_pipeline.sync.parts import begin_in
from influence_pipeline.sync.plan import RollBack, planned_rules
from influence_pipeline.sync.planned_customers import PlannedCustomers
from influence_pipeline.sync.planned_records import PlannedRecords
from influence_pipeline.sync.prepare import Preparation

_QUERIES = load_queries(__file__, "plan.sql")

# So many records are made into calls to count them; of more these are the sample.
WORKED_OUT = 5_000
# With these a new order gives points at once, as far as the contract says so.
_AWARDING = (FinancialStatus.PAID, FinancialStatus.PARTIALLY_PAID)


@dataclass(frozen=True)
class ImportPlan:
    """What an import of one entity would do.

    `due`: the records to be sent, `new`: those of them that the API does not have; `parked`: those
    that wait for a person already. `calls`: how many they take, exact unless `estimated`;
    `calls_per_second`: the pace to be expected, None before the first calls; `limit_met`: whether
    it is one that the API has shown, or the merchant's own. `money`: what the
    orders among them come to that could award points, by currency.
    """

    entity: Entity
    captured: Captured
    due: int
    new: int
    parked: int
    calls: int
    estimated: bool
    calls_per_second: float | None
    limit_met: bool
    money: dict[str, tuple[int, Decimal]]

    @property
    def seconds(self) -> float | None:
        """How long the calls take at that pace; None: not known."""
        if self.calls_per_second is None:
            return None
        return round(self.calls / self.calls_per_second, 1)

    @property
    def awards(self) -> str | None:
        """Say what Influence may give points for; None: for nothing of this."""
        if self.entity is Entity.CUSTOMER and self.new:
            return (
                f"{self.new:,} customers are new to Influence: each may be given sign-up points. "
                "The contract does not say whether an import does."
            )
        if self.entity is Entity.ORDER and self.money:
            sums = "; ".join(
                f"{orders:,} orders of {total:,.2f} {currency}"
                for currency, (orders, total) in self.money.items()
            )
            return f"{sums} are paid: each of them may award points at today's rules."
        return None

    def values(self) -> dict[str, Any]:
        """Give plain values, always under the same names."""
        return {
            "records": self.captured.looked_at + self.captured.unreadable,
            "to_send": self.due,
            "new": self.new,
            "parked": self.parked,
            "before_go_live": self.captured.before_go_live,
            "calls": self.calls,
            "calls_are_estimated": self.estimated,
            "calls_per_second": self.calls_per_second,
            "limit_met": self.limit_met,
            "seconds": self.seconds,
            "awards": self.awards,
        }


def plan_import(engine: Engine, entity: Entity, window: Window) -> ImportPlan:
    """Plan an import of a window; noting nothing. Raises what the import's capture raises."""
    job = engine.import_job(entity, window, go_live=engine.planned_go_live())
    try:
        with engine.state.transaction() as into:
            number = begin_in(into, entity)
            numbered = replace(job, import_id=None if window == EVERYTHING else number)
            captured = capture_into(into, engine.store, numbered, lambda _point: None)
            due = _due(into, entity, None if window == EVERYTHING else [number])
            raise RollBack  # noqa: TRY301  (leaving the block is what rolls back)
    except RollBack:
        pass
    return _plan(engine, entity, window, captured, due, job.go_live)


def plan_of_parts(
    engine: Engine,
    entity: Entity,
    window: Window,
    captured: Sequence[Captured],
    numbers: Sequence[int],
) -> ImportPlan:
    """Plan the import of parts that have been captured. `window`: of all of them. Raises StateError
    and what reading the store raises."""
    with engine.state.transaction() as connection:
        due = _due(connection, entity, numbers)
    lifted = engine.config.orders.import_before_go_live is not None
    go_live = None if entity is not Entity.ORDER or lifted else engine.go_live()
    return _plan(engine, entity, window, added_up(captured), due, go_live)


@dataclass(frozen=True)
class _Due:
    """What is to be sent: numbers, and some of the work."""

    records: int
    new: int
    parked: int
    sample: Sequence[Any]


def _due(connection: sa.Connection, entity: Entity, numbers: Sequence[int] | None) -> _Due:
    imports = None if numbers is None else list(numbers)
    values = {"entity": entity, "imports": imports, "most": WORKED_OUT}
    counts = connection.execute(_QUERIES["import_due"], values).one()
    sample = connection.execute(_QUERIES["planned"], values).all()
    return _Due(counts.due, counts.new, counts.parked, sample)


def _plan(
    engine: Engine,
    entity: Entity,
    window: Window,
    captured: Captured,
    due: _Due,
    go_live: datetime | None,
) -> ImportPlan:
    customers = PlannedCustomers(engine.state)
    rules = planned_rules(engine, go_live)
    preparation = Preparation(engine.store, engine.mappings, rules, entity, customers)
    records = PlannedRecords(
        preparation, customers, rules.names, engine.linger_seconds, imports=True
    )
    records.add(due.sample)
    estimated = due.records > len(due.sample) > 0
    calls = round(records.calls * due.records / len(due.sample)) if estimated else records.calls
    given = engine.config.delivery
    pace = status.expected_pace(engine.state, given.in_flight, given.calls_per_second)
    return ImportPlan(
        entity=entity,
        captured=captured,
        due=due.records,
        new=due.new,
        parked=due.parked,
        calls=calls,
        estimated=estimated,
        calls_per_second=pace,
        limit_met=_limit_met(engine),
        money=_money(engine, entity, window) if entity is Entity.ORDER and due.records else {},
    )


def _limit_met(engine: Engine) -> bool:
    found = status.limit_found(engine.state)
    return found or engine.config.delivery.calls_per_second is not None


def _money(engine: Engine, entity: Entity, window: Window) -> dict[str, tuple[int, Decimal]]:
    with engine.store.transaction() as out:
        described = describe(out, engine.mappings[entity])
        return money_by_currency(out, described, window, [str(status) for status in _AWARDING])


def plan_words(plan: ImportPlan) -> str:
    """Say in a line what an import would do, but for what it could award."""
    name = plan.entity.plural
    looked_at = plan.captured.looked_at + plan.captured.unreadable
    if not plan.due:
        nothing = f"none of {counted(looked_at, plan.entity)} looked at is to be sent"
        return f"{nothing}; {plan.parked:,} parked" if plan.parked else nothing
    about = "about " if plan.estimated else ""
    parts = [
        f"{plan.due:,} of {looked_at:,} {name} to be sent, {plan.new:,} of them new to Influence",
        f"{about}{counted(plan.calls, 'call')}",
        "time unknown before the first calls"
        if plan.seconds is None
        else f"about {duration(max(plan.seconds, 1))} at {plan.calls_per_second:,.0f} calls/s"
        if plan.limit_met
        else f"at least {duration(max(plan.seconds, 1))}, as no limit of the API has been met yet",
    ]
    if plan.parked:
        parts.append(f"{plan.parked:,} parked")
    return ", ".join(parts)
