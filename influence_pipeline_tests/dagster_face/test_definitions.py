"""What Dagster is shown: complete, in order, and loaded without anything being set up."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.definitions.freshness import TimeWindowFreshnessPolicy

from influence_pipeline import __version__
from influence_pipeline.assets.import_parts import Months
from influence_pipeline.automation.cadence import longest_pause
from influence_pipeline.definitions import build_definitions
from influence_pipeline.settings import Settings, load_settings
from influence_pipeline_tests.dagster_face.conftest import assets_of

ROOT = Path(__file__).parents[2]
# As it is meant to run, and the demo's with its storage in files.
INSTANCE_FILES = ("deploy/dagster.yaml", "influence_pipeline/demo/dagster.yaml")
ASSETS = {
    "store": {"store_customers", "store_products", "store_orders"},
    "changes": {"customer_changes", "product_changes", "order_changes"},
    "influence": {"customers", "products", "orders", "rewards_used"},
    "first_import": {"customers_import", "products_import"},
    "loyalty": {"webhook_inbox", "coupons", "members"},
}


def program(*arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a Python module with nothing of ours in the environment but `variables`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("INFLUENCE_", "DAGSTER_"))}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**kept, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _cron(made: dg.Definitions) -> object:
    """When the incremental sync starts."""
    return made.resolve_schedule_def("incremental_sync_schedule").cron_schedule


@pytest.fixture
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("INFLUENCE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("nothing_set")
class TestWithNothingSet:
    def test_the_code_location_loads_without_a_warning(self, tmp_path: Path) -> None:
        done = program(
            "-W", "error", "-c", "import influence_pipeline.definitions", folder=tmp_path
        )
        assert (done.returncode, done.stderr) == (0, "")

    @pytest.mark.parametrize(
        "variables",
        [
            {"INFLUENCE_API_URL": "not a url"},
            {"INFLUENCE_CONFIG": "nowhere.toml"},
            {"INFLUENCE_AUTOMATION": "perhaps"},
            {"INFLUENCE_STORE_URL": "postgresql://nobody@127.0.0.1:1/x"},
        ],
    )
    def test_the_code_location_loads_with_wrong_settings(
        self, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        assert _cron(build_definitions()) == "*/5 * * * *"

    def test_nothing_starts_by_itself(self) -> None:
        made = build_definitions()
        for schedule in made.schedules or ():
            assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED, schedule.name
        for sensor in made.sensors or ():
            assert sensor.default_status is dg.DefaultSensorStatus.STOPPED, sensor.name

    def test_everything_starts_by_itself_with_automation_on(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("INFLUENCE_AUTOMATION", "on")
        made = build_definitions()
        assert {sensor.name for sensor in made.sensors or ()} == {
            "coupon_sensor",
            "failed_runs",
            "failed_ticks",
            "old_runs",
        }
        for schedule in made.schedules or ():
            assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING, schedule.name
        for sensor in made.sensors or ():
            assert sensor.default_status is dg.DefaultSensorStatus.RUNNING, sensor.name

    def test_a_run_says_in_one_line_what_is_missing(self, instance: dg.DagsterInstance) -> None:
        made = build_definitions()
        done = dg.materialize(
            assets_of(made),
            selection=["customers"],
            instance=instance,
            resources=made.resources,
            raise_on_error=False,
        )
        (event,) = done.filter_events(lambda one: one.is_step_failure)
        data = event.step_failure_data.user_failure_data
        assert data is not None
        assert data.description is not None
        assert "INFLUENCE_STORE_URL, INFLUENCE_STATE_URL" in data.description
        assert "\n" not in data.description


def test_the_times_come_from_influence_toml(config_file: Path) -> None:
    text = config_file.read_text()
    config_file.write_text(text.replace("[schedule]", '[schedule]\nsync = "*/15 * * * *"'))
    made = build_definitions(settings=load_settings(config=config_file))
    assert _cron(made) == "*/15 * * * *"


@pytest.mark.parametrize(
    ("key", "value"),
    [("sync", "* * * *"), ("full_compare", "0 0 31 2 *"), ("timezone", "Europe/Wien")],
)
def test_a_schedule_that_cannot_be_read_fails_alone_and_the_rest_loads(
    config_file: Path, key: str, value: str
) -> None:
    """Else the whole code location would not load, and with it every other store."""
    text = config_file.read_text()
    config_file.write_text(text.replace("[schedule]", f'[schedule]\n{key} = "{value}"'))
    made = build_definitions(settings=load_settings(config=config_file))
    made.resolve_job_def("incremental_sync")
    failed = set()
    with dg.DagsterInstance.ephemeral() as instance:
        for schedule in made.schedules or ():
            assert isinstance(schedule, dg.ScheduleDefinition)
            try:
                schedule(dg.build_schedule_context(instance=instance))
            except dg.Failure as failure:
                failed.add(schedule.name)
                assert value in str(failure.description)
                assert "influence-pipeline check" in str(failure.description)
            except dg.DagsterInvariantViolationError:
                pass  # it would ask the instance for runs
    every = {one.name for one in made.schedules or ()}
    assert failed == (every if key == "timezone" else {f"{_JOB[key]}_schedule"})


_JOB = {"sync": "incremental_sync", "full_compare": "full_compare"}


def test_the_assets_are_those_of_the_readme_by_group() -> None:
    found: dict[str, set[str]] = {}
    for spec in build_definitions().resolve_all_asset_specs():
        found.setdefault(str(spec.group_name), set()).add(spec.key.to_user_string())
    assert found == ASSETS


def test_every_asset_says_what_it_is_whose_and_of_what_kind() -> None:
    for spec in build_definitions().resolve_all_asset_specs():
        name = spec.key.to_user_string()
        assert spec.description and len(spec.description) > 60, name
        assert [*spec.owners] == ["team:data"], name
        assert spec.kinds, name


def _spec(settings: Settings | None, name: str) -> dg.AssetSpec:
    made = build_definitions(settings=settings)
    (spec,) = [one for one in made.resolve_all_asset_specs() if one.key == dg.AssetKey(name)]
    return spec


def _with(config_file: Path, text: str) -> Settings:
    kept = config_file.read_text().partition("[dagster]")[0]
    config_file.write_text(kept.replace("[schedule]", "[schedule]\n") + text)
    return load_settings(config=config_file)


class TestFreshness:
    def _minutes(self, settings: Settings | None, name: str) -> tuple[float, float] | None:
        policy = _spec(settings, name).freshness_policy
        if policy is None:
            return None
        assert isinstance(policy, TimeWindowFreshnessPolicy)
        assert policy.warn_window is not None
        windows = policy.warn_window, policy.fail_window
        warn, fail = (one.to_timedelta().total_seconds() / 60 for one in windows)
        return warn, fail

    def test_windows_follow_from_the_schedules(self) -> None:
        assert self._minutes(None, "orders") == (20, 45)
        assert self._minutes(None, "order_changes") == (20, 45)
        assert self._minutes(None, "members") == (130, 210)

    def test_what_no_schedule_runs_has_none(self) -> None:
        for name in ("coupons", "customers_import", "store_orders", "webhook_inbox"):
            assert self._minutes(None, name) is None, name

    def test_they_can_be_set_or_taken_away(self, config_file: Path) -> None:
        settings = _with(config_file, "[watch]\nfresh_minutes = 30\n")
        assert self._minutes(settings, "orders") == (15, 30)
        config_file.write_text(config_file.read_text().replace("= 30", "= 0"))
        assert self._minutes(load_settings(config=config_file), "orders") is None

    @pytest.mark.parametrize(
        ("cron", "hours"),
        [
            ("0 9 * * 1-5", 72),
            ("*/5 9-17 * * *", 15 + 5 / 60),
            ("17 3 * * *", 24),
            ("@hourly", 1),
            ("x", None),
        ],
    )
    def test_the_longest_pause_counts(self, cron: str, hours: float | None) -> None:
        pause = longest_pause(cron, "UTC")
        assert (None if pause is None else round(pause.total_seconds() / 3600, 3)) == (
            None if hours is None else round(hours, 3)
        )


class TestReferences:
    def _where(self, spec: dg.AssetSpec) -> str:
        value = spec.metadata["dagster/code_references"]
        (reference,) = value.code_references
        return str(reference.source)

    def test_an_asset_links_to_its_code_and_docs_in_the_repository(self, config_file: Path) -> None:
        text = '[dagster]\nrepository_url = "https://github.com/shop/loyalty"\nowner = "ops@shop.example"\n'
        spec = _spec(_with(config_file, text), "orders")
        assert self._where(spec).startswith(
            "https://github.com/shop/loyalty/tree/main/influence_pipeline/assets/influence.py#L"
        )
        assert [*spec.owners] == ["ops@shop.example"]
        assert "/blob/main/docs/operations.md#what-dagster-shows" in str(spec.description)

    def test_a_mirror_of_gitlabs_is_linked_in_its_way(self, config_file: Path) -> None:
        text = '[dagster]\nrepository_url = "https://gitlab.shop.example/loyalty"\nrepository_branch = "v2"\n'
        spec = _spec(_with(config_file, text), "orders")
        assert self._where(spec).startswith("https://gitlab.shop.example/loyalty/-/tree/v2/")

    def test_without_a_repository_the_file_at_hand_is_named(self) -> None:
        spec = _spec(None, "orders")
        assert "/influence_pipeline/assets/influence.py:" in self._where(spec)
        assert "`docs/operations.md#what-dagster-shows`" in str(spec.description)


def test_runs_and_assets_are_found_by_their_tags() -> None:
    job = build_definitions().resolve_job_def("sync_by_hand")
    assert (job.tags["influence/lane"], job.tags["influence/version"]) == ("live", __version__)
    assert _spec(None, "customers").tags["influence/entity"] == "customer"


def test_every_job_schedule_and_sensor_has_a_description() -> None:
    made = build_definitions()
    for one in [*(made.jobs or ()), *(made.schedules or ()), *(made.sensors or ())]:
        assert one.description, one.name


def test_orders_run_after_their_customers() -> None:
    job = build_definitions().resolve_job_def("incremental_sync")
    order = [node.name for node in job.graph.nodes_in_topological_order]
    assert order.index("customers") < order.index("orders") < order.index("rewards_used")
    assert order.index("order_changes") < order.index("orders")


@pytest.mark.parametrize(
    ("job", "steps"),
    [
        ("incremental_sync", ASSETS["changes"] | ASSETS["influence"]),
        ("full_compare", ASSETS["changes"] | ASSETS["influence"]),
        ("work_off_webhooks", {"coupons"}),
        ("reconcile_members", {"members"}),
        ("sync_by_hand", {"sync_chosen"}),
    ],
)
def test_a_job_runs_its_assets_and_no_others(job: str, steps: set[str]) -> None:
    made = build_definitions().resolve_job_def(job)
    assert {node.name for node in made.graph.nodes} == steps


@pytest.mark.parametrize(("job", "full"), [("incremental_sync", False), ("full_compare", True)])
def test_the_launchpad_shows_whether_everything_is_compared(job: str, full: bool) -> None:
    config = build_definitions().resolve_job_def(job).run_config
    assert config is not None
    assert {name: ops["config"]["full"] for name, ops in config["ops"].items()} == dict.fromkeys(
        ASSETS["changes"], full
    )


class TestMonths:
    def test_the_running_month_is_a_partition(self) -> None:
        months = Months("2026-01").definition
        keys = months.get_partition_keys()
        assert keys[0] == "2026-01-01"
        assert keys[-1] == months.get_last_partition_key()
        span = months.time_window_for_partition_key(keys[-1])
        assert span.start.timestamp() <= time.time() < span.end.timestamp()

    def test_the_first_month_takes_what_is_older_or_undated(self) -> None:
        window = Months("2026-01").window("2026-01-01")
        assert (window.since, window.and_undated) == (None, True)
        assert window.before is not None
        assert window.before.isoformat() == "2026-02-01T00:00:00+00:00"

    def test_a_later_month_begins_where_the_one_before_ends(self) -> None:
        months = Months("2026-01")
        windows = [months.window(key) for key in months.definition.get_partition_keys()[:4]]
        for before, after in pairwise(windows):
            assert before.before == after.since
            assert not after.and_undated


class TestInstanceFiles:
    def test_the_demo_runs_as_production_does_but_for_its_storage(self) -> None:
        shipped, demo = (yaml.safe_load((ROOT / file).read_text()) for file in INSTANCE_FILES)
        assert shipped.pop("storage") == {
            "postgres": {"postgres_url": {"env": "DAGSTER_POSTGRES_URL"}}
        }
        assert shipped == demo

    def test_dagster_takes_the_file_and_its_limits(self, tmp_path: Path) -> None:
        text = (ROOT / INSTANCE_FILES[1]).read_text()
        (tmp_path / "dagster.yaml").write_text(text)
        with dg.DagsterInstance.from_config(str(tmp_path)) as made:
            limits = made.get_concurrency_config().run_queue_config
            assert limits is not None
            lanes = [one for one in limits.tag_concurrency_limits if one["key"] == "influence/lane"]
            each = {"applyLimitPerUniqueValue": True}
            assert [(one["value"], one["limit"]) for one in lanes] == [(each, 1)]
            assert made.run_monitoring_enabled


@pytest.mark.parametrize(
    "arguments",
    [
        ("-m", "dagster", "definitions", "validate", "-w", "workspace.yaml"),
        ("-m", "dagster_dg_cli.cli", "check", "defs"),
    ],
    ids=["dagster definitions validate", "dg check defs"],
)
def test_dagsters_own_checks_pass_and_show_no_warning_of_ours(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    done = program(
        *arguments, folder=ROOT, DAGSTER_HOME=str(tmp_path), DG_CLI_CONFIG=str(tmp_path / "dg.toml")
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "influence_pipeline/" not in said.replace("influence_pipeline/definitions", ""), said
