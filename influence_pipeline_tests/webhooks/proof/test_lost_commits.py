"""T8, the receiver and the coupons: between them and their databases stands a proxy that breaks
connections off, before a statement, in the midst of a reply, and after a COMMIT that nobody hears of.
A delivery that was not answered comes again; what was stored of it then counts as the same one."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from influence_pipeline.errors import InfluencePipelineError, StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.state.connection import connect
from influence_pipeline.webhooks.handlers import work_off
from influence_pipeline_tests.support import variants
from influence_pipeline_tests.support.postgres_proxy import Plan
from influence_pipeline_tests.support.proxied_postgres import PostgresProxy, name_of
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.webhooks.builders import redemption
from influence_pipeline_tests.webhooks.conftest import Desk, make_context, writer
from influence_pipeline_tests.webhooks.receiving import COMMAND, receiver, variant
from influence_pipeline_tests.webhooks.senders import Senders, judge

pytestmark = pytest.mark.proves("T8")

STATEMENTS, COMMITS = 1 / 20, 1 / 3
# By the clock, not by rounds: while the proxy refuses connections hundreds of rounds come to nothing.
PATIENCE_SECONDS = 300


def broken(name: str) -> str:
    """Statements that break a process as a variant says."""
    return (
        "import pytest\n"
        "from influence_pipeline_tests.support import variants\n"
        f"variants.apply({name!r}, pytest.MonkeyPatch())\n"
    )


# -- the receiver ----------------------------------------------------------------------------------


def delivered(
    folder: Path,
    state_url: str,
    proxy: PostgresProxy,
    plan: Plan,
    events: int,
    program: tuple[str, ...] = COMMAND,
) -> tuple[Senders, dict[str, dict[str, int]]]:
    """Have so many events delivered by senders that repeat; gives them and what went wrong."""
    proxy.quiet()
    with receiver(folder, proxy.through(state_url), workers=1, program=program) as one:
        senders = Senders(one.port, count=8, pause=0.01)
        proxy.follow(plan)
        senders.start()
        try:
            senders.until(events, 300)
        finally:
            # Each sender's last event is to be answered in the end.
            said = proxy.quiet()
            senders.stop()
        assert "Traceback" not in one.log
    return senders, said


def stored_once(
    folder: Path, state_url: str, proxy: PostgresProxy, tally: Tally, seed: int, events: int
) -> None:
    plan = Plan(STATEMENTS, COMMITS, seed=seed, databases=[name_of(state_url)])
    senders, said = delivered(folder, state_url, proxy, plan, events)
    verdict = judge(state_url, senders.answered)
    tally(len(senders.answered), "deliveries", lost=len(verdict.lost), doubled=len(verdict.doubled))
    assert (verdict.lost, verdict.doubled) == ([], [])
    assert verdict.stored == len(senders.answered) >= events
    assert set(senders.statuses) <= {200, 503}
    # Some were stored and not answered, and came again.
    assert senders.statuses[503] > 0
    assert said["unheard"]["COMMIT"] > 0


@pytest.mark.seeds(1)
def test_a_delivery_answered_200_is_stored_once_whatever_becomes_of_commits(
    tmp_path: Path, state_url: str, postgres_proxy: PostgresProxy, tally: Tally, seed: int
) -> None:
    stored_once(tmp_path, state_url, postgres_proxy, tally, seed, 60)


@pytest.mark.slow
@pytest.mark.seeds(0, slow=3)
def test_so_are_two_thousand(
    tmp_path: Path, state_url: str, postgres_proxy: PostgresProxy, tally: Tally, seed: int
) -> None:
    stored_once(tmp_path, state_url, postgres_proxy, tally, seed, 2000)


def test_control_a_receiver_that_takes_lost_commits_as_done_loses_deliveries(
    tmp_path: Path, state_url: str, postgres_proxy: PostgresProxy
) -> None:
    plan = Plan(0, 0.5, commit_modes=["dropped_before"], databases=[name_of(state_url)])
    program = tuple(variant(broken("takes lost commits as done")))
    senders, _ = delivered(tmp_path, state_url, postgres_proxy, plan, 40, program)
    assert judge(state_url, senders.answered).lost != []


# -- coupons ---------------------------------------------------------------------------------------


def coupons_made(desk: Desk, proxy: PostgresProxy, plan: Plan, redemptions: int) -> Counter[str]:
    """Have so many redemptions worked off, by rounds that may fail; gives how often each code is
    in the store, whose table would take one twice."""
    for number in range(1, redemptions + 1):
        desk.deliver("points/redeemed", redemption(number))
    state_url = proxy.through(desk.state_url)
    proxy.follow(plan)
    end = time.monotonic() + PATIENCE_SECONDS
    while desk.rows("SELECT 1 FROM inbox WHERE state = 'new'"):
        assert time.monotonic() < end, "redemptions were left"
        state = connect(state_url)
        coupons = Postgres(
            proxy.through(desk.store.url), variable="INFLUENCE_COUPON_URL", kind=StoreError
        )
        context = make_context(desk.store, terms={"writer": writer(coupons)})
        try:
            with suppress(InfluencePipelineError):
                work_off(state, context)
        finally:
            state.close()
            coupons.close()
        desk.due_now()
    return Counter(desk.store.codes())


def codes(redemptions: int) -> set[str]:
    return {f"LOYAL-{number:04d}" for number in range(1, redemptions + 1)}


def one_each(desk: Desk, proxy: PostgresProxy, tally: Tally, plan: Plan, redemptions: int) -> None:
    made = coupons_made(desk, proxy, plan, redemptions)
    said = proxy.quiet()
    states = Counter(state for (state,) in desk.rows("SELECT state FROM inbox"))
    tally(
        redemptions,
        "redemptions",
        lost=len(codes(redemptions) - made.keys()),
        doubled=sum(count > 1 for count in made.values()),
        parked=states["parked"],
    )
    assert made == Counter(codes(redemptions))
    assert states == {"done": redemptions}
    assert desk.rows("SELECT DISTINCT state FROM coupon") == [("issued",)]
    assert sum(said["unheard"].values()) > 0


@pytest.mark.seeds(0, slow=1)
@pytest.mark.parametrize("where", ["state", "coupons"])
def test_each_redemption_is_one_coupon_whatever_becomes_of_commits(
    desk: Desk, postgres_proxy: PostgresProxy, tally: Tally, where: str, seed: int
) -> None:
    database = name_of({"state": desk.state_url, "coupons": desk.store.url}[where])
    plan = Plan(STATEMENTS, COMMITS, seed=seed, databases=[database])
    one_each(desk, postgres_proxy, tally, plan, 20)


@pytest.mark.slow
@pytest.mark.seeds(0, slow=4)
def test_so_are_three_hundred_where_both_databases_break(
    desk: Desk, postgres_proxy: PostgresProxy, tally: Tally, seed: int
) -> None:
    """With as much trouble as above hardly one in thirty would get through both at once."""
    one_each(desk, postgres_proxy, tally, Plan(1 / 60, 1 / 10, seed=seed), 300)


def test_control_a_worker_that_writes_without_looking_doubles_coupons(
    desk: Desk, postgres_proxy: PostgresProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    variants.apply(variants.WRITES_WITHOUT_LOOKING, monkeypatch)
    plan = Plan(0, 0.5, commit_modes=["applied_unheard"], databases=[name_of(desk.store.url)])
    made = coupons_made(desk, postgres_proxy, plan, 30)
    postgres_proxy.quiet()
    assert max(made.values()) > 1


def test_control_a_worker_that_takes_lost_commits_as_done_loses_coupons(
    desk: Desk, postgres_proxy: PostgresProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    variants.apply("takes lost commits as done", monkeypatch)
    plan = Plan(0, 0.5, commit_modes=["dropped_before"], databases=[name_of(desk.store.url)])
    made = coupons_made(desk, postgres_proxy, plan, 30)
    postgres_proxy.quiet()
    assert codes(30) - made.keys()
