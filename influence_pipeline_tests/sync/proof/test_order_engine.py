"""The real engine, its state in Postgres, and an API that doubles all it can, driven by Hypothesis.

Whatever the shop does, whichever calls are lost or come late, wherever a process dies, whoever sleeps
past its lease: no order is awarded twice, none is deducted twice, none is paid after its refund, and at
the end the API has what the shop has. The protocol by itself is in `sync.test_order_model`.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import Phase as Stage
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import (
    RuleBasedStateMachine,
    get_state_machine_test,
    initialize,
    invariant,
    precondition,
    rule,
)

from influence_pipeline.errors import ApiError
from influence_pipeline.records import Entity
from influence_pipeline_tests.support import moments, variants
from influence_pipeline_tests.support.clocks import JumpingClock
from influence_pipeline_tests.support.fault_proxy import Plan
from influence_pipeline_tests.support.order_lives import (
    MOVES,
    OrderLives,
    refund,
)
from influence_pipeline_tests.support.proxied import FaultProxy
from influence_pipeline_tests.support.trouble import POINTS, killed, leases_run_out, once_at
from influence_pipeline_tests.support.world import World

pytestmark = pytest.mark.proves("T14")

# What may become of a call. Worked off, and not heard of; not worked off; worked off later.
FATES = (
    "dropped_reply", "half_reply", "reset_after_send", "error_after_apply", "wrong_json",
    "gateway_404", "redirect", "too_many", "held_back", "held_back", "held_back",
)  # fmt: skip
# Where a worker may fall asleep and wake after its lease: what it has to do then is to write.
SLEEPS = ("deliver: replied", "deliver: before acknowledgement", "deliver: store read")
MOST_ORDERS = 3


class Orders(RuleBasedStateMachine):
    """A few orders of one world. Earlier examples have left it settled."""

    world: World
    proxy: FaultProxy
    variant: str | None = None

    def __init__(self) -> None:
        super().__init__()
        self.lives = OrderLives(self.world, random.Random(1))
        self.script: list[tuple[str, str]] = []

    # -- the shop

    @initialize(paid=st.lists(st.booleans(), min_size=1, max_size=2))
    def a_life_begins_with_orders(self, paid: Sequence[bool]) -> None:
        for one in paid:
            self.lives.place(paid=one)

    @precondition(lambda self: len(self.lives.orders) < MOST_ORDERS)
    @rule(paid=st.booleans(), authorized=st.booleans())
    def an_order_is_placed(self, paid: bool, authorized: bool) -> None:
        self.lives.place(paid=paid, authorized=authorized and not paid)

    @precondition(lambda self: self.lives.orders)
    @rule(which=st.integers(0, MOST_ORDERS - 1), move=st.sampled_from(MOVES))
    def the_shop_changes_an_order(self, which: int, move: Callable[[World, str], None]) -> None:
        self.lives.move(self.lives.orders[which % len(self.lives.orders)], move)

    # -- the API

    @rule(data=st.data(), method=st.sampled_from(["POST", "PATCH", "PATCH", "PATCH", "GET"]))
    def a_call_will_go_wrong(self, data: st.DataObject, method: str) -> None:
        self.script.append((method, data.draw(st.sampled_from(FATES))))

    @rule()
    def the_quiet_window_passes(self) -> None:
        """All that is under way arrives in it; then it is over, and so are dead men's leases."""
        self.proxy.release()
        self.world.ask_state("UPDATE influence.snapshot SET late_until = now() RETURNING 1")
        self.world.ask_state(
            "UPDATE influence.work SET next_at = now() - interval '1s' RETURNING 1"
        )

    # -- the pipeline

    def sync(self, **seams: object) -> None:
        with self.world.engine(**seams) as engine, suppress(ApiError):
            engine.sync(Entity.ORDER)

    @precondition(lambda self: self.lives.orders)
    @rule()
    def a_sync_runs(self) -> None:
        self.follow_script()
        self.sync()

    @precondition(lambda self: self.lives.orders)
    @rule(point=st.sampled_from((*POINTS, *moments.MOMENTS)), number=st.integers(1, 2))
    def a_sync_is_killed(self, point: str, number: int) -> None:
        self.follow_script()
        killed(
            self.world,
            point,
            number,
            entities=[Entity.ORDER],
            variant=self.variant,
            may_stop=True,
        )
        # No call of a dead process is under way when its lease ends (docs/design.md, Limits).
        self.proxy.release()

    @precondition(lambda self: self.lives.orders)
    @rule(point=st.sampled_from(SLEEPS))
    def a_worker_sleeps_past_its_lease_while_another_works(self, point: str) -> None:
        self.follow_script()
        clock = JumpingClock()

        def sleep() -> None:
            clock.jump(3600)
            leases_run_out(self.world)
            self.proxy.release()
            self.sync()

        self.sync(at=once_at(point, sleep), clock=clock)

    def follow_script(self) -> None:
        self.proxy.follow(Plan(script=self.script))
        self.script = []

    # -- what must hold

    @invariant()
    def each_order_is_created_awarded_and_deducted_once_at_most(self) -> None:
        marks = ",".join("?" * len(self.lives.orders))
        for row in self.world.sandbox.rows(
            f"SELECT * FROM orders WHERE order_id IN ({marks})", *self.lives.orders
        ):
            assert (row["copies"], row["awards"] <= 1, row["deductions"] <= 1) == (1, True, True)

    @invariant()
    def nothing_follows_a_refund(self) -> None:
        marks = ",".join("?" * len(self.lives.orders))
        said: dict[str, list[str]] = {}
        for row in self.world.sandbox.rows(
            "SELECT key, body FROM calls WHERE method IN ('POST', 'PATCH')"
            f" AND outcome BETWEEN 200 AND 299 AND key IN ({marks}) ORDER BY id",
            *self.lives.orders,
        ):
            status = json.loads(row["body"]).get("financialStatus")
            said.setdefault(row["key"], []).extend([status] if status else [])
        for statuses in said.values():
            if "refunded" in statuses:
                assert Counter(statuses[statuses.index("refunded") :]) == {"refunded": 1}

    def teardown(self) -> None:
        """At the end all is well at the API: everything is delivered, nothing is parked."""
        self.script = []
        for _ in range(8):
            leases_run_out(self.world)
            self.the_quiet_window_passes()
            self.a_sync_runs()
            if not self.world.ask_state("SELECT key FROM influence.work WHERE state <> 'parked'"):
                break
        self.each_order_is_created_awarded_and_deducted_once_at_most()
        self.nothing_follows_a_refund()
        own = set(self.lives.orders)
        assert [str(d) for d in self.world.judge().differences if d.key in own] == []
        assert own & set(self.world.parked()) == set()


