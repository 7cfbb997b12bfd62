"""Kills of a sync of orders, at each point and moment: what makes a sync get there, and the kill."""

from __future__ import annotations

import random
from collections.abc import Callable

from influence_pipeline.records import Entity
from influence_pipeline_tests.support import moments
from influence_pipeline_tests.support.order_lives import OrderLives, refund
from influence_pipeline_tests.support.trouble import POINTS, killed, settle_in_time
from influence_pipeline_tests.support.world import World

EVERY_POINT = (*POINTS, *moments.MOMENTS)
# Passed once for each call, so that a later passing is another state of things.
PASSED_OFTEN = {"deliver: sent", "deliver: replied", moments.CREATED_UNHEARD, moments.PAID_UNHEARD}
_MOST_TRIES = 5
# What an API may do to a call meanwhile; more of it is in test_ambiguous_api.
FAULTS = ("drop_after", "half_reply", "error_after", "wrong_json", "late", "drop_before")


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
    for _ in range(_MOST_TRIES):
        PASSED_BY.get(point, an_order)(world, lives)
        # A sync may end before it gets there, as where a quiet window is to be waited out first; and
        # the next one may find that it was waited out, and go past the point.
        for _ in range(2):
            if killed(world, point, 1, entities=[Entity.ORDER]):
                return
    raise AssertionError(f"no sync passes {point!r}")
