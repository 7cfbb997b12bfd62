"""The schedules: the incremental sync and the daily full compare, never two of them at once; the
reconcile of members."""

import logging
from collections.abc import Collection

import dagster as dg

from influence_pipeline.assets.names import Names
from influence_pipeline.automation.cadence import why_unreadable
from influence_pipeline.automation.jobs import (
    FULL_COMPARE,
    INCREMENTAL_SYNC,
    RECONCILE_MEMBERS,
)
from influence_pipeline.automation.runs import at_work
from influence_pipeline.settings import Schedule

log = logging.getLogger(__name__)


def make_schedules(names: Names, times: Schedule, *, running: bool) -> list[dg.ScheduleDefinition]:
    """Make all schedules of a store, switched on or off.

    A full compare waits in the queue for a sync that is at work; a sync is left out instead.
    """
    status = dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED
    return [
        _schedule(
            names.name(INCREMENTAL_SYNC),
            "sync",
            times,
            status,
            beside=(names.name(INCREMENTAL_SYNC), names.name(FULL_COMPARE)),
            description="Sends what changed. Left out while a sync or full compare is at work.",
        ),
        _schedule(
            names.name(FULL_COMPARE),
            "full_compare",
            times,
            status,
            beside=(names.name(FULL_COMPARE),),
            description="Compares every record. Left out while the last one is still at work.",
        ),
        _schedule(
            names.name(RECONCILE_MEMBERS),
            "members",
            times,
            status,
            beside=(names.name(RECONCILE_MEMBERS),),
            description=(
                "Looks whether members' balances add up. Left out while the last one is at work."
            ),
        ),
    ]


def _schedule(
    job: str,
    key: str,
    times: Schedule,
    status: dg.DefaultScheduleStatus,
    *,
    beside: Collection[str],
    description: str,
) -> dg.ScheduleDefinition:
    """Make one. `key`: of its cron line in [schedule]. With a line that cannot be read the whole
    code location would not load, with it every other store; so this schedule alone fails, at its
    default times, and says why."""
    why = why_unreadable(getattr(times, key), times.timezone)
    words = (
        f"schedule.{key} in influence.toml: {why}. Nothing is started by this schedule until it is "
        "mended and the code location is loaded anew. Where: influence-pipeline check."
    )
    if why is not None:
        log.error("%s: %s", job, words)
    usable = times if why is None else Schedule()

    @dg.schedule(
        name=f"{job}_schedule",
        job_name=job,
        cron_schedule=getattr(usable, key),
        execution_timezone=usable.timezone,
        default_status=status,
        description=description if why is None else f"{description} {words}",
    )
    def unless_at_work(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if why is not None:
            raise dg.Failure(description=words)
        run = at_work(context.instance, beside)
        if run is None:
            return dg.RunRequest()
        return dg.SkipReason(
            f"Run {run.run_id[:8]} of {run.job_name} is {run.status.value.lower()}; the next tick "
            "looks again."
        )

    return unless_at_work
