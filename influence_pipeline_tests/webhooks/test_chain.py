"""Which steps of a balance that do not add up are gaps, and which something else explains."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from influence_pipeline.webhooks.chain import NEAR, Judged, Refund, Step, judge

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def step(until: float, points: int, **changes: Any) -> Step:
    """A step of member 1 (customer c-1 in the store) that ends at a minute."""
    values = {
        "member_id": "m-1",
        "external_id": "c-1",
        "since": minutes(until - 1),
        "moved": 0,
        "ripe": True,
        "flagged": False,
    }
    return Step(until=minutes(until), points=points, **{**values, **changes})


def refund(at: float, key: str = "o-1", last: float | None = None) -> Refund:
    return Refund(key, minutes(at), minutes(at if last is None else last))


def judged(*steps: Step, refunds: list[Refund] | None = None) -> Judged:
    return judge(steps, {"c-1": refunds or []})


def test_points_that_nobody_told_of_are_a_gap() -> None:
    lost, gained = step(1, -100), step(2, 30)
    assert judged(lost, gained).gaps == [lost, gained]


def test_what_is_new_is_not_judged_yet() -> None:
    found = judged(step(1, -100, ripe=False))
    assert (found.gaps, found.passed) == ([], [])


def test_what_was_found_before_stays_a_gap() -> None:
    again = step(1, -100, ripe=False, flagged=True)
    assert judged(again).gaps == [again]


def test_a_refund_of_ours_explains_a_step_down() -> None:
    down = step(5, -100)
    found = judged(down, refunds=[refund(4.9)])
    assert (found.gaps, found.passed) == ([], [down])


def test_a_refund_explains_no_step_up() -> None:
    up = step(5, 100)
    assert judged(up, refunds=[refund(5)]).gaps == [up]


def test_a_refund_explains_one_step_only_and_that_is_the_nearest() -> None:
    far, near = step(1, -100), step(5, -40)
    found = judged(far, near, refunds=[refund(5.2)])
    assert (found.gaps, found.passed) == ([far], [near])


def test_a_refund_at_another_time_explains_nothing() -> None:
    late = step(NEAR / timedelta(minutes=1) + 1, -100)
    assert judged(late, refunds=[refund(0)]).gaps == [late]


def test_a_refund_that_was_told_several_times_may_have_worked_at_any_of_them() -> None:
    down = step(30, -100)
    assert judged(down, refunds=[refund(0, last=60)]).passed == [down]


def test_a_refund_of_somebody_else_explains_nothing() -> None:
    down = step(5, -100, external_id=None)
    assert judged(down, refunds=[refund(5)]).gaps == [down]


def test_a_state_read_before_its_own_change_is_no_gap() -> None:
    """The event says -100, the state beside it does not yet."""
    early, rest = step(1, 100, moved=-100), step(2, -100, since=minutes(1))
    found = judged(early, rest)
    assert (found.gaps, found.misread) == ([], [early, rest])


def test_a_state_that_knows_of_a_change_whose_event_is_dated_later_is_no_gap() -> None:
    early, rest = step(1, -100), step(2, 100, since=minutes(1), moved=-100)
    assert judged(early, rest).misread == [early, rest]


def test_two_losses_that_cancel_out_are_two_gaps() -> None:
    lost, gained = step(1, -100), step(2, 100, since=minutes(1))
    assert judged(lost, gained).gaps == [lost, gained]


def test_steps_of_other_members_do_not_cancel_out() -> None:
    one, other = step(1, 100, moved=-100), step(2, -100, since=minutes(1), member_id="m-2")
    assert judged(one, other).gaps == [one, other]
