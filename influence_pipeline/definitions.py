"""Dagster's entry: puts assets, jobs, schedules, the sensor and the resource together.

Nothing is read from the store, the state or the API here, and nothing fails because a variable or
influence.toml is missing: the code location loads with defaults, and a run says what is missing.
Where INFLUENCE_STORES lists several stores, each has everything once, under its own names; what is
wrong with one concerns that one, and a list that cannot be used is said in the place of its stores.

The schedules and the sensor come switched off, so that a first start sends nothing before somebody
has looked at `influence-pipeline plan`. Switch them on in Dagster's UI (Automation), or start with
INFLUENCE_AUTOMATION=on, as the demo and `make dev` do.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from influence_pipeline.assets import changes, influence
from influence_pipeline.assets.changes import change_assets
from influence_pipeline.assets.coupons import coupon_asset, inbox_asset
from influence_pipeline.assets.first_import import import_assets
from influence_pipeline.assets.import_parts import parts_of
from influence_pipeline.assets.influence import influence_assets
from influence_pipeline.assets.kinds import KINDS
from influence_pipeline.assets.links import Links, links_of, with_references
from influence_pipeline.assets.members import MEMBERS, member_asset
from influence_pipeline.assets.names import ONE_STORE, Names
from influence_pipeline.assets.store import store_assets
from influence_pipeline.assets.store_list import list_asset
from influence_pipeline.automation.alerting import make_failed_runs_sensor
from influence_pipeline.automation.cadence import freshness
from influence_pipeline.automation.failed_ticks import make_failed_ticks_sensor
from influence_pipeline.automation.jobs import make_job_by_hand, make_jobs
from influence_pipeline.automation.old_runs import make_old_runs_sensor
from influence_pipeline.automation.retrying import RetryUnlessCancelled
from influence_pipeline.automation.schedules import make_schedules
from influence_pipeline.automation.sensors import Shown as SensorShown
from influence_pipeline.automation.sensors import make_coupon_sensor
from influence_pipeline.automation.store_list import make_list_sensor
from influence_pipeline.errors import ConfigurationError
from influence_pipeline.resources import EngineResource, resource_for
from influence_pipeline.settings import (
    Config,
    DagsterFace,
    Schedule,
    Settings,
    Store,
    Stores,
    Watch,
    load_settings,
    read_choice,
    read_environment,
    read_stores,
)

log = logging.getLogger(__name__)

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
    `engines`: opens the engine; by default with these settings. Without both, and with
    INFLUENCE_STORES set: everything for each of its stores.
    """
    try:
        stores = None if settings or engines else _list_of_stores()
    except ConfigurationError as error:
        return _definitions([], [str(error)])
    if stores is None:
        shown = _shown(lambda: settings or load_settings())
        return _definitions([_of_store(ONE_STORE, shown, engines or _engines(settings), retry)])
    for store in stores.stores:
        if store.refusal is not None:
            log.error("Store %s does not run: %s", store.name, store.refusal)
    return _definitions([_of_list(store, retry) for store in stores.stores], stores.problems)


def _list_of_stores() -> Stores | None:
    """Read the list. Raises ConfigurationError where there is one that cannot be used."""
    try:
        choice = read_choice()
    except ConfigurationError:
        # .env cannot be read; whether there is a list is not known. A run says so.
        return None
    return read_stores(choice)


def _of_list(store: Store, retry: dg.RetryPolicy) -> _OfStore:
    # Not `load_settings`, which looks at all stores to tell whether this one is apart: a run does.
    shown = _shown(
        lambda: Settings(read_environment(store.name, config=store.config), store=store.name)
    )
    return _of_store(Names(store.name), shown, EngineResource(store=store.name), retry)


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
    names: Names, shown: _Shown, engines: EngineResource, retry: dg.RetryPolicy
) -> _OfStore:
    times, running, links = shown.schedule, shown.running, links_of(shown.dagster)
    with warnings.catch_warnings():
        # Dagster calls backfill policies and code references "beta" and checks by partition a
        # "preview" at every load.
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        assets: list[dg.AssetsDefinition | dg.AssetSpec] = [
            *store_assets(names),
            *change_assets(names, retry),
            *influence_assets(names, retry),
            *import_assets(names, parts_of(shown.config, times), retry),
            inbox_asset(names),
            coupon_asset(names, retry),
            member_asset(names, retry),
        ]
        policies = _policies(names, shown, links)
        assets = list(with_references(dg.map_asset_specs(policies, assets), shown.dagster))
    return _OfStore(
        assets=assets,
        jobs=[*make_jobs(names), make_job_by_hand(names)],
        schedules=make_schedules(names, times, running=running),
        sensors=[
            make_coupon_sensor(
                names,
                engines,
                running=running,
                every_seconds=times.coupon_sensor_seconds,
                shown=SensorShown(shown.dagster.report_minutes, links),
            )
        ],
        times=times,
        names=names,
        engines=engines,
        running=running,
    )


def _definitions(stores: Sequence[_OfStore], problems: Sequence[str] = ()) -> dg.Definitions:
    """Put stores together. `problems`: what is wrong with the list they come from."""
    for words in problems:
        log.error("The list of stores must be mended: %s", words)
    engines = {store.names: store.engines for store in stores}
    running = any(store.running for store in stores)
    return dg.Definitions(
        assets=[
            *(asset for store in stores for asset in store.assets),
            *([list_asset(problems)] if problems else []),
        ],
        jobs=[job for store in stores for job in store.jobs],
        schedules=[schedule for store in stores for schedule in store.schedules],
        sensors=[
            *(sensor for store in stores for sensor in store.sensors),
            make_failed_runs_sensor(engines, running=running),
            *(_watching(stores[0].times, engines, running=running) if stores else []),
            *([make_list_sensor(problems)] if problems else []),
        ],
        resources={store.names.resource: store.engines for store in stores},
        # One process per run: a sync takes 3-4 s so, 15-23 s with a process per step. What runs at
        # once are calls inside a step, not steps.
        executor=dg.in_process_executor,
    )


def _watching(
    times: Schedule, engines: Mapping[Names, EngineResource], *, running: bool
) -> list[dg.SensorDefinition]:
    """One of each, however many stores there are; as often as the first one's settings say."""
    return [
        make_failed_ticks_sensor(
            engines, running=running, every_seconds=times.failed_ticks_seconds
        ),
        make_old_runs_sensor(engines, running=running, every_seconds=times.old_runs_seconds),
    ]


def _policies(names: Names, config: _Shown, links: Links) -> Callable[[dg.AssetSpec], dg.AssetSpec]:
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
        return changed.merge_attributes(tags={**of, **names.tags})

    return apply


def _engines(settings: Settings | None) -> EngineResource:
    return EngineResource() if settings is None else resource_for(settings)


@dataclass(frozen=True)
class _Shown:
    """What of the settings decides what Dagster shows; the defaults where they cannot be read (a
    run says why)."""

    config: Config | None = None
    schedule: Schedule = field(default_factory=Schedule)
    watch: Watch = field(default_factory=Watch)
    dagster: DagsterFace = field(default_factory=DagsterFace)
    running: bool = False


def _shown(load: Callable[[], Settings]) -> _Shown:
    try:
        settings = load()
    except ConfigurationError:
        return _Shown()
    running = settings.environment.automation == "on"
    try:
        config = settings.config
    except ConfigurationError:
        return _Shown(running=running)
    return _Shown(config, config.schedule, config.watch, config.dagster, running)


defs = build_definitions()
