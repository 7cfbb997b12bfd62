"""The sensor that deletes finished runs which are too old, from Dagster's own storage.

Dagster prunes ticks, and never runs or their events: a sync every five minutes leaves some 100,000
runs a year. Only runs of the scheduled jobs go, in small portions: what was started by hand, and
every import, stays, because the events of those hold which partitions are done. What an asset
shows as its newest stays too, and the newest run of each job.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage

from influence_pipeline.assets.names import Names
from influence_pipeline.automation.jobs import (
    FULL_COMPARE,
    INCREMENTAL_SYNC,
    RECONCILE_MEMBERS,
    WORK_OFF_WEBHOOKS,
)
from influence_pipeline.errors import ConfigurationError
from influence_pipeline.resources import EngineResource
from influence_pipeline.settings import said

OLD_RUNS = "old_runs"
SCHEDULED = (INCREMENTAL_SYNC, FULL_COMPARE, WORK_OFF_WEBHOOKS, RECONCILE_MEMBERS)
# Dagster marks with one of these what a schedule or a sensor started.
_STARTED_BY = ("dagster/schedule_name", "dagster/sensor_name")
# Failed runs are kept so many times longer.
FAILED_LONGER = 3
# A tick ends long before Dagster would break it off; what is left is the next one's.
_MOST_SECONDS = 15.0
_PORTION = 50
_DONE_WELL = (dg.DagsterRunStatus.SUCCESS,)
_DONE_BADLY = (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


def make_old_runs_sensor(
    stores: Mapping[Names, EngineResource], *, running: bool, every_seconds: int
) -> dg.SensorDefinition:
    """Make the one sensor for all stores, switched on or off."""
    status = dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED

    @dg.sensor(
        name=OLD_RUNS,
        minimum_interval_seconds=every_seconds,
        default_status=status,
        description=(
            "Deletes finished runs of the scheduled jobs that are older than [retention] "
            "dagster_runs_days, with their events, from Dagster's storage; failed ones after "
            f"{FAILED_LONGER} times as long. Imports, what was started by hand, the newest run of "
            "each job and what assets show as their newest stay. Starts nothing."
        ),
    )
    def old_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        until = time.monotonic() + _MOST_SECONDS
        words = []
        for names, engines in stores.items():
            of = "" if names.store is None else f"Store {names.store}: "
            try:
                days = engines.settings().config.retention.dagster_runs_days
            except ConfigurationError as error:
                # Its own runs fail for that, and are told; the other stores' runs grow old too.
                refusal = said(str(error), names.store)
                words.append(f"{of}No run is deleted, its settings cannot be read: {refusal}")
                continue
            if not days:
                words.append(f"{of}No run is deleted: [retention] dagster_runs_days is 0.")
                continue
            jobs = [names.name(job) for job in SCHEDULED]
            deleted = delete_old_runs(context.instance, jobs, days, until=until)
            words.append(f"{of}{deleted:,} runs older than {days} days were deleted.")
        return dg.SkipReason(" ".join(words))

    return old_runs


def delete_old_runs(
    instance: dg.DagsterInstance,
    jobs: Sequence[str],
    days: int,
    *,
    until: float,
    now: datetime | None = None,
) -> int:
    """Delete runs of these jobs that are too old, until all are or until a value of
    time.monotonic(); give how many. One by one: a kill in between leaves no half of any for long.
    """
    now = now or datetime.now(UTC)
    deleted = 0
    kept = _shown(instance)
    for job in jobs:
        kept |= {run.run_id for run in instance.get_runs(dg.RunsFilter(job_name=job), limit=1)}
        for statuses, age in ((_DONE_WELL, days), (_DONE_BADLY, days * FAILED_LONGER)):
            before = now - timedelta(days=age)
            for portion in _portions(instance, job, statuses, before, kept):
                if time.monotonic() > until:
                    return deleted
                for run in portion:
                    instance.delete_run(run.run_id)
                _forget_checks(instance, portion)
                deleted += len(portion)
    return deleted


def _portions(
    instance: dg.DagsterInstance,
    job: str,
    statuses: Sequence[dg.DagsterRunStatus],
    before: datetime,
    kept: set[str],
) -> Iterator[list[dg.DagsterRun]]:
    """Give the runs to be deleted, the oldest first; those that stay are passed over."""
    cursor: str | None = None
    while True:
        found = instance.get_runs(
            dg.RunsFilter(job_name=job, statuses=list(statuses), created_before=before),
            limit=_PORTION,
            cursor=cursor,
            ascending=True,
        )
        if not found:
            return
        staying = [run for run in found if run.run_id in kept or not _by_itself(run)]
        going = [run for run in found if run not in staying]
        if staying:
            cursor = staying[-1].run_id
        if going:
            yield going


def _by_itself(run: dg.DagsterRun) -> bool:
    """Whether a schedule or sensor started it, and it is part of no backfill or partition."""
    tags = run.tags
    return any(name in tags for name in _STARTED_BY) and not any(
        name == "dagster/backfill"
        or name.startswith(("dagster/partition", "dagster/asset_partition"))
        for name in tags
    )


def _shown(instance: dg.DagsterInstance) -> set[str]:
    """Give the runs whose events assets show as their newest."""
    newest = instance.get_latest_materialization_events(instance.all_asset_keys())
    return {entry.run_id for entry in newest.values() if entry is not None}


def _forget_checks(instance: dg.DagsterInstance, runs: Sequence[dg.DagsterRun]) -> None:
    """Delete the rows of their checks. `delete_run` leaves those behind: one for each check of each
    run, for ever. Only storage that keeps them in this table has any."""
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        return
    table = AssetCheckExecutionsTable
    with storage.index_connection() as connection:
        connection.execute(table.delete().where(table.c.run_id.in_([run.run_id for run in runs])))
