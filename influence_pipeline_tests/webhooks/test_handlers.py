"""From a stored event to its effect: coupons, parked events that come back, members."""

from __future__ import annotations

import threading
import time
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from influence_pipeline.errors import StateError, StoreError
from influence_pipeline.settings import Coupons, Reward, Webhooks
from influence_pipeline.state.schema import InboxState
from influence_pipeline.webhooks import inbox, issue
from influence_pipeline.webhooks.handlers import CLAIMED, SETTLED, work_off, work_off_until
from influence_pipeline_tests.webhooks.builders import customer, encoded, redemption
from influence_pipeline_tests.webhooks.conftest import ABLE, Desk, make_context, writer


def reason(desk: Desk, stored: Any) -> tuple[str, str | None]:
    line = desk.event(stored).line
    return line.state, line.reason_code


def test_a_redemption_becomes_a_coupon_with_exactly_its_code(desk: Desk) -> None:
    stored = desk.deliver("points/redeemed", redemption())
    worked = desk.work()
    (row,) = desk.store.run("SELECT code, customer_id, kind, value, currency FROM discount_code")
    assert tuple(row) == ("LOYAL-0001", 1, "fixed", Decimal("5.00"), "EUR")
    assert reason(desk, stored) == ("done", None)
    assert (worked.count("done"), worked.coupons, worked.settled) == (1, 1, 1)
    latency = worked.latency(0.5)
    assert latency is not None
    assert 0 <= latency < 60


def test_a_repeated_delivery_makes_no_second_coupon(desk: Desk) -> None:
    for _ in range(3):
        desk.deliver("points/redeemed", redemption())
        desk.work()
    assert desk.store.codes() == ["LOYAL-0001"]


def test_the_result_and_what_is_listed_hold_no_code(desk: Desk) -> None:
    stored = desk.deliver("points/redeemed", redemption())
    shown = repr(desk.work()) + repr(desk.event(stored).coupons)
    assert "LOYAL-0001" not in shown


def test_minimum_spend_and_expiry_come_with_the_coupon_and_do_not_move_on_a_replay(
    desk: Desk,
) -> None:
    rule = Reward(kind="percentage", value=Decimal(10), expires_days=30, minimum_spend=Decimal(50))
    desk.context = make_context(desk.store, terms={"rewards": {"rule-5-euro": rule}})
    stored = desk.deliver("points/redeemed", redemption())
    desk.work()
    (row,) = desk.store.run("SELECT kind, value, minimum_spend, expires_at FROM discount_code")
    assert tuple(row)[:3] == ("percentage", Decimal(10), Decimal(50))
    assert (row.expires_at - desk.event(stored).line.received_at).days == 30


def test_an_unknown_rule_is_parked_and_comes_back_by_itself_when_the_table_has_it(
    desk: Desk,
) -> None:
    stored = desk.deliver("points/redeemed", redemption(ruleId="rule-new"))
    assert desk.work().by_reason == {"unknown_rule": 1}
    assert '[rewards."rule-new"]' in str(desk.event(stored).line.reason)
    assert desk.work().attempted == 0, "the same settings do not try it again"

    rewards = {"rule-new": Reward(kind="percentage", value=Decimal(20))}
    desk.context = make_context(desk.store, terms={"rewards": rewards})
    assert desk.work().count("done") == 1
    assert desk.store.codes() == ["LOYAL-0001"]


