"""`status`, `parked`, `retry`, `why`: what is known of the records, and how to let one go again."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from influence_pipeline.records import Entity
from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.sample_store import poison
from influence_pipeline_tests.cli.conftest import CommandLine
from influence_pipeline_tests.support.world import World


@dataclass(frozen=True)
class Trouble:
    """Keys of a customer whose row is no good, of one that the API refuses, and of her order."""

    unmappable: str
    refused: str
    blocked: str


@pytest.fixture
def trouble(world: World) -> Trouble:
    """A synced world in which two customers were parked, and an order waits for one of them."""
    world.sync()
    bad = poison.customer_with_invalid_email(world.store_url).customers[0]
    buyer = sample_store.add_customers(world.store_url).customers[0]
    order = sample_store.place_order(world.store_url, buyer, paid=True).orders[0]
    world.sandbox.set(reject=[{"entity": "customer", "id": buyer}])
    world.sync()
    return Trouble(bad, buyer, order)


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


# --- parked


def test_parked_records_are_listed_with_their_reasons(cli: CommandLine, trouble: Trouble) -> None:
    ran = cli("parked")
    assert ran.code == 0
    assert table(ran.out).keys() == {"customer"}
    lines = {line.split()[1]: line for line in ran.out.splitlines()[1:3]}
    assert "unmappable   column email: it is not an e-mail address" in lines[trouble.unmappable]
    assert "refused      PUT customer: HTTP 400: " in lines[trouble.refused]
    assert "influence-pipeline retry ENTITY --key KEY" in ran.out


def test_parked_records_of_one_entity_may_be_listed_alone(
    cli: CommandLine, trouble: Trouble
) -> None:
    assert cli("parked", "--entity", "orders").out == "Nothing is parked.\n"
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
    assert list(rows[0]) == ["entity", "key", "reason_code", "reason", "attempts", "queued_at"]


# --- retry


def test_a_parked_record_is_sent_again_after_a_retry_and_what_waited_for_it_too(
    cli: CommandLine, world: World, trouble: Trouble
) -> None:
    world.sandbox.set(reject=[])
    assert cli("sync", "--json").json["customers"]["sent"] == 0
    ran = cli("retry", "customers", "--key", trouble.refused)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("due again; the next sync sends them.\n")
    after = cli("sync", "--json").json
    assert (after["customers"]["sent"], after["orders"]["sent"]) == (1, 1)
    assert world.sandbox.rows("SELECT * FROM orders WHERE order_id = ?", trouble.blocked)


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


# --- why


def test_why_tells_the_reason_and_the_attempts_of_a_parked_record(
    cli: CommandLine, trouble: Trouble
) -> None:
    ran = cli("why", "customers", trouble.refused)
    assert (ran.code, ran.err) == (0, "")
    story, attempts = ran.out.split("\n\n")
    assert story.splitlines()[0] == f"customer {trouble.refused}: parked; a person must look"
    assert story.splitlines()[1].startswith("reason: PUT customer: HTTP 400: ")
    assert len(attempts.splitlines()) == 1 + 3
    assert attempts.count("rejected") == 3


def test_why_tells_for_whom_a_record_waits(cli: CommandLine, trouble: Trouble) -> None:
    first = cli("why", "orders", trouble.blocked).out.splitlines()[0]
    assert first == f"order {trouble.blocked}: waits for customer:{trouble.refused}"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("SELECT 1", "in sync: what the store has is what the API acknowledged"),
        ("UPDATE products SET title = 'Other' WHERE id = 3", "has changes that are not acknowledged yet"),
        ("DELETE FROM products WHERE id = 3", "was synced, and is gone from the store"),
    ],
)  # fmt: skip
def test_why_tells_how_a_record_stands(
    cli: CommandLine, world: World, change: str, says: str
) -> None:
    with world.engine() as engine:
        engine.sync(Entity.PRODUCT, full=True)
    world.shop(change)
    with world.engine() as engine:
        engine.capture(Entity.PRODUCT, full=True)
    assert cli("why", "products", "3").out.splitlines()[0] == f"product 3: {says}"


def test_why_tells_the_status_that_was_acknowledged_of_an_order(
    cli: CommandLine, world: World
) -> None:
    order = sample_store.place_order(world.store_url, None, email="a@example.com", paid=True)
    world.sync()
    assert "last acknowledged financial status: paid\n" in cli("why", "orders", order.orders[0]).out


def test_why_says_that_a_record_was_never_seen(cli: CommandLine) -> None:
    assert cli("why", "orders", "no-such").out == (
        "order no-such: not known: never seen in the store, "
        "or left out (an order before the go-live)\n"
    )


def test_why_as_json_has_the_whole_story(cli: CommandLine, trouble: Trouble) -> None:
    found = cli("why", "customers", trouble.refused, "--json").json
    assert (found["state"], found["synced_hash"]) == ("parked", None)
    assert [attempt["http_status"] for attempt in found["attempts_made"]] == [400, 400, 400]
