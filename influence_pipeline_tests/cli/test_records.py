"""`status`, `parked`, `retry`: what is known of the records, and how to let one go again."""

from __future__ import annotations

import csv
import json
import re
from datetime import datetime
from pathlib import Path

import pytest

from influence_pipeline.amounts import duration
from influence_pipeline.sync import status
from influence_pipeline_tests.cli.conftest import CommandLine, Trouble
from influence_pipeline_tests.support.world import World


def table(text: str) -> dict[str, list[str]]:
    """The cells of a table's lines, by the first of them."""
    lines = [line.split() for line in text.split("\n\n")[0].splitlines()[1:]]
    return {first: rest for first, *rest in lines}


# --- status


def test_the_status_before_the_first_sync_is_all_zeros(cli: CommandLine) -> None:
    ran = cli("status")
    assert (ran.code, ran.err) == (0, "")
    assert set(map(tuple, table(ran.out).values())) == {("0",) * 6}


def test_the_status_counts_what_is_synced_waiting_and_parked(
    cli: CommandLine, trouble: Trouble
) -> None:
    ran = cli("status")
    assert ran.out.splitlines()[0].split() == [
        "in", "store", "synced", "due", "blocked", "parked", "gone",
    ]  # fmt: skip
    assert table(ran.out) == {
        "customers": ["60", "58", "0", "0", "2", "0"],
        "products": ["19", "19", "0", "0", "0", "0"],
        "orders": ["120", "119", "0", "1", "0", "0"],
        "rewards": ["0", "0", "0", "0", "0", "0"],
    }
    assert "orders: the oldest due record waits since 20" in ran.out
    assert "go-live of orders: 2000-01-01T00:00:00+00:00\n" in ran.out
    assert ran.out.endswith("Parked records wait for a person: influence-pipeline parked\n")


def test_the_status_tells_why_the_last_run_stopped(cli: CommandLine) -> None:
    cli.set(API_KEY="wrong")
    said = cli("sync", "--entity", "products").error
    assert f"products: the last run stopped: {said}\n" in cli("status").out


def test_the_status_tells_the_go_live_of_the_first_start(cli: CommandLine, world: World) -> None:
    assert world.go_live is not None
    world.configure((f"go_live = {world.go_live.isoformat()}\n", ""))
    assert "go-live of orders: not yet set; the first sync sets it\n" in cli("status").out
    cli("sync", "--entity", "orders")
    given = cli("status", "--json").json["go_live"]
    assert datetime.fromisoformat(given).tzinfo is not None
    assert f"go-live of orders: {given}\n" in cli("status").out


def test_the_status_as_json_has_the_same_numbers(cli: CommandLine, trouble: Trouble) -> None:
    found = cli("status", "--json").json
    customers = found["entities"]["customer"]
    assert {name: customers[name] for name in ("in_store", "synced", "parked")} == {
        "in_store": 60,
        "synced": 58,
        "parked": 2,
    }
    assert found["entities"]["order"]["blocked"] == 1
    assert datetime.fromisoformat(customers["last_run"]).tzinfo is not None
    assert found["coupons"] == {"made": 0, "used": 0, "told": 0}


def test_the_status_tells_what_a_run_holds(cli: CommandLine, world: World) -> None:
    world.ask_state(
        "INSERT INTO influence.work (entity, key, lease_until) SELECT 'order', n, "
        "now() + CASE WHEN n < 3 THEN interval '1 min' ELSE interval '-1 min' END "
        "FROM generate_series(1, 3) n RETURNING 1"
    )
    assert "\norders: 2 records are held by a run; " in cli("status").out
    assert cli("status", "--json").json["entities"]["order"]["held"] == 2


def log_calls(world: World, *calls: tuple[float, int, str, int]) -> None:
    """Calls in the log: seconds ago, how many, their outcome and status; each of its own record."""
    for ago, number, outcome, http_status in calls:
        world.ask_state(
            "INSERT INTO influence.attempt (at, entity, key, call, outcome, http_status) "
            f"SELECT now() - make_interval(secs => {ago}), 'order', n::text, 'PATCH order', "
            f"'{outcome}', {http_status} FROM generate_series(1, {number}) n RETURNING 1"
        )


