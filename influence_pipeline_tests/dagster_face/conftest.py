"""A Dagster instance in memory, and a house: a sample store, a state, a sandbox, definitions."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

import influence_pipeline.store as store_room
from influence_pipeline.automation import sensors
from influence_pipeline.definitions import build_definitions
from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import Settings, load_settings
from influence_pipeline.state.database import open_state
from influence_pipeline.webhooks import inbox
from influence_pipeline.webhooks.handlers import WorkedOff, work_off_until
from influence_pipeline_tests.sandbox.platform_fixtures import KEY, Sandbox, running
from influence_pipeline_tests.webhooks.builders import delivery

PRESET = Path(store_room.__file__).parent / "presets" / "plain"
# No waits: what is not due now is left to the next run.
QUICK = """
[delivery]
linger_seconds = 0
import_linger_seconds = 0
park_after = 1

[schedule]
import_from = "2026-01"

[webhooks]
between_ticks_seconds = 0
poll_seconds = 0.02
workers = 2

[members]
grace_minutes = 0

[dagster]
report_minutes = 0
"""
AT_ONCE = dg.RetryPolicy(max_retries=2, delay=0)


@pytest.fixture(scope="session")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture(autouse=True)
def ticks_end_when_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a tick of the coupon sensor end 0.4 s after it has begun, once it has nothing to do.

    A deadline that short would end it before its first event, on a machine with much else to do.
    """

    def until_idle(*given: Any, **more: Any) -> WorkedOff:
        over = threading.Event()
        began = time.monotonic()

        def sleep(seconds: float) -> None:
            time.sleep(seconds)
            if time.monotonic() >= began + 0.4:
                over.set()

        return work_off_until(*given, **more, stop=over.is_set, sleep=sleep)

    monkeypatch.setattr(sensors, "work_off_until", until_idle)


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("sandbox"), access_log=False) as started:
        yield started


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Sandbox:
    """The sandbox process of these tests, with an empty ledger."""
    sandbox_process.good("POST", "/sandbox/reset")
    return sandbox_process


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    """The plain preset, copied beside quick settings."""
    folder = tmp_path / "preset"
    shutil.copytree(PRESET, folder)
    file = folder / "influence.toml"
    file.write_text(file.read_text() + QUICK)
    return file


@dataclass
class House:
    """Everything a run needs, and short ways to start one and to look at it."""

    settings: Settings
    instance: dg.DagsterInstance
    store_url: str
    state: Postgres
    sandbox: Sandbox
    defs: dg.Definitions = field(init=False)

    def __post_init__(self) -> None:
        self.defs = build_definitions(settings=self.settings, retry=AT_ONCE)

    def asset(
        self,
        name: str,
        *,
        partition: str | None = None,
        tags: Mapping[str, str] | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> dg.ExecuteInProcessResult:
        """Run one asset alone, as Materialize in the UI does."""
        return dg.materialize(
            assets_of(self.defs),
            selection=[name],
            instance=self.instance,
            resources=self.defs.resources,
            partition_key=partition,
            tags=tags,
            run_config=config,
            raise_on_error=False,
        )

    def job(self, name: str) -> dg.ExecuteInProcessResult:
        return self.defs.resolve_job_def(name).execute_in_process(
            instance=self.instance, raise_on_error=False
        )

    def call_count(self) -> int:
        """How many calls of the contract the sandbox has had."""
        counts = self.sandbox.good("GET", "/sandbox/summary")["callsByStatus"]
        return sum(counts.values())

    def summary(self) -> Any:
        return self.sandbox.good("GET", "/sandbox/summary")

    def deliver_event(self, topic: str, body: Any) -> None:
        """Put an event into the inbox, as the receiver does."""
        with self.state.transaction() as connection:
            inbox.store(connection, delivery(topic, body))


def assets_of(defs: dg.Definitions) -> list[Any]:
    return list(defs.assets or ())


def metadata_of(result: dg.ExecuteInProcessResult, name: str) -> dict[str, Any]:
    (event,) = result.asset_materializations_for_node(name)
    return {key: value.value for key, value in event.metadata.items()}


def metadata_table(
    result: dg.ExecuteInProcessResult, name: str, key: str
) -> list[Mapping[str, Any]]:
    """The rows of a table among the metadata."""
    (event,) = result.asset_materializations_for_node(name)
    table = event.metadata[key]
    assert isinstance(table, dg.TableMetadataValue)
    return [record.data for record in table.records]


def check_of(result: dg.ExecuteInProcessResult, asset: str, name: str) -> dg.AssetCheckEvaluation:
    """The one evaluation of a check in a run."""
    (check,) = [
        one
        for one in result.get_asset_check_evaluations()
        if (one.asset_key, one.check_name) == (dg.AssetKey(asset), name)
    ]
    return check


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    """The description of the one step failure."""
    (event,) = result.filter_events(lambda one: one.is_step_failure)
    data = event.step_failure_data.user_failure_data
    assert data is not None
    return str(data.description)


def retries_of(result: dg.ExecuteInProcessResult) -> int:
    return len(result.filter_events(lambda one: one.is_step_up_for_retry))


@pytest.fixture
def house(
    instance: dg.DagsterInstance,
    sandbox: Sandbox,
    config_file: Path,
    store_url: str,
    state_url: str,
) -> Iterator[House]:
    state = open_state(state_url)
    settings = load_settings(
        store_url=store_url,
        state_url=state_url,
        api_url=sandbox.url,
        api_key=KEY,
        config=config_file,
    )
    yield House(settings, instance, store_url, state, sandbox)
    state.close()
