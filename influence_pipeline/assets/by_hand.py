"""A sync that a person starts: one small form instead of a config for each asset.

The same engine as the scheduled sync, entity by entity in the right order; what it did is reported
at the same assets, with the same numbers and checks.
"""

from collections.abc import Iterator
from enum import Enum
from typing import TypeAlias

import dagster as dg
from pydantic import Field

from influence_pipeline.assets import checks, reporting
from influence_pipeline.assets.influence import REWARDS, delivery_results
from influence_pipeline.assets.kinds import KINDS, Kind
from influence_pipeline.assets.links import links_of
from influence_pipeline.assets.names import Names
from influence_pipeline.errors import MassChange
from influence_pipeline.records import Entity
from influence_pipeline.sync import status
from influence_pipeline.sync.captured import NOTHING_CAPTURED
from influence_pipeline.sync.engine import Engine, Report

Said: TypeAlias = dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckEvaluation


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

    first: int = Field(
        default=0,
        ge=0,
        description=(
            "0: send all that is due. N: send no more than N records of each entity, to look at in "
            "the Influence dashboard; the rest is sent by the next run without it, also by the "
            "schedule's. Used rewards are told all."
        ),
    )


def make_step(names: Names) -> dg.OpDefinition:
    """Make the one step of a store's job."""

    @dg.op(
        name=names.name("sync_chosen"),
        required_resource_keys={names.resource},
        pool=names.pool,
        out=dg.Out(dg.Nothing),
        description="Captures and delivers what was chosen, and reports it at its assets.",
    )
    def sync_chosen(context: dg.OpExecutionContext, config: SyncByHand) -> Iterator[Said]:
        every = config.entity is WhichEntity.all
        stopped: MassChange | None = None
        with names.engines(context).engine() as engine:
            for kind in KINDS:
                if not every and kind.entity.plural != config.entity.value:
                    continue
                try:
                    # Said as it is done: what a step says in its end is lost where it fails.
                    yield from _sync(context, engine, names, kind, config)
                except MassChange as error:
                    # The others need not wait until somebody has looked at this one.
                    context.log.warning(str(error))
                    stopped = error
            if every:
                progress = _progress(context, engine, Entity.REWARD, REWARDS)
                report = engine.deliver(Entity.REWARD, progress)
                yield from _delivery(engine, names.key(REWARDS), report)
            if stopped is not None:
                raise stopped

    return sync_chosen


def _sync(
    context: dg.OpExecutionContext, engine: Engine, names: Names, kind: Kind, config: SyncByHand
) -> Iterator[Said]:
    report = engine.sync(
        kind.entity,
        full=config.full,
        every_record=config.every_record,
        allow_mass_change=config.allow_mass_change,
        first=config.first or None,
        progress=_progress(context, engine, kind.entity, kind.delivered),
    )
    captured = report.captured or NOTHING_CAPTURED
    for warning in captured.warnings:
        context.log.warning(warning)
    # What it found is sent by now, so there is no preview; its seconds are those of both.
    metadata = reporting.of_capture(captured, [], report.seconds)
    yield dg.AssetMaterialization(names.key(kind.changes), metadata=metadata)
    if captured.full:
        in_store = captured.looked_at + captured.unreadable
        yield dg.AssetObservation(
            names.key(kind.in_store), metadata={"dagster/row_count": in_store}
        )
    links = links_of(engine.config.dagster)
    for check in (
        reporting.check_missed(engine.state, kind.entity),
        checks.check_counts(engine, kind.entity, links, compared=captured.full),
    ):
        yield checks.evaluation(names.key(kind.changes), check)
    yield from _delivery(engine, names.key(kind.delivered), report)


def _progress(
    context: dg.OpExecutionContext, engine: Engine, entity: Entity, name: str
) -> reporting.Progress:
    return reporting.Progress(context, name, lambda: status.due(engine.state, entity))


def _delivery(engine: Engine, asset: dg.AssetKey, report: Report) -> Iterator[Said]:
    metadata = reporting.of_delivery(engine.state, report)
    yield dg.AssetMaterialization(asset, metadata=metadata)
    for check in delivery_results(engine, report):
        yield checks.evaluation(asset, check)
