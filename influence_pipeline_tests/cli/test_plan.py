"""`plan`: what a sync would send, and that looking changes nothing."""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from influence_pipeline.records import STORE_ENTITIES
from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.sample_store import poison
from influence_pipeline_tests.cli.conftest import CommandLine, warn_of_hidden_rows
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
    counts, listed, moves, calls = ran.out.strip().split("\n\n")
    assert [line.split() for line in counts.splitlines()] == [
        ["entity", "action", "state", "records"],
        ["customer", "create", "ready", "1"],
        ["order", "create", "ready", "1"],
    ]
    assert [line.split()[:4] for line in listed.splitlines()[1:]] == [
        ["customer", buyer, "create", "ready"],
        ["order", order, "create", "ready"],
    ]
    assert listed.splitlines()[2].endswith(f"after customer {buyer}")
    assert "example" not in ran.out  # no e-mail: what is sent is only in the files
    assert [line.split() for line in moves.splitlines()] == [
        ["status_now", "status_next", "orders", "points"],
        ["-", "paid", "1", "gives"],
    ]
    effort, never = calls.splitlines()
    assert re.fullmatch(
        r"About 3 calls, about 1 s at the present pace \([\d,.]+ calls/s\)\.", effort
    )
    assert never == "Orders placed before 2000-01-01 00:00:00+00:00 are never sent."


def test_a_plan_changes_nothing_in_any_of_its_forms(cli: CommandLine, world: World) -> None:
    shopping(world)
    before = everything(world)
    files = ["--csv", "plan.csv", "--parquet", "plan.parquet"]
    for form in ([], ["--full"], ["--json"], files, ["--entity", "orders"]):
        assert cli("plan", *form).code == 0
    assert everything(world) == before


def test_a_plan_before_the_first_sync_sets_no_go_live(cli: CommandLine, world: World) -> None:
    assert world.go_live is not None
    world.configure((f"go_live = {world.go_live.isoformat()}\n", ""))
    said = cli("plan", "--entity", "orders").out.splitlines()
    assert said[0] == (
        "Nothing to send. 119 orders were placed before the go-live, 0 are gone, 0 have no id."
    )
    assert said[1].startswith(
        "The first sync sets the go-live of orders to its own moment (now it would be 20"
    )
    assert said[1].endswith("); orders placed before it are never sent.")
    found = cli("plan", "--entity", "orders", "--json").json
    assert (found["go_live_is_set"], found["records"]) == (False, [])
    assert found["left_out"] == {"orders": {"before_go_live": 119, "gone": 0, "without_id": 0}}
    assert world.ask_state("SELECT * FROM influence.fact") == []


def test_a_plan_after_the_first_sync_names_the_go_live_that_it_set(
    cli: CommandLine, world: World
) -> None:
    assert world.go_live is not None
    world.configure((f"go_live = {world.go_live.isoformat()}\n", ""))
    world.sync()
    assert cli("plan", "--entity", "orders", "--json").json["go_live_is_set"]
    assert "Orders placed before 20" in cli("plan", "--entity", "orders", "--full").out


def test_a_plan_says_which_records_cannot_be_told_and_why(cli: CommandLine, world: World) -> None:
    world.sync()
    customer = poison.customer_with_invalid_email(world.store_url).customers[0]
    nan = poison.order_with_nan_amount(world.store_url).orders[0]
    world.shop("UPDATE products SET title = ' ' WHERE id = 3")
    records = {(r["entity"], r["key"]): r for r in cli("plan", "--json").json["records"]}
    parked = {key: r["reason"] for key, r in records.items() if r["state"] == "parked"}
    assert parked["customer", customer] == "column email: it is not an e-mail address"
    assert parked["product", "3"] == "column title: it is empty"
    assert parked["order", nan].startswith("column ")
    world.sync()
    # The sync's own reasons, word for word.
    assert world.parked() == {key: reason for (_, key), reason in parked.items()}