@pytest.mark.parametrize("why", ["no_writer", "no_currency", "store_cannot", "no_customer"])
def test_what_the_settings_can_mend_comes_back_by_itself(desk: Desk, why: str) -> None:
    """Each lacks one thing in the settings; with all of it there the event is done."""
    body = redemption(rewardType="fixedamountdiscount", redeemRule={"discountValue": 3})
    terms: dict[str, Any] = {"rewards": {}}
    coupons = Coupons(lookup="l", create="c", currency="EUR", without_customer="issue")
    whole = {"rewards": {}, "coupons": coupons}
    if why == "no_writer":
        terms = {**whole, "writer": None}
    elif why == "no_currency":
        terms = {**whole, "coupons": Coupons(lookup="l", create="c")}
    elif why == "store_cannot":
        body["redeemRule"]["minSpendAmount"] = 30
        short = "INSERT INTO discount_code (code, kind, usage_limit) VALUES (:code, :kind, 1)"
        terms = {**whole, "writer": writer(desk.store.database, create=short)}
    else:
        body["customer"]["externalId"] = None
        terms = {**whole, "coupons": Coupons(lookup="l", create="c", currency="EUR")}
    desk.context = make_context(desk.store, terms=terms)
    stored = desk.deliver("points/redeemed", body)
    desk.work()
    assert reason(desk, stored) == ("parked", why)
    desk.context = make_context(desk.store, terms=whole)
    desk.work()
    assert reason(desk, stored) == ("done", None)
    assert desk.store.codes() == ["LOYAL-0001"]


@pytest.mark.parametrize("whose", [1, 2])
def test_the_code_of_another_redemption_is_parked(desk: Desk, whose: int) -> None:
    """Also where it is the same customer's: a second redemption cost points a second time."""
    desk.deliver("points/redeemed", redemption(1))
    desk.work()
    body = redemption(2, couponCode="LOYAL-0001", customer=customer(whose))
    second = desk.deliver("points/redeemed", body)
    desk.work()
    assert reason(desk, second) == ("parked", "code_of_another_event")
    (row,) = desk.store.run("SELECT code, customer_id FROM discount_code")
    assert tuple(row) == ("LOYAL-0001", 1)


def test_two_redemptions_with_one_code_at_the_same_moment_make_one_coupon(desk: Desk) -> None:
    for number in range(1, 9):
        desk.deliver("points/redeemed", redemption(number, couponCode="SAME"))
    worked = desk.work()
    assert desk.store.codes() == ["SAME"]
    assert (worked.count("done"), worked.count("parked")) == (1, 7)


@pytest.mark.parametrize("existing", ["LOYAL-0001", "loyal-0001"])
def test_a_code_that_the_store_has_already_is_never_overwritten(desk: Desk, existing: str) -> None:
    """The store's lookup takes no notice of case, so neither may we."""
    desk.store.run(
        "INSERT INTO discount_code (code, kind, value, usage_limit) "
        f"VALUES ('{existing}', 'percentage', 90, 1000)"
    )
    stored = desk.deliver("points/redeemed", redemption())
    for _ in range(2):
        desk.work()
        assert reason(desk, stored) == ("parked", "code_taken")
        assert desk.rows("SELECT 1 FROM coupon") == []
        with desk.state.transaction() as connection:
            connection.execute(sa.text("UPDATE inbox SET state = 'new'"))
    (row,) = desk.store.run("SELECT code, value FROM discount_code")
    assert tuple(row) == (existing, 90)


def test_a_code_that_appears_in_the_store_between_look_and_write_is_left_alone(desk: Desk) -> None:
    def somebody_else(point: str) -> None:
        if point == issue.INTENDED:
            desk.store.run(
                "INSERT INTO discount_code (code, kind, usage_limit) VALUES ('LOYAL-0001', 'x', 9)"
            )

    desk.context.at = somebody_else
    stored = desk.deliver("points/redeemed", redemption())
    desk.work()
    assert reason(desk, stored) == ("parked", "code_taken")
    assert desk.rows("SELECT 1 FROM coupon") == []


def test_a_coupon_found_after_a_crash_must_be_of_the_same_customer(desk: Desk) -> None:
    class Gone(BaseException):
        pass

    def die(point: str) -> None:
        if point == issue.INTENDED:
            raise Gone

    stored = desk.deliver("points/redeemed", redemption())
    desk.context.at = die
    with pytest.raises(Gone):
        desk.work()
    desk.store.run(
        "INSERT INTO discount_code (code, kind, customer_id, usage_limit) "
        "VALUES ('LOYAL-0001', 'x', 99, 1)"
    )
    desk.context = make_context(desk.store)
    desk.due_now()
    desk.work()
    assert reason(desk, stored) == ("parked", "code_taken")


