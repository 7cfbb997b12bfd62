"""Referrals: two events, two sides, and the same codes again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from influence_pipeline.settings import Coupons, Reward, Webhooks
from influence_pipeline.webhooks import issue
from influence_pipeline.webhooks.context import nothing_happens
from influence_pipeline.webhooks.handlers import work_off
from influence_pipeline_tests.webhooks.builders import customer, referral
from influence_pipeline_tests.webhooks.conftest import Desk, make_context, writer
from influence_pipeline_tests.webhooks.test_handlers import reason


def test_a_referral_gives_each_side_its_own_coupon(desk: Desk) -> None:
    desk.deliver("referrals/completed", referral())
    assert desk.work().coupons == 2
    rows = desk.store.run("SELECT code, customer_id, kind, value FROM discount_code ORDER BY code")
    assert [tuple(row) for row in rows] == [
        ("FRIEND-1", 1001, "percentage", 10),
        ("GIVER-1", 1, "percentage", 10),
    ]


def test_the_friends_coupon_that_came_with_the_start_is_not_made_again_at_completion(
    desk: Desk,
) -> None:
    desk.deliver("referrals/started", referral(customerReward=None))
    desk.work()
    completed = desk.deliver("referrals/completed", referral())
    desk.work()
    assert sorted(desk.store.codes()) == ["FRIEND-1", "GIVER-1"]
    assert reason(desk, completed) == ("done", None)


def test_a_friend_without_an_account_keeps_nobody_elses_coupon_back(desk: Desk) -> None:
    body = referral(friendCustomer=None)
    stored = desk.deliver("referrals/completed", body)
    desk.work()
    assert desk.store.codes() == ["GIVER-1"]
    assert reason(desk, stored) == ("parked", "no_customer")
    assert desk.rows("SELECT code, state FROM coupon") == [("GIVER-1", "issued")]


def test_what_passes_is_waited_for_before_a_person_is_asked(desk: Desk) -> None:
    body = referral(customer=customer(externalId=None))
    stored = desk.deliver("referrals/completed", body)
    desk.store.shut()
    desk.work()
    desk.store.open()
    assert reason(desk, stored) == ("new", "store_away")
    desk.due_now()
    desk.work()
    assert reason(desk, stored) == ("parked", "no_customer")
    assert desk.store.codes() == ["FRIEND-1"]


def test_a_referral_reward_that_was_used_up_is_not_made_again(desk: Desk) -> None:
    body = referral(customerReward=None)
    body["friendReward"]["couponCodeStatus"] = "USED"
    desk.deliver("referrals/completed", body)
    assert desk.work().count("done") == 1
    assert desk.store.codes() == []


def started_then_completed(desk: Desk) -> list[tuple[str, str | None]]:
    """The friend gets an account in between."""
    started = desk.deliver("referrals/started", referral(friendCustomer=None, customerReward=None))
    desk.work()
    completed = desk.deliver("referrals/completed", referral())
    desk.work()
    return [reason(desk, one) for one in (started, completed)]


DONE = ("done", None)


def test_a_friend_who_gets_an_account_in_between_keeps_their_coupon(desk: Desk) -> None:
    coupons = Coupons(lookup="l", create="c", without_customer="issue")
    desk.context = make_context(desk.store, terms={"coupons": coupons})
    assert started_then_completed(desk) == [DONE, DONE]
    assert sorted(desk.store.codes()) == ["FRIEND-1", "GIVER-1"]


def test_the_same_in_a_store_that_locks_no_coupon_to_a_customer(desk: Desk) -> None:
    unlocked = "INSERT INTO discount_code (code, kind, usage_limit) VALUES (:code, :kind, 1)"
    desk.context = make_context(
        desk.store, terms={"writer": writer(desk.store.database, create=unlocked)}
    )
    assert started_then_completed(desk) == [DONE, DONE]


def test_a_start_that_waits_for_the_friends_id_is_done_once_the_end_gave_it(desk: Desk) -> None:
    assert started_then_completed(desk) == [DONE, DONE]
    assert sorted(desk.store.codes()) == ["FRIEND-1", "GIVER-1"]


def test_start_and_end_without_an_id_are_known_by_their_code(desk: Desk) -> None:
    desk.deliver("referrals/started", referral(id=None, customerReward=None))
    desk.work()
    completed = desk.deliver("referrals/completed", referral(id=None))
    desk.work()
    assert reason(desk, completed) == DONE
    assert sorted(desk.store.codes()) == ["FRIEND-1", "GIVER-1"]


@pytest.mark.parametrize("point", [issue.LOOKED, issue.INTENDED, issue.WRITTEN])
def test_start_and_end_at_the_same_moment_do_not_take_each_other_for_strangers(
    desk: Desk, point: str
) -> None:
    started = desk.deliver("referrals/started", referral(customerReward=None))
    completed = desk.deliver("referrals/completed", referral())
    desk.context.webhooks = Webhooks(workers=1)

    def between(name: str) -> None:
        if name != point:
            return
        desk.context.at = nothing_happens
        with desk.state.transaction() as connection:
            free = sa.text("UPDATE inbox SET lease_until = NULL WHERE id = :id")
            connection.execute(free, {"id": completed.id})
        if point != issue.WRITTEN:  # there the code is locked in the store
            work_off(desk.state, make_context(desk.store))

    desk.context.at = between
    desk.work()
    desk.due_now()
    desk.work()
    assert [reason(desk, one) for one in (started, completed)] == [DONE, DONE]
    assert sorted(desk.store.codes()) == ["FRIEND-1", "GIVER-1"]
    assert desk.rows("SELECT DISTINCT state FROM coupon") == [("issued",)]


@pytest.mark.parametrize(
    "reward",
    [
        [{"couponCode": "F-1"}],
        "F-1",
        {"code": "F-1"},
        {"couponCode": 12.5},
        {"couponCode": "A" * 201},
        {"couponCode": "a\nb"},
    ],
)
def test_a_reward_of_a_shape_that_is_not_known_is_parked(desk: Desk, reward: Any) -> None:
    stored = desk.deliver("referrals/completed", referral(friendReward=reward))
    desk.work()
    assert reason(desk, stored) == ("parked", "no_code")
    assert "friendReward" in str(desk.event(stored).line.reason)
    assert desk.store.codes() == ["GIVER-1"]


@pytest.mark.parametrize("reward", [None, {}, {"id": "r", "couponCode": None}])
def test_a_side_that_gets_no_coupon_is_no_problem(desk: Desk, reward: Any) -> None:
    stored = desk.deliver("referrals/completed", referral(friendReward=reward))
    desk.work()
    assert reason(desk, stored) == DONE
    assert desk.store.codes() == ["GIVER-1"]


def test_of_several_problems_the_one_that_settings_mend_decides_and_all_are_told(
    desk: Desk,
) -> None:
    desk.store.run(
        "INSERT INTO discount_code (code, kind, usage_limit) VALUES ('GIVER-1', 'theirs', 1)"
    )
    body = referral()
    body["friendReward"].update(discountType="giftcard", id="friend-rule")
    stored = desk.deliver("referrals/completed", body)
    desk.work()
    assert reason(desk, stored) == ("parked", "unknown_rule")
    words = str(desk.event(stored).line.reason)
    assert "friend-rule" in words
    assert "this pipeline did not make" in words
    rewards = {"friend-rule": Reward(kind="percentage", value=Decimal(10))}
    desk.context = make_context(desk.store, terms={"rewards": rewards})
    desk.work()
    assert reason(desk, stored) == ("parked", "code_taken")
    assert "FRIEND-1" in desk.store.codes()
