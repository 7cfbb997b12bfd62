"""Orders of somebody who was erased: nothing is sent of them, and nothing of them is lost should the
customer be let in again (T19)."""

from __future__ import annotations

from typing import Any

import pytest

from influence_pipeline.erasure import erasing
from influence_pipeline.erasure.finding import find
from influence_pipeline.records import Entity
from influence_pipeline.sandbox import sample_store
from influence_pipeline.state.erased import Identities
from influence_pipeline.state.name_hashes import Kind
from influence_pipeline.sync import claims, prepare, status
from influence_pipeline.sync.claims import Claims, Verdict
from influence_pipeline_tests.erasure.conftest import CODES, Loop, forget

pytestmark = pytest.mark.proves("T19")


def erase(loop: Loop, **seams: Any) -> erasing.Erased:
    return erasing.forget(loop.state, find(loop.state, loop.customer), **seams)


def refund(loop: Loop, order: str) -> None:
    """The store takes the whole order back."""
    sample_store.refund_order(loop.world.store_url, order)


def change(loop: Loop, order: str) -> None:
    loop.world.shop(
        f"UPDATE orders SET number = number || 'x', updated_at = now() WHERE id = {order}"
    )


def judged(loop: Loop) -> list[str]:
    return [str(difference) for difference in loop.world.judge().differences]


def of_orders(loop: Loop) -> dict[str, Any]:
    found: dict[str, Any] = status.overview(loop.state)["entities"][Entity.ORDER]
    return found


def work_of(loop: Loop, order: str) -> list[Any]:
    return loop.ask(
        f"SELECT state, phase, reason_code FROM work WHERE entity = 'order' AND key = '{order}'"
    )


@pytest.fixture
def order(loop: Loop) -> str:
    """A paid order of the customer, that the API has as paid."""
    loop.sync()
    paid = {
        key
        for (key,) in loop.ask(
            "SELECT key FROM snapshot WHERE entity = 'order' AND status = 'paid'"
        )
    }
    return next(key for key in loop.orders if key in paid)


def test_what_was_refunded_while_the_customer_was_erased_is_refunded_once_they_are_let_in_again(
    loop: Loop, order: str, capsys: pytest.CaptureFixture[str]
) -> None:
    erase(loop)
    call = loop.calls()
    refund(loop, order)
    loop.sync()
    loop.sync(full=True)
    assert loop.told_since(call) == []
    assert of_orders(loop)["withheld"] == 1
    assert (of_orders(loop)["parked"], of_orders(loop).get("oldest_pending")) == (0, None)
    # A change of it is held back as well.
    change(loop, order)
    loop.sync()
    assert (loop.told_since(call), of_orders(loop)["withheld"]) == ([], 1)

    assert forget(loop.customer, "--undo") == 0
    assert "their orders of meanwhile" in capsys.readouterr().out
    loop.sync(full=True)
    told = loop.told_since(call)
    assert told[0] == f"PUT {loop.customer}"
    assert told.count(f"PATCH {order}") == 1
    assert of_orders(loop)["withheld"] == 0
    assert judged(loop) == []


def test_control_a_pipeline_that_takes_such_orders_as_told_loses_the_refund(
    loop: Loop, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        prepare, "_withheld", lambda job, mark: prepare.settled(job.claim, job.content_hash)
    )
    erase(loop)
    refund(loop, order)
    loop.sync()
    forget(loop.customer, "--undo")
    loop.sync(full=True)
    assert [found for found in judged(loop) if f"order {order}" in found] != [], judged(loop)


def test_a_guests_order_with_their_address_waits_and_goes_when_they_are_let_in_again(
    loop: Loop, order: str
) -> None:
    erase(loop)
    loop.world.shop(f"UPDATE orders SET customer_id = NULL, updated_at = now() WHERE id = {order}")
    call = loop.calls()
    loop.sync()
    assert (loop.told_since(call), of_orders(loop)["withheld"]) == ([], 1)
    forget(loop.customer, "--undo")
    loop.sync(full=True)
    assert f"PATCH {order}" in loop.told_since(call)


