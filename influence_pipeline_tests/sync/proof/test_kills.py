"""T1, the order side: kill -9 at each point of a sync, and several times over. No order is lost, none
is awarded twice, nothing is deducted twice, nothing is parked."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from influence_pipeline.records import Entity
from influence_pipeline_tests.sandbox.platform_fixtures import until
from influence_pipeline_tests.support import moments, variants
from influence_pipeline_tests.support.order_lives import OrderLives, refund
from influence_pipeline_tests.support.trouble import POINTS, killed, settle_in_time
from influence_pipeline_tests.support.world import World

EVERY_POINT = (*POINTS, *moments.MOMENTS)
# Passed once for each call, so that a later passing is another state of things.
PASSED_OFTEN = {"deliver: sent", "deliver: replied", moments.CREATED_UNHEARD, moments.PAID_UNHEARD}
# What an API may do to a call meanwhile; more of it is in test_ambiguous_api.
FAULTS = ("drop_after", "half_reply", "error_after", "wrong_json", "late", "drop_before")


def judged(world: World) -> list[str]:
    return [str(difference) for difference in world.judge().differences]


def trouble(world: World, chance: random.Random, *more: dict[str, object]) -> None:
    """One call in four of a few goes wrong; `more` are rules that come first."""
    rules = [
        {"kind": chance.choice(FAULTS), "method": method, "probability": 0.25, "times": 3, "ms": 50}
        for method in ("POST", "PATCH")
    ]
    document = {"faults": [*more, *rules], "seed": chance.randrange(10**6)}
    world.sandbox.good("PUT", "/sandbox/faults", document)


# -- what makes a sync pass a point ----------------------------------------------------------------


def an_order(world: World, lives: OrderLives) -> None:
    lives.place(paid=True)


def a_refund(world: World, lives: OrderLives) -> None:
    """An order that is paid at the API and refunded in the shop."""
    order = lives.place(paid=True)
    settle_in_time(world)
    refund(world, order)


def a_lost_order(world: World, lives: OrderLives) -> None:
    """An order whose POST is lost on its way, so that the API knows nothing of it."""
    lost = {"kind": "drop_before", "method": "POST", "path": "^/v1/orders$", "times": 1}
    world.sandbox.good("PUT", "/sandbox/faults", {"faults": [lost]})
    lives.place(paid=True)


def a_slow_call(world: World, lives: OrderLives) -> None:
    """Calls that take longer than `Watched` gives them to leave."""
    world.sandbox.set(latency_ms=150)
    lives.place(paid=True)


PASSED_BY: dict[str, Callable[[World, OrderLives], None]] = {
    moments.REFUNDED_UNHEARD: a_refund,
    moments.ABSENT_NOT_CREATED: a_lost_order,
    moments.UNDER_WAY: a_slow_call,
}


def killed_there(world: World, lives: OrderLives, point: str, chance: random.Random) -> None:
    """Kill a sync of orders at a point, after some time of trouble; it must have got there."""
    lives.a_while()
    trouble(world, chance)
    number = chance.choice([1, 2, 3]) if point in PASSED_OFTEN else 1
    if point not in PASSED_BY and killed(world, point, number, entities=[Entity.ORDER]):
        return
    # Trouble kept it from getting there, or it takes more than an order.
    world.sandbox.good("PUT", "/sandbox/faults", {"faults": []})
    PASSED_BY.get(point, an_order)(world, lives)
    assert killed(world, point, 1, entities=[Entity.ORDER]), f"no sync passes {point!r}"


@pytest.mark.seeds(3, slow=25)
@pytest.mark.parametrize("point", EVERY_POINT)
def test_a_sync_killed_at_this_point_loses_nothing_and_doubles_nothing(
    worst: World, point: str, seed: int
) -> None:
    chance = random.Random(seed)
    lives = OrderLives(worst, chance)
    killed_there(worst, lives, point, chance)
    worst.sandbox.set(latency_ms=0)
    if chance.random() < 0.5:
        lives.move()
    settle_in_time(worst)
    assert judged(worst) == []
    assert worst.parked() == {}


@pytest.mark.seeds(3, slow=100)
def test_two_to_four_kills_in_a_row_lose_nothing_and_double_nothing(
    worst: World, seed: int
) -> None:
    chance = random.Random(seed)
    lives = OrderLives(worst, chance)
    for _ in range(chance.randrange(2, 5)):
        killed_there(worst, lives, chance.choice(EVERY_POINT), chance)
    settle_in_time(worst)
    assert judged(worst) == []
    assert worst.parked() == {}


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