def test_a_plan_in_several_batches_is_the_same(
    cli: CommandLine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = cli("plan", "--json").json
    monkeypatch.setattr("influence_pipeline.sync.planned_records.KEYS_PER_STATEMENT", 7)
    assert cli("plan", "--json").json == whole


def test_an_order_without_a_status_shows_none(cli: CommandLine, world: World) -> None:
    world.sync()
    file = world.config.parent / "orders.sql"
    file.write_text(
        f"SELECT id, customer_id, email, currency, total, NULL::text AS financial_status, "
        f"created_at FROM ({file.read_text().strip().rstrip(';')}) o WHERE id = 1\n"
    )
    records = cli("plan", "--entity", "orders", "--json").json["records"]
    (row,) = [record for record in records if record["action"] != "gone"]
    assert (row["status_next"], row["state"]) == (None, "parked")
    assert row["reason"].startswith("column financial_status: ")


def test_a_plan_passes_on_what_somebody_should_look_at(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    warn_of_hidden_rows(monkeypatch)
    ran = cli("plan", "--entity", "products")
    assert ran.err == "warning: Some rows are hidden.\n"
    assert cli("plan", "--entity", "products", "--json").json["warnings"] == [
        "Some rows are hidden."
    ]


def test_a_plan_that_could_not_be_written_is_not_made(cli: CommandLine) -> None:
    ran = cli("plan", "--csv", "nowhere/plan.csv")
    assert (ran.code, ran.error) == (
        3,
        "nowhere/plan.csv cannot be written: No such file or directory.",
    )


def test_a_plan_of_many_records_shows_the_first_and_says_how_many_more(cli: CommandLine) -> None:
    ran = cli("plan")
    assert "… and 176 more; --csv FILE, --parquet FILE or --json gives all\n" in ran.out
    assert "\nAbout 331 calls; time unknown before the first calls.\n" in ran.out


def test_a_plan_as_csv_has_a_line_for_every_record(cli: CommandLine, world: World) -> None:
    buyer, order = shopping(world)
    cli("plan", "--csv", "plan.csv")
    with Path("plan.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["entity"], row["key"], row["status_next"], row["before"]) for row in rows] == [
        ("customer", buyer, "", ""),
        ("order", order, "paid", ""),
    ]
    assert [row["after"] for row in rows] == [
        row["after"] for row in cli("plan", "--json").json["records"]
    ]
    assert json.loads(rows[1]["after"])["customerId"] == buyer


def test_a_plan_as_json_has_every_record_the_calls_and_the_go_live(
    cli: CommandLine, world: World
) -> None:
    world.sync()
    order = sample_store.place_order(world.store_url, "cus_000001", paid=True).orders[0]
    world.ask_state("DELETE FROM influence.attempt RETURNING 1")
    plan = cli("plan", "--entity", "orders", "--json").json
    assert (plan["calls"], plan["go_live"]) == (2, "2000-01-01T00:00:00+00:00")
    assert (plan["seconds"], plan["calls_per_second"]) == (None, None)
    assert plan["status_moves"] == [
        {"status_now": None, "status_next": "paid", "orders": 1, "points": "gives"}
    ]
    after = json.loads(plan["records"][0].pop("after"))
    assert (after["id"], after["financialStatus"]) == (order, "paid")
    assert plan["records"] == [
        {
            "entity": "order",
            "key": order,
            "action": "create",
            "state": "ready",
            "status_now": None,
            "status_next": "paid",
            "reason": None,
            "before": None,
        }
    ]


def test_a_plan_says_how_long_it_takes_at_the_limit_that_was_found(
    cli: CommandLine, world: World
) -> None:
    world.ask_state(
        """INSERT INTO influence.pace (control) VALUES ('{"mode": "hold", "rate": 4.5}') RETURNING 1"""
    )
    said = "\nAbout 331 calls, about 1 min at the present pace (4.5 calls/s).\n"
    assert said in cli("plan").out
    found = cli("plan", "--json").json
    assert (found["calls_per_second"], found["seconds"]) == (4.5, 73.6)


def test_a_plan_as_parquet_is_the_same_as_the_data_frame(cli: CommandLine, world: World) -> None:
    from pyarrow import parquet

    from influence_pipeline.sync.plan import COLUMNS, plan

    poison.customer_with_invalid_email(world.store_url)
    cli("plan", "--parquet", "plan.parquet")
    table = parquet.read_table("plan.parquet")
    with world.engine() as engine:
        records = plan(engine, STORE_ENTITIES).records
    assert table.to_pylist() == records.to_dict(orient="records")
    assert table.num_rows == 197
    # Of a plan without records, or without a value in some column, the columns are the same.
    world.sync()
    cli("plan", "--entity", "products", "--parquet", "empty.parquet")
    empty = parquet.read_table("empty.parquet")
    assert (empty.num_rows, empty.column_names) == (0, list(COLUMNS))
    assert empty.schema.types == table.schema.types == [table.schema.field("key").type] * 9


def test_without_pyarrow_a_plan_as_parquet_says_what_to_install(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    ran = cli("plan", "--parquet", "plan.parquet")
    assert (ran.code, ran.error) == (
        3,
        "--parquet needs the package pyarrow, which is not installed; in the project's folder: "
        "pip install '.[parquet]'.",
    )
    assert not Path("plan.parquet").exists()


def test_a_plan_with_nothing_to_send_says_so(cli: CommandLine, world: World) -> None:
    world.sync()
    assert cli("plan").out.startswith(
        "Nothing to send: the store and what the API acknowledged agree.\n"
    )
    assert cli("plan", "--json").json["records"] == []


def test_a_full_plan_finds_what_the_incremental_one_cannot(cli: CommandLine, world: World) -> None:
    world.configure(("[capture]", "[capture]\ndelete_check_percent = 0"))
    world.sync()
    # Deleted lines leave no row behind that was written since.
    world.shop("DELETE FROM order_lines WHERE order_id = (SELECT min(id) FROM orders)")
    assert cli("plan", "--json").json["records"] == []
    (found,) = cli("plan", "--full", "--json").json["records"]
    assert (found["entity"], found["action"]) == ("order", "update")
