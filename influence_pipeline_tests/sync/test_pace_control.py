"""What the answers of all workers make of an account's pace, step by step. That the steps together find
a limit and keep to it is shown by the simulations (`test_pacing`)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from influence_pipeline.sync import pace_control
from influence_pipeline.sync.pace_control import (
    Control,
    Grant,
    Mode,
    Report,
    exchange,
    learn,
    rate_now,
)

NOW = 1000.0


def at_rate(rate: float, mode: Mode = Mode.HOLD, **known: Any) -> Control:
    """An account whose rate was set at second 990, with slots given out evenly since."""
    since = known.pop("since", 990.0)
    slots = known.pop("slots", int((NOW - since) * rate))
    return Control(
        rate=rate, epoch=4, mode=mode, since=since, slots=slots, next_at=since + slots / rate,
        hold_until=known.pop("hold_until", 2000.0), grows_from=known.pop("grows_from", 991.0),
        grown_at=known.pop("grown_at", 999.5), opened_at=900.0, passed=500, **known,
    )  # fmt: skip


def refusal(**said: Any) -> Report:
    return Report(**{"epoch": 4, "refused": 1, "limited": True, "used": True, **said})


def asked(control: Control, now: float = NOW, ceiling: float | None = None, **said: Any) -> Grant:
    return exchange(control, Report(epoch=4, **said), now, ceiling=ceiling, most_seconds=0.2)


# -- while no limit is known -----------------------------------------------------------------------


def test_at_first_one_worker_alone_finds_out_and_the_next_joins_a_second_later() -> None:
    control = Control()
    first = exchange(control, Report(), NOW, ceiling=None, most_seconds=0.2)
    assert first == Grant(0, None, 0.0, chance=True, start=1)
    assert control.opened_at == NOW
    second = exchange(control, Report(), NOW + 0.9, ceiling=None, most_seconds=0.2)
    assert second == Grant(0, 1.0, 0.0, first_in=0.1)
    # Who sends already goes on.
    going = Report(accepted=3, window=2)
    assert exchange(control, going, NOW + 0.9, ceiling=None, most_seconds=0.2).rate is None
    third = exchange(control, Report(), NOW + 1.0, ceiling=None, most_seconds=0.2)
    assert third.rate is None


def test_after_the_first_calls_everybody_joins() -> None:
    control = Control(alone_until=NOW + 100, passed=99)
    assert exchange(control, Report(), NOW, ceiling=None, most_seconds=0.2).rate == 1.0
    learn(control, Report(accepted=1, window=1), NOW)
    assert exchange(control, Report(), NOW, ceiling=None, most_seconds=0.2).rate is None


@pytest.mark.parametrize(
    ("window", "later", "start"),
    [(64, 60.0, 32), (64, 86_399.0, 32), (64, 86_401.0, 1), (1, 60.0, 1), (3, 0.0, 1)],
)
def test_half_of_what_went_well_is_begun_with_the_next_time(
    window: int, later: float, start: int
) -> None:
    control = Control(passed=500)
    learn(control, Report(accepted=5, window=window), NOW)
    found = exchange(control, Report(), NOW + later, ceiling=None, most_seconds=0.2)
    assert (found.start, found.chance, found.epoch) == (start, True, 0)


def test_the_widest_window_is_remembered_from_when_it_was_last_reached() -> None:
    control = Control()
    for window, now in ((8, 1.0), (20, 2.0), (20, 3.0), (9, 4.0)):
        learn(control, Report(accepted=1, window=window), now)
    assert (control.widest, control.widest_at) == (20, 3.0)


def test_calls_are_counted_over_the_last_second_by_quarters() -> None:
    control = Control()
    for now, accepted in ((100.0, 1), (100.2, 2), (100.25, 4), (100.5, 8), (100.99, 16)):
        learn(control, Report(accepted=accepted, window=1), now)
    assert control.counts == [3, 4, 8, 16]
    learn(control, Report(accepted=32, window=1), 101.25)
    assert control.counts == [8, 16, 0, 32]
    learn(control, Report(window=1), 200.0)
    assert control.counts == [0, 0, 0, 0]
    # A clock that was set back counts what comes as of now.
    learn(control, Report(accepted=5, window=1), 150.0)
    assert (control.counts, control.passed) == ([0, 0, 0, 5], 68)


def open_account(**known: Any) -> Control:
    """One to which 40 calls have gone in the last second."""
    control = Control(opened_at=NOW - 60, passed=40, **known)
    control.piece = int(NOW / 0.25)
    control.counts = [10, 10, 10, 10]
    return control


def test_where_a_limit_shows_it_is_what_was_let_through_in_the_last_second() -> None:
    control = open_account(widest=64)
    learn(control, Report(refused=1, limited=True, window=8), NOW)
    assert (control.mode, control.epoch, control.widest) == (Mode.SEARCH, 1, 0)
    assert control.rate == pytest.approx(40 * 0.98)
    # It rests for the second by which APIs count, and a second's worth may have been saved up.
    assert (control.since, control.next_at) == (NOW + 1, NOW + 1)
    assert control.low == pytest.approx(40 / 2)
    # It grows when an API that saves up would have refused it: 1.25 * 20 / (39.2 - 20) s later.
    assert control.grows_from == pytest.approx(NOW + 1 + 1 + 1.25 * 20 / 19.2)
    # Slots and calls of before are told late: they were let through, too.
    learn(control, Report(epoch=0, accepted=10, window=8), NOW + 0.5)
    assert control.rate == pytest.approx(50 * 0.98)
    assert control.low == pytest.approx(50 / 2)
    # Those that went out since are not, nor any after the rest.
    learn(control, Report(epoch=1, accepted=10), NOW + 0.6)
    learn(control, Report(epoch=0, accepted=10, window=8), NOW + 1.5)
    assert control.rate == pytest.approx(50 * 0.98)


def test_where_sending_began_a_moment_ago_less_may_be_saved_up() -> None:
    control = open_account()
    control.opened_at = NOW - 0.25
    learn(control, Report(refused=1, limited=True), NOW)
    assert control.low == pytest.approx(40 / 1.25)


@pytest.mark.parametrize(
    ("said", "shows"),
    [
        ({"refused": 1}, False),
        ({"refused": 1, "limited": True}, True),
        ({"refused": 1, "limited": True, "retry_after": 5.0}, True),
        ({"refused": 1, "limited": True, "epoch": 7}, False),
        ({"used_up": True}, True),
        ({"used_up": True, "epoch": 7}, False),
    ],
)
def test_what_shows_a_limit_where_none_was_known(said: dict[str, Any], shows: bool) -> None:
    control = open_account()
    learn(control, Report(**said), NOW)
    assert (control.rate is not None) == shows


def test_a_wait_that_is_asked_for_where_nothing_passed_tells_no_rate() -> None:
    control = Control()
    learn(control, Report(refused=1, limited=True, retry_after=9.0), NOW)
    assert (control.rate, control.held_until) == (None, NOW + 9.0)
    learn(control, Report(retry_after=2.0), NOW)
    assert control.held_until == NOW + 9.0
    # Without a wait it does: one call a second at least is let through.
    learn(control, Report(refused=1, limited=True), NOW)
    assert control.rate == pytest.approx(0.98)


def test_the_limit_that_headers_name_is_believed_once() -> None:
    control = Control()
    learn(control, Report(announced=50.0), NOW)
    assert (control.rate, control.mode, control.announced) == (49.0, Mode.HOLD, 50.0)
    assert (control.since, control.hold_until) == (NOW, NOW + 60)
    control.rate = 10.0
    learn(control, Report(announced=50.0), NOW)
    learn(control, Report(announced=70.0), NOW)
    assert (control.rate, control.announced) == (10.0, 70.0)


# -- slots -----------------------------------------------------------------------------------------


def test_slots_are_given_one_after_another_to_all_who_ask() -> None:
    control = at_rate(50.0, slots=500)
    first = asked(control, wanted=3)
    assert first == Grant(4, 50.0, 0.0, first_in=0.0, gap=0.02, count=3)
    second = asked(control, wanted=30)
    assert (second.count, second.first_in) == (10, pytest.approx(0.06))
    # As far ahead as a block there are none.
    third = asked(control, wanted=1)
    assert (third.count, third.first_in) == (0, pytest.approx(0.26))
    assert control.slots == 513


def test_where_a_rate_is_slow_one_slot_is_given_all_the_same() -> None:
    control = at_rate(0.5, slots=5)
    found = asked(control, wanted=9)
    assert (found.count, found.gap) == (1, 2.0)
    assert control.next_at == pytest.approx(NOW + 2)


@pytest.mark.parametrize(
    ("idle", "counts_anew"),
    [(0.9, False), (1.1, True)],
)
def test_after_a_pause_of_more_than_a_second_what_was_sent_counts_anew(
    idle: float, counts_anew: bool
) -> None:
    control = at_rate(50.0, slots=500)
    asked(control, NOW + idle, wanted=2)
    assert (control.slots, control.since) == ((2, NOW + idle) if counts_anew else (502, 990.0))


def test_a_clock_that_was_set_back_stops_nobody() -> None:
    control = at_rate(50.0, slots=500)
    control.next_at = NOW + 119
    assert asked(control, wanted=1).count == 0
    control.next_at = NOW + 121
    assert asked(control, wanted=1).count == 1


def test_nothing_goes_out_before_the_time_that_the_api_asked_for() -> None:
    control = at_rate(50.0, slots=500, held_until=NOW + 3)
    found = asked(control, wanted=5)
    assert (found.held, found.first_in, found.count) == (3.0, 3.0, 0)
    control.held_until = NOW + 0.1
    found = asked(control, wanted=5)
    assert (found.first_in, found.count) == (pytest.approx(0.1), 5)


def test_live_changes_pass_before_an_import() -> None:
    control = at_rate(50.0, slots=500)
    assert asked(control, wanted=12).count == 10
    # Two of the live ones got none.
    assert asked(control, NOW + 0.05, wanted=5, live=False).count == 0
    assert asked(control, NOW + 0.05, wanted=5).count == 5
    assert asked(control, NOW + 0.12, wanted=5, live=False).count == 5


@pytest.mark.parametrize(
    ("rate", "ceiling", "found"),
    [
        (None, None, None),
        (40.0, None, 40.0),
        (None, 50.0, 48.5),
        (40.0, 50.0, 40.0),
        (60.0, 50.0, 48.5),
    ],
)
def test_the_merchants_ceiling_bounds_the_rate(
    rate: float | None, ceiling: float | None, found: float | None
) -> None:
    assert rate_now(Control(rate=rate), ceiling) == found


def test_slots_are_given_at_the_merchants_ceiling_and_a_limit_above_it_is_forgotten() -> None:
    control = Control()
    found = exchange(control, Report(wanted=99), NOW, ceiling=100.0, most_seconds=0.2)
    assert (found.rate, found.count, found.gap) == (97.0, 19, 1 / 97.0)
    control = at_rate(99.5, Mode.SEARCH, growth=0.02, grown_at=NOW - 1)
    used_well = Report(epoch=4, used=True, wanted=1)
    assert exchange(control, used_well, NOW, ceiling=100.0, most_seconds=0.2).rate == 97.0
    assert control.rate is None


# -- a refusal -------------------------------------------------------------------------------------


def test_the_refusal_of_a_rate_held_for_long_says_that_the_limit_fell() -> None:
    control = at_rate(100.0, since=900.0, saves_up=True, rare=2)
    learn(control, refusal(), NOW)
    assert (control.mode, control.rate, control.growth) == (Mode.SEARCH, 50.0, 0.15)
    assert (control.saves_up, control.epoch, control.rare) == (False, 5, 0)
    assert (control.since, control.next_at, control.slots) == (NOW + 1, NOW + 1, 0)
    assert (control.grows_from, control.grown_at) == (NOW + 2, NOW + 2)


def test_a_rest_is_as_much_longer_as_the_refused_call_took() -> None:
    control = at_rate(100.0, since=900.0)
    learn(control, refusal(refused_ago=0.4), NOW)
    assert control.next_at == pytest.approx(NOW + 1.4)
    control = at_rate(100.0, since=900.0, held_until=NOW + 7)
    learn(control, refusal(refused_ago=0.4), NOW)
    assert control.next_at == NOW + 7


def test_a_rate_that_grew_slowly_past_a_limit_counted_in_windows_is_held_just_below() -> None:
    control = at_rate(60.0, Mode.SEARCH, growth=0.02, slots=500)
    learn(control, refusal(), NOW)
    assert control.mode is Mode.HOLD
    assert control.rate == pytest.approx(60.0 / 1.02 * 0.98)
    # A short rest does, and the other formula told nothing.
    assert (control.next_at, control.low) == (NOW + 0.25, 0.0)
    assert control.hold_until == NOW + 60


def test_a_slow_search_from_a_held_rate_does_not_give_it_up() -> None:
    control = at_rate(60.0, Mode.SEARCH, growth=0.02, slots=500, held=59.5)
    learn(control, refusal(), NOW)
    assert (control.mode, control.rate) == (Mode.HOLD, 59.5)
    # Nor what an API lets through at least.
    control = at_rate(60.0, Mode.SEARCH, growth=0.02, since=999.0, slots=118, grows_from=999.0)
    control.next_at = NOW
    learn(control, refusal(), NOW)
    assert control.rate == pytest.approx(118.5 / 2 * 0.98)


def test_a_fine_search_waits_longer_than_a_fast_one() -> None:
    control = at_rate(60.0, Mode.SEARCH, growth=0.15, slots=300)
    learn(control, refusal(), NOW)
    # 1.25 * 27.3 / (51.1 - 27.3) seconds after the second in which nothing grows.
    low, rate = 300.5 / 11, 60.0 / 1.15 * 0.98
    assert control.growth == 0.02
    assert control.grows_from == pytest.approx(NOW + 2 + 1.25 * low / (rate - low))
    assert control.held == 0.0


def test_a_rate_that_grew_fast_is_searched_again_more_finely_from_a_second_before() -> None:
    control = at_rate(60.0, Mode.SEARCH, growth=0.15, slots=500)
    learn(control, refusal(refused_ago=0.5), NOW)
    assert (control.mode, control.growth) == (Mode.SEARCH, 0.02)
    assert control.rate == pytest.approx(60.0 / 1.15**1.5 * 0.98)


def test_what_an_api_lets_through_that_saves_up_for_a_burst_is_at_least_its_limit() -> None:
    # 500 slots of which those of the last second were not used yet: 450 sent in nine and a half.
    control = at_rate(50.0, Mode.SEARCH, growth=0.15, slots=500)
    control.next_at = NOW + 0.5
    learn(control, refusal(refused_ago=0.5), NOW)
    assert control.low == pytest.approx((450 + 0.5) / (9.5 + 1))


def test_where_that_is_found_twice_it_is_held() -> None:
    control = at_rate(50.0, slots=500, low=45.4)
    learn(control, refusal(), NOW)
    assert control.saves_up
    assert control.mode is Mode.HOLD
    assert control.rate == pytest.approx(500.5 / 11 * 0.98)
    assert control.next_at == NOW + 1


def test_a_rate_held_before_is_not_given_up_for_less() -> None:
    control = at_rate(50.0, Mode.SEARCH, growth=0.01, slots=500, saves_up=True, held=48.0)
    learn(control, refusal(), NOW)
    assert (control.mode, control.rate) == (Mode.HOLD, 48.0)
    # Found unchanged, it is held for longer.
    assert (control.patience, control.hold_until) == (2, NOW + 120)


@pytest.mark.parametrize(("off", "same"), [(0.09, True), (0.11, False)])
def test_two_estimates_are_the_same_within_three_parts_in_a_hundred(off: float, same: bool) -> None:
    control = at_rate(50.0, slots=500, low=500.5 / 11 / (1 - 0.3 * off))
    learn(control, refusal(), NOW)
    assert control.saves_up == same


@pytest.mark.parametrize(
    ("before", "same"), [(1.15, False), (1.2, True), (1.4, True), (1.45, False)]
)
def test_of_few_calls_they_are_the_same_within_nine_parts(before: float, same: bool) -> None:
    # Six calls in four seconds: 1.3 a second.
    control = at_rate(2.0, since=996.0, slots=6, low=before)
    learn(control, refusal(), NOW)
    assert (control.saves_up, control.low) == (same, pytest.approx(1.3))


def test_another_estimate_is_no_proof_that_it_saves_up() -> None:
    control = at_rate(50.0, slots=500, low=60.0)
    learn(control, refusal(), NOW)
    assert not control.saves_up


def test_a_rate_that_did_not_grow_is_doubted_once_and_then_searched_below() -> None:
    control = at_rate(50.0, slots=500, low=60.0)
    learn(control, refusal(), NOW)
    assert (control.mode, control.rate, control.doubted) == (Mode.HOLD, 47.5, True)
    soon = NOW + 1 + 2.0
    control.slots, control.next_at, control.low = 95, soon, 90.0
    learn(control, replace(refusal(), epoch=5), soon)
    assert (control.mode, control.growth, control.doubted) == (Mode.SEARCH, 0.15, False)
    assert control.rate == pytest.approx(95.5 / 3 * 0.98)


def test_the_merchants_ceiling_is_soon_tried_again() -> None:
    control = at_rate(40.0, Mode.OPEN, slots=400, low=90.0)
    learn(control, refusal(), NOW, ceiling=100.0)
    assert (control.mode, control.rate) == (Mode.HOLD, 38.0)
    assert control.hold_until == NOW + 5


def test_a_search_never_begins_below_half_of_what_was_refused() -> None:
    control = at_rate(50.0, slots=50, since=990.0, low=1.0, doubted=True, growth=0.15)
    control.since = 998.5
    control.next_at = NOW
    control.slots = 5
    learn(control, refusal(), NOW)
    assert control.rate == pytest.approx(25 * 0.98)


@pytest.mark.parametrize(
    ("rate", "rest", "rate_after", "rest_after"),
    [(40.0, 1.0, 20.0, 2.0), (1.5, 2.0, 1.0, 4.0), (0.6, 8.0, 0.6, 8.0), (40.0, 6.0, 20.0, 8.0)],
)
def test_where_not_even_one_call_passed_after_a_rest_it_is_asked_ever_more_rarely(
    rate: float, rest: float, rate_after: float, rest_after: float
) -> None:
    control = at_rate(rate, Mode.SEARCH, since=NOW, slots=0, rest=rest)
    learn(control, refusal(), NOW)
    assert (control.rate, control.rest) == (rate_after, rest_after)
    assert control.next_at == NOW + rest_after


def test_it_is_never_slower_than_a_call_in_five_seconds() -> None:
    control = at_rate(0.21, Mode.HOLD, since=900.0, slots=21)
    learn(control, refusal(), NOW)
    assert control.rate == 0.2


def test_a_refusal_from_before_the_last_change_says_nothing() -> None:
    control = at_rate(50.0)
    learn(control, refusal(epoch=3), NOW)
    assert (control.rate, control.epoch) == (50.0, 4)


def test_a_single_refusal_says_nothing_while_they_are_taken_for_chance() -> None:
    control = at_rate(50.0, chance_until=NOW + 1)
    assert asked(control, wanted=1).chance
    learn(control, refusal(limited=False), NOW)
    assert control.epoch == 4
    # So many in a row do, all the same.
    shown = replace(control)
    learn(shown, refusal(), NOW)
    assert shown.epoch == 5
    learn(control, refusal(limited=False), NOW + 1)
    assert control.epoch == 5


def test_headers_that_say_that_none_remains_count_while_the_rate_grows() -> None:
    spent = Report(epoch=4, used_up=True, used=True)
    control = at_rate(60.0, Mode.HOLD)
    learn(control, spent, NOW)
    assert control.epoch == 4
    control = at_rate(60.0, Mode.SEARCH, growth=0.02)
    learn(control, spent, NOW)
    assert control.epoch == 5
    # Not of a call from before it grew.
    control = at_rate(60.0, Mode.SEARCH, growth=0.02, grows_from=999.8)
    learn(control, replace(spent, refused_ago=0.5), NOW)
    assert control.epoch == 4


# -- refusals that do not come from the rate -------------------------------------------------------


def seldom_refused(
    control: Control, times: int, sent: tuple[int, int] = (20, 40), seconds: float = 5.0
) -> list[float | None]:
    """One call in so many is refused, whatever the rate, after so many seconds; gives the rates."""
    now, rates = NOW, []
    for number in range(times):
        control.slots, control.since = sent[number % 2], now - seconds
        control.next_at = now
        learn(control, Report(epoch=control.epoch, refused=1, limited=True), now)
        rates.append(control.rate)
        now = control.since + 5.0
    return rates


def test_refusals_that_come_at_a_much_lower_rate_too_are_chance() -> None:
    control = at_rate(100.0, low=1.0)
    rates = seldom_refused(control, 8)
    assert rates[:7] == [pytest.approx(100 * 0.95**n) for n in range(1, 8)]
    # After eight it is tried far below where they began.
    assert rates[7] == pytest.approx(100.0 * 0.25 / 2)
    assert control.mode is Mode.HOLD
    assert control.hold_until - control.since == pytest.approx(20 - 1)
    seldom_refused(control, 1)
    assert (control.rate, control.mode, control.rare) == (None, Mode.OPEN, 0)
    assert control.chance_until == NOW + 600


@pytest.mark.parametrize("sent", [(5, 9), (100, 200)])
def test_refusals_one_in_few_or_in_very_many_are_a_limit(sent: tuple[int, int]) -> None:
    control = at_rate(100.0, low=1.0)
    rates = seldom_refused(control, 12, sent)
    assert control.chance_until == 0.0
    assert None not in rates


# -- growth ----------------------------------------------------------------------------------------


def used(control: Control, now: float, ceiling: float | None = None) -> float | None:
    learn(control, Report(epoch=4, used=True), now, ceiling)
    return control.rate


def test_a_search_grows_by_its_share_a_second_and_faster_the_longer_it_lasts() -> None:
    control = at_rate(100.0, Mode.SEARCH, growth=0.02, grows_from=NOW, grown_at=NOW)
    assert used(control, NOW + 0.5) == pytest.approx(101.0)
    assert used(control, NOW + 1.5) == pytest.approx(101.0 * 1.02)
    # Not for the time in which nobody sent.
    assert used(control, NOW + 5.5) == pytest.approx(101.0 * 1.02**2)
    assert control.growth == 0.02
    used(control, NOW + 6.5)
    assert control.growth == pytest.approx(0.02 * 2 ** (1 / 6))
    control.growth = 0.39
    used(control, NOW + 7.5)
    assert control.growth == 0.4


@pytest.mark.parametrize(
    ("said", "known"),
    [({"used": False}, {}), ({}, {"held_until": NOW + 9}), ({}, {"grown_at": NOW + 5})],
)
def test_nothing_grows_that_is_not_used_or_not_allowed(
    said: dict[str, Any], known: dict[str, Any]
) -> None:
    control = at_rate(100.0, Mode.SEARCH, growth=0.02, **known)
    learn(control, Report(epoch=4, **{"used": True, **said}), NOW)
    assert control.rate == 100.0


def test_a_held_rate_is_searched_slowly_when_its_time_is_over() -> None:
    control = at_rate(100.0, hold_until=NOW + 1)
    assert used(control, NOW + 0.9) == 100.0
    assert control.mode is Mode.HOLD
    used(control, NOW + 1.0)
    assert (control.mode, control.growth, control.held) == (Mode.SEARCH, 0.01, 100.0)
    assert (control.since, control.slots, control.grows_from) == (control.next_at, 0, NOW + 1)
    assert used(control, NOW + 2.0) == pytest.approx(101.0)


def test_above_the_merchants_ceiling_the_limit_is_gone() -> None:
    control = at_rate(99.5, Mode.SEARCH, growth=0.02, grown_at=NOW - 1, low=5.0, held=3.0)
    used(control, NOW, ceiling=100.0)
    assert (control.rate, control.mode, control.growth, control.epoch) == (None, Mode.OPEN, 0.0, 5)
    assert (control.low, control.held, control.saves_up, control.patience) == (0.0, 0.0, False, 1)
    assert (control.since, control.next_at, control.opened_at, control.slots) == (NOW, NOW, NOW, 0)


def test_a_rate_beyond_all_limits_is_none() -> None:
    control = at_rate(49_999.0, Mode.SEARCH, growth=0.02, grown_at=NOW - 1)
    assert used(control, NOW) is None


# -- kept between workers --------------------------------------------------------------------------


def test_what_is_kept_is_read_as_it_was_and_what_is_new_to_it_has_its_default() -> None:
    control = at_rate(50.0, Mode.SEARCH, growth=0.02, low=3.0, counts=[1, 2, 3, 4])
    kept = json.loads(pace_control.written(control))
    assert pace_control.read(kept) == control
    assert pace_control.read(kept).mode is Mode.SEARCH
    del kept["patience"], kept["mode"]
    assert pace_control.read({**kept, "of another version": 1}) == replace(control, mode=Mode.OPEN)
