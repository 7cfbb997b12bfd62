"""Dagster's entry: puts assets, jobs, schedules, the sensor and the resource together.

Nothing is read from the store, the state or the API here, and nothing fails because a variable or
influence.toml is missing: the code location loads with defaults, and a run says what is missing.

The schedules and the sensor come switched off, so that a first start sends nothing before somebody
has looked at `influence-pipeline plan`. Switch them on in Dagster's UI (Automation), or start with
INFLUENCE_AUTOMATION=on, as the demo and `make dev` do.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import dagster as dg

from influence_pipeline.assets.changes import change_assets
from influence_pipeline.assets.coupons import coupon_asset, inbox_asset
from influence_pipeline.assets.first_import import import_assets
from influence_pipeline.assets.import_parts import parts_of
from influence_pipeline.assets.influence import influence_assets
from influence_pipeline.assets.members import member_asset
from influence_pipeline.assets.names import ONE_STORE, Names
from influence_pipeline.assets.store import store_assets
from influence_pipeline.automation.alerting import make_failed_runs_sensor
from influence_pipeline.automation.jobs import make_jobs
from influence_pipeline.automation.retrying import RetryUnlessCancelled
from influence_pipeline.automation.schedules import make_schedules
from influence_pipeline.automation.sensors import make_coupon_sensor
from influence_pipeline.errors import ConfigurationError
from influence_pipeline.resources import EngineResource, resource_for
from influence_pipeline.settings import Config, Schedule, Settings, load_settings

OWNER = "team:data"

# For what may pass: a database or the API that is away. The engine's own waits come before these,
# and the next tick is five minutes away at most, so two more attempts are enough.
RETRY = RetryUnlessCancelled(
    max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)


def build_definitions(
    *,
    settings: Settings | None = None,
    engines: EngineResource | None = None,
    retry: dg.RetryPolicy = RETRY,
) -> dg.Definitions:
    """Build everything Dagster shows and runs; for production, the command line and tests.

    `settings`: used as they are; by default the environment, read again by every run.
    `engines`: opens the engine; by default with these settings.
    """
    return _definitions([_of_store(ONE_STORE, settings, engines or _engines(settings), retry)])


@dataclass(frozen=True)
class _OfStore:
    """What Dagster is shown of one store; its names are nobody else's."""

    assets: list[Any]
    jobs: list[Any]
    schedules: list[dg.ScheduleDefinition]
    sensors: list[dg.SensorDefinition]
    names: Names
    engines: EngineResource
    running: bool


def _of_store(
    names: Names, settings: Settings | None, engines: EngineResource, retry: dg.RetryPolicy
) -> _OfStore:
    config, running = _config(settings)
    times = Schedule() if config is None else config.schedule
    with warnings.catch_warnings():
        # Dagster calls backfill policies "beta" and checks by partition a "preview" at each load.
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        assets: list[dg.AssetsDefinition | dg.AssetSpec] = [
            *store_assets(names),
            *change_assets(names, retry),
            *influence_assets(names, retry),
            *import_assets(names, parts_of(config, times), retry),
            inbox_asset(names),
            coupon_asset(names, retry),
            member_asset(names, retry),
        ]
    return _OfStore(
        assets=list(dg.map_asset_specs(partial(_policies, names), assets)),
        jobs=make_jobs(names),
        schedules=make_schedules(names, times, running=running),
        sensors=[make_coupon_sensor(names, engines, running=running)],
        names=names,
        engines=engines,
        running=running,
    )


def _definitions(stores: Sequence[_OfStore]) -> dg.Definitions:
    return dg.Definitions(
        assets=[asset for store in stores for asset in store.assets],
        jobs=[job for store in stores for job in store.jobs],
        schedules=[schedule for store in stores for schedule in store.schedules],
        sensors=[
            *(sensor for store in stores for sensor in store.sensors),
            make_failed_runs_sensor(
                {store.names: store.engines for store in stores},
                running=any(store.running for store in stores),
            ),
        ],
        resources={store.names.resource: store.engines for store in stores},
        # One process per run: a sync takes 3-4 s so, 15-23 s with a process per step. What runs at
        # once are calls inside a step, not steps.
        executor=dg.in_process_executor,
    )


def _policies(names: Names, spec: dg.AssetSpec) -> dg.AssetSpec:
    """Give every asset what all assets have."""
    return spec.replace_attributes(owners=[OWNER]).merge_attributes(
        tags={"influence/group": spec.group_name or "default", **names.tags}
    )


def _engines(settings: Settings | None) -> EngineResource:
    return EngineResource() if settings is None else resource_for(settings)


def _config(settings: Settings | None) -> tuple[Config | None, bool]:
    """Read influence.toml, and whether the automation starts by itself. None where it cannot be
    read: the defaults hold, and a run says why."""
    try:
        settings = settings or load_settings()
        running = settings.environment.automation == "on"
    except ConfigurationError:
        return None, False
    try:
        return settings.config, running
    except ConfigurationError:
        return None, running


defs = build_definitions()
