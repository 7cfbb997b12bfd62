"""The dagster.yaml files: Dagster itself takes them, and they are one file in three places."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._config import process_config, resolve_to_config_type
from dagster._core.instance.config import dagster_instance_config
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

from benchmarks.composed import DEPLOY
from influence_pipeline.automation import celery_runs
from influence_pipeline.automation.celery_runs import WatchedCeleryRunLauncher

PLAIN, CELERY = DEPLOY / "dagster.yaml", DEPLOY / "dagster-celery.yaml"
HELM = DEPLOY / "helm"


def read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(file.read_text())
    return found


@pytest.mark.parametrize("file", [PLAIN, CELERY], ids=lambda file: file.name)
def test_dagster_takes_it(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: it does not take a key that it does not know."""
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "postgresql+psycopg2://nobody@127.0.0.1:9/nothing")
    monkeypatch.setenv("DAGSTER_CELERY_BROKER_URL", "memory://")
    (tmp_path / "dagster.yaml").write_text(file.read_text())
    config, _ = dagster_instance_config(str(tmp_path))
    assert config["run_monitoring"]["enabled"]
    (tmp_path / "dagster.yaml").write_text(file.read_text() + "\nrun_monitors: {}\n")
    with pytest.raises(dg.DagsterInvalidConfigError):
        dagster_instance_config(str(tmp_path))


def test_the_one_for_celery_differs_where_it_says_so() -> None:
    plain, celery = read(PLAIN), read(CELERY)
    assert set(celery) - set(plain) == {"run_launcher"}
    assert {name for name in plain if plain[name] != celery[name]} == {
        "concurrency",
        "run_monitoring",
    }
    ours, theirs = plain["concurrency"], celery["concurrency"]
    assert ours["pools"] == theirs["pools"]
    limits = [one for one in theirs["runs"]["tag_concurrency_limits"] if one["limit"] == 1]
    assert limits == [one for one in ours["runs"]["tag_concurrency_limits"] if one["limit"] == 1]


def test_a_run_waits_in_dagsters_queue_and_not_in_celerys() -> None:
    """There are as many places as runs: four workers in compose.yaml, with two each."""
    worker = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["worker"]
    (places,) = [int(w.partition("=")[2]) for w in worker["command"] if "concurrency" in w]
    assert worker["scale"] * places == read(CELERY)["concurrency"]["runs"]["max_concurrent_runs"]


def test_what_killed_runs_need_stands_in_every_one_of_them() -> None:
    helm = read(HELM / "values.yaml")["dagsterDaemon"]["runRetries"]
    for retries in (read(PLAIN)["run_retries"], read(CELERY)["run_retries"]):
        assert retries == {
            "enabled": helm["enabled"],
            "max_retries": helm["maxRetries"],
            "retry_on_asset_or_op_failure": helm["retryOnAssetOrOpFailure"],
        }
    launcher = read(CELERY)["run_launcher"]["config"]
    # A task that comes twice would be ignored by Dagster, and hide that its first worker is gone.
    assert launcher["config_source"]["task_acks_late"] is False
    chart = read(HELM / "values-celery.yaml")["runLauncher"]["config"]["customRunLauncher"]
    assert chart["config"] == launcher
    assert chart["class"] == WatchedCeleryRunLauncher.__name__


# --- is anybody at work on a run?


@contextmanager
def launcher_with_a_run(
    task: str, status: dg.DagsterRunStatus = dg.DagsterRunStatus.STARTED
) -> Iterator[tuple[Any, dg.DagsterRun]]:
    """The launcher of dagster-celery.yaml, on a broker in memory, and a run it launched as `task`.

    What the broker knows outlives the block, so that each has a task of its own.
    """
    given = {**read(CELERY)["run_launcher"]["config"]}
    given |= {"broker": "memory://", "backend": "cache+memory://"}
    taken = process_config(resolve_to_config_type(WatchedCeleryRunLauncher.config_type()), given)
    assert taken.success, taken.errors
    with dg.DagsterInstance.ephemeral() as instance:
        launcher = WatchedCeleryRunLauncher(**(taken.value or {}))
        launcher.register_instance(instance)
        run = dg.DagsterRun(
            job_name="some",
            run_id="00000000-0000-4000-8000-000000000001",
            status=status,
            tags={DAGSTER_CELERY_TASK_ID_TAG: task},
        )
        instance.add_run(run)
        yield launcher, run
        launcher.celery.close()


@pytest.fixture(autouse=True)
def _short_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(celery_runs, "_ANSWER_SECONDS", 0.1)


def health(launcher: Any, run: dg.DagsterRun) -> str:
    return str(launcher.check_run_worker_health(run).status.value)


def test_a_run_of_a_worker_that_does_not_answer_is_lost() -> None:
    with launcher_with_a_run("gone") as (launcher, run):
        said = {"pid": 1, "hostname": f"worker-9@{socket.gethostname()}"}
        launcher.celery.backend.store_result("gone", said, "STARTED")
        assert health(launcher, run) == "FAILED"


def test_a_task_that_has_ended_and_left_its_run_as_it_was_is_lost() -> None:
    """Control: Dagster's own launcher takes such a run for one at work, for ever."""
    with launcher_with_a_run("ended") as (launcher, run):
        launcher.celery.backend.store_result("ended", 0, "SUCCESS")
        assert health(launcher, run) == "FAILED"
        theirs = super(WatchedCeleryRunLauncher, launcher).check_run_worker_health(run)
        assert theirs.status.value == "SUCCESS"
    with launcher_with_a_run("well", dg.DagsterRunStatus.SUCCESS) as (launcher, run):
        launcher.celery.backend.store_result("well", 0, "SUCCESS")
        assert health(launcher, run) == "SUCCESS"


def test_a_task_that_the_broker_does_not_know_is_lost_and_one_that_failed_too() -> None:
    with launcher_with_a_run("lost") as (launcher, run):
        assert health(launcher, run) == "UNKNOWN"
        launcher.celery.backend.store_result("lost", RuntimeError("lost"), "FAILURE")
        assert health(launcher, run) == "FAILED"
