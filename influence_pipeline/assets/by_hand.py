"""A sync that a person starts: one small form instead of a config for each asset.

The same engine as the scheduled sync, entity by entity in the right order; what it did is reported
at the same assets, with the same numbers and checks.
"""

from __future__ import annotations

from enum import Enum

import dagster as dg
from pydantic import Field

from influence_pipeline.assets import checks, reporting
from influence_pipeline.assets.influence import POOL, REWARDS, delivery_results
from influence_pipeline.assets.kinds import KINDS, Kind
from influence_pipeline.assets.links import links_of
from influence_pipeline.errors import MassChange
from influence_pipeline.records import Entity
from influence_pipeline.resources import EngineResource
from influence_pipeline.sync.engine import Engine, Report


class WhichEntity(Enum):
    """What may be chosen; the launchpad lists it."""

    all = "all"
    customers = "customers"
    products = "products"
    orders = "orders"


class SyncByHand(dg.Config):
    """What the launchpad offers. Unchanged, it is what the schedule does every few minutes."""

    entity: WhichEntity = Field(
        default=WhichEntity.all,
        description=(
            "all: customers, products, orders, then used rewards. Or one of them alone; orders "
            "alone wait where their customer is not at Influence yet."
        ),
    )
    full: bool = Field(
        default=False,
        description=(
            "false: look at what was written to the store since the last run (under a second). "
            "true: compare everything, which finds deletes and misses too (seconds to a minute for "
            "a million orders). Either way only what differs is sent."
        ),
    )
    every_record: bool = Field(
        default=False,
        description=(
            "true: compute every record anew, also where none of its rows has changed: after a "
            "function of the store, or the mapping's transform, was changed. The slowest compare "
            "(about 40 s for a million orders). Still only what differs is sent."
        ),
    )
    allow_mass_change: bool = Field(
        default=False,
        description=(
            "true: go on where so many records have changed or are gone at once that the run would "
            "stop (capture.mass_change_percent), and send them. Look at `influence-pipeline plan` "
            "first."
        ),
    )


def make_step() -> dg.OpDefinition:
    """Make the one step of the job."""

    @dg.op(
        name="sync_chosen",
        pool=POOL,
        out=dg.Out(dg.Nothing),
        description="Captures and delivers what was chosen, and reports it at its assets.",
    )
    def sync_chosen(
        context: dg.OpExecutionContext, config: SyncByHand, engines: EngineResource
    ) -> None:
        every = config.entity is WhichEntity.all
        stopped: MassChange | None = None
        with engines.engine() as engine:
            for kind in KINDS:
                if not every and kind.entity.plural != config.entity.value:
                    continue
                try:
                    _sync(context, engine, kind, config)
                except MassChange as error:
                    # The others need not wait until somebody has looked at this one.
                    context.log.error(str(error))
                    stopped = error
            if every:
                progress = reporting.Progress(context.log, REWARDS)
                _report_delivery(context, engine, REWARDS, engine.deliver(Entity.REWARD, progress))
            if stopped is not None:
                raise stopped

    return sync_chosen


def _sync(context: dg.OpExecutionContext, engine: Engine, kind: Kind, config: SyncByHand) -> None:
    report = engine.sync(
        kind.entity,
        full=config.full,
        every_record=config.every_record,
        allow_mass_change=config.allow_mass_change,
        progress=reporting.Progress(context.log, kind.delivered),
    )
    captured = report.captured
    assert captured is not None
    for warning in captured.warnings:
        context.log.warning(warning)
    # What it found is sent by now, so there is no preview; its seconds are those of both.
    metadata = reporting.of_capture(captured, [], report.seconds)
    context.log_event(dg.AssetMaterialization(kind.changes, metadata=metadata))
    if captured.full:
        in_store = captured.looked_at + captured.unreadable
        context.log_event(
            dg.AssetObservation(kind.in_store, metadata={"dagster/row_count": in_store})
        )
    links = links_of(engine.config.dagster)
    for check in (
        reporting.check_missed(engine.state, kind.entity),
        checks.check_counts(engine, kind.entity, links, compared=captured.full),
    ):
        context.log_event(checks.evaluation(kind.changes, check))
    _report_delivery(context, engine, kind.delivered, report)


def _report_delivery(
    context: dg.OpExecutionContext, engine: Engine, asset: str, report: Report
) -> None:
    metadata = reporting.of_delivery(engine.state, report)
    context.log_event(dg.AssetMaterialization(asset, metadata=metadata))
    for check in delivery_results(engine, report):
        context.log_event(checks.evaluation(asset, check))