def test_a_store_that_is_away_is_waited_for(desk: Desk) -> None:
    first = desk.deliver("points/redeemed", redemption(1))
    second = desk.deliver("points/redeemed", redemption(2))
    desk.store.shut()
    worked = desk.work()
    desk.store.open()
    assert worked.count("retried") == 2
    assert worked.troubles
    assert all("INFLUENCE_COUPON_URL" in trouble for trouble in worked.troubles)
    for stored in (first, second):
        assert reason(desk, stored) == ("new", "store_away")
    desk.due_now()
    assert desk.work().count("done") == 2
    assert reason(desk, first) == ("done", None)


def test_an_event_waits_while_the_store_cannot_be_asked_what_its_coupons_can_do(
    desk: Desk,
) -> None:
    """As a shop's API has to be asked for it. The event that the settings have mended waits too."""

    class Asking:
        name = "asking"
        away = True

        def __getattr__(self, name: str) -> Any:
            return getattr(desk.store.writer, name)

        @property
        def abilities(self) -> Any:
            if self.away:
                raise StoreError("the shop is away")
            return ABLE

    asking = Asking()
    parked = desk.deliver("points/redeemed", redemption(1, ruleId="rule-new"))
    desk.work()
    assert reason(desk, parked) == ("parked", "unknown_rule")
    rewards = {"rule-new": Reward(kind="percentage", value=Decimal(20))}
    desk.context = make_context(desk.store, terms={"rewards": rewards, "writer": asking})
    stored = desk.deliver("points/redeemed", redemption(2, ruleId="rule-new"))
    assert desk.work().troubles == {"the shop is away"}
    assert reason(desk, stored) == ("new", "store_away")
    assert reason(desk, parked) == ("parked", "unknown_rule")
    asking.away = False
    desk.context = make_context(desk.store, terms={"rewards": rewards, "writer": asking})
    desk.due_now()
    desk.work()
    assert sorted(desk.store.codes()) == ["LOYAL-0001", "LOYAL-0002"]


def test_members_are_kept_up_to_date_while_the_store_is_away(desk: Desk) -> None:
    desk.deliver("points/redeemed", redemption(1))
    desk.deliver("customers/updated", customer(5))
    desk.store.shut()
    worked = desk.work()
    desk.store.open()
    assert worked.by_topic["customers/updated"] == {"done": 1}


def test_waits_grow_with_the_attempts_up_to_the_cap(desk: Desk) -> None:
    desk.deliver("points/redeemed", redemption())
    desk.store.shut()
    waits = []
    for _ in range(7):
        desk.work()
        ((wait,),) = desk.rows("SELECT extract(epoch FROM next_at - now()) FROM inbox")
        waits.append(float(wait))
        desk.due_now()
    desk.store.open()
    assert 0 < waits[0] <= 1.0
    assert 13 < waits[6] <= 30


def test_what_the_store_refuses_is_parked_with_its_reason_and_can_be_replayed(desk: Desk) -> None:
    body = redemption(customer=customer(externalId="cus_text"))
    stored = desk.deliver("points/redeemed", body)
    desk.work()
    assert reason(desk, stored) == ("parked", "refused_by_store")
    assert "22P02" in str(desk.event(stored).line.reason)
    assert desk.rows("SELECT 1 FROM coupon") == []
    desk.store.run("ALTER TABLE discount_code ALTER customer_id TYPE text")
    with desk.state.transaction() as connection:
        connection.execute(sa.text("UPDATE inbox SET state = 'new'"))
    assert desk.work().count("done") == 1


def test_a_redemption_without_a_code_or_a_worth_is_parked(desk: Desk) -> None:
    no_code = desk.deliver("points/redeemed", redemption(1, couponCode=None))
    no_rule = desk.deliver("points/redeemed", redemption(2, ruleId=None))
    desk.work()
    assert reason(desk, no_code) == ("parked", "no_code")
    assert reason(desk, no_rule) == ("parked", "no_worth")


