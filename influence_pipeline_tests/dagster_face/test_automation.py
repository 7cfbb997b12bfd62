"""Schedules that never start a second sync, and the sensor that makes coupons inside its tick."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import dagster as dg
import psycopg2
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteRepositoryOrigin

from influence_pipeline.automation import runs, sensors
from influence_pipeline.definitions import build_definitions
from influence_pipeline_tests.dagster_face.conftest import House, metadata_of
from influence_pipeline_tests.dagster_face.test_runs import _in_store
from influence_pipeline_tests.webhooks.builders import redemption

QUEUED, STARTED = dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTED


@pytest.fixture(scope="module")
def instance_on_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """What a schedule can be evaluated with: Dagster gives it no instance in memory."""
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as made:
        yield made


@pytest.fixture
def own_instance(instance_on_disk: dg.DagsterInstance) -> dg.DagsterInstance:
    for run in instance_on_disk.get_runs():
        instance_on_disk.delete_run(run.run_id)
    return instance_on_disk


def _run(instance: dg.DagsterInstance, job: str, status: dg.DagsterRunStatus) -> dg.DagsterRun:
    location = RegisteredCodeLocationOrigin("influence_pipeline")
    origin = RemoteRepositoryOrigin(location, "__repository__").get_job_origin(job)
    made = build_definitions().resolve_job_def(job)
    return instance.create_run_for_job(made, status=status, remote_job_origin=origin)


def _tick(instance: dg.DagsterInstance, schedule: str) -> dg.ScheduleExecutionData | Any:
    (found,) = [one for one in build_definitions().schedules or () if one.name == schedule]
    return found(dg.build_schedule_context(instance=instance))


class TestSchedules:
    def test_a_sync_is_started_when_none_is_at_work(self, own_instance: dg.DagsterInstance) -> None:
        _run(own_instance, "incremental_sync", dg.DagsterRunStatus.SUCCESS)
        assert isinstance(_tick(own_instance, "incremental_sync_schedule"), dg.RunRequest)

    @pytest.mark.parametrize("status", [QUEUED, STARTED])
    @pytest.mark.parametrize("job", ["incremental_sync", "full_compare"])
    def test_a_sync_is_left_out_while_one_is_at_work(
        self, own_instance: dg.DagsterInstance, job: str, status: dg.DagsterRunStatus
    ) -> None:
        run = _run(own_instance, job, status)
        skipped = _tick(own_instance, "incremental_sync_schedule")
        assert isinstance(skipped, dg.SkipReason)
        assert skipped.skip_message == (
            f"Run {run.run_id[:8]} of {job} is {status.value.lower()}; the next tick looks again."
        )

    def test_a_full_compare_waits_in_the_queue_behind_a_sync(
        self, own_instance: dg.DagsterInstance
    ) -> None:
        _run(own_instance, "incremental_sync", STARTED)
        assert isinstance(_tick(own_instance, "full_compare_schedule"), dg.RunRequest)

    def test_a_run_whose_process_is_gone_does_not_stop_the_syncs_for_ever(
        self, own_instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = _run(own_instance, "incremental_sync", STARTED)
        own_instance.report_engine_event("Started.", run)
        assert isinstance(_tick(own_instance, "incremental_sync_schedule"), dg.SkipReason)
        later = time.time() + runs.SILENCE_SECONDS + 1
        monkeypatch.setattr(runs.time, "time", lambda: later)
        assert isinstance(_tick(own_instance, "incremental_sync_schedule"), dg.RunRequest)
        ended = own_instance.get_run_by_id(run.run_id)
        assert ended is not None
        assert ended.status is dg.DagsterRunStatus.FAILURE


def _sensor(house: House, cursor: str | None = None) -> dg.SensorResult:
    (sensor,) = house.defs.sensors or ()
    context = dg.build_sensor_context(
        instance=house.instance, cursor=cursor, resources=house.defs.resources
    )
    result = sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result


def _redeemed(house: House, number: int, **changes: Any) -> None:
    """A redemption by one of the store's customers, whom the sandbox knows."""
    key = f"member-{number}"
    house.sandbox.put_customer(key)
    body = redemption(number, ruleId="rule-10-percent", **changes)
    found = house.sandbox.good("GET", f"/v1/customers/{key}")["customer"]
    body["customer"] |= {"externalId": key, "id": found["id"]}
    body["customer"]["email"] = found["email"]
    house.deliver_event("points/redeemed", body)


