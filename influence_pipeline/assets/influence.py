"""Deliver: what Influence has of the store, kept up to date call by call."""

from collections.abc import Sequence

import dagster as dg

from influence_pipeline.assets import checks, reporting
from influence_pipeline.assets.kinds import KINDS
from influence_pipeline.assets.links import links_of
from influence_pipeline.assets.names import Names
from influence_pipeline.assets.reporting import Reported
from influence_pipeline.records import Entity
from influence_pipeline.sync import status
from influence_pipeline.sync.engine import Engine, Report

GROUP = "influence"
REWARDS = "rewards_used"


def _deliver(
    names: Names,
    name: str,
    entity: Entity,
    *,
    deps: Sequence[str],
    description: str,
    retry: dg.RetryPolicy,
) -> dg.AssetsDefinition:
    @dg.asset(
        key=names.key(name),
        deps=[names.key(before) for before in deps],
        group_name=names.name(GROUP),
        required_resource_keys={names.resource},
        kinds={"api"},
        # One delivery at a time across all runs, so that two do not share the API's pace
        # unknowingly. The imports stay out of it: live changes must not wait for hours behind one.
        pool=names.pool,
        retry_policy=retry,
        check_specs=delivery_checks(names.key(name), entity),
        description=(
            f"{description}\n\nSends what is due and writes down each answer; a record that fails "
            "costs only itself and is tried again or parked. Safe to run at any time, by itself "
            "too: running twice sends nothing."
        ),
    )
    def deliver(context: dg.AssetExecutionContext) -> Reported:
        with names.engines(context).engine() as engine:
            progress = reporting.Progress(context, name, lambda: status.due(engine.state, entity))
            report = engine.deliver(entity, progress)
            return dg.MaterializeResult(
                metadata=reporting.of_delivery(engine.state, report),
                check_results=delivery_results(engine, report),
            )

    return deliver


def delivery_checks(name: dg.AssetKey, entity: Entity) -> list[dg.AssetCheckSpec]:
    """Give the checks of a delivery; that of the account's pace stands at the orders."""
    specs = [reporting.nothing_parked(name), checks.nothing_waits_long(name)]
    return [*specs, checks.not_throttled(name)] if entity is Entity.ORDER else specs


def delivery_results(engine: Engine, report: Report) -> list[dg.AssetCheckResult]:
    """Give their results. Raises StateError."""
    watch, links = engine.config.watch, links_of(engine.config.dagster)
    results = [
        reporting.check_parked(engine.state, report.entity, report.remaining.parked, watch, links),
        checks.check_waits(report, watch, links),
    ]
    if report.entity is Entity.ORDER:
        results.append(checks.check_pace(engine.state, links))
    return results


def influence_assets(names: Names, retry: dg.RetryPolicy) -> list[dg.AssetsDefinition]:
    """Make the three deliveries and the one of used rewards."""
    made = [
        _deliver(
            names,
            kind.delivered,
            kind.entity,
            deps=[kind.changes, *kind.after],
            description=f"{kind.what} As Influence has acknowledged them.\n\n{kind.sent_by}",
            retry=retry,
        )
        for kind in KINDS
    ]
    rewards = _deliver(
        names,
        REWARDS,
        Entity.REWARD,
        deps=[Entity.ORDER.plural, "coupons"],
        description=(
            "Coupons that an order has consumed, marked as used in Influence.\n\nOne POST per "
            "coupon, after its order; an order that came to nothing uses none."
        ),
        retry=retry,
    )
    return [*made, rewards]