def test_a_redemption_without_an_id_becomes_its_coupon_once(desk: Desk) -> None:
    for points in (-500, 500):
        desk.deliver("points/redeemed", redemption(id=None, points=points))
        desk.work()
    assert desk.store.codes() == ["LOYAL-0001"]


@pytest.mark.parametrize("worked_off_between", [True, False])
def test_a_second_delivery_that_brings_the_missing_code_is_taken_at_once(
    desk: Desk, worked_off_between: bool
) -> None:
    first = desk.deliver("points/redeemed", redemption(couponCode=None))
    if worked_off_between:
        desk.work()
    second = desk.deliver("points/redeemed", redemption())
    desk.work()
    assert desk.store.codes() == ["LOYAL-0001"]
    assert reason(desk, second) == ("done", None)
    assert reason(desk, first) == ("quarantined", "changed")


def test_a_second_delivery_whose_first_was_never_acted_on_can_be_replayed_by_its_id(
    desk: Desk,
) -> None:
    desk.deliver("points/redeemed", redemption(ruleId=None))
    desk.work()
    second = desk.deliver("points/redeemed", redemption(couponCode="OTHER"))
    assert reason(desk, second) == ("quarantined", "conflict")
    inbox.replay(desk.state, ids=[second.id], states=[InboxState.QUARANTINED])
    desk.work()
    assert desk.store.codes() == ["OTHER"]


@pytest.mark.parametrize("extra", ["1.7976931348623157e308", "5e-324", "1" + "0" * 120])
def test_an_absurd_number_beside_it_does_not_cost_the_redemption(desk: Desk, extra: str) -> None:
    desk.deliver("points/redeemed", encoded(redemption())[:-1] + f', "extra": {extra}}}'.encode())
    desk.work()
    assert desk.store.codes() == ["LOYAL-0001"]


@pytest.mark.parametrize("minimum", ["50,00", "$50", -1, 1e12, True, [50]])
def test_a_minimum_spend_that_cannot_be_read_is_never_left_out(desk: Desk, minimum: Any) -> None:
    rule = {"discountValue": 20, "minSpendAmount": minimum}
    stored = desk.deliver(
        "points/redeemed", redemption(rewardType="percentageoff", redeemRule=rule)
    )
    desk.context = make_context(desk.store, terms={"rewards": {}})
    desk.work()
    assert reason(desk, stored) == ("parked", "unread_minimum")
    assert desk.store.codes() == []
    told = Reward(kind="percentage", value=Decimal(20), minimum_spend=Decimal(50))
    desk.context = make_context(desk.store, terms={"rewards": {"rule-5-euro": told}})
    desk.work()
    (row,) = desk.store.run("SELECT value, minimum_spend FROM discount_code")
    assert tuple(row) == (Decimal(20), Decimal(50))


@pytest.mark.parametrize("points", ["many", [500], True])
def test_points_that_cannot_be_read_are_not_taken_for_unsaid(desk: Desk, points: Any) -> None:
    """Without points `discountValue` is the whole amount; with them it is what some points buy."""
    coupons = Coupons(lookup="l", create="c", currency="EUR")
    desk.context = make_context(desk.store, terms={"rewards": {}, "coupons": coupons})
    stored = desk.deliver(
        "points/redeemed", redemption(points=points, redeemRule={"discountValue": 5})
    )
    desk.work()
    assert reason(desk, stored) == ("parked", "unknown_rule")


def test_without_an_external_id_a_store_that_locks_coupons_gets_none(desk: Desk) -> None:
    stored = desk.deliver("points/redeemed", redemption(customer=customer(externalId=None)))
    desk.work()
    assert reason(desk, stored) == ("parked", "no_customer")
    assert desk.store.codes() == []


def test_without_an_external_id_a_store_that_cannot_lock_gets_its_coupon(desk: Desk) -> None:
    unlocked = "INSERT INTO discount_code (code, kind, usage_limit) VALUES (:code, :kind, 1)"
    terms = {"writer": writer(desk.store.database, create=unlocked)}
    desk.context = make_context(desk.store, terms=terms)
    desk.deliver("points/redeemed", redemption(customer=customer(externalId=None)))
    desk.work()
    assert desk.store.codes() == ["LOYAL-0001"]


