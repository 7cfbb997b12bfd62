"""`influence-pipeline check` as a person and a machine meet it."""

from __future__ import annotations

import pytest

from influence_pipeline.check.runner import CHECKS
from influence_pipeline_tests.cli.conftest import CommandLine
from influence_pipeline_tests.support.world import World

TOKEN = "Vx3hQ7mK9pLw2Zr8Tn5Yb6Dc4Fj1Gs0A"  # nobody's
WELL = """
[check]
accept = ["state.durability", "config.go_live", "config.delivery", "rights.reader",
          "rights.coupons", "config.coupon_url", "state.apart"]
"""


@pytest.fixture
def well(cli: CommandLine, world: World) -> CommandLine:
    """The command line in a world where nothing is to be mended."""
    world.config.write_text(world.config.read_text() + WELL)
    cli.set(WEBHOOK_TOKEN=TOKEN)
    return cli


def test_all_is_well(well: CommandLine) -> None:
    ran = well("check")
    assert (ran.code, ran.err) == (0, "")
    assert "0 to mend" not in ran.out
    assert "Next: influence-pipeline plan" in ran.out
    assert "ERROR" not in ran.out


def test_what_is_well_is_told_too_when_asked(well: CommandLine) -> None:
    assert "OK       orders.keys" in well("check", "--verbose").out


def test_a_mistake_is_told_with_what_where_why_and_mend(well: CommandLine, world: World) -> None:
    sql = world.config.parent / "orders.sql"
    sql.write_text(sql.read_text().replace("o.number,", "o.nummer,"))
    ran = well("check")
    assert ran.code == 3
    told = " ".join(ran.out.partition("ERROR    orders.select")[2].split())
    for words in ("what ", "where ", "orders.sql, line 6", "why ", "mend "):
        assert words in told
    # What stands on it says that it waits, and nothing else of it is an error.
    assert ran.out.count("ERROR    ") == 1
    assert "not looked at until orders.select is mended." in ran.out


def test_a_machine_gets_one_object(well: CommandLine, world: World) -> None:
    found = well("check", "--json").json
    assert found["ok"] is True
    assert found["counts"]["error"] == 0
    assert {one["check"] for one in found["findings"]} == {check.name for check in CHECKS}
    assert set(found["findings"][0]) == {
        "level",
        "what",
        "where",
        "why",
        "mend",
        "check",
        "waits_for",
    }


def test_a_variable_that_cannot_be_read_is_a_finding_too(well: CommandLine) -> None:
    well.set(API_URL="http://api.example")
    ran = well("check", "--json")
    assert ran.code == 3
    (one,) = ran.json["findings"]
    assert (one["check"], one["where"]) == ("config.environment", "INFLUENCE_API_URL")


def test_strict_takes_warnings_for_errors(well: CommandLine, world: World) -> None:
    world.config.write_text(world.config.read_text().replace("config.delivery", "orders.totals"))
    assert well("check").code == 0
    assert well("check", "--strict").code == 3


def test_the_checks_are_named(bare_cli: CommandLine) -> None:
    out = bare_cli("check", "--list").out
    assert all(f"{check.name} " in out for check in CHECKS)
    names = [check.name for check in CHECKS]
    assert len(names) == len(set(names)) >= 40


def test_nothing_is_left_behind(well: CommandLine, world: World, empty_database_url: str) -> None:
    codes = "SELECT count(*) FROM discount_codes"
    before = world.ask_store(codes)
    well.set(STATE_URL=empty_database_url)
    assert well("check").code == 0
    assert world.ask_store(codes) == before
    assert world.sandbox.rows("SELECT * FROM calls WHERE method <> 'GET'") == []
    # A first `plan` makes the schema of the state, not a check.
    assert "is not there yet" in well("check").out


def test_no_secret_and_no_person_is_named(well: CommandLine, world: World) -> None:
    emails = [row[0] for row in world.ask_store("SELECT email FROM customers")]
    out = well("check", "--verbose").out
    assert TOKEN not in out
    assert not [email for email in emails if email in out]
