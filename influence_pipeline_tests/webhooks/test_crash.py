"""A coupon is made exactly once, wherever the process dies and whoever is late."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from influence_pipeline.state.schema import InboxState
from influence_pipeline.webhooks import inbox, issue
from influence_pipeline.webhooks.context import nothing_happens
from influence_pipeline.webhooks.handlers import CLAIMED, CRASH_POINTS, SETTLED
from influence_pipeline_tests.webhooks.builders import redemption, referral
from influence_pipeline_tests.webhooks.conftest import Desk


class Killed(BaseException):
    """No `except Exception` may catch it: the process is gone."""


def dying_at(point: str, seen: list[str]) -> Callable[[str], None]:
    def at(name: str) -> None:
        seen.append(name)
        if name == point:
            raise Killed(name)

    return at


@pytest.mark.parametrize("point", CRASH_POINTS)
def test_a_crash_at_any_point_and_a_replay_end_with_exactly_one_coupon(
    desk: Desk, point: str
) -> None:
    stored = desk.deliver("points/redeemed", redemption())
    seen: list[str] = []
    desk.context.at = dying_at(point, seen)
    with pytest.raises(Killed):
        desk.work()
    assert point in seen
    desk.context.at = nothing_happens
    desk.due_now()
    desk.work()
    assert desk.store.codes() == ["LOYAL-0001"]
    assert desk.event(stored).line.state == "done"
    assert desk.rows("SELECT state FROM coupon") == [("issued",)]


@pytest.mark.parametrize("point", CRASH_POINTS)
def test_two_crashes_in_a_row_change_nothing_about_that(desk: Desk, point: str) -> None:
    stored = desk.deliver("referrals/completed", referral())
    for first in (issue.INTENDED, point):
        desk.context.at = dying_at(first, [])
        try:
            desk.work()
        except Killed:
            desk.due_now()
    desk.context.at = nothing_happens
    desk.work()
    assert sorted(desk.store.codes()) == ["FRIEND-1", "GIVER-1"]
    assert desk.event(stored).line.state == "done"


@pytest.mark.proves("T1")
@pytest.mark.parametrize(
    ("broken", "point"),
    [("no look before writing", issue.COMMITTED), ("mark before writing", issue.INTENDED)],
)
def test_control_a_careless_protocol_doubles_or_loses_the_coupon(
    desk: Desk, broken: str, point: str
) -> None:
    """The tests above can fail: these two shortcuts are caught by their crash points."""
    desk.deliver("points/redeemed", redemption())

    def careless(at: Callable[[str], None]) -> None:
        due = inbox.claim(desk.state, 1, 30)
        if not due:
            return
        claimed = due[0]
        insert = "INSERT INTO discount_code (code, kind, usage_limit) VALUES ('LOYAL-0001', 'x', 1)"
        if broken == "mark before writing":
            with desk.state.transaction() as connection:
                inbox.finish(connection, claimed)
            at(issue.INTENDED)
            desk.store.run(insert)
        else:
            desk.store.run(insert)
            at(issue.COMMITTED)
            with desk.state.transaction() as connection:
                inbox.finish(connection, claimed)

    with pytest.raises(Killed):
        careless(dying_at(point, []))
    desk.due_now()
    careless(nothing_happens)
    assert len(desk.store.codes()) != 1


KILLED_PROCESS = """
import os, signal, sys
from pathlib import Path
from influence_pipeline.errors import StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import Coupons
from influence_pipeline.state.database import open_state
from influence_pipeline.webhooks.context import HandlerContext
from influence_pipeline.webhooks.grants import Terms
from influence_pipeline.webhooks.handlers import work_off
from influence_pipeline_tests.webhooks.conftest import REWARDS, writer

point = sys.argv[1]

def at(name):
    if name == point:
        os.kill(os.getpid(), signal.SIGKILL)