def test_an_order_whose_refund_is_not_known_keeps_that_while_its_customer_is_erased(
    loop: Loop, order: str
) -> None:
    refund(loop, order)
    with loop.world.engine() as engine:
        engine.capture(Entity.ORDER)
    # A PATCH that nobody knows the outcome of.
    loop.world.ask_state(f"UPDATE work SET phase = 'refunding' WHERE key = '{order}' RETURNING key")
    erase(loop)
    call = loop.calls()
    loop.sync()
    assert work_of(loop, order) == [("withheld", "refunding", "erased")]
    # Neither a person's retry forgets it, nor that the store gives it no more for a while.
    status.retry(loop.state, None)
    loop.sync(full=True)
    assert work_of(loop, order) == [("withheld", "refunding", "erased")]
    placed = loop.world.ask_store(f"SELECT placed_at FROM orders WHERE id = {order}")[0][0]
    loop.world.shop(f"UPDATE orders SET placed_at = NULL WHERE id = {order}")
    loop.sync(full=True)
    assert work_of(loop, order) == [("withheld", "refunding", "erased")]
    loop.world.shop(f"UPDATE orders SET placed_at = %(at)s WHERE id = {order}", at=placed)
    assert loop.told_since(call) == []
    forget(loop.customer, "--undo")
    loop.sync(full=True)
    # It is asked for first, and what the API still has as paid is told once.
    assert judged(loop) == []


def test_an_order_that_was_written_down_as_withheld_after_the_undo_is_not_forgotten(
    loop: Loop, order: str
) -> None:
    erase(loop)
    refund(loop, order)
    with loop.world.engine() as engine:
        engine.capture(Entity.ORDER)
    # As by a delivery that had asked before, and writes after.
    orders = Claims(loop.state, Entity.ORDER, 60)
    (claim,) = orders.claim(10)
    names = Identities(customers=frozenset([loop.customer]))
    mark = orders.erased(names)[Kind.CUSTOMER, loop.customer]
    erasing.undo(loop.state, loop.customer)
    held = claim.result(Verdict.WITHHELD, blocked_on=f"erased:{mark}", reason_code="erased")
    orders.write(claims.Batch(results=[held]), 0)
    assert work_of(loop, order) == [("withheld", "idle", "erased")]
    loop.sync(full=True)
    assert work_of(loop, order) == []
    assert judged(loop) == []


def test_an_erasure_waits_for_orders_that_a_delivery_holds(loop: Loop, order: str) -> None:
    for key in loop.orders:
        change(loop, key)
    with loop.world.engine() as engine:
        engine.capture(Entity.ORDER)
    orders = Claims(loop.state, Entity.ORDER, 60)
    before = orders.claim(2)
    assert erase(loop, wait_seconds=0).under_way == 2
    # Who claims now asks, and is told; so nobody waits for that.
    assert len(orders.claim(1)) == 1
    assert erase(loop, wait_seconds=0).under_way == 2
    assert loop.ask(f"SELECT 1 FROM snapshot WHERE key = '{loop.customer}'") != []
    orders.write(claims.Batch(results=[c.result(Verdict.AGAIN) for c in before]), 0)
    assert erase(loop, wait_seconds=0).under_way == 0
    assert loop.ask(f"SELECT 1 FROM snapshot WHERE key = '{loop.customer}'") == []


def test_control_an_erasure_that_does_not_wait_lets_orders_go_out_after_it(
    loop: Loop, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing.erased, "draw_fence", lambda *_: None)
    change(loop, order)
    with loop.world.engine() as engine:
        engine.capture(Entity.ORDER)
    Claims(loop.state, Entity.ORDER, 60).claim(2)
    assert erase(loop, wait_seconds=0).under_way == 0


def test_what_is_broken_off_keeps_guests_orders_and_referrals_out_by_the_address_alone(
    loop: Loop, order: str
) -> None:
    class BrokenOffError(Exception):
        pass

    def stop(at: str) -> None:
        if at == erasing.NOTED:
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        erase(loop, at=stop)
    loop.world.shop(f"UPDATE orders SET customer_id = NULL, updated_at = now() WHERE id = {order}")
    call = loop.calls()
    loop.sync()
    assert loop.told_since(call) == []
    loop.events(1)
    loop.work()
    # Of the referral that names them by the address alone the other side is worked off.
    assert "GIVER-1" in loop.store.codes()
    assert not set(CODES) & set(loop.store.codes())
    assert loop.kept() == []
    erase(loop)
    assert loop.kept() == []
