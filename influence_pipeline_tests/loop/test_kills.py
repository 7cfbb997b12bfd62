"""T1, the way back, and kills of all sides in a row: kill -9 of a real receiver and of a real process
that makes coupons, at each of their points. What was answered 200 is there once, each redemption has
one coupon, and the orders are as in `sync.proof.test_kills`."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

import pytest

from influence_pipeline.webhooks import storing
from influence_pipeline.webhooks.handlers import CRASH_POINTS
from influence_pipeline_tests.loop.killed import RECEIVER_POINTS
from influence_pipeline_tests.loop.way_back import WayBack, way_back_of
from influence_pipeline_tests.support.judged import Judged
from influence_pipeline_tests.support.kills import EVERY_POINT, killed_there
from influence_pipeline_tests.support.order_lives import OrderLives
from influence_pipeline_tests.support.seeds import named
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.support.trouble import settle_in_time
from influence_pipeline_tests.support.world import World

pytestmark = pytest.mark.proves("T1")


# A customer redeems for one seed after another, more often than the caps let anybody in a day.
SETTINGS = """
[webhooks]
fast_path = false
[coupons.caps]
per_customer_per_day = 10000
"""


@pytest.fixture
def worst(world: World) -> World:
    """The doubling API, with all customers and products there."""
    world.configure(("linger_seconds = 4", "linger_seconds = 1"))
    world.config.write_text(world.config.read_text() + SETTINGS)
    world.sandbox.set(second_post="award_again", refund_repeat="again")
    settle_in_time(world)
    return world


@pytest.fixture
def way_back(worst: World) -> Iterator[WayBack]:
    with way_back_of(worst) as made:
        yield made


KILLS = [
    *((WayBack.receiver_killed_at, point) for point in RECEIVER_POINTS),
    *((WayBack.maker_killed_at, point) for point in CRASH_POINTS),
]


@pytest.mark.seeds(0, slow=25)
@pytest.mark.parametrize(("kill", "point"), KILLS, ids=[point for _, point in KILLS])
def test_the_way_back_killed_at_this_point_loses_nothing_and_makes_each_coupon_once(
    worst: World,
    way_back: WayBack,
    kill: Callable[[WayBack, str, random.Random], None],
    point: str,
    seeds: Sequence[int],
    tally: Tally,
) -> None:
    """The receiver, and who makes coupons: neither loses a webhook or keeps it twice."""
    found = Judged(worst, tally, "redemptions")
    for seed in seeds:
        with named(seed):
            before = way_back.redeemed
            kill(way_back, point, random.Random(seed))
            way_back.settle()
            assert found.look(way_back.redeemed - before, *way_back.wrong()) == []


@pytest.mark.seeds(0, slow=100)
def test_two_to_four_kills_in_a_row_lose_nothing_and_double_nothing(
    worst: World, way_back: WayBack, seeds: Sequence[int], tally: Tally
) -> None:
    """Of a sync, of the receiver and of who makes coupons, by chance; never all of one side."""
    found = Judged(worst, tally, "orders and redemptions")
    for seed in seeds:
        with named(seed):
            chance = random.Random(seed)
            lives = OrderLives(worst, chance)
            before = way_back.redeemed
            for kill in schedule(worst, way_back, lives, chance):
                kill()
            worst.sandbox.good("PUT", "/sandbox/faults", {"faults": []})
            worst.sandbox.set(latency_ms=0)
            # Orders that are sent make events.
            settle_in_time(worst)
            way_back.settle()
            count = len(lives.orders) + way_back.redeemed - before
            assert found.look(count, *way_back.wrong()) == []


def schedule(
    world: World, way_back: WayBack, lives: OrderLives, chance: random.Random
) -> list[Callable[[], None]]:
    """Two to four kills, of at least two sides."""
    sides = {
        "orders": lambda: killed_there(world, lives, chance.choice(EVERY_POINT), chance),
        "receiver": lambda: way_back.receiver_killed_at(chance.choice(RECEIVER_POINTS), chance),
        "coupons": lambda: way_back.maker_killed_at(chance.choice(CRASH_POINTS), chance),
    }
    drawn = chance.sample([*sides], 2) + chance.choices([*sides], k=chance.randrange(3))
    chance.shuffle(drawn)
    return [sides[side] for side in drawn]


# -- controls --------------------------------------------------------------------------------------


def test_control_a_receiver_that_answers_before_it_stores_loses_a_webhook(
    worst: World, way_back: WayBack
) -> None:
    way_back.receiver_killed_at(storing.BEFORE_COMMIT, random.Random(1), broken=True)
    way_back.settle()
    assert any("is not in the inbox" in words for words in way_back.wrong())
