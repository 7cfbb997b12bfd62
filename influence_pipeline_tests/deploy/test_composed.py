"""The services of deploy/compose.yaml as processes of this machine: a sync and a webhook through
them, with all storage in Postgres."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import requests

from benchmarks.composed import Composed, composed
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.store.presets import copy_preset
from influence_pipeline_tests.sandbox.platform_fixtures import KEY, Sandbox, running, until
from influence_pipeline_tests.webhooks.builders import TOKEN, encoded, redemption

pytestmark = pytest.mark.slow
_LAUNCH = """
mutation($given: ExecutionParams!) {
  launchRun(executionParams: $given) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}
"""
_STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with running(tmp_path) as started:
        yield started


@pytest.fixture
def services(
    tmp_path: Path, postgres: EmbeddedPostgres, store_url: str, sandbox: Sandbox
) -> Iterator[Composed]:
    copy_preset("plain", tmp_path / "config")
    config = tmp_path / "config" / "influence.toml"
    given = {
        "INFLUENCE_STORE_URL": store_url,
        "INFLUENCE_API_URL": sandbox.url,
        "INFLUENCE_API_KEY": KEY,
        "INFLUENCE_WEBHOOK_TOKEN": TOKEN,
    }
    name = f"composed_{time.monotonic_ns()}"
    with composed(tmp_path, postgres, config, given, name=name) as started:
        yield started
    for database in (f"{name}_dagster", f"{name}_state"):
        postgres.drop_database(database)


def test_a_sync_and_a_webhook_pass_through_the_composed_services(
    services: Composed, sandbox: Sandbox, tmp_path: Path
) -> None:
    given = {
        "selector": {
            "repositoryLocationName": "influence_pipeline",
            "repositoryName": "__repository__",
            "jobName": "incremental_sync",
        },
        "runConfigData": {},
    }
    said = services.ask(_LAUNCH, given=given)["launchRun"]
    assert said["__typename"] == "LaunchRunSuccess", said

    def status() -> str:
        found: str = services.ask(_STATUS, id=said["run"]["runId"])["runOrError"]["status"]
        return found

    until(lambda: status() in ("SUCCESS", "FAILURE"), "the sync to end", 120)
    assert status() == "SUCCESS", services.tail("code")
    told = sandbox.good("GET", "/sandbox/summary")
    assert told["customers"] > 50
    assert told["products"] > 10
    # Dagster wrote nothing but what runs print beside its dagster.yaml.
    assert not list(services.home.rglob("*.db"))

    services.start_receiver(tmp_path / "receiver.port")
    port = services.processes.port("receiver", tmp_path / "receiver.port")
    reply = requests.post(
        f"http://127.0.0.1:{port}/webhooks/influence/{TOKEN}",
        data=encoded(redemption()),
        headers={"x-webhook-topic": "points/redeemed"},
        timeout=20,
    )
    assert reply.status_code == 200
    connection = psycopg2.connect(services.state_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM influence.inbox")
        assert cursor.fetchone() == (1,)
    connection.close()
