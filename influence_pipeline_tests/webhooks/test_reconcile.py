"""A redemption whose webhook never came is noticed; what has another reason is not."""

from __future__ import annotations

import pytest

from influence_pipeline.settings import Members
from influence_pipeline.webhooks import gaps
from influence_pipeline.webhooks.grants import Terms
from influence_pipeline_tests.webhooks.loyalty import Loyalty


@pytest.fixture
def loyalty(program: Loyalty) -> Loyalty:
    """One customer with 500 points, told of and reconciled."""
    program.customer()
    program.earn()
    program.hand_over()
    program.reconcile()
    return program


def test_a_shop_in_which_nothing_is_lost_has_no_gaps(loyalty: Loyalty) -> None:
    loyalty.redeem()
    loyalty.earn(order_key="o-2")
    loyalty.by_hand("c-1", 20)
    loyalty.hand_over()
    done = loyalty.reconcile()
    assert loyalty.gaps() == []
    assert (done.gaps.lost, done.gaps.gained, done.untold) == (0, 0, 0)


def test_a_redemption_whose_event_was_lost_is_flagged(loyalty: Loyalty) -> None:
    loyalty.network(drop_by_topic={"points/redeemed": 1})
    loyalty.redeem()
    loyalty.hand_over()
    loyalty.reconcile()
    (gap,) = loyalty.gaps()
    assert (gap.external_id, gap.points) == ("c-1", -100)
    assert gap.since < gap.until


def test_it_is_flagged_where_every_event_of_it_was_lost(loyalty: Loyalty) -> None:
    loyalty.network(drop=1)
    loyalty.redeem()
    loyalty.hand_over()
    done = loyalty.reconcile()
    assert done.untold == 1
    assert loyalty.flagged() == {"c-1"}


def test_a_lost_award_is_flagged_as_points_too_many(loyalty: Loyalty) -> None:
    loyalty.network(drop_by_topic={"points/earned": 1})
    loyalty.earn(order_key="o-2", points=40)
    loyalty.hand_over()
    done = loyalty.reconcile()
    assert [gap.points for gap in loyalty.gaps()] == [40]
    assert (done.gaps.lost, done.gaps.gained) == (0, 1)


def test_a_late_event_closes_its_gap_by_itself(loyalty: Loyalty) -> None:
    loyalty.redeem()
    held_back = loyalty.handed_over
    loyalty.hand_over(but="points/redeemed")
    loyalty.reconcile()
    assert loyalty.flagged() == {"c-1"}
    loyalty.handed_over = held_back
    loyalty.hand_over()
    loyalty.reconcile()
    assert loyalty.gaps() == []


def test_nothing_is_flagged_before_the_grace_has_passed(loyalty: Loyalty) -> None:
    loyalty.settings = Members(grace_minutes=15)
    loyalty.redeem()
    loyalty.hand_over(but="points/redeemed")
    loyalty.reconcile()
    assert loyalty.gaps() == []
    loyalty.settings = Members(grace_minutes=0)
    loyalty.reconcile()
    assert loyalty.flagged() == {"c-1"}


def test_a_redemption_that_waits_or_is_parked_was_delivered(loyalty: Loyalty) -> None:
    loyalty.context.terms = Terms({}, None, None)
    loyalty.redeem()
    done = loyalty.hand_over()
    assert done.count("parked") == 1
    waiting = loyalty.reconcile().waiting
    assert (waiting, loyalty.gaps()) == (1, [])


def test_a_refund_of_ours_is_no_gap(loyalty: Loyalty) -> None:
    loyalty.refund("o-c-1", "c-1")
    loyalty.hand_over()
    done = loyalty.reconcile()
    assert (loyalty.gaps(), done.judgement.explained) == ([], 1)


def test_a_refund_excuses_no_second_step(loyalty: Loyalty) -> None:
    loyalty.refund("o-c-1", "c-1")
    loyalty.hand_over()
    loyalty.reconcile()
    loyalty.by_hand("c-1", 300)
    loyalty.network(drop_by_topic={"points/redeemed": 1})
    loyalty.redeem()
    loyalty.hand_over()
    loyalty.reconcile()
    assert loyalty.flagged() == {"c-1"}


def test_a_refund_beside_a_lost_redemption_does_not_hide_it(loyalty: Loyalty) -> None:
    loyalty.network(drop_by_topic={"points/redeemed": 1})
    loyalty.redeem()
    loyalty.refund("o-c-1", "c-1")
    loyalty.hand_over()
    loyalty.reconcile()
    assert loyalty.flagged() == {"c-1"}


def test_points_taken_by_hand_are_flagged_until_a_person_accepts_them(loyalty: Loyalty) -> None:
    loyalty.by_hand("c-1", -70)
    loyalty.hand_over()
    loyalty.reconcile()
    loyalty.reconcile()
    assert [gap.points for gap in loyalty.gaps()] == [-70]
    assert gaps.accept(loyalty.state, "c-1") == 430
    assert loyalty.gaps() == []
    loyalty.reconcile()
    assert loyalty.gaps() == []
    assert gaps.accept(loyalty.state, "nobody") is None


