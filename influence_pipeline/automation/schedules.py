"""The schedules: the incremental sync and the daily full compare, never two of them at once; the
reconcile of members."""

from collections.abc import Collection

import dagster as dg

from influence_pipeline.assets.names import Names
from influence_pipeline.automation.jobs import (
    FULL_COMPARE,
    INCREMENTAL_SYNC,
    RECONCILE_MEMBERS,
)
from influence_pipeline.automation.runs import at_work
from influence_pipeline.settings import Schedule


def make_schedules(names: Names, times: Schedule, *, running: bool) -> list[dg.ScheduleDefinition]:
    """Make all schedules of a store, switched on or off.

    A full compare waits in the queue for a sync that is at work; a sync is left out instead.
    """
    status = dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED
    return [
        _schedule(
            names.name(INCREMENTAL_SYNC),
            times.sync,
            times.timezone,
            status,
            beside=(names.name(INCREMENTAL_SYNC), names.name(FULL_COMPARE)),
            description="Sends what changed. Left out while a sync or full compare is at work.",
        ),
        _schedule(
            names.name(FULL_COMPARE),
            times.full_compare,
            times.timezone,
            status,
            beside=(names.name(FULL_COMPARE),),
            description="Compares every record. Left out while the last one is still at work.",
        ),
        _schedule(
            names.name(RECONCILE_MEMBERS),
            times.members,
            times.timezone,
            status,
            beside=(names.name(RECONCILE_MEMBERS),),
            description=(
                "Looks whether members' balances add up. Left out while the last one is at work."
            ),
        ),
    ]


def _schedule(
    job: str,
    cron: str,
    timezone: str,
    status: dg.DefaultScheduleStatus,
    *,
    beside: Collection[str],
    description: str,
) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"{job}_schedule",
        job_name=job,
        cron_schedule=cron,
        execution_timezone=timezone,
        default_status=status,
        description=description,
    )
    def unless_at_work(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        run = at_work(context.instance, beside)
        if run is None:
            return dg.RunRequest()
        return dg.SkipReason(
            f"Run {run.run_id[:8]} of {run.job_name} is {run.status.value.lower()}; the next tick "
            "looks again."
        )

    return unless_at_work
