"""The coupon sensor: works stored webhooks off inside its own tick, within a second of arrival.

It does the work itself because a run takes 4-9 s to start. Dagster looks at sensors every 5 s, so a
tick waits for events up to `webhooks.sensor_deadline_seconds` (19: it ends just before the next
look), and a thread goes on until the next tick is ready (`between_ticks`). Safe to preview in
Dagster's UI, which runs it for real: every step can be repeated.
"""

import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import dagster as dg

from influence_pipeline.alerts import Alerts
from influence_pipeline.assets import checks, coupons
from influence_pipeline.assets.coupons import Arrived, Waits
from influence_pipeline.assets.links import Links
from influence_pipeline.assets.names import Names
from influence_pipeline.automation import between_ticks, reported
from influence_pipeline.automation.alerting import alerts_of
from influence_pipeline.automation.jobs import WORK_OFF_WEBHOOKS
from influence_pipeline.automation.reported import Reported
from influence_pipeline.automation.runs import at_work
from influence_pipeline.postgres import Postgres
from influence_pipeline.resources import EngineResource
from influence_pipeline.settings import Reward
from influence_pipeline.webhooks.context import HandlerContext
from influence_pipeline.webhooks.handlers import WorkedOff, work_off, work_off_until

NAME = "coupon_sensor"
_WAITING = "coupons waited for"
_PARKED = "redemptions parked"
_NEXT = (
    "What waits: influence-pipeline events list --state new; more on it in Dagster, at the "
    "sensor's failed ticks."
)
# More than this is given to a run, which has no deadline and a log of its own.
BACKLOG = 500
# What is tried before that: a store that is away must not bring a failing run every few seconds.
_FIRST = 50


@dataclass(frozen=True)
class Shown:
    """How the sensor shows what it did: how often as a materialization, with which links."""

    report_minutes: float = 5.0
    links: Links = field(default_factory=Links)
    rewards: Mapping[str, Reward] = field(default_factory=dict)


def make_coupon_sensor(
    names: Names, engines: EngineResource, *, running: bool, every_seconds: int, shown: Shown
) -> dg.SensorDefinition:
    """Make the sensor of a store, switched on or off.

    `engines` is the store's resource; a sensor's function can name none whose key is made up.
    """
    status = dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED
    seldom = "at each tick"
    if shown.report_minutes:
        seldom = f"every {shown.report_minutes:g} minutes, at once where somebody should look"

    @dg.sensor(
        name=names.name(NAME),
        job_name=names.name(WORK_OFF_WEBHOOKS),
        minimum_interval_seconds=every_seconds,
        default_status=status,
        description=(
            "Makes coupons of stored webhooks as they come, and reports those that the receiver "
            f"made, {seldom}. "
            f"More than {BACKLOG} waiting events are given to a run of "
            f"{names.name(WORK_OFF_WEBHOOKS)}."
        ),
    )
    def coupon_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        alerts = alerts_of(context.instance, engines, names)
        try:
            with engines.inbox() as (state, handlers):
                between_ticks.end(names.store)
                return _tick(context, state, handlers, alerts, engines, names, shown)
        except Exception as error:
            alerts.alert(NAME, f"The coupon sensor fails: {_why(error)} {_NEXT}")
            raise

    return coupon_sensor


def _tick(
    context: dg.SensorEvaluationContext,
    state: Postgres,
    handlers: HandlerContext,
    alerts: Alerts,
    engines: EngineResource,
    names: Names,
    shown: Shown,
) -> dg.SensorResult:
    deadline = time.monotonic() + handlers.webhooks.sensor_deadline_seconds
    done = work_off(state, handlers, limit=_FIRST, deadline=deadline)
    hand_over = not done.broken_off and coupons.count_due(state, BACKLOG + 1) > BACKLOG
    if not hand_over:
        done.add(work_off_until(state, handlers, deadline=deadline))
        if not done.broken_off:
            between_ticks.go_on(engines, handlers.webhooks.between_ticks_seconds, names.store)
    waits = coupons.waits(state, handlers.webhooks.alert_after_minutes)
    _tell_of_waits(waits, handlers.webhooks.alert_after_minutes, alerts)
    coupons.fail_if_nothing_went(done)
    if not done.troubles and (done.coupons or not waits.in_trouble):
        alerts.works_again(NAME, "The coupon sensor works again.")
    report = _report(
        context, state, done, names, replace(shown, rewards=handlers.terms.rewards), alerts
    )
    return _hand_over(context, report, names) if hand_over else report


def _hand_over(
    context: dg.SensorEvaluationContext, report: dg.SensorResult, names: Names
) -> dg.SensorResult:
    run = at_work(context.instance, [names.name(WORK_OFF_WEBHOOKS)])
    if run is not None:
        return report._replace(
            skip_reason=dg.SkipReason(
                f"Run {run.run_id[:8]} of {run.job_name} works a backlog off."
            )
        )
    # No run_key: Dagster would never start a second run with it, even if the first one failed.
    return report._replace(skip_reason=None, run_requests=[dg.RunRequest()])


