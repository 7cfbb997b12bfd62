"""T2: between the engine and the API stands a proxy that makes calls go wrong in fifteen ways, each
of them about a POST or a PATCH of which nobody knows whether it was worked off."""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from influence_pipeline.errors import ApiError
from influence_pipeline.postgres import run as db
from influence_pipeline.records import Entity
from influence_pipeline.sync import pace_control, trouble
from influence_pipeline.sync.claims import Claims
from influence_pipeline_tests.support import variants
from influence_pipeline_tests.support.clocks import FastClock
from influence_pipeline_tests.support.fault_proxy import MODES, Plan
from influence_pipeline_tests.support.judged import Judged
from influence_pipeline_tests.support.order_lives import OrderLives, refund
from influence_pipeline_tests.support.proxied import FaultProxy
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.support.world import World

pytestmark = pytest.mark.proves("T2")

OFTEN, SELDOM = 8 / 9, 1 / 10


def deliver_once(world: World, proxy: FaultProxy, workers: int) -> int:
    """Deliveries at once, and the quiet window after them; give how much is left to do."""

    def run() -> None:
        # Its waits are shorter; their order is the same.
        with world.engine(clock=FastClock(60)) as engine, suppress(ApiError):
            engine.deliver(Entity.ORDER)

    with ThreadPoolExecutor(workers) as pool:
        for running in [pool.submit(run) for _ in range(workers)]:
            running.result()
    proxy.all_has_arrived()
    with world.engine() as engine, engine.state.transaction() as state:
        db(state, "UPDATE influence.snapshot SET late_until = now()")
        db(state, "UPDATE influence.work SET next_at = now(), lease_until = now()")
        # What such an API makes of the pace is another matter: the next run begins afresh.
        db(state, "DELETE FROM influence.pace")
        left = db(state, "SELECT count(*) FROM influence.work WHERE state <> 'parked'")
        return int(left.fetchone()[0])


def capture(world: World) -> None:
    with world.engine() as engine:
        engine.capture(Entity.ORDER)


