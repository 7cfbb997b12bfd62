"""Everything at once, by chance: a busy shop, an API that fails in every way and doubles what it can,
two workers, killed processes. Other seeds than these find other orders of things."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress

import pytest

from influence_pipeline.errors import InfluencePipelineError
from influence_pipeline_tests.support.busy_shop import BusyShop
from influence_pipeline_tests.support.trouble import POINTS, killed, leases_run_out, settle
from influence_pipeline_tests.support.world import World

NOT_DONE = ["error_before", "drop_before", "too_many"]
LOST = ["drop_after", "half_reply", "wrong_json"]
ANYTHING = [*NOT_DONE, *LOST, "error_after", "gateway_404", "redirect"]


def make_trouble(world: World, chance: random.Random, seed: int) -> None:
    def rule(method: str, kinds: list[str], probability: float, times: int) -> dict[str, object]:
        return {
            "kind": chance.choice(kinds),
            "method": method,
            "probability": probability,
            "times": times,
            "retry_after": "none",
        }

    rules = [
        rule(method, ANYTHING, chance.choice([0.05, 0.2, 0.5]), chance.randrange(1, 12))
        for method in ("POST", "PATCH", "PUT", "PATCH", "POST")
    ]
    rules.append(rule("GET", NOT_DONE + LOST, 0.4, 4))
    world.sandbox.good("PUT", "/sandbox/faults", {"faults": rules, "seed": seed})


def two_workers(world: World, shop: BusyShop, *, full: bool) -> None:
    """Two syncs at once, the shop going on meanwhile."""

    def work() -> None:
        # Some runs of an API in such a state stop; the next goes on.
        with suppress(InfluencePipelineError):
            world.sync(full=full)

    with ThreadPoolExecutor(2) as pool:
        working = [pool.submit(work) for _ in range(2)]
        while wait(working, timeout=0.03).not_done:
            shop.step()
        for worker in working:
            worker.result()


@pytest.mark.seeds(1, slow=50)
def test_a_busy_shop_and_an_api_in_trouble_end_up_the_same(world: World, seed: int) -> None:
    chance = random.Random(seed)
    world.configure(("linger_seconds = 4", "linger_seconds = 0.5"))
    world.sandbox.set(second_post="award_again", refund_repeat="again")
    shop = BusyShop(world.store_url, chance)
    for turn in range(4):
        for _ in range(chance.randrange(3, 25)):
            shop.step()
        make_trouble(world, chance, seed)
        if turn % 2:
            killed(world, chance.choice(POINTS), chance.choice([1, 2, 3, 5, 10]), may_stop=True)
        else:
            two_workers(world, shop, full=chance.random() < 0.2)
        if chance.random() < 0.7:
            leases_run_out(world)
    shop.close()
    world.sandbox.good("PUT", "/sandbox/faults", {"faults": []})
    settle(world)
    assert [str(difference) for difference in world.judge().differences] == []
