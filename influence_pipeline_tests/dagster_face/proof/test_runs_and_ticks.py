"""With a real daemon: syncs never overlap, and a tick that fails is told."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from pathlib import Path

import dagster as dg
import pytest

from influence_pipeline_tests.dagster_face.conftest import House
from influence_pipeline_tests.sandbox.platform_fixtures import KEY, until
from influence_pipeline_tests.support.chat import Chat
from influence_pipeline_tests.support.real_dagster import RealDagster, real_dagster

PROOF = "influence_pipeline_tests.dagster_face.proof"
TOGETHER = ("incremental_sync", "incremental_sync", "full_compare", "sync_by_hand")


def _variables(house: House, **more: str) -> dict[str, str]:
    return {
        "INFLUENCE_STORE_URL": house.settings.secret("store_url"),
        "INFLUENCE_STATE_URL": house.settings.secret("state_url"),
        "INFLUENCE_API_URL": house.sandbox.url,
        "INFLUENCE_API_KEY": KEY,
        "INFLUENCE_CONFIG": str(house.settings.file),
        **more,
    }


def _spans(dagster: RealDagster) -> list[tuple[float, float]]:
    """When each run of those launched together was at work, in the order of their starts."""
    dagster.launch(*TOGETHER)
    with dg.DagsterInstance.from_config(str(dagster.home)) as instance:

        def ended() -> bool:
            runs = instance.get_runs()
            return len(runs) == len(TOGETHER) and all(run.is_finished for run in runs)

        try:
            until(ended, "the end of all runs", 240)
        except AssertionError:
            raise AssertionError(dagster.log) from None
        records = instance.get_run_records()
    assert {record.dagster_run.status for record in records} == {dg.DagsterRunStatus.SUCCESS}
    return sorted((record.start_time or 0.0, record.end_time or 0.0) for record in records)


@pytest.mark.slow
def test_syncs_that_are_launched_at_once_never_overlap(house: House, tmp_path: Path) -> None:
    with real_dagster(tmp_path, f"{PROOF}.slow_syncs", _variables(house)) as dagster:
        spans = _spans(dagster)
    for before, after in pairwise(spans):
        assert before[1] <= after[0], spans


@pytest.mark.slow
def test_control_without_the_limit_of_the_lane_they_overlap(house: House, tmp_path: Path) -> None:
    def without(shipped: str) -> str:
        # Nor the pool, which would only hold their deliveries apart.
        text = re.sub(r".*influence/lane.*\n", "", shipped)
        text = text.replace("default_limit: 1", "default_limit: 9")
        assert text.count("\n") < shipped.count("\n")
        return text

    with real_dagster(tmp_path, f"{PROOF}.slow_syncs", _variables(house), without) as dagster:
        spans = _spans(dagster)
    assert any(one[0] < other[1] and other[0] < one[1] for one, other in combinations(spans, 2))


@pytest.mark.slow
def test_a_schedule_whose_ticks_fail_is_told(house: House, tmp_path: Path, chat: Chat) -> None:
    file = house.settings.file
    never = '[schedule]\nsync = "0 0 1 1 *"\nfull_compare = "0 0 1 1 *"\nfailed_ticks_seconds = 30'
    file.write_text(file.read_text().replace("[schedule]", never))
    variables = _variables(house, INFLUENCE_AUTOMATION="on", INFLUENCE_ALERT_URL=chat.url)
    with real_dagster(tmp_path, f"{PROOF}.failing_schedule", variables) as dagster:
        try:
            until(lambda: chat.said, "an alert of the tick", 240)
        except AssertionError:
            raise AssertionError(dagster.log) from None
    (said,) = chat.said
    assert said.startswith("The schedule broken_schedule fails")
    assert "ValueError. It starts nothing until that is mended." in said
    assert "person7" not in said