def live_through(
    world: World, proxy: FaultProxy, plan: Plan, orders: int, workers: int = 2
) -> None:
    """Three times: a third of the orders are placed, things happen to them, and they are sent."""
    # One call in eight is not answered at all; a slow machine only makes more of them. Where an
    # order takes eighty calls, some of them meet a gateway's 404, which is no refusal of the order.
    world.configure(("timeout_seconds = 10", "timeout_seconds = 0.15\npark_after = 50"))
    lives = OrderLives(world, random.Random(plan.seed))
    proxy.follow(plan)
    for _ in range(3):
        with world.busy_shop():
            for _ in range(orders // 3):
                lives.place()
                lives.move()
                lives.move()
        capture(world)
        deliver_once(world, proxy, workers)
    rounds = 0
    while deliver_once(world, proxy, workers):
        rounds += 1
        assert rounds < 500, "work was left"


def looked(world: World, orders: int, tally: Tally) -> list[str]:
    """Judge so many orders; of one that is wrong its calls are printed."""
    found = Judged(world, tally, "orders").look(orders)
    if not found:
        return found
    for key in sorted({difference.key for difference in world.judge().differences}):
        calls = world.sandbox.rows(
            "SELECT id, at, method, outcome, fault, body FROM calls WHERE key = ? ORDER BY id", key
        )
        sys.stdout.write("\n".join([f"order {key}", *(str(dict(call)) for call in calls), ""]))
    return found


def judged(world: World) -> list[str]:
    return [str(difference) for difference in world.judge().differences]


def never_sent(world: World) -> set[str]:
    """What the engine says of calls that never reached the API."""
    found = world.ask_state(
        "SELECT DISTINCT error FROM influence.attempt WHERE outcome = 'unreachable'"
    )
    return {error for (error,) in found}


def points_of(world: World, kind: str) -> Counter[str]:
    """How often each order's points were given, or taken back."""
    found = world.sandbox.rows("SELECT order_id FROM movements WHERE kind = ?", kind)
    return Counter(row["order_id"] for row in found)


@pytest.mark.seeds(1)
@pytest.mark.parametrize(
    ("orders", "rate"), [(45, SELDOM), pytest.param(12, OFTEN, marks=pytest.mark.slow)]
)
def test_no_order_is_lost_or_doubled_whatever_becomes_of_its_calls(
    troubled: World, proxy: FaultProxy, orders: int, rate: float, seed: int, tally: Tally
) -> None:
    live_through(troubled, proxy, Plan(rate, seed=seed), orders)
    assert looked(troubled, orders, tally) == []
    if rate == OFTEN:
        assert set(proxy.report()["fired"]) == set(MODES)
        assert never_sent(troubled) == {
            "connection refused",
            "the TLS connection could not be made",
        }


@pytest.mark.seeds(0, slow=3)
def test_so_it_is_where_an_order_is_created_with_its_real_status(
    troubled: World, proxy: FaultProxy, seed: int, tally: Tally
) -> None:
    troubled.configure(("[orders]\n", '[orders]\nprotocol = "direct"\n'))
    live_through(troubled, proxy, Plan(1 / 3, seed=seed), 30)
    assert looked(troubled, 30, tally) == []


def keeps_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no run give up an API that is in trouble, and none ask it more slowly. It would be right to
    do both, and thousands of orders would take days."""
    monkeypatch.setattr(pace_control, "learn", lambda *_: None)
    for name in vars(trouble):
        if name.startswith(("_FAILURES", "_UNREACHABLE")):
            monkeypatch.setattr(trouble, name, 10**6)


@pytest.mark.slow
@pytest.mark.seeds(0, slow=2)
@pytest.mark.parametrize(("orders", "rate"), [(1000, OFTEN), (3000, SELDOM)])
def test_of_thousands_of_orders_none_is_lost_or_doubled(
    troubled: World,
    proxy: FaultProxy,
    orders: int,
    rate: float,
    seed: int,
    tally: Tally,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keeps_asking(monkeypatch)
    live_through(troubled, proxy, Plan(rate, seed=seed), orders, workers=4)
    assert looked(troubled, orders, tally) == []
    assert set(proxy.report()["fired"]) == set(MODES)


def test_control_a_pipeline_that_repeats_lost_calls_doubles_orders(
    troubled: World, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    variants.apply("repeats lost calls", monkeypatch)
    live_through(troubled, proxy, Plan(0.5, seed=1), 12)
    assert any("was created" in found for found in judged(troubled))
    assert max(points_of(troubled, "award").values()) > 1


# -- a gateway between here and the API that answers by itself

LOST, GATEWAY = "dropped_reply", "gateway_404"


def refunded_behind_a_gateway(
    world: World, proxy: FaultProxy, meanwhile: Callable[[], object] = lambda: None
) -> None:
    """Two refunds whose replies are lost. The API can be asked about the first; of the second the
    gateway says three times that there is no such thing, a quiet window apart. `meanwhile`: what
    happens between the two."""
    lives = OrderLives(world, random.Random(1))
    orders = [lives.place(paid=True) for _ in range(2)]
    capture(world)
    deliver_once(world, proxy, 1)
    for order, answers in zip(orders, ([], [GATEWAY] * 3), strict=True):
        refund(world, order)
        capture(world)
        script = [("PATCH", LOST), *(("GET", answer) for answer in answers)]
        proxy.follow(Plan(script=script))
        for _ in range(6):
            deliver_once(world, proxy, 1)
        assert proxy.report()["fired"][LOST] == 1
        meanwhile()


def test_a_gateways_404_does_not_make_a_refund_twice_where_the_api_can_be_asked(
    troubled: World, proxy: FaultProxy
) -> None:
    refunded_behind_a_gateway(troubled, proxy)
    assert judged(troubled) == []
    assert proxy.report()["fired"][GATEWAY] == 3


def test_what_the_api_can_do_is_known_when_the_log_of_calls_of_then_is_gone(
    troubled: World, proxy: FaultProxy
) -> None:
    def a_month_goes_by() -> None:
        assert troubled.ask_state("DELETE FROM influence.attempt RETURNING call") != []

    refunded_behind_a_gateway(troubled, proxy, a_month_goes_by)
    assert judged(troubled) == []
    assert proxy.report()["fired"][GATEWAY] == 3


def test_control_a_pipeline_that_forgets_what_the_api_can_do_makes_it_twice(
    troubled: World, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Claims, "has_been_answered", lambda *_: False)
    refunded_behind_a_gateway(troubled, proxy)
    assert any("was deducted 2 times" in found for found in judged(troubled))


# -- a proxy that sends requests twice by itself ---------------------------------------------------

TWICE = ["duplicated_request"]


def all_is_sent_twice_by_the_proxy(world: World, proxy: FaultProxy) -> set[str]:
    """Live through a proxy that sends half of all requests on twice; give the orders concerned."""
    live_through(world, proxy, Plan(0.5, TWICE, seed=1, harmless_doubles=False), 30)
    said = proxy.report()
    # The engine itself asked once.
    assert set(said["posts"].values()) == {1}
    assert len([method for method, _ in said["doubled"] if method == "POST"]) > 5
    return {key for _, key in said["doubled"]}


@pytest.mark.parametrize("second_post", ["conflict", "upsert"])
def test_a_request_the_proxy_sends_twice_counts_once_where_the_api_knows_its_orders(
    troubled: World, proxy: FaultProxy, second_post: str
) -> None:
    troubled.sandbox.set(second_post=second_post, refund_repeat="once")
    all_is_sent_twice_by_the_proxy(troubled, proxy)
    # With `upsert` both POSTs are answered 200, which the judge says of each.
    assert {found for found in judged(troubled) if "was created 2 times" not in found} == set()
    assert troubled.sandbox.rows("SELECT * FROM orders WHERE copies <> 1") == []
    for kind in ("award", "deduction"):
        times = points_of(troubled, kind).values()
        assert (len(times) > 0, set(times)) == (True, {1})
    assert troubled.parked() == {}


def test_an_api_that_doubles_what_a_proxy_sends_twice_is_beyond_any_client_and_only_that_is(
    troubled: World, proxy: FaultProxy
) -> None:
    """The limit that docs/order-protocol.md names: every difference is one that the proxy made."""
    doubled = all_is_sent_twice_by_the_proxy(troubled, proxy)
    differences = troubled.judge().differences
    assert {difference.key for difference in differences} <= doubled
    assert any("was created 2 times" in difference.what for difference in differences)
