"""T1, Dagster's side: kill -9 of the daemon, the code server and a run, at the points between a tick and
the end of a run. Every redemption has its coupon once, every order is told once."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from influence_pipeline_tests.dagster_face.proof.killed import AT_WORK, POINTS
from influence_pipeline_tests.loop.conftest import store_template
from influence_pipeline_tests.loop.way_back import WayBack, way_back_of
from influence_pipeline_tests.sandbox.platform_fixtures import until
from influence_pipeline_tests.support.judged import Judged
from influence_pipeline_tests.support.order_lives import OrderLives
from influence_pipeline_tests.support.real_dagster import RealDagster, real_dagster
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.support.trouble import leases_run_out, settle_in_time
from influence_pipeline_tests.support.world import World, sandbox_process, world

__all__ = ["sandbox_process", "store_template", "world"]

PROOF = "influence_pipeline_tests.dagster_face.proof"
# Only what is tested runs; a sync when it is asked for.
SETTINGS = """
[schedule]
sync = "0 0 1 1 *"
full_compare = "0 0 1 1 *"
[webhooks]
fast_path = false
lease_seconds = 10
"""
# More than the sensor keeps for itself, so that a run is started too (see `killed_code`).
REDEMPTIONS = 60


@pytest.fixture
def worst(world: World) -> World:
    """The doubling API, with all customers and products there."""
    world.config.write_text(world.config.read_text() + SETTINGS)
    world.sandbox.set(second_post="award_again", refund_repeat="again")
    settle_in_time(world)
    return world


@pytest.fixture
def way_back(worst: World) -> Iterator[WayBack]:
    with way_back_of(worst) as made:
        yield made


@pytest.mark.slow
@pytest.mark.proves("T1")
@pytest.mark.seeds(0, slow=2)
@pytest.mark.parametrize("point", POINTS)
def test_a_part_of_dagster_killed_at_this_point_loses_nothing_and_doubles_nothing(
    worst: World, way_back: WayBack, tmp_path: Path, point: str, seed: int, tally: Tally
) -> None:
    chance = random.Random(seed)
    known = _captured(worst)
    lives = OrderLives(worst, chance)
    for _ in range(8):
        lives.place(paid=True)
    for _ in range(REDEMPTIONS):
        way_back.redeem(chance)
    way_back.all_has_come()
    mark = tmp_path / "killed"
    variables = {
        **worst.variables(),
        "INFLUENCE_AUTOMATION": "on",
        "KILLED_POINT": point,
        "KILLED_NUMBER": str(chance.randrange(1, 30) if point in AT_WORK else 1),
        "KILLED_MARK": str(mark),
    }
    with real_dagster(
        tmp_path, f"{PROOF}.killed_code", variables, change=_looks_often, daemon=f"{PROOF}.killed"
    ) as dagster:
        try:
            dagster.launch("incremental_sync")
        except AssertionError:
            # The code server has died while it was asked; it is asked again below.
            assert mark.exists(), dagster.log
        _until(dagster, mark.exists, f"the death where {point}")
        leases_run_out(worst)
        dagster.start_again_what_died()
        # Where it was the sync that died, the schedule's next tick starts another one.
        dagster.launch("incremental_sync")

        def settled() -> bool:
            time.sleep(0.5)
            dagster.start_again_what_died()
            return _captured(worst) == known + len(lives.orders) and _nothing_is_left(worst)

        _until(dagster, settled, "all to be settled")
    assert (
        Judged(worst, tally, "orders and redemptions").look(
            len(lives.orders) + way_back.redeemed, *way_back.wrong()
        )
        == []
    )


def _looks_often(shipped: str) -> str:
    """Dagster asks often whether the processes of its runs are there."""
    known = "start_timeout_seconds: 180"
    assert known in shipped
    return shipped.replace(known, "start_timeout_seconds: 60\n  poll_interval_seconds: 5")


def _captured(world: World) -> int:
    """How many orders a capture has seen."""
    ((orders,),) = world.ask_state("SELECT count(*) FROM influence.snapshot WHERE entity = 'order'")
    return int(orders)


def _nothing_is_left(world: World) -> bool:
    return world.ask_state(
        "SELECT (SELECT count(*) FROM influence.work) + (SELECT count(*) FROM influence.inbox"
        " WHERE state = 'new')"
    ) == [(0,)]


def _until(dagster: RealDagster, happens: Callable[[], object], what: str) -> None:
    try:
        until(happens, what, 600)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{dagster.log}") from None
