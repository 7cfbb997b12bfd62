"""`influence-pipeline members`: the reconcile, and what a person does about a gap."""

from __future__ import annotations

import pytest

from influence_pipeline_tests.cli.conftest import CommandLine
from influence_pipeline_tests.support.world import World


@pytest.fixture
def members(cli: CommandLine, world: World) -> CommandLine:
    """Two members, reconciled; then somebody took points from one of them."""
    world.config.write_text(world.config.read_text() + "\n[members]\ngrace_minutes = 0\n")
    for key in ("c-1", "c-2"):
        world.sandbox.put_customer(key)
        world.sandbox.good("POST", f"/sandbox/customers/{key}/points", {"points": 100})
    assert cli("members", "reconcile").code == 0
    return cli


def _take(world: World, points: int) -> None:
    world.sandbox.good("POST", "/sandbox/customers/c-1/points", {"points": -points})


def test_nothing_is_known_before_the_first_reconcile(cli: CommandLine) -> None:
    assert cli("members", "list").out == (
        "No members are known yet. Next: influence-pipeline members reconcile\n"
    )
    assert cli("members", "gaps").out.startswith("No gaps")
    unknown = cli("members", "show", "c-1")
    assert (unknown.code, unknown.error.split(".")[0]) == (
        1,
        "No balance is known of customer c-1 (the store's id)",
    )


def test_a_reconcile_says_what_it_saw(members: CommandLine) -> None:
    ran = members("members", "reconcile", "--everyone")
    assert ran.out == (
        "listed 2 customers (everyone), 0 states that no event had told\nevery balance adds up\n"
    )
    assert members("members", "list", "--json").json[0]["point_balance"] == 100


def test_a_gap_is_shown_looked_into_and_accepted(members: CommandLine, world: World) -> None:
    _take(world, 30)
    ran = members("members", "reconcile")
    assert "1 customer with 30 points fewer than the events tell" in ran.out
    assert ran.out.endswith("next: influence-pipeline members gaps\n")
    (gap,) = members("members", "gaps", "--json").json
    assert (gap["external_id"], gap["points"]) == ("c-1", -30)
    assert "members accept CUSTOMER" in members("members", "gaps").out
    (shown,) = members("members", "show", "c-1", "--json").json
    assert [row["balance"] for row in shown["told"]][-2:] == [100, 70]
    assert "asked" in members("members", "show", "c-1").out
    ran = members("members", "accept", "c-1")
    assert "is taken as it is: 70 points" in ran.out
    assert "every balance adds up" in members("members", "reconcile", "--everyone").out


def test_an_api_that_is_away_is_said_in_one_line(members: CommandLine, world: World) -> None:
    rules = [{"kind": "error_before", "method": "GET", "path": "customers$", "status": 400}]
    world.sandbox.good("PUT", "/sandbox/faults", {"faults": rules})
    ran = members("members", "reconcile", "--everyone")
    assert ran.code == 1
    assert ran.err.startswith("error: The Platform API does not list its customers (HTTP 400")
    assert members("members", "reconcile", "--json").json["trouble"].startswith("The Platform API")
