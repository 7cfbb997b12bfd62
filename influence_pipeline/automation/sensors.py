"""The coupon sensor: works stored webhooks off inside its own tick, within a second of arrival.

It does the work itself because a run takes 4-9 s to start. Dagster looks at sensors every 5 s, so a
tick waits for events up to `webhooks.sensor_deadline_seconds` (19: it ends just before the next
look). Safe to preview in Dagster's UI, which runs it for real: every step can be repeated.
"""

import time

import dagster as dg

from influence_pipeline.assets import coupons
from influence_pipeline.assets.coupons import Arrived
from influence_pipeline.automation.jobs import WORK_OFF_WEBHOOKS
from influence_pipeline.automation.runs import at_work
from influence_pipeline.postgres import Postgres
from influence_pipeline.resources import EngineResource
from influence_pipeline.webhooks.context import HandlerContext
from influence_pipeline.webhooks.handlers import WorkedOff, work_off, work_off_until

NAME = "coupon_sensor"
# More than this is given to a run, which has no deadline and a log of its own.
BACKLOG = 500
# What is tried before that: a store that is away must not bring a failing run every few seconds.
_FIRST = 50
# Dagster's own floor.
_EVERY_SECONDS = 5


def make_coupon_sensor(*, running: bool) -> dg.SensorDefinition:
    """Make the sensor, switched on or off."""
    status = dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED

    @dg.sensor(
        name=NAME,
        job_name=WORK_OFF_WEBHOOKS,
        minimum_interval_seconds=_EVERY_SECONDS,
        default_status=status,
        description=(
            "Makes coupons of stored webhooks as they come, and reports those that the receiver "
            f"made. More than {BACKLOG} waiting events are given to a run of {WORK_OFF_WEBHOOKS}."
        ),
    )
    def coupon_sensor(
        context: dg.SensorEvaluationContext, engines: EngineResource
    ) -> dg.SensorResult:
        with engines.inbox() as (state, handlers):
            done = work_off(state, handlers, limit=_FIRST)
            if not done.broken_off and coupons.count_due(state, BACKLOG + 1) > BACKLOG:
                return _hand_over(context, _report(context, state, done))
            _wait_for_work(state, handlers, done)
            coupons.fail_if_nothing_went(done)
            return _report(context, state, done)

    return coupon_sensor


def _wait_for_work(state: Postgres, handlers: HandlerContext, done: WorkedOff) -> None:
    deadline = time.monotonic() + handlers.webhooks.sensor_deadline_seconds
    while time.monotonic() < deadline:
        done.add(work_off_until(state, handlers, deadline=deadline))


def _hand_over(context: dg.SensorEvaluationContext, report: dg.SensorResult) -> dg.SensorResult:
    run = at_work(context.instance, [WORK_OFF_WEBHOOKS])
    if run is not None:
        return report._replace(
            skip_reason=dg.SkipReason(
                f"Run {run.run_id[:8]} of {WORK_OFF_WEBHOOKS} works a backlog off."
            )
        )
    # No run_key: Dagster would never start a second run with it, even if the first one failed.
    return report._replace(skip_reason=None, run_requests=[dg.RunRequest()])


def _report(
    context: dg.SensorEvaluationContext, state: Postgres, done: WorkedOff
) -> dg.SensorResult:
    """Say what the tick did. The cursor only remembers what was reported; nothing hangs on it."""
    new = coupons.arrived(state, _last_reported(context.cursor))
    if not done.attempted and not new.events:
        return dg.SensorResult(skip_reason=dg.SkipReason("No new events."), cursor=context.cursor)
    result = coupons.result_of(state, done, new)
    return dg.SensorResult(
        skip_reason=dg.SkipReason(_words(done, new)),
        cursor=str(new.last_id),
        asset_events=[
            dg.AssetMaterialization(coupons.COUPONS, metadata=result.metadata),
            dg.AssetCheckEvaluation(
                asset_key=dg.AssetKey(coupons.COUPONS),
                check_name=coupons.ALL_HAVE_COUPONS,
                passed=result.passed,
                description=result.check_words,
                metadata=result.check_metadata,
            ),
        ],
    )


def _last_reported(cursor: str | None) -> int:
    return int(cursor) if cursor and cursor.isdecimal() else 0


def _words(done: WorkedOff, new: Arrived) -> str:
    coupons_made = f"{done.coupons} coupon{'' if done.coupons == 1 else 's'} made"
    by_receiver = max(new.events - done.settled, 0)
    return (
        f"{coupons_made}. Events: {done.count('done')} done here, {by_receiver} by the receiver, "
        f"{done.count('parked')} parked. No run was needed."
    )