def _report(
    context: dg.SensorEvaluationContext,
    state: Postgres,
    done: WorkedOff,
    names: Names,
    shown: Shown,
    alerts: Alerts,
) -> dg.SensorResult:
    """Say what the tick did; report it too, if it is time or somebody should look."""
    before, now = reported.read(context.cursor), time.time()
    new = coupons.arrived(state, before.seen, done.settled_ids)
    if not done.attempted and not new.events and before.nothing:
        passes = {coupons.ALL_HAVE_COUPONS: coupons.all_have_coupons(state)}
        if before.checks.get(checks.REWARDS_LISTED) is False:
            # A rule may have been put into influence.toml meanwhile.
            table = checks.check_rewards(state, shown.rewards, shown.links)
            passes[checks.REWARDS_LISTED] = table.passed
        if all(before.checks.get(name, True) is now_passes for name, now_passes in passes.items()):
            kept = replace(before, upto=new.bookmark, seen=new.bookmark)
            return dg.SensorResult(
                skip_reason=dg.SkipReason("No new events."), cursor=reported.written(kept)
            )
    total = before.added(done, new)
    others = before.others + new.by_others
    result = coupons.result_of(state, total, None, shown.rewards, shown.links, others)
    kept = replace(
        before,
        seen=new.bookmark,
        coupons=total.coupons,
        unreported=reported.outcomes(total),
        arrived=before.arrived + new.events,
        others=others,
    )
    _tell_of_parked(result, alerts)
    words = _words(done, new) if done.attempted or new.events else "No new events."
    events: list[dg.AssetMaterialization | dg.AssetCheckEvaluation] = []
    if _is_to_be_reported(before, kept, done, result.passed, now, shown):
        since = coupons.arrived(state, before.upto, total.settled_ids)
        events = coupons.result_of(state, total, since, shown.rewards, shown.links, others).events(
            names.key(coupons.COUPONS)
        )
        kept = Reported(since.bookmark, since.bookmark, now, checks=result.passed)
    elif not kept.nothing:
        words += " To be reported with what comes in the next minutes."
    return dg.SensorResult(
        skip_reason=dg.SkipReason(words), cursor=reported.written(kept), asset_events=events
    )


def _is_to_be_reported(
    before: Reported,
    kept: Reported,
    done: WorkedOff,
    passed: dict[str, bool],
    now: float,
    shown: Shown,
) -> bool:
    """Say whether it is time, or a person should know at once."""
    # Where nothing was ever reported, that all is well is no news.
    known = before.checks or dict.fromkeys(passed, True)
    if any(known.get(name) is not now_passes for name, now_passes in passed.items()):
        return True
    if done.count("parked") or done.count("quarantined"):
        return True
    return not kept.nothing and now - before.at >= 60 * shown.report_minutes


def _words(done: WorkedOff, new: Arrived) -> str:
    made = done.coupons + new.coupons_by_others
    coupons_made = f"{made} coupon{'' if made == 1 else 's'} made"
    if made and made == new.coupons_by_others:
        coupons_made += ", by the receiver, a run, or between two ticks"
    elif new.coupons_by_others:
        coupons_made += f", {done.coupons} of them here"
    return (
        f"{coupons_made}. Events: {done.count('done')} done here, {new.by_others} elsewhere, "
        f"{done.count('parked')} parked. No run was needed."
    )


def _tell_of_waits(waits: Waits, minutes: float, alerts: Alerts) -> None:
    """Tell of customers who stand at the checkout, and when nobody does any more."""
    if waits.since is None:
        alerts.works_again(_WAITING, f"No coupon is waited for longer than {minutes:g} minutes.")
        return
    events = "event that asks" if waits.too_long == 1 else "events that ask"
    alerts.alert(
        _WAITING,
        f"{waits.too_long} {events} for a coupon waited for more than {minutes:g} minutes, the "
        f"oldest (event {waits.oldest_id}) since {waits.since:%H:%M} UTC. Somebody has spent "
        f"points and has no coupon. Why: {waits.reason or 'it was not attempted yet.'} "
        f"Look: influence-pipeline events show {waits.oldest_id}",
    )


def _tell_of_parked(result: coupons.Result, alerts: Alerts) -> None:
    """Tell of redemptions that wait for a person, and when none does any more."""
    for check in result.checks:
        if check.check_name == coupons.ALL_HAVE_COUPONS:
            if check.passed:
                alerts.works_again(_PARKED, "No redemption is parked any more.")
            else:
                alerts.alert(_PARKED, check.description or "")


def _why(error: Exception) -> str:
    """Its own words where they are ours; the text of another exception may hold anything."""
    if isinstance(error, dg.Failure) and error.description:
        return error.description
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}."
