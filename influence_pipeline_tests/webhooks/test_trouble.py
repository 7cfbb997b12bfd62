"""One event's trouble is its own: it neither holds the others up nor is it forgotten."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from influence_pipeline.platform_api.single import SingleCalls
from influence_pipeline.settings import Webhooks
from influence_pipeline.webhooks.handlers import WorkedOff
from influence_pipeline_tests.webhooks.builders import redemption
from influence_pipeline_tests.webhooks.conftest import ABLE, Desk, Directory, make_context, writer
from influence_pipeline_tests.webhooks.test_handlers import reason


class Stumbling:
    """A writer with a mistake in it, so many times."""

    name = "clumsy"
    abilities = ABLE
    holds_codes = True

    def __init__(self, desk: Desk, times: int) -> None:
        self._desk = desk
        self._left = times

    def hold(self, code: str) -> Any:
        if self._left:
            self._left -= 1
            raise ValueError("once more")
        return self._desk.store.writer.hold(code)


def test_one_stumble_after_a_long_outage_parks_nothing(desk: Desk) -> None:
    stored = desk.deliver("points/redeemed", redemption())
    desk.store.shut()
    for _ in range(6):
        desk.work()
        desk.due_now()
    desk.store.open()
    desk.context = make_context(desk.store, terms={"writer": Stumbling(desk, times=1)})
    desk.work()
    assert reason(desk, stored) == ("new", "internal_error")
    desk.due_now()
    desk.work()
    assert desk.store.codes() == ["LOYAL-0001"]


@pytest.fixture
def poisoned(desk: Desk, directory: Directory, api: SingleCalls) -> Desk:
    """The API errs for customer 1, always, and knows the others."""
    directory.customers = {str(number): f"inf-{number}" for number in range(2, 60)}
    others = directory.answer

    def answer(method: str, path: str, body: bytes) -> tuple[int, Any]:
        return (500, {}) if path.endswith("/1") else others(method, path, body)

    directory.answer = answer
    desk.context = make_context(desk.store, api=api)
    return desk


def test_a_customer_for_whom_the_api_always_errs_does_not_hold_the_others_up(
    poisoned: Desk,
) -> None:
    bad = poisoned.deliver("points/redeemed", redemption(1))
    for number in range(2, 42):
        poisoned.deliver("points/redeemed", redemption(number))
    worked = poisoned.work()
    assert (worked.count("done"), worked.broken_off) == (40, False)
    # On a slow machine it comes due again while the others are worked off.
    assert worked.count("retried") >= 1
    assert worked.troubles
    assert reason(poisoned, bad) == ("new", "api_away")


def test_two_events_in_trouble_end_the_round_so_that_the_others_wait(
    desk: Desk, directory: Directory, api: SingleCalls
) -> None:
    directory.answer = lambda method, path, body: (500, {})
    desk.context = make_context(desk.store, api=api)
    desk.context.webhooks = Webhooks(workers=1)
    for number in range(1, 30):
        desk.deliver("points/redeemed", redemption(number))
    worked = desk.work()
    assert worked.broken_off
    assert len(directory.requests) == 2
    assert worked.count("retried") == worked.attempted < 29


def past(desk: Desk, *, hours: float = 0, done_minutes: float = 0) -> None:
    """Let time have passed: since the deliveries that wait, since those that are done."""
    with desk.state.transaction() as connection:
        connection.execute(
            sa.text(
                "UPDATE inbox SET received_at = received_at - make_interval(secs => :wait * 3600), "
                "done_at = done_at - make_interval(secs => :done * 60), next_at = now()"
            ),
            {"wait": hours, "done": done_minutes},
        )


def test_an_event_that_never_goes_is_parked_after_a_day_in_which_later_ones_went(
    poisoned: Desk,
) -> None:
    bad = poisoned.deliver("points/redeemed", redemption(1))
    poisoned.deliver("points/redeemed", redemption(2))
    poisoned.work()
    past(poisoned, hours=23, done_minutes=10)
    poisoned.work()
    assert reason(poisoned, bad) == ("new", "api_away")
    past(poisoned, hours=2)
    poisoned.work()
    assert reason(poisoned, bad) == ("parked", "gave_up")
    assert "24 hours" in str(poisoned.event(bad).line.reason)


@pytest.mark.parametrize(
    "done_minutes",
    [
        pytest.param(None, id="nobody gets through"),
        pytest.param(1, id="right after an outage"),
        pytest.param(120, id="since an outage began"),
    ],
)
def test_an_outage_of_more_than_a_day_parks_nothing(
    poisoned: Desk, done_minutes: float | None
) -> None:
    bad = poisoned.deliver("points/redeemed", redemption(1))
    if done_minutes is not None:
        poisoned.deliver("points/redeemed", redemption(2))
    poisoned.work()
    past(poisoned, hours=30, done_minutes=done_minutes or 0)
    poisoned.work()
    assert reason(poisoned, bad) == ("new", "api_away")


@pytest.mark.parametrize(
    ("part", "sql"),
    [
        (
            "create",
            "INSERT INTO discount_code (code, kind, usage_limit) VALUES (:kind :code, 1)",
        ),
        ("lookup", "SELECT customer_id FROM discount_code WHERE code LIKE lower :code"),
        ("lookup", "SELECT customer_id FROM discount_code WHERE code = :code :code"),
    ],
)
def test_a_mistake_in_a_statement_is_told_without_the_code(desk: Desk, part: str, sql: str) -> None:
    broken = writer(desk.store.database, **{part: sql})
    desk.context = make_context(desk.store, terms={"writer": broken})
    stored = desk.deliver("points/redeemed", redemption())
    worked: WorkedOff = desk.work()
    assert worked.troubles
    assert "LOYAL" not in repr(worked) + str(desk.event(stored).line.reason)
