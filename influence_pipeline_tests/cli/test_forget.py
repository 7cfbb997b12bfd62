"""`forget`: what a person is shown and asked, and what a machine gets. What it erases is shown in
`erasure.test_erasure`."""

from __future__ import annotations

from influence_pipeline.records import Entity
from influence_pipeline_tests.cli.conftest import CommandLine
from influence_pipeline_tests.support.world import World


def _customer(world: World) -> str:
    with world.engine() as engine:
        engine.sync(Entity.CUSTOMER)
    found = world.ask_state("SELECT min(key) FROM snapshot WHERE entity = 'customer'")
    return str(found[0][0])


def test_a_dry_run_shows_what_there_is_and_changes_nothing(cli: CommandLine, world: World) -> None:
    customer = _customer(world)
    before = world.ask_state("SELECT * FROM snapshot ORDER BY entity, key")
    ran = cli("forget", customer, "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Of customer {customer} the state holds:\n")
    found = cli("forget", customer, "--plan", "--json").json
    assert found["customer"] == customer
    assert found["erased"] is None
    assert {name: rows for name, rows in found["found"]["tables"].items() if rows} == {
        "snapshot": 1,
        "attempt": 1,
        "email_owner": 1,
    }
    assert world.ask_state("SELECT * FROM snapshot ORDER BY entity, key") == before
    assert world.ask_state("SELECT * FROM erased") == []


def test_without_a_terminal_and_without_a_yes_nothing_is_erased(
    cli: CommandLine, world: World
) -> None:
    ran = cli("forget", _customer(world))
    assert ran.code == 2
    assert ran.err == "Nothing was erased: say --yes, for there is no terminal to ask on.\n"
    assert world.ask_state("SELECT * FROM erased") == []


def test_with_json_nothing_else_is_on_standard_output(cli: CommandLine, world: World) -> None:
    customer = _customer(world)
    ran = cli("forget", customer, "--yes", "--json")
    assert ran.code == 0
    assert ran.json["erased"] == {"events": 0, "rows": 3, "under_way": 0, "without_coupon": []}
    assert "What is left to you" in ran.err
    assert cli("forget", customer, "--undo", "--json").json == {
        "customer": customer,
        "undone": True,
    }
    again = cli("forget", customer, "--undo")
    assert again.code == 1
    assert again.error.startswith(
        f"Customer {customer} was not erased, so there is nothing to undo"
    )


def test_of_a_customer_nobody_knows_it_says_that_nothing_is_kept(
    cli: CommandLine, world: World
) -> None:
    ran = cli("forget", "nobody", "--dry-run")
    assert (ran.code, ran.out) == (0, "Nothing is kept of customer nobody.\n")


def test_what_is_no_address_is_told_so(cli: CommandLine, world: World) -> None:
    ran = cli("forget", "42", "--email", "ada")
    assert (ran.code, ran.error) == (3, "--email takes an e-mail address.")
