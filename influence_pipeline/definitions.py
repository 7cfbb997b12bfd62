"""Dagster's entry: puts assets, jobs, schedules, the sensor and the resource together.

Nothing is read from the store, the state or the API here, and nothing fails because a variable or
influence.toml is missing: the code location loads with defaults, and a run says what is missing.

The schedules and the sensor come switched off, so that a first start sends nothing before somebody
has looked at `influence-pipeline plan`. Switch them on in Dagster's UI (Automation), or start with
INFLUENCE_AUTOMATION=on, as the demo and `make dev` do.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from influence_pipeline.assets import changes, influence
from influence_pipeline.assets.changes import change_assets
from influence_pipeline.assets.coupons import coupon_asset, inbox_asset
from influence_pipeline.assets.first_import import import_assets, months_from
from influence_pipeline.assets.influence import influence_assets
from influence_pipeline.assets.kinds import KINDS
from influence_pipeline.assets.links import Links, links_of, with_references
from influence_pipeline.assets.members import MEMBERS, member_asset
from influence_pipeline.assets.names import ONE_STORE, Names
from influence_pipeline.assets.store import store_assets
from influence_pipeline.automation.alerting import make_failed_runs_sensor
from influence_pipeline.automation.cadence import freshness
from influence_pipeline.automation.failed_ticks import make_failed_ticks_sensor
from influence_pipeline.automation.jobs import make_job_by_hand, make_jobs
from influence_pipeline.automation.old_runs import make_old_runs_sensor
from influence_pipeline.automation.schedules import make_schedules
from influence_pipeline.automation.sensors import Shown as SensorShown
from influence_pipeline.automation.sensors import make_coupon_sensor
from influence_pipeline.errors import ConfigurationError
from influence_pipeline.resources import EngineResource, resource_for
from influence_pipeline.settings import DagsterFace, Schedule, Settings, Watch, load_settings

# For what may pass: a database or the API that is away. The engine's own waits come before these,
# and the next tick is five minutes away at most, so two more attempts are enough.
RETRY = dg.RetryPolicy(
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
    times: Schedule


def _of_store(
    names: Names, settings: Settings | None, engines: EngineResource, retry: dg.RetryPolicy
) -> _OfStore:
    config = _config(settings)
    times, running, links = config.schedule, _running(settings), links_of(config.dagster)
    months = months_from(times.import_from)
    with warnings.catch_warnings():
        # Dagster calls backfill policies and code references "beta" at every load.
        warnings.simplefilter("ignore", dg.BetaWarning)
        assets: list[dg.AssetsDefinition | dg.AssetSpec] = [
            *store_assets(names),
            *change_assets(names, retry),
            *influence_assets(names, retry),
            *import_assets(names, months, retry),
            inbox_asset(names),
            coupon_asset(names, retry),
            member_asset(names, retry),
        ]
        policies = _policies(names, config, links)
        shown = with_references(dg.map_asset_specs(policies, assets), config.dagster)
    return _OfStore(
        assets=list(shown),
        jobs=[*make_jobs(names), make_job_by_hand(names)],
        schedules=make_schedules(names, times, running=running),
        sensors=[
            make_coupon_sensor(
                names,
                engines,
                running=running,
                every_seconds=times.coupon_sensor_seconds,
                shown=SensorShown(config.dagster.report_minutes, links),
            )
        ],
        times=times,
        names=names,
        engines=engines,
        running=running,
    )


def _definitions(stores: Sequence[_OfStore]) -> dg.Definitions:
    engines = {store.names: store.engines for store in stores}
    running = any(store.running for store in stores)
    times = [store.times for store in stores]
    return dg.Definitions(
        assets=[asset for store in stores for asset in store.assets],
        jobs=[job for store in stores for job in store.jobs],
        schedules=[schedule for store in stores for schedule in store.schedules],
        sensors=[
            *(sensor for store in stores for sensor in store.sensors),
            # One of each, however many stores there are; as often as the first one's settings say.
            make_failed_runs_sensor(engines, running=running),
            make_failed_ticks_sensor(
                engines, running=running, every_seconds=times[0].failed_ticks_seconds
            ),
            make_old_runs_sensor(engines, running=running, every_seconds=times[0].old_runs_seconds),
        ],
        resources={store.names.resource: store.engines for store in stores},
        # One process per run: a sync takes 3-4 s so, 15-23 s with a process per step. What runs at
        # once are calls inside a step, not steps.
        executor=dg.in_process_executor,
    )


def _policies(names: Names, config: Shown, links: Links) -> Callable[[dg.AssetSpec], dg.AssetSpec]:
    """Give every asset what all assets of its group have."""
    times = config.schedule
    synced = freshness(times.sync, times.timezone, config.watch)
    late = {
        **dict.fromkeys(map(names.name, (changes.GROUP, influence.GROUP)), synced),
        MEMBERS: freshness(times.members, times.timezone, config.watch),
    }

    entities = {
        name: str(kind.entity)
        for kind in KINDS
        for name in (kind.in_store, kind.changes, kind.delivered, kind.import_name)
    }

    def apply(spec: dg.AssetSpec) -> dg.AssetSpec:
        group = spec.group_name or "default"
        name = spec.key.path[-1]
        policy = late.get(name) or late.get(group)
        more = links.words("operations.md", "what-dagster-shows")
        changed = spec.replace_attributes(
            owners=[config.dagster.owner],
            description=f"{spec.description}\n\nMore: {more}",
        )
        if policy is not None:
            changed = changed.replace_attributes(freshness_policy=policy)
        of = {"influence/entity": entities[name]} if name in entities else {}
        return changed.merge_attributes(tags={"influence/group": group, **of, **names.tags})

    return apply


def _engines(settings: Settings | None) -> EngineResource:
    return EngineResource() if settings is None else resource_for(settings)


@dataclass(frozen=True)
class Shown:
    """What of the settings decides what Dagster shows; the defaults where they cannot be read (a
    run says why)."""

    schedule: Schedule = field(default_factory=Schedule)
    watch: Watch = field(default_factory=Watch)
    dagster: DagsterFace = field(default_factory=DagsterFace)


def _config(settings: Settings | None) -> Shown:
    try:
        config = (settings or load_settings()).config
    except ConfigurationError:
        return Shown()
    return Shown(config.schedule, config.watch, config.dagster)


def _running(settings: Settings | None) -> bool:
    try:
        return (settings or load_settings()).environment.automation == "on"
    except ConfigurationError:
        return False


defs = build_definitions()
