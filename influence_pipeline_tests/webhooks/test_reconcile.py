"""A redemption whose webhook never came is noticed; what has another reason is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from influence_pipeline.settings import Delivery, Members
from influence_pipeline.webhooks import gaps, inbox
from influence_pipeline.webhooks.grants import Terms
from influence_pipeline.webhooks.reconcile import pause_between_pages, reconcile
from influence_pipeline_tests.webhooks.builders import delivery
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


def _tell(program: Loyalty, topic: str, body: dict[str, Any]) -> None:
    """Hand over an event that the sandbox would not send."""
    with program.state.transaction() as connection:
        inbox.store(connection, delivery(topic, body))
    program.work()


def _shown(program: Loyalty, key: str = "c-1", **changes: Any) -> dict[str, Any]:
    """The customer object of an event, as of now."""
    found = program.sandbox.good("GET", f"/v1/customers/{key}")["customer"]
    names = ("id", "externalId", "pointBalance", "createdAt", "updatedAt")
    return {**{name: found[name] for name in names}, **changes}


def test_a_state_of_the_future_is_not_the_newest_one_for_ever(loyalty: Loyalty) -> None:
    _tell(loyalty, "customers/updated", _shown(loyalty, updatedAt="2999-01-01T00:00:00Z"))
    loyalty.network(drop_by_topic={"points/redeemed": 1})
    loyalty.redeem()
    loyalty.hand_over()
    loyalty.reconcile()
    assert loyalty.flagged() == {"c-1"}


@pytest.mark.parametrize("points", ["many", 10**30, None])
def test_an_event_that_cannot_be_read_accuses_nobody(loyalty: Loyalty, points: Any) -> None:
    loyalty.redeem()
    loyalty.hand_over(but="points/redeemed")
    body = {"id": "r-1", "customer": _shown(loyalty), "points": points, "couponCode": "CODE-1"}
    _tell(loyalty, "points/redeemed", body)
    done = loyalty.reconcile()
    assert (loyalty.gaps(), done.judgement.unreadable) == ([], 1)


def test_an_event_without_a_time_accuses_nobody(loyalty: Loyalty) -> None:
    loyalty.redeem()
    loyalty.hand_over(but="points/redeemed")
    body = {"id": "r-1", "customer": _shown(loyalty, updatedAt=None), "points": 100}
    _tell(loyalty, "points/redeemed", {**body, "couponCode": "CODE-1"})
    loyalty.reconcile()
    assert loyalty.gaps() == []


def test_events_of_points_that_show_the_time_before_their_change_add_up_too(
    program: Loyalty,
) -> None:
    """Influence may take the customer into the event before the points move."""
    program.network(drop=1)
    program.customer()
    program.earn()
    program.network()
    program.reconcile()
    for number in range(3):
        before = _shown(program)
        program.by_hand("c-1", 10)
        program.hand_over(but="points/earned")
        _tell(program, "points/earned", {"id": f"e-{number}", "customer": before, "points": 10})
        program.reconcile()
        assert program.gaps() == []
    program.redeem()
    program.hand_over(but="points/redeemed")
    program.reconcile()
    assert [gap.points for gap in program.gaps()] == [-100]


def test_what_just_one_member_shows_does_not_turn_the_reading(loyalty: Loyalty) -> None:
    """A redemption right before the settled state, and a lost one of as many points after it."""
    loyalty.redeem()
    loyalty.hand_over()
    loyalty.reconcile()
    loyalty.network(drop_by_topic={"points/redeemed": 1})
    loyalty.redeem()
    loyalty.hand_over()
    loyalty.reconcile()
    assert [gap.points for gap in loyalty.gaps()] == [-100]


def test_states_that_share_a_time_are_passed_over(loyalty: Loyalty) -> None:
    """A clock of whole seconds: which of the two balances was the last is not known."""
    later = _shown(loyalty)["updatedAt"].replace("Z", "9Z")
    for topic, balance in (("customers/updated", 400), ("customers/tier_changed", 450)):
        shown = _shown(loyalty, updatedAt=later, pointBalance=balance)
        body = shown if topic == "customers/updated" else {"customer": shown, "newTier": None}
        _tell(loyalty, topic, body)
    loyalty.reconcile()
    assert loyalty.gaps() == []


def test_a_redemption_that_came_under_another_id_is_not_counted_twice(loyalty: Loyalty) -> None:
    loyalty.redeem()
    loyalty.hand_over()
    (row,) = loyalty.sandbox.rows("SELECT body FROM deliveries WHERE topic = 'points/redeemed'")
    _tell(loyalty, "points/redeemed", {**json.loads(row["body"]), "id": "another"})
    loyalty.reconcile()
    assert loyalty.gaps() == []


def test_a_refund_whose_state_is_told_late_still_explains_it(loyalty: Loyalty) -> None:
    loyalty.settings = Members(grace_minutes=1)
    loyalty.refund("o-c-1", "c-1")
    loyalty.hand_over()
    with loyalty.state.transaction() as connection:
        connection.exec_driver_sql("UPDATE refund_told SET last_at = last_at - interval '9 min'")
        connection.exec_driver_sql(
            "UPDATE fact SET value = value || jsonb_build_object('cycle_at', now() + '1 day')"
        )
    loyalty.reconcile()
    loyalty.settings = Members(grace_minutes=0)
    done = loyalty.reconcile()
    assert (loyalty.gaps(), done.judgement.explained) == ([], 1)


def test_after_a_long_pause_everything_begins_anew(loyalty: Loyalty) -> None:
    loyalty.by_hand("c-1", -30)
    loyalty.hand_over()
    loyalty.reconcile()
    assert loyalty.flagged() == {"c-1"}
    with loyalty.state.transaction() as connection:
        connection.exec_driver_sql("UPDATE fact SET set_at = set_at - interval '8 days'")
    rows = loyalty.seen_rows()
    loyalty.redeem()
    loyalty.hand_over()
    assert loyalty.seen_rows() == rows
    done = loyalty.reconcile()
    assert (loyalty.gaps(), done.everyone) == ([], True)
    loyalty.network(drop_by_topic={"points/redeemed": 1})
    loyalty.redeem()
    loyalty.hand_over()
    loyalty.reconcile()
    assert [gap.points for gap in loyalty.gaps()] == [-100]


def test_a_ceiling_of_calls_holds_for_the_list_too(loyalty: Loyalty) -> None:
    for number in range(2, 7):
        loyalty.customer(f"c-{number}")
    loyalty.sandbox.set(page_size=2)
    waits: list[float] = []
    pause = pause_between_pages(Delivery(calls_per_second=4))
    reconcile(
        loyalty.state,
        loyalty.api,
        Members(),
        everyone=True,
        pause_seconds=pause,
        sleep=waits.append,
    )
    assert waits == [0.25, 0.25]
    assert pause_between_pages(Delivery()) == 0