def test_a_tier_reward_is_a_coupon_only_if_code_and_worth_are_there(desk: Desk) -> None:
    topic = "customers/tier_entry_reward_earned"
    whole = {
        "id": "t1",
        "customer": customer(),
        "couponCode": "GOLD-1",
        "rewardType": "percentageoff",
        "discountValue": 15,
    }
    done = desk.deliver(topic, whole)
    bare = desk.deliver(topic, {"id": "t2", "customer": customer()})
    worthless = desk.deliver(topic, {"id": "t3", "customer": customer(), "couponCode": "GOLD-2"})
    desk.work()
    assert desk.store.codes() == ["GOLD-1"]
    assert [reason(desk, one) for one in (done, bare, worthless)] == [
        ("done", None),
        ("parked", "no_code"),
        ("parked", "no_worth"),
    ]


def test_nulls_beside_a_tier_reward_do_not_hide_what_it_says(desk: Desk) -> None:
    desk.deliver(
        "customers/tier_entry_reward_earned",
        {
            "id": "t",
            "customer": customer(),
            "rewardType": None,
            "discountValue": None,
            "couponCode": None,
            "reward": {"couponCode": "G-1", "rewardType": "percentageoff", "discountValue": 10},
        },
    )
    desk.work()
    assert desk.store.codes() == ["G-1"]


def member(desk: Desk) -> tuple[Any, ...]:
    (row,) = desk.rows(
        "SELECT external_id, point_balance, tier_id, to_char(updated_at, 'HH24:MI') "
        "FROM loyalty_member"
    )
    return tuple(row)


def test_an_older_customers_updated_does_not_overwrite_a_newer_one(desk: Desk) -> None:
    newer = customer(pointBalance=900, updatedAt="2026-05-01T12:00:00Z")
    older = customer(pointBalance=100, updatedAt="2026-05-01T11:00:00+01:00")
    for body in (newer, older):
        desk.deliver("customers/updated", body)
        assert desk.work().count("done") == 1
    assert member(desk) == ("1", 900, "t1", "12:00")


def test_a_later_event_replaces_what_is_known_and_blanks_erase_nothing(desk: Desk) -> None:
    desk.deliver("customers/updated", customer())
    desk.work()
    desk.deliver(
        "points/earned",
        {
            "id": "e1",
            "customer": customer(
                externalId=None, pointBalance=750, updatedAt="2026-05-02T09:30:00Z"
            ),
        },
    )
    desk.work()
    assert member(desk) == ("1", 750, "t1", "09:30")


def test_leaving_every_tier_is_kept_too(desk: Desk) -> None:
    desk.deliver("customers/updated", customer())
    desk.work()
    body = {"customer": customer(updatedAt="2026-05-03T00:00:00Z"), "newTier": None}
    desk.deliver("customers/tier_changed", body)
    desk.work()
    assert member(desk)[2] is None


def test_what_carries_no_time_does_not_overwrite_what_does(desk: Desk) -> None:
    desk.deliver("customers/updated", customer())
    desk.work()
    desk.deliver("customers/updated", customer(pointBalance=1, updatedAt=None))
    desk.work()
    assert member(desk)[1] == 500


def test_absurd_values_in_a_member_do_no_harm(desk: Desk) -> None:
    body = customer(
        pointBalance=10**30,
        referralUrl="x\x00y" * 10000,
        currentLoyaltyTier={"id": {"a": 1}, "title": "\ud800"},
    )
    desk.deliver("customers/updated", body)
    assert desk.work().count("done") == 1
    assert member(desk)[1:3] == (None, None)


