"""T1, the order side: kill -9 at each point of a sync. No order is lost, none is awarded twice, nothing
is deducted twice, nothing is parked. Several kills in a row, and those of the receiver and of who makes
coupons, are in `loop.test_kills`."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from influence_pipeline.records import Entity
from influence_pipeline_tests.sandbox.platform_fixtures import until
from influence_pipeline_tests.support import moments, variants
from influence_pipeline_tests.support.judged import Judged
from influence_pipeline_tests.support.kills import (
    EVERY_POINT,
    a_refund,
    a_slow_call,
    killed_there,
)
from influence_pipeline_tests.support.order_lives import OrderLives
from influence_pipeline_tests.support.seeds import named
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.support.trouble import killed, settle_in_time
from influence_pipeline_tests.support.world import World

pytestmark = pytest.mark.proves("T1")


def judged(world: World) -> list[str]:
    return [str(difference) for difference in world.judge().differences]


@pytest.mark.seeds(0, slow=25)
@pytest.mark.parametrize("point", EVERY_POINT)
def test_a_sync_killed_at_this_point_loses_nothing_and_doubles_nothing(
    worst: World, point: str, seeds: Sequence[int], tally: Tally
) -> None:
    found = Judged(worst, tally, "orders")
    for seed in seeds:
        with named(seed):
            chance = random.Random(seed)
            lives = OrderLives(worst, chance)
            killed_there(worst, lives, point, chance)
            worst.sandbox.set(latency_ms=0)
            if chance.random() < 0.5:
                lives.move()
            settle_in_time(worst)
            assert found.look(len(lives.orders)) == []


def test_a_call_under_way_when_its_process_dies_arrives_all_the_same(worst: World) -> None:
    """What `call under way` stands for: without it the point above would prove nothing."""
    lives = OrderLives(worst, random.Random(1))
    a_slow_call(worst, lives)
    assert killed(worst, moments.UNDER_WAY, 1, entities=[Entity.ORDER])
    until(lambda: worst.sandbox.rows("SELECT * FROM orders"), "the call of the dead process")


# -- controls --------------------------------------------------------------------------------------


def test_control_a_pipeline_that_acknowledges_before_it_sends_loses_an_order(worst: World) -> None:
    lives = OrderLives(worst, random.Random(1))
    lives.place(paid=True)
    variant = variants.ACKNOWLEDGES_FIRST
    assert killed(worst, "deliver: acknowledged", 1, entities=[Entity.ORDER], variant=variant)
    settle_in_time(worst)
    assert any("not in the ledger" in found for found in judged(worst))


@pytest.mark.parametrize("point", [moments.CREATED_UNHEARD, moments.UNDER_WAY])
def test_control_a_pipeline_that_posts_again_on_restart_doubles_an_order(
    worst: World, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lives = OrderLives(worst, random.Random(1))
    a_slow_call(worst, lives)
    assert killed(worst, point, 1, entities=[Entity.ORDER])
    variants.apply("posts again on restart", monkeypatch)
    settle_in_time(worst)
    assert any("was created 2 times" in found for found in judged(worst))


def test_control_a_pipeline_that_commits_no_intent_doubles_an_order(worst: World) -> None:
    OrderLives(worst, random.Random(1)).place(paid=True)
    variant = "commits no intent"
    point = moments.CREATED_UNHEARD
    assert killed(worst, point, 1, entities=[Entity.ORDER], variant=variant)
    settle_in_time(worst)
    assert any("was created 2 times" in found for found in judged(worst))


def test_control_a_pipeline_that_commits_no_refund_deducts_it_twice(worst: World) -> None:
    a_refund(worst, OrderLives(worst, random.Random(2)))
    variant = "commits no refund"
    point = moments.REFUNDED_UNHEARD
    assert killed(worst, point, 1, entities=[Entity.ORDER], variant=variant)
    settle_in_time(worst)
    assert any("was deducted 2 times" in found for found in judged(worst))
