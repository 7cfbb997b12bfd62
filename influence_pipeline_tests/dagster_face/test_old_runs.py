"""Finished runs that are too old go from Dagster's storage, and nothing that anybody still needs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from sqlalchemy import func, select

from influence_pipeline.automation.old_runs import OLD_RUNS, SCHEDULED, delete_old_runs
from influence_pipeline_tests.dagster_face.conftest import House

POSTGRES = "storage:\n  postgres:\n    postgres_url: {url}\n"
BY_SCHEDULE = {"dagster/schedule_name": "incremental_sync_schedule"}


@pytest.fixture(params=["sqlite", "postgres"])
def real(
    request: pytest.FixtureRequest, tmp_path: Path, empty_database_url: str
) -> Iterator[dg.DagsterInstance]:
    url = empty_database_url.replace("postgresql://", "postgresql+psycopg2://")
    text = "telemetry: {enabled: false}\n"
    if request.param == "postgres":
        text += POSTGRES.format(url=url)
    (tmp_path / "dagster.yaml").write_text(text)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        yield instance


@dg.asset(name="orders", check_specs=[dg.AssetCheckSpec("nothing_parked", asset="orders")])
def _orders() -> dg.MaterializeResult:  # type: ignore[type-arg]
    return dg.MaterializeResult(
        metadata={"sent": 1},
        check_results=[dg.AssetCheckResult(check_name="nothing_parked", passed=True)],
    )


@dg.asset(
    name="customers_import",
    partitions_def=dg.StaticPartitionsDefinition(["2026-01", "2026-02"]),
)
def _customers_import() -> None:
    pass


@dg.op
def _fails() -> None:
    raise ValueError


@dg.job(name="full_compare")
def _full_compare() -> None:
    _fails()


DEFS = dg.Definitions(
    assets=[_orders, _customers_import],
    jobs=[
        dg.define_asset_job("incremental_sync", selection=["orders"]),
        dg.define_asset_job("first_import", selection=["customers_import"]),
        _full_compare,
    ],
    executor=dg.in_process_executor,
)


def _run(instance: dg.DagsterInstance, job: str, **more: Any) -> str:
    done = DEFS.resolve_job_def(job).execute_in_process(
        instance=instance, raise_on_error=False, **more
    )
    return done.run_id


def _delete(instance: dg.DagsterInstance, *, days_later: int, days: int = 30) -> int:
    now = datetime.now(UTC) + timedelta(days=days_later)
    return delete_old_runs(instance, SCHEDULED, days, until=time.monotonic() + 60, now=now)


def _left(instance: dg.DagsterInstance) -> set[str]:
    return {run.run_id for run in instance.get_runs()}


def _check_rows(instance: dg.DagsterInstance) -> int:
    storage = instance.event_log_storage
    assert isinstance(storage, SqlEventLogStorage)
    with storage.index_connection() as connection:
        query = select(func.count()).select_from(AssetCheckExecutionsTable)
        return int(connection.execute(query).scalar_one())


def test_old_runs_of_schedules_go_and_all_others_stay(real: dg.DagsterInstance) -> None:
    old = [_run(real, "incremental_sync", tags=BY_SCHEDULE) for _ in range(3)]
    by_hand = _run(real, "incremental_sync")
    failed = _run(real, "full_compare", tags=BY_SCHEDULE)
    imported = _run(real, "first_import", partition_key="2026-01")
    backfill = _run(
        real, "incremental_sync", tags={**BY_SCHEDULE, "dagster/backfill": "b", "x": "y"}
    )
    newest = _run(real, "incremental_sync", tags=BY_SCHEDULE)
    assert _check_rows(real) == 6
    assert _delete(real, days_later=29) == 0
    assert _delete(real, days_later=31) == len(old)
    assert _left(real) == {by_hand, failed, imported, backfill, newest}
    assert _check_rows(real) == 3
    for run in old:
        assert not real.all_logs(run), "its events are gone too"
    # What the asset's page shows is there still, and which partitions are done.
    assert real.get_latest_materialization_event(dg.AssetKey("orders")) is not None
    assert real.get_materialized_partitions(dg.AssetKey("customers_import")) == {"2026-01"}
    history = real.fetch_materializations(dg.AssetKey("orders"), limit=10).records
    assert {record.run_id for record in history} == {by_hand, backfill, newest}
    assert _delete(real, days_later=31) == 0


def test_a_failed_run_is_kept_longer(real: dg.DagsterInstance) -> None:
    first = _run(real, "full_compare", tags=BY_SCHEDULE)
    second = _run(real, "full_compare", tags=BY_SCHEDULE)
    assert _delete(real, days_later=89) == 0
    assert _delete(real, days_later=91) == 1
    assert _left(real) == {second}
    assert not real.all_logs(first)


def test_a_run_that_an_asset_shows_as_its_newest_stays(real: dg.DagsterInstance) -> None:
    shows = _run(real, "incremental_sync", tags=BY_SCHEDULE)

    @dg.job(name="incremental_sync")
    def failing() -> None:
        _fails()

    newest = failing.execute_in_process(
        instance=real, raise_on_error=False, tags=BY_SCHEDULE
    ).run_id
    assert _delete(real, days_later=1000) == 0
    assert _left(real) == {shows, newest}


def test_it_goes_in_portions_and_stops_in_time(real: dg.DagsterInstance) -> None:
    for _ in range(3):
        _run(real, "incremental_sync", tags=BY_SCHEDULE)
    now = datetime.now(UTC) + timedelta(days=60)
    assert delete_old_runs(real, SCHEDULED, 30, until=time.monotonic() - 1, now=now) == 0
    assert len(_left(real)) == 3


def test_the_sensor_says_what_it_did_and_can_be_switched_off(house: House) -> None:
    def tick(made: House) -> str:
        (sensor,) = [one for one in made.defs.sensors or () if one.name == OLD_RUNS]
        result = sensor(dg.build_sensor_context(instance=made.instance))
        assert isinstance(result, dg.SkipReason)
        return str(result.skip_message)

    assert tick(house) == "0 runs older than 30 days were deleted."
    with house.settings.file.open("a") as file:
        file.write("\n[retention]\ndagster_runs_days = 0\n")
    house.settings._config = None
    assert tick(house) == "No run is deleted: [retention] dagster_runs_days is 0."
