"""The sensor that tells of schedules and sensors whose ticks fail, or do not come.

Dagster has no hook for a tick. But it keeps each one, and which schedules and sensors are on; so a
sensor looks at those of its own code location. Of itself it cannot tell: that it is at work is what
Dagster's own page of daemons shows.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg
from dagster._core.remote_origin import RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorTick,
    InstigatorType,
    SensorInstigatorData,
    TickStatus,
)
from dagster_shared.error import SerializableErrorInfo

from influence_pipeline.alerts import Alerts
from influence_pipeline.assets.names import Names
from influence_pipeline.automation.alerting import alerts_of
from influence_pipeline.automation.cadence import longest_pause
from influence_pipeline.automation.sensors import NAME as COUPON_SENSOR
from influence_pipeline.resources import EngineResource

FAILED_TICKS = "failed_ticks"
# What Dagster makes of an exception in the code of a sensor.
_IN_ITS_CODE = "SensorExecutionError"
# A tick is under way for up to a minute, and a daemon that was restarted needs a while.
_PATIENCE_SECONDS = 600.0


@dataclass(frozen=True)
class Trouble:
    """What is wrong with one schedule or sensor; None: nothing."""

    name: str
    kind: str
    words: str | None


def make_failed_ticks_sensor(
    stores: Mapping[Names, EngineResource], *, running: bool, every_seconds: int
) -> dg.SensorDefinition:
    """Make the one sensor for all stores, switched on or off."""
    status = dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED

    @dg.sensor(
        name=FAILED_TICKS,
        minimum_interval_seconds=every_seconds,
        default_status=status,
        description=(
            "Tells a person of each schedule and sensor of this code location whose last tick "
            "failed, or that is on and does not tick: in the log, and where INFLUENCE_ALERT_URL or "
            "INFLUENCE_ALERT_EMAIL say. The same words once an hour. Starts nothing."
        ),
    )
    def failed_ticks(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        found = list(troubles(context.instance, repository_of(context), time.time()))
        of_store: dict[Names, Alerts] = {}
        for one in found:
            names = _whose(one.name, stores)
            if names not in of_store:
                # Once a store: its settings are read, and held against those of all others.
                of_store[names] = alerts_of(context.instance, stores[names], names)
            alerts = of_store[names]
            about = f"ticks of {one.name}"
            if one.words is not None:
                alerts.alert(about, one.words)
            else:
                alerts.works_again(about, f"The {one.kind} {one.name} works again.")
        wrong = [one.name for one in found if one.words is not None]
        looked = f"{len(found)} schedules and sensors are on"
        return dg.SkipReason(
            f"{looked}; in trouble: {', '.join(wrong)}." if wrong else f"{looked}, and they tick."
        )

    return failed_ticks


def _whose(name: str, stores: Mapping[Names, EngineResource]) -> Names:
    """Give the store whose schedule or sensor it is; of what is there for all, the first."""
    theirs = [names for names in stores if names.store and name.startswith(names.name(""))]
    # Of berlin and berlin_mitte, the one that has more of the name.
    return max(theirs, key=lambda names: len(names.name("")), default=next(iter(stores)))


def repository_of(context: dg.SensorEvaluationContext) -> RemoteRepositoryOrigin | None:
    """Give the code location's name for itself, by which ticks are kept; None: Dagster has not told
    (a tick that is tried out by hand in a test)."""
    location, name = context.code_location_origin, context.repository_name
    return RemoteRepositoryOrigin(location, name) if location is not None and name else None


def troubles(
    instance: dg.DagsterInstance, repository: RemoteRepositoryOrigin | None, now: float
) -> Iterator[Trouble]:
    """Look at each schedule and sensor of a code location that is on, but for the one that
    asks."""
    if repository is None:
        return
    for state in _switched_on(instance, repository):
        name = state.instigator_name
        if name == FAILED_TICKS:
            continue
        kind = "schedule" if state.instigator_type is InstigatorType.SCHEDULE else "sensor"
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=5)
        words = _failed(name, kind, ticks) or _silent(state, kind, ticks, now)
        yield Trouble(name, kind, words)


def _switched_on(
    instance: dg.DagsterInstance, repository: RemoteRepositoryOrigin
) -> Sequence[InstigatorState]:
    states = instance.all_instigator_state(repository.get_id(), repository.get_selector_id())
    return [state for state in states if state.is_running]


def _failed(name: str, kind: str, ticks: Sequence[InstigatorTick]) -> str | None:
    ended = [tick for tick in ticks if tick.status is not TickStatus.STARTED]
    if not ended or ended[0].status is not TickStatus.FAILURE:
        return None
    last = ended[0]
    error = last.tick_data.error
    if name.endswith(COUPON_SENSOR) and error is not None and error.cls_name == _IN_ITS_CODE:
        # It has told that itself. What happens around its code it cannot tell.
        return None
    times = last.consecutive_failure_count
    again = f" ({times} times in a row)" if times > 1 else ""
    why = _why(error)
    return (
        f"The {kind} {name} fails{again}: {why.rstrip('.')}. It starts nothing until that is "
        "mended. Read the "
        f"failed tick in Dagster (Automation, {name}, its latest tick). A setting? "
        "`influence-pipeline check` says which. An error of code or of Dagster's storage: reload "
        "the code location, and look at the daemon's log."
    )


def _why(error: SerializableErrorInfo | None) -> str:
    """Say why in the words of a failure of ours; of another exception only its kind, because its
    text may hold anything."""
    if error is None:
        return "an error"
    while error.cause is not None:
        error = error.cause
    if error.cls_name == dg.Failure.__name__:
        return error.message.partition(": ")[2].strip() or "a failure"
    return error.cls_name or "an error"


def _silent(
    state: InstigatorState, kind: str, ticks: Sequence[InstigatorTick], now: float
) -> str | None:
    name, data = state.instigator_name, state.instigator_data
    if isinstance(data, SensorInstigatorData):
        began, pause = data.last_sensor_start_timestamp, float(data.min_interval or 30)
    elif data is not None:
        cron = data.cron_schedule
        line = cron if isinstance(cron, str) else cron[0]
        # A schedule's own time zone moves its ticks, not how far they are apart (but for an hour).
        longest = longest_pause(line, "UTC")
        began = data.start_timestamp
        pause = 3600.0 + longest.total_seconds() if longest is not None else 0.0
        if longest is not None and longest.total_seconds() < 3600:
            pause = longest.total_seconds()
    else:
        began, pause = None, 0.0
    last = max((tick.timestamp for tick in ticks), default=began)
    if last is None or began is None or not pause:
        return None
    silence = now - max(last, began)
    if silence <= 2 * pause + _PATIENCE_SECONDS:
        return None
    return (
        f"The {kind} {name} is switched on and has not ticked for {silence / 60:,.0f} minutes. "
        "Nothing is lost; but nothing it should start is started. Does Dagster's daemon run "
        "(Deployment, Daemons), and does the code location load (Deployment, Code locations)? Was "
        f"{name} renamed or removed? Then switch the old one off: it stays listed under its old "
        "name."
    )
