"""Several stores in one code location: each with everything of its own, and none with another's."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg2
import pytest
import yaml
from dagster._utils.tags import TagConcurrencyLimitsCounter

from influence_pipeline.automation import alerting
from influence_pipeline.automation.old_runs import OLD_RUNS
from influence_pipeline.definitions import build_definitions
from influence_pipeline.settings import loading
from influence_pipeline.state.database import open_state
from influence_pipeline.webhooks import inbox
from influence_pipeline_tests.dagster_face.conftest import assets_of
from influence_pipeline_tests.dagster_face.street import (
    STORES,
    Street,
    key_of,
    nothing_crosses_over,
    sandboxes,
    street,
)
from influence_pipeline_tests.dagster_face.test_definitions import ASSETS, ROOT, program
from influence_pipeline_tests.support import mail_server
from influence_pipeline_tests.support.chat import Chat
from influence_pipeline_tests.webhooks.builders import delivery, redemption

__all__ = ["sandboxes", "street"]

JOBS = (
    "incremental_sync",
    "full_compare",
    "work_off_webhooks",
    "reconcile_members",
)


def why(result: dg.ExecuteInProcessResult) -> str:
    """What the steps that failed say, which must be the same of all."""
    failed = result.filter_events(lambda one: one.is_step_failure)
    said = {one.step_failure_data.user_failure_data.description for one in failed}
    assert len(said) == 1, said
    return str(said.pop())


# --- what Dagster is shown


@pytest.mark.usefixtures("street")
class TestDefinitions:
    def test_each_store_has_everything_once(self) -> None:
        made = build_definitions()
        found: dict[str, set[str]] = {}
        for spec in made.resolve_all_asset_specs():
            found.setdefault(str(spec.group_name), set()).add(spec.key.to_user_string())
        assert found == {
            f"{store}_{group}": {f"{store}/{name}" for name in names}
            for store in (*STORES, "rome")
            for group, names in ASSETS.items()
        }
        assert {job.name for job in made.jobs or ()} == {
            f"{store}_{job}" for store in (*STORES, "rome") for job in (*JOBS, "sync_by_hand")
        }
        assert {one.name for one in made.schedules or ()} == {
            f"{store}_{job}_schedule"
            for store in (*STORES, "rome")
            for job in ("incremental_sync", "full_compare", "reconcile_members")
        }
        assert {one.name for one in made.sensors or ()} == {
            *(f"{store}_coupon_sensor" for store in (*STORES, "rome")),
            *("failed_runs", "failed_ticks", "old_runs"),
        }

    def test_dagster_takes_them(self) -> None:
        dg.Definitions.validate_loadable(build_definitions())

    def test_nothing_of_one_store_hangs_on_another(self) -> None:
        for spec in build_definitions().resolve_all_asset_specs():
            (store, _) = spec.key.path
            assert {dep.asset_key.path[0] for dep in spec.deps} <= {store}
            assert spec.tags["influence/store"] == store

    def test_each_delivers_through_a_pool_and_a_resource_of_its_own(self) -> None:
        pools: dict[str, set[str]] = {}
        resources: dict[str, set[str]] = {}
        for asset in assets_of(build_definitions()):
            if isinstance(asset, dg.AssetsDefinition) and asset.is_executable:
                store = asset.key.path[0]
                pools.setdefault(store, set()).update({asset.op.pool} - {None})
                resources.setdefault(store, set()).update(asset.required_resource_keys)
        for store in (*STORES, "rome"):
            assert pools[store] == {f"influence_api_{store}"}
            assert resources[store] - {"io_manager"} == {f"engines_{store}"}

    def test_each_has_a_lane_of_its_own(self) -> None:
        made = build_definitions()
        for store in STORES:
            for job in ("incremental_sync", "full_compare"):
                tags = made.resolve_job_def(f"{store}_{job}").tags
                assert tags["influence/lane"] == f"live_{store}"
                assert tags["influence/store"] == store

    def test_the_queue_lets_one_live_run_of_each_store_out(
        self, street: Street, tmp_path: Path
    ) -> None:
        """With the limits as they are shipped, counted by Dagster itself."""
        made = street.defs()
        runs = {
            job: _queued(street.instance, made.resolve_job_def(job))
            for job in (
                "berlin_incremental_sync",
                "berlin_full_compare",
                "paris_incremental_sync",
                "berlin_work_off_webhooks",
            )
        }
        limits = yaml.safe_load((ROOT / "deploy" / "dagster.yaml").read_text())["concurrency"]
        at_work = TagConcurrencyLimitsCounter(limits["runs"]["tag_concurrency_limits"], [])
        at_work.update_counters_with_launched_item(runs["berlin_incremental_sync"])
        assert {job: at_work.is_blocked(run) for job, run in runs.items()} == {
            "berlin_incremental_sync": True,
            "berlin_full_compare": True,
            "paris_incremental_sync": False,
            "berlin_work_off_webhooks": False,
        }

    def test_each_has_its_own_times_and_switch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        file = Path("berlin", "influence.toml")
        file.write_text(file.read_text().replace("[schedule]", '[schedule]\nsync = "7 * * * *"'))
        monkeypatch.setenv("INFLUENCE_PARIS_AUTOMATION", "on")
        made = build_definitions()
        berlin = made.resolve_schedule_def("berlin_incremental_sync_schedule")
        paris = made.resolve_schedule_def("paris_incremental_sync_schedule")
        assert (berlin.cron_schedule, paris.cron_schedule) == ("7 * * * *", "*/5 * * * *")
        assert berlin.default_status is dg.DefaultScheduleStatus.STOPPED
        assert paris.default_status is dg.DefaultScheduleStatus.RUNNING

    def test_a_list_of_one_keeps_its_names_when_a_second_comes(self) -> None:
        Path("stores.toml").write_text('[[store]]\nname = "berlin"\nconfig = "berlin/x.toml"\n')
        keys = {spec.key for spec in build_definitions().resolve_all_asset_specs()}
        assert dg.AssetKey(["berlin", "customers"]) in keys


def _queued(instance: dg.DagsterInstance, job: dg.JobDefinition) -> dg.DagsterRun:
    return instance.create_run_for_job(job, tags=job.run_tags)


class TestAListThatMustBeMended:
    @pytest.fixture
    def broken(self, street: Street, chat: Chat, monkeypatch: pytest.MonkeyPatch) -> Street:
        Path("stores.toml").write_text("[[store]\n")
        monkeypatch.setenv("INFLUENCE_ALERT_URL", chat.url)
        return street

    def test_is_said_in_the_place_of_its_stores(
        self, broken: Street, caplog: pytest.LogCaptureFixture
    ) -> None:
        made = build_definitions()
        dg.Definitions.validate_loadable(made)
        (spec,) = made.resolve_all_asset_specs()
        assert "stores.toml is not valid TOML" in str(spec.description)
        assert "stores.toml is not valid TOML" in caplog.text
        done = dg.materialize(assets_of(made), instance=broken.instance, raise_on_error=False)
        assert why(done).startswith("stores.toml is not valid TOML")

    def test_fails_a_sensor_and_tells_a_person_once(self, broken: Street, chat: Chat) -> None:
        (sensor,) = [
            one for one in build_definitions().sensors or () if one.name != alerting.FAILED_RUNS
        ]
        assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
        for _ in range(2):
            with pytest.raises(dg.Failure, match="not valid TOML"):
                sensor(dg.build_sensor_context(instance=broken.instance))
        (told,) = chat.said
        assert told.startswith("The list of stores must be mended: stores.toml is not valid TOML")

    def test_is_told_by_mail_too(self, broken: Street, monkeypatch: pytest.MonkeyPatch) -> None:
        (sensor,) = [
            one for one in build_definitions().sensors or () if one.name != alerting.FAILED_RUNS
        ]
        with mail_server.serving() as server:
            monkeypatch.setenv("INFLUENCE_SMTP_URL", f"smtp://127.0.0.1:{server.port}")
            monkeypatch.setenv("INFLUENCE_ALERT_EMAIL", "ops@shop.example")
            with pytest.raises(dg.Failure, match="not valid TOML"):
                sensor(dg.build_sensor_context(instance=broken.instance))
            (told,) = server.got
        assert "The list of stores must be mended" in told["Subject"]

    def test_one_entry_without_a_usable_name_leaves_the_others(self, street: Street) -> None:
        with Path("stores.toml").open("a") as file:
            file.write('\n[[store]]\nname = "wien-1"\nconfig = "x"\n')
        made = build_definitions()
        dg.Definitions.validate_loadable(made)
        keys = {spec.key.to_user_string() for spec in made.resolve_all_asset_specs()}
        assert {"berlin/customers", "paris/customers", "influence_stores"} <= keys
        assert street.job("berlin_incremental_sync").success

    @pytest.mark.parametrize("text", ["", "[[store]\n", None])
    def test_dagsters_own_check_passes(self, tmp_path: Path, text: str | None) -> None:
        """None: the list of three stores, one of which has no influence.toml."""
        whole = '[[store]]\nname = "berlin"\nconfig = "berlin/influence.toml"\n'
        list_of_stores = tmp_path / "stores.toml"
        list_of_stores.write_text(whole if text is None else text)
        done = program(
            *("-m", "dagster", "definitions", "validate", "-w", "workspace.yaml"),
            folder=ROOT,
            DAGSTER_HOME=str(tmp_path),
            INFLUENCE_STORES=str(list_of_stores),
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        assert ("The list of stores must be mended" in said) == (text is not None)


# --- runs


class TestRuns:
    def test_nothing_crosses_over(self, street: Street) -> None:
        for store in STORES:
            assert street.job(f"{store}_incremental_sync").success
        nothing_crosses_over(street)
        for name, shop in street.shops.items():
            shop.ask(
                f"UPDATE customers SET email = '{name}-new-' || id || '@example.org' "
                "WHERE id IN (SELECT id FROM customers ORDER BY id LIMIT 5)"
            )
        calls = street.shops["paris"].sandbox.good("GET", "/sandbox/summary")["callsByStatus"]
        assert street.job("berlin_incremental_sync").success
        paris = street.shops["paris"].sandbox.good("GET", "/sandbox/summary")["callsByStatus"]
        assert paris == calls, "a run of Berlin's called Paris's account"
        assert street.job("paris_incremental_sync").success
        nothing_crosses_over(street)

    @pytest.mark.parametrize("shared", ["account", "state"])
    def test_stores_that_share_are_refused_and_would_cross_over(
        self, street: Street, shared: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The control: without the refusal, the question above finds it."""
        if shared == "account":
            monkeypatch.setenv("INFLUENCE_PARIS_API_KEY", key_of("berlin"))
            monkeypatch.setenv("INFLUENCE_PARIS_API_URL", street.shops["berlin"].sandbox.url)
            words = "have the same API key"
        else:
            file = Path("paris", "influence.toml")
            file.write_text(file.read_text().replace("of_paris", "of_berlin"))
            words = "keep their state in the same database"
        for store in STORES:
            assert words in why(street.job(f"{store}_incremental_sync"))
        for shop in street.shops.values():
            assert not shop.accounts_emails()
        monkeypatch.setattr(loading, "refuse_unless_apart", lambda *given: None)
        for store in STORES:
            street.job(f"{store}_incremental_sync")
        with pytest.raises((AssertionError, psycopg2.Error)):
            nothing_crosses_over(street)

    def test_a_broken_configuration_stops_nobody_else(self, street: Street) -> None:
        said = why(street.job("rome_incremental_sync"))
        assert said.startswith("Not set: INFLUENCE_ROME_STORE_URL, INFLUENCE_ROME_STATE_URL")
        for store in STORES:
            assert street.job(f"{store}_incremental_sync").success
        nothing_crosses_over(street)

    def test_a_broken_influence_toml_is_named(
        self, street: Street, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("STORE_URL", "STATE_URL"):
            monkeypatch.setenv(f"INFLUENCE_ROME_{name}", "postgresql://nobody@127.0.0.1:1/x")
        monkeypatch.setenv("INFLUENCE_ROME_API_KEY", "of-rome")
        said = why(street.job("rome_incremental_sync"))
        assert said.endswith("The list of stores must name the influence.toml of rome (config).")

    def test_old_runs_of_the_others_are_looked_for_where_one_store_is_broken(
        self, street: Street
    ) -> None:
        (sensor,) = [one for one in street.defs().sensors or () if one.name == OLD_RUNS]
        said = sensor(dg.build_sensor_context(instance=street.instance))
        assert isinstance(said, dg.SkipReason)
        for store in STORES:
            assert f"Store {store}: 0 runs older than 30 days were deleted." in said.skip_message
        assert "Store rome: No run is deleted, its settings cannot be read: " in said.skip_message

    def test_an_account_that_is_slow_slows_its_store_only(self, street: Street) -> None:
        """Each has a pace of its own, which its own account teaches it."""
        street.shops["paris"].sandbox.set(rate_limit=20)
        try:
            for store in STORES:
                assert street.job(f"{store}_incremental_sync").success
        finally:
            street.shops["paris"].sandbox.set(rate_limit=None)
        asked = {
            name: shop.sandbox.good("GET", "/sandbox/summary")["callsByStatus"]
            for name, shop in street.shops.items()
        }
        assert any("429" in call for call in asked["paris"])
        assert not any("429" in call for call in asked["berlin"])
        ((berlin,),) = street.shops["berlin"].of_state("SELECT control FROM pace")
        ((paris,),) = street.shops["paris"].of_state("SELECT control FROM pace")
        assert berlin != paris

    def test_a_redemption_becomes_a_coupon_in_its_own_store(self, street: Street) -> None:
        for shop in street.shops.values():
            shop.ask(
                "INSERT INTO customers (id, email) VALUES ('member-1', "
                f"'{shop.name}-member@example.org')"
            )
            member = shop.sandbox.put_customer("member-1")
            with closing(open_state(shop.state_url, schema=shop.schema)) as state:
                if shop.name == "berlin":
                    with state.transaction() as connection:
                        inbox.store(connection, _redeemed(member))
        assert "1 coupon made" in str(street.tick("berlin_coupon_sensor"))
        assert "No new events" in str(street.tick("paris_coupon_sensor").skip_reason)
        made = {
            name: shop.of_state("SELECT count(*) FROM coupon")
            for name, shop in street.shops.items()
        }
        assert made == {"berlin": [(1,)], "paris": [(0,)]}


def _redeemed(member: dict[str, Any]) -> Any:
    """A redemption by a customer whom the account knows."""
    body = redemption(ruleId="rule-10-percent")
    known = {"externalId": "member-1", "id": member["id"], "email": member["email"]}
    body["customer"] |= known
    return delivery("points/redeemed", body)


# --- alerts


class TestAlerts:
    @pytest.fixture
    def told(self, street: Street, chat: Chat, monkeypatch: pytest.MonkeyPatch) -> Street:
        monkeypatch.setenv("INFLUENCE_ALERT_URL", chat.url)
        return street

    def test_an_alert_names_its_store(self, told: Street, chat: Chat) -> None:
        _see_failed(told, told.job("rome_incremental_sync"))
        (said,) = chat.said
        assert said.startswith(
            "Store rome: A run of rome_incremental_sync failed: Not set: INFLUENCE_ROME_STORE_URL"
        )
        assert said.endswith("`influence-pipeline --store rome status` shows what is not sent.")

    def test_the_same_trouble_of_two_stores_is_told_twice(
        self, told: Street, chat: Chat, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What was told is kept per store."""
        for store in STORES:
            monkeypatch.delenv(f"INFLUENCE_{store.upper()}_API_KEY")
        for _ in range(2):
            for store in STORES:
                _see_failed(told, told.job(f"{store}_incremental_sync"))
        assert [words.partition(":")[0] for words in chat.said] == ["Store berlin", "Store paris"]

    def test_a_store_may_have_a_chat_of_its_own(
        self, told: Street, chat: Chat, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("INFLUENCE_ROME_ALERT_URL", f"{chat.url}of-rome")
        _see_failed(told, told.job("rome_incremental_sync"))
        assert [path.rpartition("/")[2] for path in chat.paths] == ["of-rome"]

    def test_a_run_of_assets_chosen_by_hand_is_told_by_the_store_whose_step_failed(
        self, told: Street, chat: Chat
    ) -> None:
        made = told.defs()
        done = dg.materialize(
            assets_of(made),
            selection=[
                dg.AssetKey(["berlin", "customer_changes"]),
                dg.AssetKey(["rome", "coupons"]),
            ],
            instance=told.instance,
            resources=made.resources,
            raise_on_error=False,
        )
        _see_failed(told, done)
        (said,) = chat.said
        assert said.startswith("Store rome: A run of assets failed: ")

    def test_a_sensor_that_fails_names_its_store(self, told: Street, chat: Chat) -> None:
        with pytest.raises(dg.Failure):
            told.tick("rome_coupon_sensor")
        (said,) = chat.said
        assert said.startswith("Store rome: The coupon sensor fails: ")


def _see_failed(street: Street, result: dg.ExecuteInProcessResult) -> None:
    """Let the sensor for failed runs see this one."""
    (sensor,) = [one for one in street.defs().sensors or () if one.name == alerting.FAILED_RUNS]
    sensor(
        dg.build_run_status_sensor_context(
            sensor_name=sensor.name,
            dagster_event=result.get_run_failure_event(),
            dagster_instance=street.instance,
            dagster_run=result.dagster_run,
        ).for_run_failure()
    )