shop = Postgres(os.environ["SHOP"], variable="INFLUENCE_COUPON_URL", kind=StoreError)
terms = Terms(REWARDS, Coupons(lookup="l", create="c"), writer(shop))
work_off(open_state(os.environ["STATE"]), HandlerContext(terms, at=at))
"""


@pytest.mark.proves("T1")
@pytest.mark.parametrize("point", [issue.WRITTEN, issue.COMMITTED])
def test_kill_9_around_the_stores_commit_leaves_one_coupon_after_the_replay(
    desk: Desk, state_url: str, point: str
) -> None:
    stored = desk.deliver("points/redeemed", redemption())
    script = textwrap.dedent(KILLED_PROCESS)
    ended = subprocess.run(
        [sys.executable, "-c", script, point],
        env={**os.environ, "SHOP": desk.store.url, "STATE": state_url},
        cwd=Path(__file__).parents[2],
        timeout=60,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    written = point == issue.COMMITTED
    assert desk.store.codes() == (["LOYAL-0001"] if written else [])
    desk.due_now()
    desk.work()
    assert desk.store.codes() == ["LOYAL-0001"]
    assert desk.event(stored).line.state == "done"


def test_a_worker_that_was_too_slow_does_not_undo_the_coupon_of_the_next(desk: Desk) -> None:
    stored = desk.deliver("points/redeemed", redemption())

    def another_works_it_off(point: str) -> None:
        if point == issue.INTENDED:
            desk.context.at = nothing_happens
            desk.due_now()
            desk.work()

    desk.context.at = another_works_it_off
    slow = desk.work()
    assert slow.count("lost") == 1
    assert desk.store.codes() == ["LOYAL-0001"]
    assert desk.event(stored).line.state == "done"
    assert desk.rows("SELECT state FROM coupon") == [("issued",)]


def test_a_worker_that_was_too_slow_makes_no_coupon_for_what_was_parked_meanwhile(
    desk: Desk,
) -> None:
    desk.deliver("points/redeemed", redemption())

    def another_parks_it(point: str) -> None:
        if point == issue.LOOKED:
            desk.due_now()
            (claimed,) = inbox.claim(desk.state, 1, 30)
            with desk.state.transaction() as connection:
                assert inbox.park(connection, claimed, "not_verified", "forged")

    desk.context.at = another_parks_it
    assert desk.work().count("lost") == 1
    assert desk.store.codes() == []
    assert desk.rows("SELECT 1 FROM coupon") == []


@pytest.mark.parametrize("point", CRASH_POINTS)
def test_a_crash_never_makes_a_code_of_the_store_ours(desk: Desk, point: str) -> None:
    desk.store.run(
        "INSERT INTO discount_code (code, kind, usage_limit) VALUES ('LOYAL-0001', 'theirs', 1000)"
    )
    stored = desk.deliver("points/redeemed", redemption())
    desk.context.at = dying_at(point, [])
    with contextlib.suppress(Killed):
        desk.work()
    desk.context.at = nothing_happens
    desk.due_now()
    desk.work()
    assert desk.event(stored).line.reason_code == "code_taken"
    assert desk.rows("SELECT 1 FROM coupon") == []


def test_replaying_what_was_done_makes_no_second_coupon(desk: Desk) -> None:
    stored = desk.deliver("points/redeemed", redemption())
    desk.work()
    inbox.replay(desk.state, ids=[stored.id], states=[InboxState.DONE])
    assert desk.work().count("done") == 1
    assert desk.store.codes() == ["LOYAL-0001"]


def test_a_crash_after_the_claim_leaves_the_event_to_the_next_worker(desk: Desk) -> None:
    desk.deliver("points/redeemed", redemption())
    desk.context.at = dying_at(CLAIMED, [])
    with pytest.raises(Killed):
        desk.work()
    desk.context.at = nothing_happens
    assert desk.work().attempted == 0, "the lease still holds"
    with desk.state.transaction() as connection:
        connection.execute(sa.text("UPDATE inbox SET lease_until = now() - interval '1 s'"))
    assert desk.work().count("done") == 1


def test_the_last_point_is_after_everything_is_settled(desk: Desk) -> None:
    seen: list[str] = []
    desk.context.at = seen.append
    desk.deliver("points/redeemed", redemption())
    desk.work()
    assert seen == list(CRASH_POINTS)
    assert seen[-1] == SETTLED
