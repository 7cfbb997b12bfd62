"""`sync` and `import`: what a person reads after a run, what a machine does, and the exit codes."""

from __future__ import annotations

import re
import signal
import subprocess
import sys

import pytest

from influence_pipeline.cli.sync import print_report
from influence_pipeline.records import Entity
from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.sample_store import poison
from influence_pipeline.sync.deliver import Delivered
from influence_pipeline.sync.engine import Report
from influence_pipeline.sync.parts import PartLeft
from influence_pipeline.sync.status import Remaining
from influence_pipeline_tests.cli.conftest import CommandLine, warn_of_hidden_rows
from influence_pipeline_tests.sandbox.platform_fixtures import until
from influence_pipeline_tests.support.world import LONG_AGO, World

COUNTS = {
    "looked_at", "created", "changed", "unchanged", "deleted", "missed", "before_go_live", "full_compare",
    "sent", "skipped", "calls", "throttled", "parked", "blocked", "waiting", "seconds",
    "calls_per_second", "warnings",
}  # fmt: skip


def without_seconds(text: str) -> list[str]:
    return re.sub(r"\d+\.\d s", "… s", text).splitlines()


def test_a_sync_says_what_it_found_what_it_sent_and_how_long_it_took(
    cli: CommandLine, world: World
) -> None:
    ran = cli("sync")
    assert (ran.code, ran.err) == (0, "")
    assert without_seconds(ran.out) == [
        "customers compared all (it has not been compared before): 58 new, 0 changed, 0 gone, 0 unchanged",
        "          sent 58 in 58 calls, … s",
        "products  compared all (it has not been compared before): 19 new, 0 changed, 0 gone, 0 unchanged",
        "          sent 19 in 38 calls, … s",
        "orders    compared all (it has not been compared before): 119 new, 0 changed, 0 gone, 0 unchanged",
        "          sent 119 in 235 calls, … s",
    ]  # fmt: skip
    assert world.judge().differences == ()


def test_a_second_sync_says_that_there_was_nothing_to_send(cli: CommandLine, world: World) -> None:
    world.sync()
    ran = cli("sync", "--entity", "products")
    assert ran.code == 0
    assert without_seconds(ran.out) == [
        "products  looked at what was written since the last sync: "
        "0 new, 0 changed, 0 gone, 0 unchanged",
        "          sent 0 in 0 calls, … s",
    ]


def test_one_entity_alone_is_synced_when_it_is_named(cli: CommandLine, world: World) -> None:
    ran = cli("sync", "--entity", "products", "--json")
    assert list(ran.json) == ["products"]
    assert world.sandbox.rows("SELECT * FROM products")
    assert world.sandbox.rows("SELECT * FROM customers") == []


