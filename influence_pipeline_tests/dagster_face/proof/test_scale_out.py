"""The first import on several workers, with the services of deploy/compose.yaml as processes: every
customer once, one pace for all, and workers that are killed on the way."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from benchmarks.sandboxed import most_within
from benchmarks.scale_out import imported, open_import_shop, verdict
from benchmarks.shops import Shop

pytestmark = pytest.mark.slow
CUSTOMERS, RATE = 2000, 40.0


@pytest.fixture
def shop() -> Iterator[Shop]:
    with ExitStack() as stack:
        yield open_import_shop(stack, CUSTOMERS)


@pytest.fixture
def _redis() -> None:
    if shutil.which("redis-server") is None:
        pytest.skip("Celery's broker is not here; apt-get install redis-server")


@pytest.mark.usefixtures("_redis")
def test_with_two_of_four_celery_workers_killed_nobody_is_missing(shop: Shop) -> None:
    told, seen, killed = imported(shop, rate=RATE, workers=4, kills=True)
    wanted = shop.fresh_backlog()
    assert killed == 2
    # Both lost a run, which was started again without anybody.
    assert seen.runs["FAILURE"] == 2, seen
    assert verdict(told, seen, wanted, RATE, killed=killed) == []


def test_with_dagsters_default_launcher_everybody_is_told_once(shop: Shop) -> None:
    told, seen, _ = imported(shop, rate=RATE, workers=0)
    assert verdict(told, seen, shop.fresh_backlog(), RATE) == []
    assert told.calls == told.customers


@pytest.mark.usefixtures("_redis")
def test_control_workers_with_a_pace_of_their_own_are_found_out(shop: Shop) -> None:
    module = "influence_pipeline_tests.dagster_face.proof.own_pace"
    told, seen, _ = imported(shop, rate=RATE, workers=4, module=module)
    (wrong,) = verdict(told, seen, shop.fresh_backlog(), RATE)
    assert "calls within 10 s" in wrong


def test_control_the_fullest_second_is_not_that_of_a_clock() -> None:
    assert most_within(1.0, [0.0, 0.8, 0.9, 1.1, 1.2]) == 4