def one_question_is_answered(world: World, proxy: FaultProxy) -> None:
    """An API that has never said what it has of an order may be unable to; then a gateway's 404 to
    a question, twice, lets a refund be repeated (docs/order-protocol.md)."""
    order = OrderLives(world, random.Random(1)).place(paid=True)
    _syncs(world, 1)
    refund(world, order)
    proxy.follow(Plan(script=[("PATCH", "dropped_reply")]))
    _syncs(world, 2)
    assert world.ask_state("SELECT 1 FROM influence.attempt WHERE call = 'GET order'") != []


def _syncs(world: World, times: int) -> None:
    for _ in range(times):
        with world.engine() as engine, suppress(ApiError):
            engine.sync(Entity.ORDER)
        world.ask_state("UPDATE influence.snapshot SET late_until = now() RETURNING 1")
        world.ask_state("UPDATE influence.work SET next_at = now() RETURNING 1")


@pytest.fixture
def hurried(troubled: World) -> World:
    """A sync ends where it would have to wait: windows pass when a life says so."""
    troubled.configure(("linger_seconds = 2", "linger_seconds = 0"))
    return troubled


def machine(world: World, proxy: FaultProxy, variant: str | None) -> type[Orders]:
    return type("Orders", (Orders,), {"world": world, "proxy": proxy, "variant": variant})


def run(
    world: World,
    proxy: FaultProxy,
    how: settings,
    variant: str | None = None,
    seed: int | None = None,
) -> None:
    one_question_is_answered(world, proxy)
    made = machine(world, proxy, variant)
    lives = get_state_machine_test(made, settings=how)
    (lives if seed is None else seeded(seed)(lives))()