@pytest.fixture
def members(house: House) -> House:
    """The store knows member-1 to member-5 too, so that coupons can be made for them."""
    with psycopg2.connect(house.store_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers (id, email) SELECT 'member-' || n, 'm' || n || '@example.org' "
            "FROM generate_series(1, 5) AS n"
        )
    connection.close()
    return house


def test_a_tick_makes_the_coupon_and_reports_it_with_its_latency(members: House) -> None:
    _redeemed(members, 1)
    result = _sensor(members)
    assert _in_store(members, "discount_codes", "code = 'LOYAL-0001'") == 1
    made, check = result.asset_events
    assert isinstance(made, dg.AssetMaterialization)
    assert made.asset_key == dg.AssetKey("coupons")
    numbers = {name: value.value for name, value in made.metadata.items()}
    assert (numbers["coupons_made"], numbers["events_done"], numbers["events_arrived"]) == (1, 1, 1)
    assert 0 <= numbers["seconds_median"] <= numbers["seconds_longest"] < 30
    assert isinstance(check, dg.AssetCheckEvaluation)
    assert check.passed
    assert "1 coupon made" in str(result.skip_reason)
    assert "LOYAL-0001" not in str(result), "a code is money"


def test_a_tick_with_nothing_to_do_reports_nothing(house: House) -> None:
    result = _sensor(house, cursor="0")
    assert not result.asset_events
    assert result.skip_reason is not None
    assert result.skip_reason.skip_message == "No new events."


def test_a_coupon_that_the_receiver_made_is_reported_by_the_next_tick(members: House) -> None:
    _redeemed(members, 1)
    assert members.asset("coupons").success
    result = _sensor(members)
    made = result.asset_events[0]
    assert made.metadata["events_arrived"].value == 1
    assert made.metadata["coupons_made"].value == 0
    assert made.metadata["seconds_median"].value >= 0
    assert not _sensor(members, cursor=result.cursor).asset_events, "reported once"


def test_a_preview_of_the_tick_in_the_ui_makes_no_second_coupon(members: House) -> None:
    _redeemed(members, 1)
    _sensor(members)
    _sensor(members)
    assert _in_store(members, "discount_codes", "code = 'LOYAL-0001'") == 1


def test_a_redemption_by_an_unknown_rule_fails_the_check_with_the_next_command(
    members: House,
) -> None:
    _redeemed(members, 1)
    _redeemed(members, 2)
    members.deliver_event("points/redeemed", redemption(3, ruleId="rule-nobody-knows"))
    result = members.asset("coupons")
    assert result.success
    assert metadata_of(result, "coupons")["coupons_made"] == 2
    (check,) = result.get_asset_check_evaluations()
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "influence-pipeline events show" in str(check.description)
    assert "influence-pipeline events replay" in str(check.description)


def test_a_large_backlog_is_given_to_one_run(
    members: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensors, "_FIRST", 1)
    monkeypatch.setattr(sensors, "BACKLOG", 1)
    for number in range(1, 6):
        _redeemed(members, number)
    result = _sensor(members)
    # No run key: Dagster would never again start a run with the key of one that failed.
    assert [request.run_key for request in result.run_requests or ()] == [None]
    assert result.asset_events

    run = _run(members.instance, "work_off_webhooks", STARTED)
    again = _sensor(members)
    members.instance.delete_run(run.run_id)
    assert not again.run_requests
    assert f"Run {run.run_id[:8]}" in str(again.skip_reason)

    assert members.asset("coupons").success
    assert _in_store(members, "discount_codes", "code LIKE 'LOYAL-%'") == 5


def test_a_store_that_is_away_fails_the_tick_in_one_line(members: House) -> None:
    _redeemed(members, 1)
    name = psycopg2.extensions.parse_dsn(members.store_url)["dbname"]
    admin = psycopg2.connect(members.store_url, dbname="postgres")
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
    try:
        with pytest.raises(dg.Failure) as failed:
            _sensor(members)
    finally:
        with admin.cursor() as cursor:
            cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        admin.close()
    assert "Nothing could be worked off" in str(failed.value.description)
    assert "\n" not in str(failed.value.description)