def test_after_an_acceptance_the_next_loss_is_found(loyalty: Loyalty) -> None:
    loyalty.by_hand("c-1", -70)
    loyalty.hand_over()
    loyalty.reconcile()
    gaps.accept(loyalty.state, "c-1")
    loyalty.network(drop_by_topic={"points/redeemed": 1})
    loyalty.redeem()
    loyalty.hand_over()
    loyalty.reconcile()
    assert [gap.points for gap in loyalty.gaps()] == [-100]


def test_a_member_who_came_after_the_first_cycle_began_with_nothing(loyalty: Loyalty) -> None:
    loyalty.customer("c-2")
    loyalty.network(drop=1)
    loyalty.earn("c-2", 200)
    loyalty.redeem("c-2")
    loyalty.hand_over()
    loyalty.reconcile()
    # Both events are lost; what is left of the two is what the balance shows.
    assert [(gap.external_id, gap.points) for gap in loyalty.gaps()] == [("c-2", 100)]


def test_what_adds_up_is_forgotten(loyalty: Loyalty) -> None:
    for number in range(5):
        loyalty.by_hand("c-1", number + 1)
    loyalty.hand_over()
    assert loyalty.seen_rows() > 5
    loyalty.reconcile()
    loyalty.reconcile()
    assert loyalty.seen_rows() <= 3


def test_a_late_event_of_before_the_settled_state_is_past(loyalty: Loyalty) -> None:
    loyalty.by_hand("c-1", 5)
    start = loyalty.handed_over
    loyalty.hand_over(but="customers/updated")
    loyalty.by_hand("c-1", 6)
    loyalty.hand_over()
    loyalty.reconcile()
    loyalty.handed_over = start
    loyalty.hand_over()
    loyalty.reconcile()
    assert loyalty.gaps() == []


def test_only_what_changed_is_asked_for_after_the_first_cycle(loyalty: Loyalty) -> None:
    for number in range(2, 6):
        loyalty.customer(f"c-{number}")
    loyalty.hand_over()
    assert loyalty.reconcile(everyone=True).listed == 5
    calls = loyalty.reconcile()
    assert (calls.everyone, calls.pages) == (False, 1)
    assert loyalty.reconcile(everyone=True).everyone


@pytest.mark.parametrize("name", ["cursor", "nextCursor", "nextToken"])
def test_pages_that_repeat_and_skip_are_read_leniently(loyalty: Loyalty, name: str) -> None:
    for number in range(2, 31):
        loyalty.customer(f"c-{number}")
    loyalty.sandbox.set(cursor_name=name, page_size=5, page_repeats=2, page_skips=0.2)
    loyalty.network(drop=1)
    loyalty.redeem()
    done = loyalty.reconcile(everyone=True)
    assert 10 <= done.listed <= 30
    assert done.pages == 10
    loyalty.sandbox.set(page_skips=0)
    done = loyalty.reconcile(everyone=True)
    assert done.listed == 30
    assert loyalty.flagged() == {"c-1"}


def test_a_cursor_of_another_name_is_said(loyalty: Loyalty) -> None:
    for number in range(2, 8):
        loyalty.customer(f"c-{number}")
    loyalty.sandbox.set(cursor_name="next_page", page_size=5)
    (note,) = loyalty.reconcile(everyone=True).notes
    assert "next_page" in note


def test_an_api_that_is_away_stops_the_list_and_not_the_judgement(loyalty: Loyalty) -> None:
    loyalty.network(drop_by_topic={"points/redeemed": 1})
    loyalty.redeem()
    loyalty.hand_over()
    rules = [{"kind": "error_before", "method": "GET", "path": "customers$"}]
    loyalty.sandbox.good("PUT", "/sandbox/faults", {"faults": rules})
    done = loyalty.reconcile()
    loyalty.sandbox.good("PUT", "/sandbox/faults", {"faults": []})
    assert "broke off after 0 pages and 0 customers" in str(done.trouble)
    assert loyalty.flagged() == {"c-1"}


def test_a_page_that_fails_once_is_asked_for_again(loyalty: Loyalty) -> None:
    loyalty.sandbox.fault("too_many", method="GET", path="customers$", times=3)
    done = loyalty.reconcile(everyone=True)
    assert (done.trouble, done.listed) == (None, 1)


def test_members_are_kept_right_by_the_list(loyalty: Loyalty) -> None:
    loyalty.network(drop=1)
    loyalty.by_hand("c-1", 600)
    loyalty.hand_over()
    loyalty.reconcile()
    ((member, _),) = gaps.history(loyalty.state, "c-1")
    assert (member.point_balance, member.tier_id) == (1100, "tier-silver")
    loyalty.network()
    loyalty.by_hand("c-1", 1)
    loyalty.hand_over()
    ((member, _),) = gaps.history(loyalty.state, "c-1")
    assert (member.point_balance, member.tier_title) == (1101, "Silver")


def test_no_personal_field_of_the_list_is_kept(loyalty: Loyalty) -> None:
    loyalty.sandbox.put_customer("c-9", firstName="Zebedee")
    loyalty.reconcile(everyone=True)
    with loyalty.state.transaction() as connection:
        for table in ("balance_seen", "loyalty_member", "balance_gap", "fact"):
            rows = connection.exec_driver_sql(f"SELECT * FROM {table}").all()
            assert "example.org" not in str(rows)
            assert "Zebedee" not in str(rows)
