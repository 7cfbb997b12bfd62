"""T2, its last clause: a POST that the API works off later than the quiet window. Within both windows
that an order waits for it is found; later than both it is the one thing that no client can tell from a
lost one (docs/design.md, Limits). Nothing is parked by either."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from influence_pipeline.errors import ApiError
from influence_pipeline.records import Entity
from influence_pipeline_tests.support.fault_proxy import Plan
from influence_pipeline_tests.support.order_lives import OrderLives
from influence_pipeline_tests.support.proxied import FaultProxy
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.support.world import World

pytestmark = pytest.mark.proves("T2")


def sync(world: World) -> None:
    with world.engine() as engine, suppress(ApiError):
        engine.sync(Entity.ORDER)


def a_quiet_window_passes(world: World) -> None:
    """Nothing arrives in it."""
    world.ask_state("UPDATE influence.work SET next_at = now() RETURNING 1")


def a_post_is_held_back(world: World, proxy: FaultProxy) -> str:
    """A paid order whose POST lies somewhere between the engine and the API."""
    proxy.follow(Plan(script=[("POST", "held_back")]))
    order = OrderLives(world, random.Random(1)).place(paid=True)
    sync(world)
    a_quiet_window_passes(world)
    sync(world)  # it is asked for, and there is none yet
    a_quiet_window_passes(world)
    return order


def judged(world: World) -> list[str]:
    return [str(difference) for difference in world.judge().differences]


def test_a_post_that_arrives_within_the_second_quiet_window_is_found_and_not_made_again(
    troubled: World, proxy: FaultProxy, tally: Tally
) -> None:
    order = a_post_is_held_back(troubled, proxy)
    proxy.release()
    sync(troubled)
    tally(1, "orders", lost=0, doubled=len(judged(troubled)), parked=len(troubled.parked()))
    assert judged(troubled) == []
    assert troubled.parked() == {}
    assert proxy.report()["posts"] == {order: 1}


def test_a_post_that_arrives_later_than_both_is_harmless_where_the_api_knows_its_orders(
    troubled: World, proxy: FaultProxy, tally: Tally
) -> None:
    troubled.sandbox.set(second_post="conflict")
    order = a_post_is_held_back(troubled, proxy)
    sync(troubled)
    proxy.release()
    assert proxy.report()["posts"] == {order: 2}
    tally(1, "orders", lost=0, doubled=len(judged(troubled)), parked=len(troubled.parked()))
    assert judged(troubled) == []
    assert troubled.parked() == {}


def test_a_post_that_arrives_later_than_both_is_beyond_any_client_where_the_api_doubles(
    troubled: World, proxy: FaultProxy
) -> None:
    """The limit that docs/design.md names: the judge sees it, and it is all there is to see."""
    order = a_post_is_held_back(troubled, proxy)
    sync(troubled)
    assert judged(troubled) == [], "before it arrives all is well"
    proxy.release()
    assert {difference.key for difference in troubled.judge().differences} == {order}
    assert any("was created 2 times" in words for words in judged(troubled))
    assert troubled.parked() == {}
