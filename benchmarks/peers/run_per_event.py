"""Definitions of a Dagster project as the tutorials build it: a sensor that starts a run for each
stored event, with the event's id as its run_key. A run that fails is never started again.

Loaded by `dagster dev`; settings from the INFLUENCE_ variables.
"""

import os
from collections.abc import Iterator
from contextlib import closing

import dagster as dg
import psycopg2

from benchmarks.peers.naive_coupons import work


class Event(dg.Config):
    id: int


@dg.op
def make_coupon(config: Event) -> None:
    with closing(psycopg2.connect(os.environ["INFLUENCE_STATE_URL"])) as state:
        with state.cursor() as cursor:
            cursor.execute("SELECT body FROM influence.inbox WHERE id = %s", (config.id,))
            row = cursor.fetchone()
    assert row is not None
    assert work(iter([(config.id, bytes(row[0]))])) == 1


@dg.job(executor_def=dg.in_process_executor)
def coupon_of_event() -> None:
    make_coupon()


@dg.sensor(
    job=coupon_of_event,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def run_per_event(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest]:
    with closing(psycopg2.connect(os.environ["INFLUENCE_STATE_URL"])) as state:
        with state.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM influence.inbox WHERE id > %s ORDER BY id", (context.cursor or 0,)
            )
            ids = [row[0] for row in cursor]
    for event_id in ids:
        config = dg.RunConfig(ops={"make_coupon": Event(id=event_id)})
        yield dg.RunRequest(run_key=str(event_id), run_config=config)
    if ids:
        context.update_cursor(str(ids[-1]))


defs = dg.Definitions(jobs=[coupon_of_event], sensors=[run_per_event])
