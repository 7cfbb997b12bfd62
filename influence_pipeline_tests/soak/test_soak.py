"""T21: the whole pipeline for half an hour, as it runs in production, while something goes wrong every
few seconds. In the end each order is awarded once and stands as the store says, each webhook is there
once, each redemption has its coupon, nothing is set aside, and no process has grown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from influence_pipeline_tests.soak import faults, length
from influence_pipeline_tests.soak.run import MEASURED_FROM_SECONDS, Plan, Soaked, say, soak
from influence_pipeline_tests.support import variants
from influence_pipeline_tests.support.tally import Tally

pytestmark = [pytest.mark.proves("T21"), pytest.mark.slow]

LARGEST_GROWTH_MB_A_MINUTE = 1.0


def twice(differences: Iterable[str]) -> list[str]:
    """What was created, awarded or deducted more than once."""
    return [one for one in differences if re.search(r" ([2-9]|\d\d+) times$", one)]


def check(soaked: Soaked, tally: Tally) -> None:
    say(soaked)
    found = soaked.verdict
    doubled = twice(found.differences)
    tally(
        found.orders + found.webhooks,
        "orders and webhooks",
        lost=len(found.lost) + len(found.differences) - len(doubled),
        doubled=len(found.doubled) + len(doubled),
        parked=len(found.parked),
    )
    told = str(soaked)
    assert found.differences == [], told
    assert (found.lost, found.doubled) == ([], []), told
    assert found.parked == [], told
    assert found.waiting == [], told
    assert soaked.hung == 0, told
    # It was a soak: things were bought, redeemed and told, and things went wrong.
    assert found.orders > soaked.seconds / 10, told
    assert found.webhooks > soaked.seconds / 5, told
    assert found.coupons > 0, told
    # A machine that is slow to start again what was killed sees fewer of them.
    assert sum(soaked.faults.values()) >= max(2, soaked.seconds / 120), told
    if soaked.seconds >= MEASURED_FROM_SECONDS:
        grown = {r: mb for r, mb in soaked.growth.items() if mb >= LARGEST_GROWTH_MB_A_MINUTE}
        assert grown == {}, told
        assert set(soaked.growth) == {"receiver", "receiver worker", "daemon", "code server"}


@pytest.mark.seeds(0, slow=1)
def test_a_minute_of_everything_going_wrong_loses_and_doubles_nothing(
    tmp_path: Path, tally: Tally, seed: int, request: pytest.FixtureRequest
) -> None:
    plan = Plan(seconds=75, seed=seed, pause=(2.0, 6.0), share=length.share(request))
    check(soak(tmp_path, plan), tally)


@pytest.mark.seeds(0, slow=1)
def test_half_an_hour_of_faults_loses_and_doubles_nothing_and_no_process_grows(
    tmp_path: Path, tally: Tally, seed: int, request: pytest.FixtureRequest
) -> None:
    seconds = 60 * length.minutes(request)
    check(soak(tmp_path, Plan(seconds, seed, share=length.share(request))), tally)


def broken(name: str) -> tuple[str, ...]:
    """A command whose pipeline has one safeguard taken out."""
    return (
        "-c",
        "import sys, pytest\n"
        "from influence_pipeline_tests.support import variants\n"
        f"variants.apply({name!r}, pytest.MonkeyPatch())\n"
        "from influence_pipeline.cli import main\n"
        "sys.exit(main())",
    )


@pytest.mark.parametrize("name", ["posts again on restart", "commits no intent"])
def test_control_a_pipeline_that_forgets_what_it_has_begun_is_caught_by_its_kills(
    tmp_path: Path, name: str, request: pytest.FixtureRequest
) -> None:
    assert name in variants.OF_THE_PROTOCOL
    plan = Plan(
        seconds=45,
        seed=1,
        kinds=(faults.kill_the_sync_while_it_sends,),
        pause=(0.5, 2.0),
        program=broken(name),
        share=length.share(request),
        sync_every_seconds=2.0,
        settles_within_seconds=60.0,
    )
    soaked = soak(tmp_path, plan)
    say(soaked)
    assert soaked.faults["kill_the_sync_while_it_sends"] > 1
    assert twice(soaked.verdict.differences)
