"""The asset checks: what each finds, how severe it is, and which command it names next."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import dagster as dg
import psycopg2
import pytest
import sqlalchemy as sa

from influence_pipeline.assets import checks, reporting
from influence_pipeline.erasure.erasing import forget
from influence_pipeline.erasure.finding import find
from influence_pipeline.sandbox.sample_store import poison
from influence_pipeline.settings import load_settings
from influence_pipeline.sync import health
from influence_pipeline_tests.dagster_face.conftest import House, check_of, metadata_of

WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR


def _with(house: House, **tables: str) -> House:
    """The house with more tables in its influence.toml."""
    file = house.settings.file
    file.write_text(
        file.read_text() + "".join(f"\n[{name}]\n{keys}\n" for name, keys in tables.items())
    )
    return replace(house, settings=load_settings(**vars(house.settings.environment)))


def _run(house: House, statement: str) -> None:
    with house.state.transaction() as connection:
        connection.execute(sa.text(statement))


class TestParked:
    @pytest.mark.parametrize(
        ("keys", "passed", "severity"),
        [
            ("", False, WARN),
            ("parked_warn_above = 2", True, WARN),
            ("parked_error_above = 1", False, ERROR),
            ("parked_warn_above = 1\nparked_error_above = 1", False, ERROR),
        ],
    )
    def test_a_few_warn_and_many_are_an_error(
        self, house: House, keys: str, passed: bool, severity: dg.AssetCheckSeverity
    ) -> None:
        house = _with(house, watch=keys)
        for _ in range(2):
            poison.customer_with_invalid_email(house.store_url)
        check = check_of(house.job("incremental_sync"), "customers", reporting.NOTHING_PARKED)
        assert (check.passed, check.severity, check.metadata["parked"].value) == (
            passed,
            severity,
            2,
        )
        assert check.metadata["what to do"].value == "docs/operations.md#parked-records"

    def test_where_the_repository_is_told_the_docs_are_a_link(self, house: House) -> None:
        file = house.settings.file
        url = "https://github.com/shop/loyalty"
        text = file.read_text().replace("[dagster]", f'[dagster]\nrepository_url = "{url}"')
        file.write_text(text)
        house = replace(house, settings=load_settings(**vars(house.settings.environment)))
        poison.customer_with_invalid_email(house.store_url)
        check = check_of(house.job("incremental_sync"), "customers", reporting.NOTHING_PARKED)
        what = check.metadata["what to do"]
        assert isinstance(what, dg.UrlMetadataValue)
        assert what.value == f"{url}/blob/main/docs/operations.md#parked-records"


class TestWaits:
    def test_a_live_change_that_waits_too_long_is_an_error_and_an_import_is_none(
        self, house: House
    ) -> None:
        assert house.job("incremental_sync").success
        _run(
            house,
            "INSERT INTO work (entity, key, lane, queued_at, next_at) VALUES ('order', 'o-1', "
            "'import', now() - interval '2 hours', now() + interval '1 hour')",
        )
        passed = check_of(house.asset("orders"), "orders", checks.NOTHING_WAITS_LONG)
        assert (passed.passed, passed.description) == (True, "No orders wait.")
        _run(house, "UPDATE work SET lane = 'live'")
        late = check_of(house.asset("orders"), "orders", checks.NOTHING_WAITS_LONG)
        assert (late.passed, late.severity) == (False, ERROR)
        assert 7190 < float(late.metadata["oldest_waiting_seconds"].value) < 7400
        assert "influence-pipeline why orders KEY" in str(late.description)
        _run(house, "UPDATE work SET state = 'parked', reason_code = 'refused'")
        assert check_of(house.asset("orders"), "orders", checks.NOTHING_WAITS_LONG).passed


def _calls(house: House, minutes: range, status: int) -> None:
    """A call in each of these minutes of the past, the oldest first, as the log has them."""
    for minute in sorted(minutes, reverse=True):
        _run(
            house,
            "INSERT INTO attempt (at, entity, key, call, outcome, http_status) VALUES "
            f"(now() - interval '{minute} minutes', 'order', 'o', 'PATCH order', 'later', {status})",
        )


class TestPace:
    def test_429_in_every_part_of_the_hour_warns(self, house: House) -> None:
        _calls(house, range(61, 300, 7), 429)
        _calls(house, range(2, 60, 5), 429)
        check = check_of(house.asset("orders"), "orders", checks.NOT_THROTTLED)
        assert (check.passed, check.severity) == (False, WARN)
        assert "influence-pipeline status" in str(check.description)
        assert check.metadata["throttled_parts"].value == health.PARTS

    def test_an_hour_with_ten_minutes_of_peace_passes(self, house: House) -> None:
        _calls(house, range(41, 60, 5), 429)
        _calls(house, range(31, 40, 2), 200)
        _calls(house, range(2, 30, 5), 429)
        check = check_of(house.asset("orders"), "orders", checks.NOT_THROTTLED)
        assert (check.passed, check.metadata["throttled_parts"].value) == (True, 5)

    def test_what_was_before_the_hour_does_not_count_nor_does_an_empty_log(
        self, house: House
    ) -> None:
        assert health.throttled(house.state) == health.Throttled(0, 0, 0)
        _calls(house, range(61, 200, 3), 429)
        assert health.throttled(house.state) == health.Throttled(0, 0, 0)


class TestCounts:
    def test_a_full_compare_counts_and_a_tick_tells_what_was_counted(self, house: House) -> None:
        first = check_of(house.job("incremental_sync"), "order_changes", checks.COUNTS_AGREE)
        assert first.passed
        numbers = {name: value.value for name, value in first.metadata.items()}
        # Orders of before the go-live are in the store, and are not told.
        assert numbers["to_tell"] == numbers["known"] <= numbers["in_store"]
        tick = check_of(house.job("incremental_sync"), "order_changes", checks.COUNTS_AGREE)
        assert {name: value.value for name, value in tick.metadata.items()} == numbers

    def test_an_unreadable_record_is_none_that_is_missing(self, house: House) -> None:
        poison.order_with_nan_amount(house.store_url)
        assert check_of(house.job("full_compare"), "order_changes", checks.COUNTS_AGREE).passed

    def test_a_customer_who_was_erased_and_whom_the_store_has_yet_is_none_that_is_missing(
        self, house: House
    ) -> None:
        assert house.job("incremental_sync").success
        forget(house.state, find(house.state, "cus_000001"))
        counted = check_of(house.job("full_compare"), "customer_changes", checks.COUNTS_AGREE)
        assert (counted.passed, counted.metadata["erased"].value) == (True, 1)
        assert "1 was erased" in str(counted.description)
        with closing(psycopg2.connect(house.store_url)) as shop, shop, shop.cursor() as cursor:
            cursor.execute("DELETE FROM orders WHERE customer_id = 'cus_000001'")
            cursor.execute("DELETE FROM customers WHERE id = 'cus_000001'")
        counted = check_of(house.job("full_compare"), "customer_changes", checks.COUNTS_AGREE)
        assert (counted.passed, counted.metadata["erased"].value) == (True, 0)

    @pytest.mark.parametrize(
        ("statement", "words"),
        [
            (
                "DELETE FROM snapshot WHERE entity = 'customer' AND key = 'cus_000001'",
                "1 are missing",
            ),
            (
                "INSERT INTO snapshot (entity, key, store_hash) VALUES ('customer', 'nobody', 1)",
                "1 are known that it does not give",
            ),
        ],
    )
    def test_a_difference_that_no_compare_mends_is_an_error(
        self,
        house: House,
        statement: str,
        words: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        assert house.job("incremental_sync").success
        # A defect of the compare: what it leaves behind is not what the store has.
        counted = health.count

        def tampered(engine: health.Engine, entity: health.Entity) -> health.Counted:
            if entity is health.Entity.CUSTOMER:
                _run(house, statement)
            return counted(engine, entity)

        monkeypatch.setattr(checks.health, "count", tampered)
        run = house.job("full_compare")
        check = check_of(run, "customer_changes", checks.COUNTS_AGREE)
        assert (check.passed, check.severity) == (False, ERROR)
        assert words in str(check.description)
        assert "influence-pipeline sync --entity customers --every-record" in str(check.description)
        assert check_of(run, "product_changes", checks.COUNTS_AGREE).passed

    def test_what_the_shop_does_meanwhile_is_no_difference(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert house.job("incremental_sync").success
        counted = health.count

        def busy(engine: health.Engine, entity: health.Entity) -> health.Counted:
            with psycopg2.connect(house.store_url) as connection:
                connection.cursor().execute(
                    "INSERT INTO customers (id, email) VALUES (%s, %s)",
                    (f"new-{entity}", f"{entity}@new.example"),
                )
            connection.close()
            return counted(engine, entity)

        monkeypatch.setattr(checks.health, "count", busy)
        check = check_of(house.job("full_compare"), "customer_changes", checks.COUNTS_AGREE)
        assert check.passed, check.description

    def test_a_store_that_cannot_count_in_time_warns(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def takes_long(*given: object) -> None:
            raise health.StoreError("canceling statement due to statement timeout.")

        monkeypatch.setattr(health, "count_eligible", takes_long)
        run = house.job("full_compare")
        assert run.success
        check = check_of(run, "customer_changes", checks.COUNTS_AGREE)
        assert (check.passed, check.severity) == (False, WARN)
        assert "store_statement_timeout_seconds" in str(check.description)


def test_each_run_has_a_summary_in_words(house: House, config_file: Path) -> None:
    first, second = house.job("incremental_sync"), house.job("incremental_sync")
    sent = metadata_of(first, "customers")["sent"]
    assert metadata_of(first, "customers")["summary"].startswith(f"**{sent} sent** in ")
    assert metadata_of(second, "customers")["summary"].startswith("**Nothing to send.**")
    assert metadata_of(second, "customer_changes")["summary"].startswith("**Nothing changed**")
    assert metadata_of(house.asset("coupons"), "coupons")["summary"].startswith("**0 coupons made")