def test_a_machine_gets_one_json_object_with_the_same_counts_for_every_entity(
    cli: CommandLine,
) -> None:
    ran = cli("sync", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert list(ran.json) == ["customers", "products", "orders", "rewards"]
    assert len({frozenset(counts) for counts in ran.json.values()}) == 1
    assert set(ran.json["rewards"]) >= COUNTS
    orders = ran.json["orders"]
    assert (orders["created"], orders["sent"], orders["calls"]) == (119, 119, 235)


def test_a_full_sync_finds_what_is_gone(cli: CommandLine, world: World) -> None:
    # Only full compares look for rows that are gone.
    world.configure(("[capture]", "[capture]\ndelete_check_percent = 0"))
    world.sync()
    world.shop("DELETE FROM products WHERE id = 3")
    assert cli("sync", "--entity", "products", "--json").json["products"]["deleted"] == 0
    ran = cli("sync", "--entity", "products", "--full")
    assert (
        "compared all: 0 new, 0 changed, "
        "1 gone from the store (nothing is sent; Influence keeps it), 18 unchanged"
    ) in ran.out


def test_what_somebody_should_look_at_is_told_beside_the_report(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    warn_of_hidden_rows(monkeypatch)
    ran = cli("sync", "--entity", "products")
    assert (ran.code, ran.err) == (0, "warning: Some rows are hidden.\n")
    found = cli("sync", "--entity", "products", "--json").json["products"]
    assert found["warnings"] == ["Some rows are hidden."]


def test_an_entity_of_which_too_much_has_changed_is_stopped_and_the_others_are_synced(
    cli: CommandLine, world: World
) -> None:
    cli("sync")
    world.configure(
        ("mass_change_rows = 1000000\n", "mass_change_rows = 5\nmass_change_percent = 10\n")
    )
    world.shop("UPDATE customers SET first_name = 'Other'")
    world.shop("UPDATE products SET title = 'Another' WHERE id = (SELECT min(id) FROM products)")
    ran = cli("sync", "--json")
    assert ran.code == 5
    assert ran.err.startswith("error: ")
    assert "customers that were known have changed" in ran.err
    assert "customers" not in ran.json
    assert ran.json["products"]["sent"] == 1
    assert "A sync would stop here: " in cli("plan").err
    ran = cli("sync", "--allow-mass-change", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json["customers"]["sent"] > 50


def test_one_call_is_not_said_to_be_several(cli: CommandLine, world: World) -> None:
    world.sync()
    sample_store.add_customers(world.store_url)
    assert "sent 1 in 1 call, " in cli("sync", "--entity", "customers").out


def test_a_coupons_code_is_masked_in_the_last_trouble(cli: CommandLine, world: World) -> None:
    world.configure(
        ("linger_seconds = 4", "linger_seconds = 0"), ("base_seconds = 0.02", "base_seconds = 200")
    )
    world.ask_state(
        "INSERT INTO influence.work (entity, key) VALUES ('reward', 'SECRETCODE') RETURNING 1"
    )
    world.sandbox.set(reject=[{"entity": "reward", "id": "SECRETCODE"}])
    ran = cli("sync")
    assert "last trouble: POST reward use 'SE…': HTTP 400" in ran.out
    assert "SECRETCODE" not in ran.out + ran.err


def test_records_that_were_parked_are_told_by_the_exit_code_once(
    cli: CommandLine, world: World
) -> None:
    poison.customer_with_invalid_email(world.store_url)
    ran = cli("sync")
    assert ran.code == 4
    assert "left: 1 parked (influence-pipeline parked)" in ran.out
    again = cli("sync")
    assert again.code == 0
    assert "left: 1 parked (influence-pipeline parked)" in again.out


def test_orders_that_wait_for_their_customer_are_said_to_be_left(
    cli: CommandLine, world: World
) -> None:
    world.sync()
    buyer = sample_store.add_customers(world.store_url).customers[0]
    sample_store.place_order(world.store_url, buyer, paid=True)
    ran = cli("sync", "--entity", "orders")
    assert ran.code == 0
    assert "left: 1 waits for its customer" in ran.out


def test_guests_that_are_skipped_and_orders_before_the_go_live_are_counted(
    cli: CommandLine, world: World
) -> None:
    with world.engine() as engine:
        now = engine.store_now().isoformat()
    assert world.go_live is not None
    world.configure(
        (world.go_live.isoformat(), now), ("[orders]\n", '[orders]\nguest_orders = "skip"\n')
    )
    sample_store.place_order(world.store_url, None, email="guest@example.com", paid=True)
    ran = cli("sync", "--entity", "orders")
    assert re.search(r"1 new, .*, 119 before go-live\n", ran.out)
    assert re.search(r"sent 0 in 0 calls, .* s; 1 guest order skipped\n", ran.out)


def test_an_api_that_does_not_take_it_now_leaves_it_for_the_next_run_and_says_so(
    cli: CommandLine, world: World
) -> None:
    world.configure(
        ("linger_seconds = 4", "linger_seconds = 0"), ("base_seconds = 0.02", "base_seconds = 200")
    )
    world.sandbox.set(reject=[{"entity": "product", "id": "3"}])
    ran = cli("sync", "--entity", "products")
    assert ran.code == 0
    assert re.search(r"left: 1 .*later", ran.out)
    assert "last trouble: " in ran.out


def test_an_interrupted_sync_says_so_and_the_next_one_goes_on(
    cli: CommandLine, world: World
) -> None:
    world.sandbox.set(latency_ms=1900)
    process = subprocess.Popen(
        [sys.executable, "-m", "influence_pipeline.cli", "sync"],
        env=world.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    under_way = "SELECT 1 FROM influence.work WHERE lease_until > now()"
    until(lambda: world.ask_state(under_way), "the first calls")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert err == "interrupted; the next run goes on where this one stopped\n"
    world.sandbox.set(latency_ms=0)
    # Its leases run out by the database's clock; the test does not wait.
    world.ask_state("UPDATE influence.work SET lease_until = now() - interval '1s' RETURNING 1")
    assert cli("sync").code == 0
    assert world.judge().differences == ()


# --- import


def created_in(world: World, first: str, last: str) -> int:
    """How many customers the mapping gives that were created in these months."""
    with world.engine() as engine, engine.store.transaction() as connection:
        customers = (world.config.parent / "customers.sql").read_text().strip().rstrip(";")
        found = connection.exec_driver_sql(
            f"SELECT count(*) FROM (\n{customers}\n) c WHERE to_char(created_at, 'YYYY-MM') "
            "BETWEEN %s AND %s",
            (first, last),
        )
        return int(found.scalar_one())


def test_an_import_sends_the_records_of_the_months_named_both_included(
    cli: CommandLine, world: World
) -> None:
    expected = created_in(world, "2026-01", "2026-05")
    assert 0 < expected < 58
    ran = cli("import", "--entity", "customers", "--from", "2026-01", "--to", "2026-05")
    assert ran.code == 0
    assert f"compared the records of these months: {expected} new, " in ran.out
    planned, warned = ran.err.splitlines()
    assert planned == (
        f"plan: {expected} of {expected} customers to be sent, {expected} of them new to Influence, "
        f"{expected} calls, time unknown before the first calls"
    )
    assert warned.startswith(f"warning: {expected} customers are new to Influence: each may be ")
    assert f"sent {expected} in {expected} calls" in ran.out
    assert len(world.sandbox.rows("SELECT * FROM customers")) == expected


def test_an_import_of_december_ends_with_the_year(cli: CommandLine, world: World) -> None:
    ran = cli("import", "--entity", "customers", "--from", "2025-12", "--to", "2025-12", "--json")
    assert ran.json["customers"]["sent"] == created_in(world, "2025-12", "2025-12")


def test_an_import_of_everything_leaves_nothing_but_orders_to_a_sync(cli: CommandLine) -> None:
    ran = cli("import", "--json")
    assert ran.code == 0
    assert {entity: counts["sent"] for entity, counts in ran.json.items()} == {
        "customers": 58,
        "products": 19,
    }
    after = cli("sync", "--json").json
    assert [after[name]["sent"] for name in ("customers", "products", "orders")] == [0, 0, 119]


def test_an_import_that_a_mapping_does_not_allow_fails_before_anything_is_sent(
    cli: CommandLine, world: World
) -> None:
    file = world.config.parent / "products.sql"
    file.write_text("SELECT id, title FROM products")
    ran = cli("import", "--from", "2026-01")
    assert (
        ran.code,
        "products.sql: an import by month needs a column created_at" in ran.error,
    ) == (
        3,
        True,
    )
    assert world.sandbox.rows("SELECT * FROM customers") == []
    assert cli("import", "--entity", "customers", "--from", "2026-01").code == 0


def test_an_import_of_products_alone_warns_of_nothing(cli: CommandLine) -> None:
    ran = cli("import", "--entity", "products")
    assert (ran.code, len(ran.err.splitlines())) == (0, 1)
    assert ran.err.startswith("plan: 19 of 19 products to be sent")
    assert ran.out.startswith("products  compared all: ")


def test_a_plan_of_an_import_is_what_it_then_does_and_sends_nothing(
    cli: CommandLine, world: World
) -> None:
    planned = cli("import", "--plan", "--json").json
    assert world.sandbox.rows("SELECT * FROM calls WHERE path LIKE '/v1/%'") == []
    assert {name: (plan["to_send"], plan["new"]) for name, plan in planned.items()} == {
        "customers": (58, 58),
        "products": (19, 19),
    }
    done = cli("import", "--json").json
    assert {name: plan["calls"] for name, plan in planned.items()} == {
        name: counts["calls"] for name, counts in done.items()
    }
    again = cli("import", "--plan")
    assert again.out.splitlines() == [
        "plan: none of 58 customers looked at is to be sent",
        "plan: none of 19 products looked at is to be sent",
    ]
    assert again.err == ""


def test_a_first_batch_sends_so_many_of_each_and_the_next_import_the_rest(
    cli: CommandLine,
) -> None:
    ran = cli("import", "--first", "10", "--json")
    assert [ran.json[name]["sent"] for name in ("customers", "products")] == [10, 10]
    assert "Look at these records in the Influence dashboard" in ran.err
    rest = cli("import", "--from", "2015-01", "--to", "2035-01", "--json").json
    undated = cli("import", "--json").json
    for name, all_of_them in (("customers", 58), ("products", 19)):
        assert 10 + rest[name]["sent"] + undated[name]["sent"] == all_of_them


def test_old_orders_are_imported_where_the_rule_is_lifted_in_so_many_words(
    cli: CommandLine, world: World
) -> None:
    words = "each of them may award points at today's rules"
    world.configure(
        (
            f"go_live = {LONG_AGO.isoformat()}\n",
            f'go_live = 2026-10-01T00:00:00Z\nimport_before_go_live = "{words}"\n',
        )
    )
    assert cli("import", "--quiet").code == 0
    planned = cli("import", "--entity", "orders", "--plan", "--json").json["orders"]
    assert planned["to_send"] == 119
    assert "are paid: each of them may award points at today's rules." in planned["awards"]
    done = cli("import", "--entity", "orders", "--json").json["orders"]
    assert done["sent"] == 119
    # On a busy machine an answer may come too late, and be asked for.
    assert 0 <= done["calls"] - planned["calls"] <= 5
    assert not world.judge().differences
    assert cli("sync", "--json").json["orders"]["sent"] == 0


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (PartLeft(3, 0, 1, 0, 0), ["left: 4 of these; run it again"]),
        (PartLeft(0, 0, 0, 2, 7), ["left: 7 of these taken over by another import"]),
        (PartLeft(0, 0, 0, 2, 0), []),
    ],
)
def test_an_import_says_what_it_left_and_to_whom(
    left: PartLeft, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = Remaining(0, 0, 0, 0, 0, None, None, None)
    print_report(Report(Entity.CUSTOMER, None, Delivered(), nothing, 1.0, left))
    assert [line.strip() for line in capsys.readouterr().out.splitlines()[1:]] == words


def test_the_rule_is_lifted_by_no_other_words(cli: CommandLine, world: World) -> None:
    world.configure(("[orders]\n", "[orders]\nimport_before_go_live = true\n"))
    ran = cli("import", "--entity", "orders")
    assert ran.code == 3
    assert "orders.import_before_go_live" in ran.error
    assert "each of them may award points at today's rules" in ran.error


def test_months_the_wrong_way_round_are_refused(bare_cli: CommandLine) -> None:
    ran = bare_cli("import", "--from", "2026-05", "--to", "2026-04")
    assert (ran.code, ran.error) == (
        3,
        "--from 2026-05 comes after --to 2026-04; no month lies between.",
    )


def test_an_import_that_parks_records_says_so_by_its_exit_code(
    cli: CommandLine, world: World
) -> None:
    poison.customer_with_invalid_email(world.store_url)
    assert cli("import", "--entity", "customers").code == 4


def test_old_orders_are_not_imported_and_the_reason_is_told(cli: CommandLine, world: World) -> None:
    ran = cli("import", "--entity", "orders")
    assert ran.code == 3
    assert ran.error.startswith("Orders are not imported: an old order sent with an awarding")
    assert world.sandbox.rows("SELECT * FROM calls WHERE path LIKE '/v1/%'") == []


@pytest.mark.parametrize(
    "month", ["2026-13", "2026-1", "march", "2026-03-01", "", "0000-01", "9999-12"]
)
@pytest.mark.parametrize("flag", ["--from", "--to"])
def test_what_is_no_month_is_refused_naming_the_flag(
    bare_cli: CommandLine, flag: str, month: str
) -> None:
    ran = bare_cli("import", flag, month)
    assert (ran.code, ran.error) == (3, f"{flag} takes a month such as 2024-03.")
