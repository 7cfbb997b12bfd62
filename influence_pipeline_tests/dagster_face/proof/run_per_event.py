"""The control: a sensor that starts a run for each event, with the event's id as its run_key, as
tutorials build it. 30 % of the runs fail at their start. Loaded by a code server.
"""

import json
import os
import random
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import dagster as dg
import psycopg2

from influence_pipeline_tests.dagster_face.proof.shaken import SHARE


class Event(dg.Config):
    id: int


def _state(sql: str, *values: object) -> list[Any]:
    with closing(psycopg2.connect(os.environ["INFLUENCE_STATE_URL"])) as state:
        with state, state.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()


@dg.op
def make_coupon(config: Event) -> None:
    if random.Random(f"{os.environ['SHAKEN_SEED']} {config.id}").random() < SHARE:
        raise RuntimeError("shaken")
    ((raw,),) = _state("SELECT body FROM influence.inbox WHERE id = %s", config.id)
    body = json.loads(bytes(raw))
    with closing(psycopg2.connect(os.environ["INFLUENCE_COUPON_URL"])) as store, store:
        store.cursor().execute(
            "INSERT INTO discount_code (code, customer_id, kind, value, currency, usage_limit)"
            " VALUES (%s, %s, 'fixed', 5, 'EUR', 1)",
            (body["couponCode"], body["customer"]["externalId"]),
        )


@dg.job(executor_def=dg.in_process_executor)
def coupon_of_event() -> None:
    make_coupon()


@dg.sensor(
    job=coupon_of_event,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def run_per_event() -> Iterator[dg.RunRequest]:
    for (event_id,) in _state("SELECT id FROM influence.inbox WHERE state = 'new' ORDER BY id"):
        config = dg.RunConfig(ops={"make_coupon": Event(id=event_id)})
        yield dg.RunRequest(run_key=str(event_id), run_config=config)


defs = dg.Definitions(jobs=[coupon_of_event], sensors=[run_per_event])