def how(examples: int, steps: int, **more: object) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        **more,
    )


def test_the_engine_awards_once_refunds_once_and_ends_as_the_shop_says(
    hurried: World, proxy: FaultProxy
) -> None:
    run(hurried, proxy, how(6, 15))


@pytest.mark.seeds(0, slow=4)
def test_so_it_does_in_a_hundred_lives_of_fifty_steps(
    hurried: World, proxy: FaultProxy, seed: int
) -> None:
    """25 lives a seed; `loop.test_loop` has three hundred of everything together."""
    run(hurried, proxy, how(25, 50), seed=seed)


# -- controls: for each safeguard a life that an engine without it does not survive ----------------

Step = Callable[[Orders], object]


def placed(life: Orders) -> None:
    life.an_order_is_placed(paid=True, authorized=False)


def moved(move: Callable[[World, str], None]) -> Step:
    return lambda life: life.the_shop_changes_an_order(0, move)


def paid_again(world: World, order: str) -> None:
    world.shop(
        "INSERT INTO payments (order_id, status, amount) VALUES (%(order)s, 'captured', 1000)",
        order=order,
    )


def fails(method: str, fate: str) -> Step:
    return lambda life: life.script.append((method, fate))


def killed_at(point: str) -> Step:
    return lambda life: life.a_sync_is_killed(point, 1)


SYNC: Step = Orders.a_sync_runs
WINDOW: Step = Orders.the_quiet_window_passes

LIVES: dict[str, list[Step]] = {
    "posts again after silence": [placed, fails("POST", "dropped_reply"), SYNC],
    "commits no intent": [placed, killed_at("deliver: replied")],
    "commits no refund": [placed, SYNC, moved(refund), killed_at("deliver: replied")],
    "forgets a refund without an answer": [
        placed, SYNC, moved(refund), fails("PATCH", "error_after_apply"), SYNC,
    ],
    "does not believe the question": [
        placed, SYNC, moved(refund), fails("PATCH", "dropped_reply"), SYNC, WINDOW, SYNC,
    ],
    "pays after a refund": [placed, SYNC, moved(refund), SYNC, moved(paid_again), SYNC],
    "repeats lost calls": [placed, fails("POST", "dropped_reply"), SYNC],
    "believes any 404": [
        placed, fails("POST", "dropped_reply"), SYNC, WINDOW,
        fails("PATCH", "gateway_404"), SYNC, WINDOW, fails("PATCH", "gateway_404"), SYNC,
    ],
}  # fmt: skip

# Those that `make test` runs.
QUICK = ("posts again after silence", "believes any 404")


def live(world: World, proxy: FaultProxy, life: list[Step], variant: str | None = None) -> None:
    """Live one life, with what must hold after each step and at its end."""
    made = machine(world, proxy, variant)()
    for step in life:
        step(made)
        made.each_order_is_created_awarded_and_deducted_once_at_most()
        made.nothing_follows_a_refund()
    made.teardown()


@pytest.mark.slow
def test_the_lives_that_one_mistake_each_would_not_survive_end_well(
    hurried: World, proxy: FaultProxy
) -> None:
    for name, life in LIVES.items():
        if name != "pays after a refund":  # its order is for a person to see to
            live(hurried, proxy, life)


@pytest.mark.parametrize(
    "variant", [pytest.param(v, marks=[] if v in QUICK else pytest.mark.slow) for v in LIVES]
)
def test_control_an_engine_without_one_of_its_safeguards_does_not_survive_its_life(
    hurried: World, proxy: FaultProxy, variant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variants.apply(variant, monkeypatch)
    with pytest.raises(AssertionError):
        live(hurried, proxy, LIVES[variant], variant)


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["posts again after silence", "commits no intent"])
def test_control_chance_finds_a_missing_safeguard_too(
    hurried: World, proxy: FaultProxy, variant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variants.apply(variant, monkeypatch)
    with pytest.raises((AssertionError, Flaky, ExceptionGroup)):
        run(hurried, proxy, how(300, 40, derandomize=True, phases=[Stage.generate]), variant)