def test_our_own_mistake_with_one_event_neither_stops_the_others_nor_shows_their_data(
    desk: Desk,
) -> None:
    class Clumsy:
        name = "clumsy"
        abilities = ABLE
        holds_codes = True

        def look(self, code: str) -> Any:
            with self.hold(code) as desk:
                return desk.find()

        def hold(self, code: str) -> Any:
            if code == "LOYAL-0001":
                raise ValueError(f"{code} of ada@example.test")
            return desk.store.writer.hold(code)

    desk.context = make_context(desk.store, terms={"writer": Clumsy()})
    bad = desk.deliver("points/redeemed", redemption(1))
    desk.deliver("points/redeemed", redemption(2))
    for _ in range(5):
        desk.work()
        desk.due_now()
    assert desk.store.codes() == ["LOYAL-0002"]
    assert reason(desk, bad) == ("parked", "internal_error")
    words = str(desk.event(bad).line.reason)
    assert "ValueError" in words
    assert "example.test" not in words
    assert "LOYAL" not in words


def test_a_deadline_ends_the_round_and_gives_the_rest_back(desk: Desk) -> None:
    for number in range(1, 40):
        desk.deliver("points/redeemed", redemption(number))
    worked = work_off(desk.state, desk.context, deadline=time.monotonic() + 0.05)
    assert worked.attempted < 39
    leased = desk.rows("SELECT 1 FROM inbox WHERE lease_until IS NOT NULL")
    assert leased == []
    assert desk.work().attempted == 39 - worked.attempted
    assert len(set(desk.store.codes())) == len(desk.store.codes()) == 39


def test_the_limit_is_kept(desk: Desk) -> None:
    for number in range(1, 6):
        desk.deliver("customers/updated", customer(number))
    assert work_off(desk.state, desk.context, limit=2).attempted == 2
    assert desk.work().attempted == 3


def test_two_rounds_at_the_same_time_do_each_event_once(desk: Desk) -> None:
    from concurrent.futures import ThreadPoolExecutor

    for number in range(1, 101):
        desk.deliver("points/redeemed", redemption(number))
    desk.context.webhooks = Webhooks(workers=2)
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: desk.work(), range(2)))
    assert sum(result.count("done") for result in results) == 100
    assert len(set(desk.store.codes())) == len(desk.store.codes()) == 100


def test_waiting_for_work_takes_what_comes_in_until_the_deadline(desk: Desk) -> None:
    desk.context.webhooks = Webhooks(poll_seconds=0.01)
    numbers = iter((1, 2, 3))

    def arrives(seconds: float) -> None:
        for number in numbers:
            desk.deliver("points/redeemed", redemption(number))
            return
        time.sleep(seconds)

    deadline = time.monotonic() + 4
    worked = work_off_until(desk.state, desk.context, deadline=deadline, sleep=arrives)
    assert (worked.count("done"), len(worked.settled_ids)) == (3, 3)
    assert time.monotonic() >= deadline
    nothing = work_off_until(desk.state, desk.context, deadline=time.monotonic())
    assert nothing.attempted == 0


def test_a_worker_that_fails_leaves_what_it_has_not_begun_to_others(desk: Desk) -> None:
    for number in range(1, 21):
        desk.deliver("points/redeemed", redemption(number))
    fails = True

    def at(point: str) -> None:
        if fails and point == CLAIMED:
            raise RuntimeError

    desk.context.at = at
    with pytest.raises(RuntimeError):
        desk.work()
    fails = False
    # Those that were begun are left to their leases.
    assert 20 - desk.context.webhooks.workers <= desk.work().count("done") < 20


def test_who_takes_the_last_events_claims_more_while_others_are_at_work(desk: Desk) -> None:
    for number in range(1, 101):
        desk.deliver("points/redeemed", redemption(number))
    first = threading.Lock()
    others_done = threading.Event()
    done = 0

    def at(point: str) -> None:
        nonlocal done
        done += point == SETTLED
        if done > 60:
            others_done.set()
        # One worker stays with its first event until the others are far beyond the first claim.
        if point == CLAIMED and first.acquire(blocking=False):
            assert others_done.wait(30)

    desk.context.at = at
    assert desk.work().count("done") == 100


def test_a_state_database_that_is_away_is_told_to_the_caller(desk: Desk) -> None:
    with desk.state.transaction() as connection:
        connection.execute(sa.text("ALTER TABLE inbox RENAME TO gone"))
    with pytest.raises(StateError, match="INFLUENCE_STATE_URL"):
        desk.work()
