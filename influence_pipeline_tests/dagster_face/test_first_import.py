"""The first import, part by part: each record once, whatever is run again, and partitions that say
how they really are."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import dagster as dg
import psycopg2
import pytest
from dagster._core.definitions.asset_key import AssetCheckKey

from influence_pipeline.assets import first_import, reporting
from influence_pipeline.assets.import_parts import KeyParts, Months, parts_of, span_of
from influence_pipeline.definitions import build_definitions
from influence_pipeline.records import Entity
from influence_pipeline.settings import Schedule, load_settings
from influence_pipeline.store.reader import EVERYTHING, Window
from influence_pipeline.sync import parts
from influence_pipeline.sync.engine import Engine
from influence_pipeline.sync.parts import PartLeft
from influence_pipeline_tests.dagster_face.conftest import (
    AT_ONCE,
    House,
    failure_of,
    metadata_of,
)
from influence_pipeline_tests.dagster_face.test_runs import _in_store

OLD_ORDERS = "each of them may award points at today's rules"


def _parts(house: House, asset: str = "customers_import") -> list[str]:
    specs = {one.key.to_user_string(): one for one in house.defs.resolve_all_asset_specs()}
    parts = specs[asset].partitions_def
    assert parts is not None
    return [*parts.get_partition_keys()]


def _range(
    house: House, parts: list[str], asset: str = "customers_import", **others: Any
) -> dg.ExecuteInProcessResult:
    """One run of several partitions, as a backfill starts it."""
    tags = {
        "dagster/asset_partition_range_start": parts[0],
        "dagster/asset_partition_range_end": parts[-1],
    }
    return house.asset(asset, tags=tags, **others)


def _reported(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, dict[str, Any]]:
    """The metadata of each partition that was materialized."""
    return {
        str(event.partition): {name: value.value for name, value in event.metadata.items()}
        for event in result.asset_materializations_for_node(asset)
    }


def _checks(house: House, asset: str, run_id: str) -> dict[str | None, bool]:
    """What the check said of each partition in a run; None: of all together."""
    key = AssetCheckKey(dg.AssetKey(asset), reporting.NOTHING_PARKED)
    found = house.instance.event_log_storage.get_asset_check_execution_history(key, limit=500)
    said: dict[str | None, bool] = {}
    for record in found:
        if record.run_id == run_id and record.event is not None:
            event = record.event.dagster_event
            assert event is not None
            said[record.partition] = event.asset_check_evaluation_data.passed
    return said


def _again(house: House, text: str) -> None:
    """Configure the house anew."""
    file = house.settings.file
    for section in ("customers", "orders"):
        marked = f"[{section}]\n"
        if text.startswith(marked):
            file.write_text(file.read_text().replace(marked, text, 1))
    environment = house.settings.environment
    house.settings = load_settings(
        store_url=environment.store_url,
        state_url=environment.state_url,
        api_url=environment.api_url,
        api_key=environment.api_key,
        config=file,
    )
    house.defs = build_definitions(settings=house.settings, retry=AT_ONCE)


def test_the_months_together_send_each_customer_once_and_again_nothing(house: House) -> None:
    sent = 0
    for month in _parts(house):
        result = house.asset("customers_import", partition=month)
        assert result.success
        sent += metadata_of(result, "customers_import")["sent"]
    assert sent == _in_store(house, "customers") == house.summary()["customers"]

    calls = house.call_count()
    for month in _parts(house)[:2]:
        again = house.asset("customers_import", partition=month)
        assert metadata_of(again, "customers_import")["sent"] == 0
    # The incremental sync finds the same snapshots: nothing is left to it.
    assert house.asset("customer_changes").success
    assert metadata_of(house.asset("customers"), "customers")["sent"] == 0
    assert house.call_count() == calls


def test_the_first_month_takes_all_older_and_undated_records(house: House) -> None:
    first, second = _parts(house)[:2]
    older = _in_store(house, "customers", f"deleted_at IS NULL AND created_at < '{second}'")
    assert older > _in_store(
        house, "customers", f"deleted_at IS NULL AND created_at BETWEEN '{first}' AND '{second}'"
    ), "the control: the sample store has customers from before the first month"
    result = house.asset("customers_import", partition=first)
    metadata = metadata_of(result, "customers_import")
    assert metadata["sent"] == metadata["dagster/partition_row_count"] == older


def test_a_run_of_several_months_reports_each_with_its_own_numbers(house: House) -> None:
    months = _parts(house)
    result = _range(house, months)
    assert result.success
    reported = _reported(result, "customers_import")
    assert {*reported} == {*months}
    for month in months[1:]:
        created = f"deleted_at IS NULL AND to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM') = '{month[:7]}'"
        assert reported[month]["sent"] == _in_store(house, "customers", created), month
    assert sum(one["sent"] for one in reported.values()) == house.summary()["customers"]
    assert _checks(house, "customers_import", result.run_id) == dict.fromkeys([*months, None], True)


def test_before_the_first_call_a_run_says_what_it_is_going_to_do(house: House) -> None:
    month = _parts(house)[0]
    result = house.asset("customers_import", partition=month)
    sent = metadata_of(result, "customers_import")["sent"]
    lines = [entry.user_message for entry in house.instance.all_logs(result.run_id)]
    plan = f"{sent:,} of {sent:,} customers to be sent, {sent:,} of them new to Influence, {sent:,} calls"
    assert any(line.startswith(f"customers_import: {plan}, time unknown") for line in lines), lines
    assert any("sign-up points" in line for line in lines)
    run = house.instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.tags[f"{first_import.PLAN}customers_import"].startswith(plan)


def test_a_first_batch_sends_a_few_and_no_partition_counts_as_done(house: House) -> None:
    months = _parts(house)
    few = {"ops": {"customers_import": {"config": {"first": 3}}}}
    result = _range(house, months, config=few)
    assert result.success
    assert house.summary()["customers"] == 3
    assert _reported(result, "customers_import") == {}
    again = _range(house, months)
    assert sum(one["sent"] for one in _reported(again, "customers_import").values()) == (
        _in_store(house, "customers") - 3
    )


def _of_month(house: House, month: str, after: str) -> str:
    """A customer of one month."""
    with psycopg2.connect(house.store_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM customers WHERE deleted_at IS NULL AND created_at >= %s AND created_at < %s",
            (month, after),
        )
        (key,) = cursor.fetchone() or ("",)
    connection.close()
    return str(key)


def test_a_partition_with_parked_records_is_done_and_fails_its_check_alone(house: House) -> None:
    months = _parts(house)
    key = _of_month(house, months[2], months[3])
    house.sandbox.fault("error_before", status=422, key=key, times=None)
    result = _range(house, months)
    house.sandbox.good("PUT", "/sandbox/faults", {"faults": []})
    assert result.success
    reported = _reported(result, "customers_import")
    assert {*reported} == {*months}
    parked = {month: one["parked"] for month, one in reported.items() if one["parked"]}
    assert parked == {months[2]: 1}
    checks = _checks(house, "customers_import", result.run_id)
    assert {part for part, passed in checks.items() if not passed} == {None, months[2]}


def _with_one_that_gets_no_answer(house: House) -> tuple[list[str], dg.ExecuteInProcessResult]:
    months = _parts(house)[1:4]
    key = _of_month(house, months[1], months[2])
    house.sandbox.fault("error_before", key=key, times=None)
    result = _range(house, months)
    house.sandbox.good("PUT", "/sandbox/faults", {"faults": []})
    return months, result


def test_a_partition_with_a_record_that_gets_no_answer_is_not_done_and_says_why(
    house: House,
) -> None:
    months, result = _with_one_that_gets_no_answer(house)
    assert not result.success
    assert {*_reported(result, "customers_import")} == {months[0], months[2]}
    words = failure_of(result)
    assert words.startswith(
        f"1 partition is not done, 2 done. {months[1]}: 1 customer not sent yet; "
    )
    assert "last trouble: PUT customer" in words
    again = _range(house, months[1:2])
    assert again.success
    assert _reported(again, "customers_import")[months[1]]["sent"] == 1


def test_a_run_that_comes_too_early_to_try_again_says_what_an_earlier_one_met(
    house: House,
) -> None:
    months, _ = _with_one_that_gets_no_answer(house)
    with closing(psycopg2.connect(house.settings.secret("state_url"))) as connection, connection:
        connection.cursor().execute("UPDATE influence.work SET next_at = now() + interval '1 hour'")
    asked = house.sandbox.rows("SELECT count(*) FROM calls")
    again = _range(house, months[1:2])
    assert not again.success
    assert "1 customer not sent yet; last trouble: PUT customer" in failure_of(again)
    assert house.sandbox.rows("SELECT count(*) FROM calls") == asked


def test_control_without_looking_at_what_is_left_it_would_count_as_done(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PartLeft, "complete", True)
    months, result = _with_one_that_gets_no_answer(house)
    assert result.success
    assert {*_reported(result, "customers_import")} == {*months}


class TestKeyRanges:
    @pytest.fixture
    def by_key(self, house: House) -> House:
        _again(house, '[customers]\nimport_by = "key"\nimport_parts = 5\n')
        return house

    def test_the_parts_together_send_each_customer_once(self, by_key: House) -> None:
        parts = _parts(by_key)
        assert parts == [f"{n}-of-5" for n in range(1, 6)]
        sent = []
        for part in reversed(parts):
            result = by_key.asset("customers_import", partition=part)
            assert result.success
            sent.append(metadata_of(result, "customers_import")["sent"])
        assert sum(sent) == _in_store(by_key, "customers") == by_key.summary()["customers"]
        assert all(sent), "about the same size each"

    def test_what_is_added_after_the_cut_belongs_to_a_part_too(self, by_key: House) -> None:
        parts = _parts(by_key)
        assert by_key.asset("customers_import", partition=parts[0]).success
        with psycopg2.connect(by_key.store_url) as connection, connection.cursor() as cursor:
            for key in ("aaa", "cus_000010a", "zzz"):
                cursor.execute(
                    "INSERT INTO customers (id, email) VALUES (%s, %s)", (key, f"{key}@example.org")
                )
        connection.close()
        result = _range(by_key, parts)
        assert result.success
        assert by_key.summary()["customers"] == _in_store(by_key, "customers")

    def test_a_store_with_fewer_records_than_parts_leaves_some_empty(self, house: House) -> None:
        with psycopg2.connect(house.store_url) as connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM orders")
            cursor.execute("DELETE FROM customers WHERE id > 'cus_000003'")
        connection.close()
        _again(house, '[customers]\nimport_by = "key"\nimport_parts = 5\n')
        result = _range(house, _parts(house))
        assert result.success
        assert {*_reported(result, "customers_import")} == {*_parts(house)}
        assert house.summary()["customers"] == _in_store(house, "customers") < 10

    @pytest.mark.parametrize("customers", [0, 1])
    def test_where_there_is_nothing_to_cut_the_first_part_has_it_all(
        self, house: House, customers: int
    ) -> None:
        with psycopg2.connect(house.store_url) as connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM orders")
            cursor.execute("DELETE FROM customers")
            for key in range(customers):
                cursor.execute(
                    "INSERT INTO customers (id, email) VALUES (%s, %s)",
                    (f"only-{key}", f"{key}@example.org"),
                )
        connection.close()
        _again(house, '[customers]\nimport_by = "key"\nimport_parts = 5\n')
        result = _range(house, _parts(house))
        assert result.success, failure_of(result)
        assert {*_reported(result, "customers_import")} == {*_parts(house)}
        assert house.summary()["customers"] == _in_store(house, "customers") == customers


class TestOldOrders:
    def test_there_is_no_import_of_orders(self, house: House) -> None:
        names = {one.key.to_user_string() for one in house.defs.resolve_all_asset_specs()}
        assert "orders_import" not in names

    def test_lifted_in_so_many_words_it_sends_those_of_before_the_go_live(
        self, house: House
    ) -> None:
        _again(
            house,
            f'[orders]\ngo_live = 2026-10-01T00:00:00Z\nimport_before_go_live = "{OLD_ORDERS}"\n',
        )
        assert _range(house, _parts(house)).success
        old = "placed_at < '2026-10-01'"
        due = _in_store(house, "orders", old)
        assert due > 5, "the control: there are old orders"
        result = _range(house, _parts(house, "orders_import"), "orders_import")
        assert result.success, failure_of(result)
        lines = [entry.user_message for entry in house.instance.all_logs(result.run_id)]
        assert any("may award points at today's rules" in line for line in lines), lines
        before = house.summary()["orders"]
        assert before >= due
        calls = house.call_count()
        for asset in ("order_changes", "orders"):
            assert house.asset(asset).success
        assert house.call_count() == calls, "the sync finds them known"

    def test_its_customers_come_first(self, house: House) -> None:
        _again(
            house,
            f'[orders]\ngo_live = 2026-10-01T00:00:00Z\nimport_before_go_live = "{OLD_ORDERS}"\n',
        )
        result = _range(house, _parts(house, "orders_import"), "orders_import")
        assert not result.success
        assert "wait for their customers: import these first" in failure_of(result)


def _engine(house: House) -> Engine:
    return Engine(house.settings)


def test_two_runs_of_the_same_partition_do_not_both_say_that_it_is_done(house: House) -> None:
    month = _parts(house)[0]
    window = Months("2026-01").window(month)
    with _engine(house) as engine:
        mine = engine.numbered(engine.import_job(Entity.CUSTOMER, window))
        engine._capture(mine)
        theirs = engine.numbered(engine.import_job(Entity.CUSTOMER, window))
        engine._capture(theirs)
        assert mine.import_id is not None
        assert theirs.import_id is not None
        left = parts.left(engine.state, [mine.import_id, theirs.import_id])
        assert left[mine.import_id].taken == left[theirs.import_id].waiting > 0
        assert not left[mine.import_id].complete


def test_a_run_whose_records_another_import_takes_over_ends_and_takes_nothing_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    month = _parts(house)[0]
    theirs: list[int] = []
    planned = first_import.plan_of_parts

    def meanwhile(engine: Engine, entity: Entity, window: Window, *others: Any) -> Any:
        job = engine.numbered(engine.import_job(entity, window))
        engine._capture(job)
        assert job.import_id is not None
        theirs.append(job.import_id)
        return planned(engine, entity, window, *others)

    monkeypatch.setattr(first_import, "plan_of_parts", meanwhile)
    result = house.asset("customers_import", partition=month)
    assert not result.success
    assert "were taken over by another import of the same records" in failure_of(result)
    assert len(theirs) == 1, "tried again"
    with _engine(house) as engine:
        assert parts.left(engine.state, theirs)[theirs[0]].waiting > 0
    monkeypatch.undo()
    assert house.asset("customers_import", partition=month).success


class TestParts:
    def test_months_that_follow_each_other_make_one_window(self) -> None:
        months = Months("2026-01")
        keys = months.definition.get_partition_keys()[:4]
        windows = [months.window(key) for key in keys]
        span = span_of(windows)
        assert (span.since, span.before, span.and_undated) == (None, windows[-1].before, True)

    def test_without_a_readable_configuration_there_are_months_of_customers_and_products(
        self,
    ) -> None:
        cut = parts_of(None, Schedule())
        assert {*cut} == {Entity.CUSTOMER, Entity.PRODUCT}
        assert all(isinstance(one, Months) for one in cut.values())

    def test_the_names_of_parts_sort_as_they_follow(self) -> None:
        names = KeyParts(24).definition.get_partition_keys()
        assert [*names] == sorted(names)
        assert names[0] == "01-of-24"


def test_everything_at_once_is_no_part(house: House) -> None:
    with _engine(house) as engine:
        report = engine.import_window(Entity.CUSTOMER, EVERYTHING)
    assert report.left is None
    assert report.delivered.sent == _in_store(house, "customers")
