"""Capture: what differs between the store and what was last sent. Nothing is sent here."""

import time
from typing import Any

import dagster as dg
from pydantic import Field

from influence_pipeline.assets import checks, reporting
from influence_pipeline.assets.kinds import KINDS, Kind
from influence_pipeline.assets.links import links_of
from influence_pipeline.assets.names import Names
from influence_pipeline.assets.reporting import Reported
from influence_pipeline.postgres import Postgres
from influence_pipeline.records import Entity
from influence_pipeline.sql import load_queries

GROUP = "changes"

_SQL = load_queries(__file__, "changes.sql")


class CaptureConfig(dg.Config):
    """What the launchpad offers."""

    full: bool = Field(
        default=False,
        description=(
            "false: look only at what was written to the store since the last time (well under a "
            "second). true: compare everything, which finds deletes and misses too; as the daily "
            "full_compare does."
        ),
    )
    every_record: bool = Field(
        default=False,
        description=(
            "true: compute every record anew, also where no source row of it has changed: after a "
            "function of the store has changed, say. Takes about 40 s for a million orders."
        ),
    )
    allow_mass_change: bool = Field(
        default=False,
        description=(
            "true: go on where so many records have changed or are gone at once that the run would "
            "stop (capture.mass_change_percent in influence.toml)."
        ),
    )


def _capture(names: Names, kind: Kind, retry: dg.RetryPolicy) -> dg.AssetsDefinition:
    @dg.asset(
        key=names.key(kind.changes),
        deps=[names.key(kind.in_store)],
        group_name=names.name(GROUP),
        required_resource_keys={names.resource},
        kinds={"postgres"},
        retry_policy=retry,
        check_specs=[
            reporting.nothing_missed(names.key(kind.changes)),
            checks.counts_agree(names.key(kind.changes)),
        ],
        description=(
            f"Which {kind.entity.plural} differ from what Influence has.\n\n"
            "Candidates come from the rows' transaction ids since the last look, or are everything "
            "(full compare); a hash of the record as it would be sent decides. What differs waits "
            f"for `{kind.delivered}`; a record that cannot be read is parked with its reason."
        ),
    )
    def capture(context: dg.AssetExecutionContext, config: CaptureConfig) -> Reported:
        started = time.monotonic()
        with names.engines(context).engine() as engine:
            captured = engine.capture(
                kind.entity,
                full=config.full,
                every_record=config.every_record,
                allow_mass_change=config.allow_mass_change,
            )
            found = captured.created + captured.changed
            preview = _to_send(engine.state, kind.entity) if found else []
            missed = reporting.check_missed(engine.state, kind.entity)
            seconds = time.monotonic() - started
            links = links_of(engine.config.dagster)
            counts = checks.check_counts(engine, kind.entity, links, compared=captured.full)
        for warning in captured.warnings:
            context.log.warning(warning)
        if captured.full:
            in_store = captured.looked_at + captured.unreadable
            context.log_event(
                dg.AssetObservation(
                    names.key(kind.in_store), metadata={"dagster/row_count": in_store}
                )
            )
        return dg.MaterializeResult(
            metadata=reporting.of_capture(captured, preview, seconds),
            check_results=[missed, counts],
        )

    return capture


def _to_send(state: Postgres, entity: Entity) -> list[dict[str, Any]]:
    with state.transaction() as connection:
        rows = connection.execute(_SQL["to_send"], {"entity": entity, "most": reporting.MOST})
        return [dict(row) for row in rows.mappings()]


def change_assets(names: Names, retry: dg.RetryPolicy) -> list[dg.AssetsDefinition]:
    """Make the three captures."""
    return [_capture(names, kind, retry) for kind in KINDS]
