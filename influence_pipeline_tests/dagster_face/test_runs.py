"""Runs against a real store, a real state and the sandbox as a process."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from influence_pipeline.assets import reporting
from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.sample_store import poison
from influence_pipeline.settings import load_settings
from influence_pipeline.sync.deliver import Delivered
from influence_pipeline_tests.dagster_face.conftest import (
    House,
    check_of,
    failure_of,
    metadata_of,
    metadata_table,
    retries_of,
)
from influence_pipeline_tests.sandbox.platform_fixtures import KEY
from influence_pipeline_tests.webhooks.builders import redemption


def _in_store(house: House, table: str, condition: str = "deleted_at IS NULL") -> int:
    engine = sa.create_engine(house.store_url.replace("postgresql://", "postgresql+psycopg2://"))
    try:
        with engine.connect() as connection:
            query = sa.text(f"SELECT count(*) FROM {table} WHERE {condition}")
            return int(connection.execute(query).scalar_one())
    finally:
        engine.dispose()


def _rename_everybody(house: House) -> None:
    engine = sa.create_engine(house.store_url.replace("postgresql://", "postgresql+psycopg2://"))
    try:
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE customers SET first_name = 'Other'"))
    finally:
        engine.dispose()


def test_a_sync_sends_everything_once_and_a_second_sends_nothing(house: House) -> None:
    first = house.job("incremental_sync")
    assert first.success
    customers = _in_store(house, "customers")
    assert metadata_of(first, "customer_changes")["created"] == customers
    assert metadata_of(first, "customers")["sent"] == customers
    assert metadata_of(first, "customers")["dagster/row_count"] == customers
    assert house.summary()["customers"] == customers

    calls = house.call_count()
    second = house.job("incremental_sync")
    assert second.success
    assert house.call_count() == calls
    assert metadata_of(second, "customer_changes")["created"] == 0
    assert metadata_of(second, "customer_changes")["full_compare"] is False
    assert metadata_of(second, "orders")["calls"] == 0


def test_what_changed_in_the_store_is_sent_and_previewed_by_key_only(house: House) -> None:
    assert house.job("incremental_sync").success
    (key,) = sample_store.add_customers(house.store_url).customers
    order = sample_store.place_order(house.store_url, key, paid=True).orders[0]
    second = house.job("incremental_sync")
    assert second.success
    changes = metadata_of(second, "customer_changes")
    assert (changes["created"], metadata_of(second, "customers")["sent"]) == (1, 1)
    newest = metadata_table(second, "customer_changes", "to be sent, for example")[0]
    assert newest == {"key": key, "action": "create", "state": "ready"}
    assert metadata_of(second, "order_changes")["created"] == 1
    sent = house.sandbox.good("GET", f"/v1/orders/{order}")["order"]
    assert sent["financialStatus"] == "paid"


@pytest.mark.parametrize(
    "name",
    [
        "customer_changes",
        "product_changes",
        "order_changes",
        "customers",
        "products",
        "orders",
        "rewards_used",
        "customers_import",
        "products_import",
        "coupons",
    ],
)
def test_an_asset_runs_alone(house: House, name: str) -> None:
    result = house.asset(name, partition="2026-10-01" if name.endswith("_import") else None)
    assert result.success
    assert metadata_of(result, name)


def _missed(result: dg.ExecuteInProcessResult) -> tuple[bool, str]:
    """Whether nothing was missed of the customers, and what is said of it."""
    check = check_of(result, "customer_changes", reporting.NOTHING_MISSED)
    return check.passed, check.description or ""


def test_what_only_a_full_compare_found_fails_a_check_until_one_finds_nothing(house: House) -> None:
    file = house.settings.file
    file.write_text(
        file.read_text().replace('key = "c.id"\n', 'key = "c.id"\nchanged_at = "c.updated_at"\n', 1)
    )
    house = replace(house, settings=load_settings(**vars(house.settings.environment)))
    assert _missed(house.job("incremental_sync")) == (True, "No customers were missed.")
    engine = sa.create_engine(house.store_url.replace("postgresql://", "postgresql+psycopg2://"))
    with engine.begin() as connection:
        # No trigger of this shop moves updated_at.
        connection.execute(
            sa.text("UPDATE customers SET first_name = 'Other' WHERE id = 'cus_000001'")
        )
    engine.dispose()
    assert _missed(house.job("incremental_sync"))[0]
    passed, words = _missed(house.job("full_compare"))
    assert (passed, words[:70]) == (
        False,
        "1 customer has changed and no look for changed rows had found it; the ",
    )
    # It stays so until the next full compare.
    assert not _missed(house.job("incremental_sync"))[0]
    assert _missed(house.job("full_compare"))[0]


def test_the_numbers_have_the_same_names_every_time(house: House) -> None:
    first, second = house.job("incremental_sync"), house.job("incremental_sync")
    for name in ("customer_changes", "order_changes", "customers", "orders", "rewards_used"):
        plotted = [
            {key for key, value in metadata_of(run, name).items() if isinstance(value, int | float)}
            for run in (first, second)
        ]
        assert plotted[0] == plotted[1], name
        assert "seconds" in plotted[0], name
    for name in ("sent", "parked", "blocked", "waiting", "calls", "calls_per_second"):
        assert name in metadata_of(first, "customers")


def test_a_run_that_finds_too_much_changed_ends_in_one_line_until_the_launchpad_allows_it(
    house: House, config_file: Path
) -> None:
    with config_file.open("a") as file:
        file.write("\n[capture]\nmass_change_rows = 1\n")
    assert house.job("incremental_sync").success
    calls = house.call_count()
    _rename_everybody(house)
    stopped = house.asset("customer_changes")
    words = failure_of(stopped)
    assert "customers that were known have changed" in words
    assert "allow_mass_change: true" in words
    assert "\n" not in words
    assert retries_of(stopped) == 0
    assert house.call_count() == calls
    config = {"ops": {"customer_changes": {"config": {"allow_mass_change": True}}}}
    allowed = house.asset("customer_changes", config=config)
    assert metadata_of(allowed, "customer_changes")["changed"] == _in_store(house, "customers")


def test_store_rows_are_counted_by_a_full_compare_and_not_by_a_tick(house: House) -> None:
    first = house.job("incremental_sync")
    (seen,) = [
        one
        for one in first.get_asset_observation_events()
        if one.asset_key == dg.AssetKey("store_customers")
    ]
    metadata = seen.asset_observation_data.asset_observation.metadata
    assert metadata["dagster/row_count"].value == _in_store(house, "customers")
    assert not house.job("incremental_sync").get_asset_observation_events()
    assert len(house.job("full_compare").get_asset_observation_events()) == 3


def test_a_parked_record_warns_with_the_next_command(house: House) -> None:
    (key,) = poison.customer_with_invalid_email(house.store_url).customers
    result = house.job("incremental_sync")
    assert result.success
    assert check_of(result, "products", reporting.NOTHING_PARKED).passed
    check = check_of(result, "customers", reporting.NOTHING_PARKED)
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "influence-pipeline parked --entity customers" in str(check.description)
    assert "influence-pipeline retry customers --all" in str(check.description)
    assert key in str(check.metadata["parked, for example"])


def _with(house: House, config_file: Path, **changes: str) -> House:
    given = {
        "store_url": house.settings.secret("store_url"),
        "state_url": house.settings.secret("state_url"),
        "api_url": house.sandbox.url,
        "api_key": KEY,
        "config": config_file,
        **changes,
    }
    return House(
        load_settings(**given), house.instance, house.store_url, house.state, house.sandbox
    )


def test_a_wrong_key_ends_the_run_in_one_line_and_is_not_tried_again(
    house: House, config_file: Path
) -> None:
    assert house.asset("customer_changes").success
    wrong = _with(house, config_file, api_key="not-the-key-0000")
    result = wrong.asset("customers")
    assert not result.success
    words = failure_of(result)
    assert "Check INFLUENCE_API_KEY" in words
    assert "\n" not in words
    assert retries_of(result) == 0
    # Nothing was lost: with the right key the next run sends all.
    assert metadata_of(house.asset("customers"), "customers")["sent"] == _in_store(
        house, "customers"
    )


def test_an_api_that_is_away_is_tried_again_and_then_said_in_one_line(
    house: House, config_file: Path
) -> None:
    assert house.asset("customer_changes").success
    away = _with(house, config_file, api_url="http://127.0.0.1:9")
    result = away.asset("customers")
    assert retries_of(result) == 2
    words = failure_of(result)
    assert "The API cannot be reached" in words
    assert "\n" not in words


def test_a_store_that_is_away_is_said_without_its_password(house: House, config_file: Path) -> None:
    away = _with(house, config_file, store_url="postgresql://reader:pass-canary@127.0.0.1:9/shop")
    result = away.asset("customer_changes")
    words = failure_of(result)
    assert "INFLUENCE_STORE_URL" in words
    assert "pass-canary" not in words
    assert retries_of(result) == 2


def test_orders_do_not_run_when_their_customers_could_not_be_sent(
    house: House, config_file: Path
) -> None:
    result = _with(house, config_file, api_key="not-the-key-0000").job("incremental_sync")
    started = {one.step_key for one in result.filter_events(lambda one: one.is_step_start)}
    assert "customers" in started
    assert not started & {"orders", "rewards_used"}


def test_no_personal_data_and_no_secret_is_in_a_runs_events(
    house: House, config_file: Path
) -> None:
    assert house.job("incremental_sync").success
    (customer,) = sample_store.add_customers(house.store_url).customers
    engine = sa.create_engine(house.store_url.replace("postgresql://", "postgresql+psycopg2://"))
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE customers SET email = 'canary.person@example.test', "
                "first_name = 'Canaryfirst', last_name = 'Canarylast', phone = '+4915550001' "
                "WHERE id = :id"
            ),
            {"id": customer},
        )
    engine.dispose()
    poison.customer_with_invalid_email(house.store_url)
    poison.order_with_nan_amount(house.store_url)
    house.deliver_event("points/redeemed", redemption(7, ruleId="rule-nobody-knows"))
    wrong = _with(house, config_file, api_key="key-canary-000000")
    runs = [house.asset("customer_changes"), wrong.asset("customers")]
    runs += [house.job("incremental_sync"), house.job("full_compare"), house.asset("coupons")]
    runs += [house.asset("customers_import", partition="2026-11-01")]
    log = "\n".join(
        f"{record!r} {record.to_json()}"
        for run in runs
        for record in house.instance.all_logs(run.run_id)
    )
    # The control: keys and reasons are shown, so the search looks at the right place.
    assert customer in log
    assert "rule-nobody-knows" in log
    password = house.store_url.split("@")[0].rsplit(":", 1)[1]
    for canary in (
        *("canary.person", "Canaryfirst", "Canarylast", "+4915550001"),
        *("Ada Example", "person7@example.test", "LOYAL-0007"),
        *("key-canary", KEY, password),
    ):
        assert canary not in log, canary


def test_a_long_delivery_says_how_far_it_is_once_a_minute_and_when_it_ends(
    instance: dg.DagsterInstance,
) -> None:
    """In the run's log, and in its tags, where the list of runs shows it."""
    seconds = 0.0

    @dg.asset
    def customers(context) -> None:
        nonlocal seconds
        left = 3000

        def due() -> int:
            return left

        progress = reporting.Progress(context, "customers", due, now=lambda: seconds)
        for tick in range(301):
            seconds, left = float(tick), 3000 - tick * 10
            progress(Delivered(sent=tick * 10, calls=tick * 10))

    result = dg.materialize([customers], instance=instance)
    lines = [
        entry.user_message
        for entry in instance.all_logs(result.run_id)
        if entry.user_message.startswith("customers: ")
    ]
    assert len(lines) == 5
    assert lines[0] == "customers: 600 of 3,000 records, 10.0 records/s, about 4 min more"
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.tags[f"{reporting.PROGRESS}customers"] == "3,000 of 3,000"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", run.tags[f"{reporting.ETA}customers"])
