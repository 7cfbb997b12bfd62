"""Lost replies and unkind answers, one kind at a time (everything at once: `proof`): the sandbox is in its worst mode, in which a
second POST of an order awards a second time and a second `refunded` takes points back again."""

from __future__ import annotations

import pytest

from influence_pipeline.errors import StoreError
from influence_pipeline.platform_api.outcomes import Judge, Meaning, Outcome
from influence_pipeline.records import Entity
from influence_pipeline.sandbox import sample_store
from influence_pipeline.sync import engine as engine_module
from influence_pipeline.sync.prepare import Preparation
from influence_pipeline_tests.support.trouble import killed, settle
from influence_pipeline_tests.support.world import World

FAULTS = [
    "error_before", "error_after", "drop_before", "drop_after", "half_reply", "slow", "late",
    "gateway_404", "wrong_json", "redirect",
    # The pace grows back slowly: half a minute.
    pytest.param("too_many", marks=[pytest.mark.slow, pytest.mark.proves("T2")]),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_an_order_is_awarded_once_whatever_happens_to_its_calls(worst: World, fault: str) -> None:
    for method, times in (("POST", 8), ("PATCH", 8)):
        worst.sandbox.fault(fault, method=method, times=times, ms=100, retry_after="none")
        settle(worst)
    assert worst.judge().differences == ()
    assert worst.parked() == {}


@pytest.mark.parametrize("fault", ["drop_after", "error_after", "half_reply", "late"])
def test_a_refund_is_deducted_once_when_its_reply_is_lost(worst: World, fault: str) -> None:
    buyer = sample_store.add_customers(worst.store_url).customers[0]
    order = sample_store.place_order(worst.store_url, buyer, paid=True).orders[0]
    settle(worst)
    sample_store.refund_order(worst.store_url, order)
    worst.sandbox.fault(fault, method="PATCH", key=order, ms=100)
    settle(worst)
    assert worst.judge().differences == ()
    deductions = worst.sandbox.rows(
        "SELECT * FROM movements WHERE kind = 'deduction' AND order_id = ?", order
    )
    assert len(deductions) == 1


class RepeatsPosts(Judge):
    """Control: takes every uncertain POST for one that may be sent again."""

    def judge(self, call, reply, **more):  # type: ignore[no-untyped-def]
        outcome = super().judge(call, reply, **more)
        if outcome.meaning is Meaning.UNCERTAIN:
            return Outcome(Meaning.UNREACHABLE, outcome.words)
        return outcome


def test_control_a_pipeline_that_repeats_posts_is_caught(
    worst: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "Judge", RepeatsPosts)
    # The first calls pass, so that lost replies are not taken for an API that is away.
    worst.sandbox.fault("drop_after", method="POST", path="^/v1/orders$", skip=20, times=3)
    settle(worst)
    found = [str(difference) for difference in worst.judge().differences]
    assert any("was created 2 times" in difference for difference in found)


def test_an_order_killed_between_its_creation_and_its_refund_is_not_created_again(
    worst: World,
) -> None:
    settle(worst)
    order = sample_store.place_order(worst.store_url, None, email="k@example.com", paid=True)
    sample_store.refund_order(worst.store_url, order.orders[0])
    assert killed(worst, "deliver: intent committed", 2)
    settle(worst)
    assert worst.judge().differences == ()


def test_a_limit_without_retry_after_is_found_and_kept_to(world: World) -> None:
    # Low enough to be met on a machine that has other work to do.
    world.sandbox.set(rate_limit=30, rate_limit_burst=30, retry_after="none")
    reports = world.sync()
    assert world.judge().differences == ()
    calls = sum(report.delivered.calls for report in reports.values())
    throttled = sum(report.delivered.throttled for report in reports.values())
    # A delivery that only narrows its window makes nine refused calls for each that passes.
    assert 0 < throttled < calls / 5


def test_a_long_wait_the_api_asks_for_ends_the_run_and_holds_nothing(world: World) -> None:
    world.sandbox.fault("too_many", method="PUT", times=1, retry_after="seconds", ms=900_000)
    reports = world.sync()
    customers = reports[Entity.CUSTOMER]
    assert "left alone" in str(customers.delivered.last_trouble)
    assert (customers.remaining.waiting > 0, customers.remaining.held) == (True, 0)
    calls = len(world.sandbox.rows("SELECT id FROM calls"))
    assert "left alone" in str(world.sync()[Entity.CUSTOMER].delivered.last_trouble)
    assert len(world.sandbox.rows("SELECT id FROM calls")) == calls, "all runs obey it"
    the_wait_is_over(world)
    settle(world)
    assert world.judge().differences == ()


def the_wait_is_over(world: World) -> None:
    world.ask_state(
        """UPDATE influence.pace SET control = control || '{"held_until": 0}' RETURNING 1"""
    )
    world.ask_state("UPDATE influence.work SET next_at = now() RETURNING 1")


def test_a_store_that_goes_away_in_between_keeps_no_record_from_the_next_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.engine() as engine:
        engine.capture(Entity.PRODUCT)
        with monkeypatch.context() as broken:
            broken.setattr(Preparation, "prepare", _away)
            with pytest.raises(StoreError):
                engine.deliver(Entity.PRODUCT)
        report = engine.deliver(Entity.PRODUCT)
    assert (report.remaining.waiting, report.delivered.sent > 10) == (0, True)


def _away(*_: object) -> None:
    raise StoreError("the store is away")
