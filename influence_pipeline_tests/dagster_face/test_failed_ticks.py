"""Ticks that fail or do not come are told, by what Dagster itself keeps of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    ScheduleInstigatorData,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster_shared.error import SerializableErrorInfo

from influence_pipeline.assets.names import Names
from influence_pipeline.automation.failed_ticks import _whose, troubles
from influence_pipeline.resources import EngineResource

REPOSITORY = RemoteRepositoryOrigin(
    RegisteredCodeLocationOrigin("influence_pipeline"), "__repository__"
)
ELSEWHERE = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("another"), "__repository__")
BUG = SerializableErrorInfo("ValueError: person7@example.test\n", [], "ValueError")
OURS = SerializableErrorInfo(
    "dagster._core.definitions.events.Failure: Not set: INFLUENCE_STATE_URL.\n", [], "Failure"
)
AROUND = "DagsterUserCodeUnreachableError"


def _wrapped(cause: SerializableErrorInfo) -> SerializableErrorInfo:
    return SerializableErrorInfo("Error occurred\n", [], "SensorExecutionError", cause=cause)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


def _switched_on(
    instance: dg.DagsterInstance,
    name: str,
    *,
    cron: str | None = None,
    since: float,
    repository: RemoteRepositoryOrigin = REPOSITORY,
    status: InstigatorStatus = InstigatorStatus.RUNNING,
) -> InstigatorState:
    data = (
        SensorInstigatorData(min_interval=30, last_sensor_start_timestamp=since)
        if cron is None
        else ScheduleInstigatorData(cron, since)
    )
    kind = InstigatorType.SENSOR if cron is None else InstigatorType.SCHEDULE
    state = InstigatorState(repository.get_instigator_origin(name), kind, status, data)
    return instance.add_instigator_state(state)


def _tick(
    instance: dg.DagsterInstance,
    state: InstigatorState,
    at: float,
    error: SerializableErrorInfo | None = None,
    *,
    times: int = 1,
) -> None:
    instance.create_tick(
        TickData(
            state.instigator_origin_id,
            state.instigator_name,
            state.instigator_type,
            TickStatus.FAILURE if error is not None else TickStatus.SUCCESS,
            at,
            error=error,
            run_ids=[],
            selector_id=state.selector_id,
            consecutive_failure_count=times if error is not None else 0,
        )
    )


def _said(instance: dg.DagsterInstance) -> dict[str, str | None]:
    return {one.name: one.words for one in troubles(instance, REPOSITORY, time.time())}


def test_a_tick_that_failed_is_told_until_one_works(instance: dg.DagsterInstance) -> None:
    now = time.time()
    state = _switched_on(instance, "full_compare_schedule", cron="*/5 * * * *", since=now - 900)
    _tick(instance, state, now - 600)
    assert _said(instance) == {"full_compare_schedule": None}
    _tick(instance, state, now - 300, _wrapped(BUG), times=2)
    words = _said(instance)["full_compare_schedule"]
    assert words is not None
    assert words.startswith(
        "The schedule full_compare_schedule fails (2 times in a row): ValueError. It starts nothing"
    )
    assert "influence-pipeline check" in words
    assert "person7" not in words
    _tick(instance, state, now - 1)
    assert _said(instance) == {"full_compare_schedule": None}


def test_a_failure_of_ours_is_told_in_its_own_words(instance: dg.DagsterInstance) -> None:
    state = _switched_on(instance, "old_runs", since=time.time() - 900)
    _tick(instance, state, time.time(), _wrapped(OURS))
    assert "fails: Not set: INFLUENCE_STATE_URL. It starts" in str(_said(instance)["old_runs"])


def test_the_coupon_sensor_tells_its_own_failures_but_not_what_happens_around_it(
    instance: dg.DagsterInstance,
) -> None:
    state = _switched_on(instance, "coupon_sensor", since=time.time() - 900)
    _tick(instance, state, time.time() - 2, _wrapped(OURS))
    assert _said(instance) == {"coupon_sensor": None}
    _tick(instance, state, time.time(), SerializableErrorInfo("Unable to reach\n", [], AROUND))
    assert AROUND in str(_said(instance)["coupon_sensor"])


@pytest.mark.parametrize(
    ("cron", "minutes", "told"),
    [
        ("*/5 * * * *", 15, False),
        ("*/5 * * * *", 25, True),
        ("17 3 * * *", 60 * 26, False),
        ("17 3 * * *", 60 * 52, True),
        (None, 8, False),
        (None, 15, True),
    ],
)
def test_one_that_is_on_and_does_not_tick_is_told(
    instance: dg.DagsterInstance, cron: str | None, minutes: int, told: bool
) -> None:
    last = time.time() - 60 * minutes
    state = _switched_on(instance, "tested", cron=cron, since=last - 60)
    _tick(instance, state, last)
    words = _said(instance)["tested"]
    assert (words is not None) is told
    if words is not None:
        assert f"has not ticked for {minutes:,} minutes" in words


def test_one_that_was_switched_on_a_moment_ago_has_time(instance: dg.DagsterInstance) -> None:
    state = _switched_on(instance, "tested", since=time.time() - 5)
    _tick(instance, state, time.time() - 86400)
    assert _said(instance) == {"tested": None}


def test_what_is_off_or_somebody_elses_or_asks_itself_is_not_looked_at(
    instance: dg.DagsterInstance,
) -> None:
    long_ago = time.time() - 86400
    _switched_on(instance, "off", since=long_ago, status=InstigatorStatus.STOPPED)
    _switched_on(instance, "theirs", since=long_ago, repository=ELSEWHERE)
    _switched_on(instance, "failed_ticks", since=long_ago)
    assert _said(instance) == {}


@pytest.mark.parametrize("order", [("berlin", "berlin_mitte"), ("berlin_mitte", "berlin")])
def test_a_tick_is_told_by_the_store_whose_it_is(order: tuple[str, str]) -> None:
    stores = {Names(store): EngineResource(store=store) for store in order}
    assert _whose("berlin_mitte_coupon_sensor", stores).store == "berlin_mitte"
    assert _whose("berlin_coupon_sensor", stores).store == "berlin"
    assert _whose("old_runs", stores).store == order[0]
