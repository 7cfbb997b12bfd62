"""Three stores, one broken, in one real code server under one real daemon: each runs by itself."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from influence_pipeline_tests.dagster_face.street import (
    STORES,
    Street,
    nothing_crosses_over,
    sandboxes,
    street,
)
from influence_pipeline_tests.sandbox.platform_fixtures import until
from influence_pipeline_tests.support.chat import Chat
from influence_pipeline_tests.support.real_dagster import real_dagster

__all__ = ["sandboxes", "street"]

EVERY_MINUTE = '[schedule]\nsync = "* * * * *"'


@pytest.mark.slow
def test_each_store_runs_by_its_own_schedule_beside_one_that_is_broken(
    street: Street, chat: Chat, tmp_path: Path
) -> None:
    for store in STORES:
        file = Path(store, "influence.toml")
        file.write_text(file.read_text().replace("[schedule]", EVERY_MINUTE))
    Path("rome").mkdir()
    Path("rome", "influence.toml").write_text("version = 1\n")
    variables = {
        **street.variables,
        "INFLUENCE_STORES": str(tmp_path / "stores.toml"),
        "INFLUENCE_AUTOMATION": "on",
        "INFLUENCE_ALERT_URL": chat.url,
        "INFLUENCE_ROME_API_KEY": "key-of-rome-0123456789",
    }
    with real_dagster(tmp_path, "influence_pipeline.definitions", variables) as dagster:
        until(lambda: _all_sent(street), "both accounts to be full", 180)
        until(lambda: any("Store rome: " in said for said in chat.said), "Rome's alert", 90)
        with dg.DagsterInstance.from_config(str(dagster.home)) as instance:
            # What else is under way may end.
            until(lambda: not instance.get_runs(dg.RunsFilter(statuses=_UNDER_WAY)), "quiet", 90)
            runs = instance.get_runs()
        assert {run.tags["influence/store"] for run in runs if run.is_success} == set(STORES)
        failed = {run.tags["influence/store"] for run in runs if not run.is_success}
        assert failed <= {"rome"}, dagster.log
    nothing_crosses_over(street)
    assert all(said.startswith("Store rome: ") for said in chat.said)


_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


def _all_sent(street: Street) -> bool:
    try:
        nothing_crosses_over(street)
    except Exception:  # not yet: the state's schema, the last customers
        return False
    return True
