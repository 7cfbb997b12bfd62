"""`plan`: what a sync would send, and that looking changes nothing."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from influence_pipeline.sandbox import sample_store
from influence_pipeline_tests.cli.conftest import CommandLine
from influence_pipeline_tests.support.world import World


def everything(world: World) -> dict[str, Any]:
    """Every row of the state, and every call that the API has had."""
    tables = world.ask_state("SELECT tablename FROM pg_tables WHERE schemaname = 'influence'")
    return {
        table: sorted(str(row) for row in world.ask_state(f"SELECT * FROM influence.{table}"))
        for (table,) in tables
    } | {"calls": len(world.sandbox.rows("SELECT * FROM calls WHERE path LIKE '/v1/%'"))}


def shopping(world: World) -> tuple[str, str]:
    """A synced world, then a new customer with a paid order."""
    world.sync()
    buyer = sample_store.add_customers(world.store_url).customers[0]
    return buyer, sample_store.place_order(world.store_url, buyer, paid=True).orders[0]


def test_a_plan_counts_and_lists_what_a_sync_would_send(cli: CommandLine, world: World) -> None:
    buyer, order = shopping(world)
    ran = cli("plan")
    assert (ran.code, ran.err) == (0, "")
    counts, listed, calls = ran.out.strip().split("\n\n")
    assert [line.split() for line in counts.splitlines()] == [
        ["entity", "action", "state", "records"],
        ["customer", "create", "ready", "1"],
        ["order", "create", "ready", "1"],
    ]
    assert [line.split()[:4] for line in listed.splitlines()[1:]] == [
        ["customer", buyer, "create", "ready"],
        ["order", order, "create", "ready"],
    ]
    assert calls == (
        "About 3 calls. Orders placed before 2000-01-01 00:00:00+00:00 are never sent."
    )


def test_a_plan_changes_nothing_in_any_of_its_forms(cli: CommandLine, world: World) -> None:
    shopping(world)
    before = everything(world)
    for form in ([], ["--full"], ["--json"], ["--csv", "plan.csv"], ["--entity", "orders"]):
        assert cli("plan", *form).code == 0
    assert everything(world) == before


def test_a_plan_before_the_first_sync_sets_no_go_live(cli: CommandLine, world: World) -> None:
    assert world.go_live is not None
    world.configure((f"go_live = {world.go_live.isoformat()}\n", ""))
    assert cli("plan", "--entity", "orders").out == (
        "Nothing to send: the store and what the API acknowledged agree.\n"
    )
    assert world.ask_state("SELECT * FROM influence.fact") == []


def test_a_plan_of_many_records_shows_the_first_and_says_how_many_more(cli: CommandLine) -> None:
    ran = cli("plan")
    assert "… and 176 more; --csv FILE or --json gives all\n" in ran.out
    assert "\nAbout 331 calls. " in ran.out


def test_a_plan_as_csv_has_a_line_for_every_record(cli: CommandLine, world: World) -> None:
    buyer, order = shopping(world)
    cli("plan", "--csv", "plan.csv")
    with Path("plan.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["entity"], row["key"], row["status_next"]) for row in rows] == [
        ("customer", buyer, ""),
        ("order", order, "paid"),
    ]


def test_a_plan_as_json_has_every_record_the_calls_and_the_go_live(
    cli: CommandLine, world: World
) -> None:
    _, order = shopping(world)
    plan = cli("plan", "--entity", "orders", "--json").json
    assert (plan["calls"], plan["go_live"]) == (2, "2000-01-01T00:00:00+00:00")
    assert plan["records"] == [
        {
            "entity": "order",
            "key": order,
            "action": "create",
            "state": "ready",
            "status_now": None,
            "status_next": "paid",
            "reason": None,
        }
    ]


def test_a_plan_with_nothing_to_send_says_so(cli: CommandLine, world: World) -> None:
    world.sync()
    assert cli("plan").out == "Nothing to send: the store and what the API acknowledged agree.\n"
    assert cli("plan", "--json").json["records"] == []


def test_a_full_plan_finds_what_the_incremental_one_cannot(cli: CommandLine, world: World) -> None:
    world.sync()
    # Deleted lines leave no row behind that was written since.
    world.shop("DELETE FROM order_lines WHERE order_id = (SELECT min(id) FROM orders)")
    assert cli("plan", "--json").json["records"] == []
    (found,) = cli("plan", "--full", "--json").json["records"]
    assert (found["entity"], found["action"]) == ("order", "update")