def due_orders(world: World, number: int) -> None:
    world.ask_state(
        "INSERT INTO influence.work (entity, key, queued_at) SELECT 'order', n::text, "
        f"now() - interval '3 h 4 min' FROM generate_series(1, {number}) n RETURNING 1"
    )


def test_the_status_says_how_fast_it_goes_and_for_how_long_yet(
    cli: CommandLine, world: World
) -> None:
    assert "\npace: no call was made in the last minute\n" in cli("status").out
    assert cli("status", "--json").json["eta_seconds"] is None
    # Two calls each for 100 records, over 30 s; what is older than a minute does not count.
    log_calls(
        world, (70, 5000, "accepted", 200), (30, 100, "accepted", 200), (1, 100, "accepted", 200)
    )
    log_calls(world, (20, 3, "later", 429))
    due_orders(world, 1200)
    said = cli("status", "--json").json
    assert said["pace"]["throttled"] == 3
    assert 203 / 60 < said["pace"]["calls_per_second"] <= 203 / 30
    assert 100 / 60 < said["pace"]["records_per_second"] <= 100 / 30
    assert said["eta_seconds"] == pytest.approx(1200 / said["pace"]["records_per_second"], abs=0.1)
    text = cli("status").out
    assert re.search(
        r"^pace: [3-6]\.\d calls/s, [1-3]\.\d records/s over the last minute; told to slow down "
        r"3 times; what is due takes about \d+ min more$",
        text,
        re.M,
    )


@pytest.mark.parametrize(
    ("control", "ceiling", "line"),
    [
        ({}, None, "none met"),
        ({"rate": 49.126, "mode": "hold"}, None, r"calls are kept just under it, at 49\.1/s"),
        ({"rate": 1031, "mode": "search"}, None, r"being looked for, now at 1,031\.0 calls/s"),
        ({}, 20, r"none met; never more than 20/s \(delivery\.calls_per_second\)"),
        (
            {"held_until": 4e9},
            None,
            r"none met; the API asked to be left alone for [\d,]+ days more \(Retry-After\)",
        ),
    ],
)
def test_the_status_says_what_is_known_of_the_apis_limit(
    cli: CommandLine,
    world: World,
    control: dict[str, object],
    ceiling: int | None,
    line: str,
) -> None:
    assert cli("status", "--json").json["limit"] is None
    world.ask_state(
        f"INSERT INTO influence.pace (account, control) VALUES (1, '{json.dumps(control)}') "
        "RETURNING 1"
    )
    if ceiling is not None:
        world.configure(("[delivery]\n", f"[delivery]\ncalls_per_second = {ceiling}\n"))
    assert re.search(f"^limit of the API: {line}$", cli("status").out, re.M)


def test_the_pace_of_very_many_calls_is_that_of_the_latest(
    cli: CommandLine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "_PACE_CALLS", 200)
    log_calls(world, (50, 1000, "accepted", 200), (5, 200, "accepted", 200))
    found = cli("status", "--json").json["pace"]
    # Over the five seconds and more that they took: all 1,200 would be 20 and 24 at most.
    assert 200 / 60 < found["calls_per_second"] <= 200 / 5
    assert found["records_per_second"] == found["calls_per_second"]


def test_the_status_tells_the_age_of_the_oldest_due_record(cli: CommandLine, world: World) -> None:
    due_orders(world, 2)
    world.ask_state(
        "INSERT INTO influence.work (entity, key, state, queued_at) VALUES "
        "('order', 'p', 'parked', now() - interval '9 days'), "
        "('order', 'b', 'blocked', now() - interval '2 days 5 h') RETURNING 1"
    )
    assert re.search(
        r"^orders: the oldest due record waits since 20\S+ \S+ \(2 days 5 h\)$",
        cli("status").out,
        re.M,
    )
    orders = cli("status", "--json").json["entities"]["order"]
    assert orders["oldest_pending_seconds"] == pytest.approx(2 * 86400 + 5 * 3600, abs=60)


