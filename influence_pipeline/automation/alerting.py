"""How Dagster's side tells a person what is wrong (`influence_pipeline.alerts`): where it is kept
what was told, and the sensor that tells of failed runs.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

import dagster as dg

from influence_pipeline.alerts import Alerts
from influence_pipeline.assets.names import STORE_TAG, Names
from influence_pipeline.automation.jobs import WORK_OFF_WEBHOOKS
from influence_pipeline.errors import ConfigurationError
from influence_pipeline.mail import post_of
from influence_pipeline.resources import EngineResource
from influence_pipeline.settings import Shared, read_shared, said

FAILED_RUNS = "failed_runs"
_KEY = "influence_pipeline_alerts"
# What to look at, beside the run itself.
_LOOK = "`influence-pipeline events list --state new` lists what waits."
_LOOK_ELSE = "`influence-pipeline status` shows what is not sent."


class InDagster:
    """Keeps what was told in Dagster's own storage. A daemon without a code server of its own
    starts a new process for the code each minute, which would tell everything anew."""

    def __init__(self, instance: dg.DagsterInstance, store: str | None) -> None:
        self._storage = instance.daemon_cursor_storage
        self._key = _KEY if store is None else f"{_KEY}_{store}"

    def load(self) -> dict[str, float]:
        found = self._storage.get_cursor_values({self._key}).get(self._key)
        return json.loads(found) if found else {}

    def save(self, told: dict[str, float]) -> None:
        self._storage.set_cursor_values({self._key: json.dumps(told)})


def alerts_of(instance: dg.DagsterInstance, engines: EngineResource, names: Names) -> Alerts:
    """Give a store's alerts of this Dagster; where its settings cannot be read, into the log alone.

    Where it is one of several, each alert names it.
    """
    memory, say = InDagster(instance, names.store), partial(_say, names.store)
    return _alerts(lambda: engines.settings().environment, memory, say)


def alerts_of_all(instance: dg.DagsterInstance) -> Alerts:
    """Give the alerts that concern no store alone, by what all stores have in common."""
    return _alerts(read_shared, InDagster(instance, None), str)


def _alerts(read: Callable[[], Shared], memory: InDagster, say: Callable[[str], str]) -> Alerts:
    url = post = None
    # ValueError: a port of INFLUENCE_SMTP_URL that is none; `check` says so.
    with suppress(ConfigurationError, ValueError):
        given = read()
        url = None if given.alert_url is None else given.alert_url.get_secret_value()
        if given.smtp_url is not None and given.alert_email is not None:
            post = post_of(given.smtp_url.get_secret_value(), given.alert_email)
    return Alerts(url, memory, post=post, say=say)


def _say(store: str | None, words: str) -> str:
    return words if store is None else f"Store {store}: {said(words, store)}"


def make_failed_runs_sensor(
    stores: Mapping[Names, EngineResource], *, running: bool
) -> dg.SensorDefinition:
    """Make the one sensor for all stores, switched on or off.

    One, because Dagster shows each such sensor every failed run of the code location.
    """
    status = dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED

    @dg.run_failure_sensor(
        name=FAILED_RUNS,
        default_status=status,
        description=(
            "Tells a person of each run that failed: in the log, and where INFLUENCE_ALERT_URL or "
            "INFLUENCE_ALERT_EMAIL say. The same words once an hour."
        ),
    )
    def failed_runs(context: dg.RunFailureSensorContext) -> None:
        for names, engines in stores.items():
            if _concerns(names, context):
                _tell(names, context, alerts_of(context.instance, engines, names))

    return failed_runs


def _concerns(names: Names, context: dg.RunFailureSensorContext) -> bool:
    """Whether a run is a store's. One of assets chosen by hand may be of several stores: it is of
    those with a step that failed, or of all if none did and the process is gone."""
    run = context.dagster_run
    if names.store is None:
        return True
    if STORE_TAG in run.tags:
        return run.tags[STORE_TAG] == names.store
    failed = [str(event.step_key) for event in context.get_step_failure_events()]
    chosen = [key.to_python_identifier() for key in run.asset_selection or ()]
    return any(names.has(step) for step in failed or chosen)


def _tell(names: Names, context: dg.RunFailureSensorContext, alerts: Alerts) -> None:
    run = context.dagster_run
    # Of a run of assets that were chosen by hand Dagster makes up a name.
    job = "assets" if run.job_name.startswith("__") else run.job_name
    look = _LOOK if job == names.name(WORK_OFF_WEBHOOKS) else _LOOK_ELSE
    alerts.alert(
        job,
        f"A run of {job} failed: {_why(context)} What it did not do is left to the next run. "
        f"Look at run {run.run_id[:8]} in Dagster. {look}",
    )


def _why(context: dg.RunFailureSensorContext) -> str:
    """Say why, in the words of the first step that failed. Only those that are ours: the text of
    another exception may hold anything."""
    for event in context.get_step_failure_events():
        data = event.step_failure_data
        if data.user_failure_data is not None and data.user_failure_data.description:
            return data.user_failure_data.description
        if data.error is not None:
            cause = data.error.cause or data.error
            return f"{cause.cls_name or 'an error'} in {event.step_key}."
    return "its process ended, or was ended, before the run did."
