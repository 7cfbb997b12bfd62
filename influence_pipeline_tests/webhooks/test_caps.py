"""Caps: whoever gets past everything else is stopped by a number, and a person says go on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from influence_pipeline.settings import Caps, Coupons
from influence_pipeline.state.schema import InboxState
from influence_pipeline.webhooks import inbox
from influence_pipeline.webhooks.caps import CapCheck
from influence_pipeline.webhooks.handlers import work_off
from influence_pipeline_tests.webhooks.builders import customer, redemption, referral
from influence_pipeline_tests.webhooks.conftest import Desk, make_context
from influence_pipeline_tests.webhooks.test_handlers import reason


def capped(desk: Desk, **caps: object) -> None:
    settings = Coupons(lookup="l", create="c", caps=Caps(**caps))  # type: ignore[arg-type]
    desk.context = make_context(desk.store, terms={"coupons": settings})


def of_one_customer(number: int) -> dict[str, object]:
    return redemption(number, customer=customer(1))


def test_more_for_one_customer_in_a_day_than_the_cap_are_parked(desk: Desk) -> None:
    capped(desk, per_customer_per_day=2)
    stored = [desk.deliver("points/redeemed", of_one_customer(number)) for number in range(1, 6)]
    desk.deliver("points/redeemed", redemption(9))
    desk.work()
    made = desk.store.codes()
    assert len(made) == 3
    assert "LOYAL-0009" in made, "another customer is not concerned"
    assert [reason(desk, one) for one in stored].count(("parked", "over_cap")) == 3
    parked = next(one for one in stored if reason(desk, one)[0] == "parked")
    words = str(desk.event(parked).line.reason)
    assert "per_customer_per_day" in words
    assert "events replay ID --over-cap" in words


def test_a_parked_one_is_made_when_a_person_says_so(desk: Desk) -> None:
    capped(desk, per_customer_per_day=0)
    stored = desk.deliver("points/redeemed", redemption())
    desk.work()
    inbox.replay(desk.state, ids=[stored.id])
    desk.work()
    assert reason(desk, stored) == ("parked", "over_cap"), "an ordinary replay is no such word"
    inbox.replay(desk.state, ids=[stored.id], over_cap=True)
    assert desk.work().coupons == 1


def test_yesterdays_coupons_do_not_count(desk: Desk) -> None:
    capped(desk, per_customer_per_day=1, per_day=1)
    desk.deliver("points/redeemed", of_one_customer(1))
    desk.work()
    desk.rows("UPDATE coupon SET created_at = now() - interval '25 hours' RETURNING 1")
    desk.deliver("points/redeemed", of_one_customer(2))
    assert desk.work().coupons == 1


def test_replaying_what_was_made_counts_nothing(desk: Desk) -> None:
    capped(desk, per_customer_per_day=1)
    stored = desk.deliver("points/redeemed", redemption())
    desk.work()
    for _ in range(2):
        inbox.replay(desk.state, ids=[stored.id], states=[InboxState.DONE])
        assert desk.work().count("done") == 1


def test_more_in_all_than_the_cap_are_parked(desk: Desk) -> None:
    capped(desk, per_day=3)
    for number in range(1, 9):
        desk.deliver("points/redeemed", redemption(number))
    worked = desk.work()
    assert (worked.coupons, worked.count("parked")) == (3, 5)
    assert len(desk.store.codes()) == 3


@pytest.mark.parametrize("caps", [{"per_customer_per_day": 5}, {"per_day": 5}])
def test_many_at_once_do_not_slip_past_a_cap(desk: Desk, caps: dict[str, int]) -> None:
    capped(desk, **caps)
    for number in range(1, 41):
        desk.deliver("points/redeemed", of_one_customer(number))
    with ThreadPoolExecutor(2) as pool:
        rounds = list(pool.map(lambda _: work_off(desk.state, desk.context), range(2)))
    assert sum(one.coupons for one in rounds) == 5
    assert len(desk.store.codes()) == 5


def test_control_counting_without_holding_slips_past_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above can fail: who counts at the same moment finds the same number."""
    capped(desk, per_customer_per_day=1)
    monkeypatch.setattr(CapCheck, "hold", lambda self, connection: None)
    desk.rows(
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END'; "
        "CREATE TRIGGER wait BEFORE INSERT ON coupon FOR EACH ROW EXECUTE FUNCTION wait(); "
        "SELECT 1"
    )
    for number in range(1, 5):
        desk.deliver("points/redeemed", of_one_customer(number))
    desk.work()
    assert len(desk.store.codes()) > 1


def test_a_friend_without_an_account_counts_for_who_referred_them(desk: Desk) -> None:
    settings = Coupons(
        lookup="l", create="c", without_customer="issue", caps=Caps(per_customer_per_day=1)
    )
    desk.context = make_context(desk.store, terms={"coupons": settings})
    stored = desk.deliver("referrals/started", referral(friendCustomer=None))
    desk.work()
    assert len(desk.store.codes()) == 1
    assert reason(desk, stored) == ("parked", "over_cap")


def test_a_coupon_larger_than_any_may_be_is_parked_until_the_cap_is_raised(desk: Desk) -> None:
    capped(desk, largest_amount=Decimal(4), largest_percentage=Decimal(5))
    money = desk.deliver("points/redeemed", redemption())
    percent = desk.deliver("referrals/completed", referral(friendReward=None))
    desk.work()
    assert desk.store.codes() == []
    assert reason(desk, money) == reason(desk, percent) == ("parked", "too_large")
    assert "largest_amount = 4" in str(desk.event(money).line.reason)
    capped(desk, largest_amount=Decimal(5), largest_percentage=Decimal(5))
    desk.work()
    assert desk.store.codes() == ["LOYAL-0001"]
    inbox.replay(desk.state, ids=[percent.id], over_cap=True)
    desk.work()
    assert desk.store.codes() == ["LOYAL-0001", "GIVER-1"]