def test_the_status_says_when_each_entity_ran_last(cli: CommandLine, world: World) -> None:
    assert "\nlast runs: none yet\n" in cli("status").out
    world.ask_state(
        "INSERT INTO influence.sync_run (entity, kind, started_at, ended_at, error, counts) SELECT "
        "'order', 'sync', at - interval '7 s', at, error, '{}' FROM (VALUES "
        "(now() - interval '2 h', 'old trouble'), (now() - interval '5 min 9 s', NULL)) "
        "v (at, error) RETURNING 1"
    )
    said = cli("status").out
    assert "\nlast runs: orders 5 min ago\n" in said
    assert "old trouble" not in said
    orders = cli("status", "--json").json["entities"]["order"]
    assert orders["last_run_seconds"] == 7
    assert orders["last_error"] is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0 s"), (0.9, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"),
        (7500, "2 h 5 min"), (86400, "1 day"), (93600, "1 day 2 h"), (30 * 86400 + 7200, "30 days"),
    ],
)  # fmt: skip
def test_a_length_of_time_is_told_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


# --- parked


def test_parked_records_are_listed_with_their_reasons(cli: CommandLine, trouble: Trouble) -> None:
    ran = cli("parked")
    assert ran.code == 0
    assert table(ran.out).keys() == {"customer"}
    lines = {line.split()[1]: line for line in ran.out.splitlines()[1:3]}
    assert re.search(
        r" unmappable +0  column email: it is not an e-mail address$", lines[trouble.unmappable]
    )
    assert re.search(r" refused +1  PUT customer: HTTP 400: ", lines[trouble.refused])
    assert "influence-pipeline retry ENTITY --key KEY" in ran.out


def test_parked_records_of_one_entity_may_be_listed_alone(
    cli: CommandLine, trouble: Trouble
) -> None:
    assert cli("parked", "--entity", "orders").out == "Nothing that fits is parked.\n"
    assert cli("parked", "--entity", "orders", "--json").json == []
    listed = cli("parked", "--entity", "customers", "--json").json
    assert {row["key"]: row["reason_code"] for row in listed} == {
        trouble.unmappable: "unmappable",
        trouble.refused: "refused",
    }


def test_parked_records_go_into_a_csv_file(cli: CommandLine, trouble: Trouble) -> None:
    ran = cli("parked", "--csv", "parked.csv")
    assert ran.out == "2 parked records written to parked.csv\n"
    with Path("parked.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["key"] for row in rows} == {trouble.unmappable, trouble.refused}
    assert list(rows[0]) == [
        "entity",
        "key",
        "reason_code",
        "reason",
        "attempts",
        "queued_at",
        "holds_up",
    ]
    assert {row["key"]: row["holds_up"] for row in rows} == {
        trouble.unmappable: "0",
        trouble.refused: "1",
    }


def park(world: World, entity: str, number: int, reason: str) -> None:
    world.ask_state(
        "INSERT INTO influence.work (entity, key, state, reason_code, reason) "
        f"SELECT '{entity}', key, 'parked', 'unmappable', replace('{reason}', 'KEY', key) "
        f"FROM generate_series(1, {number}) n, lpad(n::text, 6, 'K0000') AS key RETURNING 1"
    )


def test_many_parked_records_are_counted_by_their_reasons_first(
    cli: CommandLine, world: World
) -> None:
    park(world, "product", 20, "column title: it is empty")
    assert cli("parked").out.startswith("entity ")
    park(world, "order", 3, "column total: it is empty")
    summary, listed = cli("parked").out.split("\n\n")[:2]
    assert summary.splitlines() == [
        "20 \u00d7 product: column title: it is empty",
        "3 \u00d7 order: column total: it is empty",
    ]
    assert len(listed.splitlines()) == 1 + 23


def test_a_list_of_parked_records_that_is_cut_says_so_and_json_and_csv_are_whole(
    cli: CommandLine, world: World
) -> None:
    park(world, "order", 1001, "column total: it is empty")
    assert "\n… and 1 more; --csv FILE or --json gives all\n" in cli("parked").out
    assert len(cli("parked", "--json").json) == 1001
    assert len(cli("parked", "--json", "--csv", "parked.csv").json) == 1001
    assert len(Path("parked.csv").read_text().splitlines()) == 1002


def test_coupon_codes_are_masked_among_the_parked(cli: CommandLine, world: World) -> None:
    park(world, "reward", 25, "HTTP 400: no KEY")
    for form in ([], ["--json"], ["--csv", "parked.csv"]):
        shown = cli("parked", *form).out
        assert "K0000" not in shown
    assert "K0000" not in Path("parked.csv").read_text()
    assert cli("parked").out.startswith("25 \u00d7 reward\n")
    assert cli("parked", "--json").json[0]["key"] == "K0…"
    assert "`retry rewards --all`" in cli("parked").out


# --- retry


def test_a_parked_record_is_sent_again_after_a_retry_and_what_waited_for_it_too(
    cli: CommandLine, world: World, trouble: Trouble
) -> None:
    world.sandbox.set(reject=[])
    assert cli("sync", "--json").json["customers"]["sent"] == 0
    ran = cli("retry", "customers", "--key", trouble.refused)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "1 customer is due again; the next sync sends it. "
        "1 order that waits for it goes once it is acknowledged.\n"
    )
    after = cli("sync", "--json").json
    assert (after["customers"]["sent"], after["orders"]["sent"]) == (1, 1)
    assert world.sandbox.rows("SELECT * FROM orders WHERE order_id = ?", trouble.blocked)


def test_parked_records_may_be_listed_by_their_reason(cli: CommandLine, trouble: Trouble) -> None:
    listed = cli("parked", "--reason", "refused", "--json").json
    assert [row["key"] for row in listed] == [trouble.refused]
    ran = cli("parked", "--entity", "customers", "--reason", "unmappable")
    assert (trouble.unmappable in ran.out, trouble.refused in ran.out) == (True, False)
    assert cli("parked", "--reason", "gone").out == "Nothing that fits is parked.\n"
    cli("parked", "--reason", "refused", "--csv", "parked.csv")
    assert len(Path("parked.csv").read_text().splitlines()) == 2


def test_a_list_of_parked_customers_says_how_many_orders_wait_for_them(
    cli: CommandLine, trouble: Trouble
) -> None:
    head, *lines = cli("parked").out.split("\n\n")[0].splitlines()
    assert head.split() == ["entity", "key", "reason_code", "holds_up", "reason"]
    assert {line.split()[1]: line.split()[3] for line in lines} == {
        trouble.unmappable: "0",
        trouble.refused: "1",
    }


def test_parked_records_of_every_entity_are_released_at_once(
    cli: CommandLine, world: World, trouble: Trouble
) -> None:
    park(world, "order", 3, "x")
    world.ask_state(
        "UPDATE influence.work SET blocked_on = 'customer:none', state = 'blocked' "
        "WHERE entity = 'order' AND key = 'K00001' RETURNING 1"
    )
    ran = cli("retry", "--reason", "unmappable")
    assert ran.out.splitlines() == [
        "1 customer is due again; the next sync sends it.",
        "2 orders are due again; the next sync sends them.",
    ]
    ran = cli("retry", "--all")
    assert ran.out.splitlines() == [
        "1 customer is due again; the next sync sends it. "
        "1 order that waits for it goes once it is acknowledged."
    ]
    assert cli("parked", "--json").json == []
    assert cli("retry", "--all").code == 1


def test_a_record_that_is_not_parked_is_left_alone_by_a_retry(
    cli: CommandLine, world: World, trouble: Trouble
) -> None:
    before = world.ask_state(f"SELECT * FROM influence.work WHERE key = '{trouble.blocked}'")
    assert cli("retry", "--all").code == 0
    assert (
        world.ask_state(f"SELECT * FROM influence.work WHERE key = '{trouble.blocked}'") == before
    )


@pytest.mark.parametrize(
    ("chosen", "left"),
    [
        (["--all"], set()),
        (["--reason", "refused"], {"unmappable"}),
        (["--reason", "unmappable"], {"refused"}),
    ],
)
def test_parked_records_are_chosen_by_their_reason_or_all(
    cli: CommandLine, trouble: Trouble, chosen: list[str], left: set[str]
) -> None:
    assert cli("retry", "customers", *chosen).code == 0
    assert {row["reason_code"] for row in cli("parked", "--json").json} == left


@pytest.mark.parametrize(
    "chosen",
    [["orders", "--all"], ["customers", "--key", "no-such"], ["customers", "--reason", "x"]],
)
def test_a_retry_that_fits_nothing_says_so(
    cli: CommandLine, trouble: Trouble, chosen: list[str]
) -> None:
    ran = cli("retry", *chosen)
    assert ran.code == 1
    assert ran.out.startswith("Nothing parked fits that; ")
    assert len(cli("parked", "--json").json) == 2
