"""`roles`: the SQL it prints is run by psql as it is, twice, and makes roles that do the job."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.state.database import open_state
from influence_pipeline_tests.cli.conftest import CommandLine
from influence_pipeline_tests.support import databases, roles
from influence_pipeline_tests.support.world import World

ROLES = ("influence_reader", "influence_coupons", "influence_state")
PASSWORDS = {
    f"INFLUENCE_{name}_PASSWORD": roles.PASSWORD for name in ("READER", "COUPONS", "STATE")
}


@pytest.fixture(autouse=True)
def clean(postgres: EmbeddedPostgres, world: World) -> Iterator[None]:
    """Roles belong to the server; those of these tests go with each test."""
    yield
    made = (
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{0}') THEN {1} END IF; END $$"
    )
    for url in (world.store_url, world.state_url):
        roles.administer(
            url, *(made.format(name, f"DROP OWNED BY {name} CASCADE;") for name in ROLES)
        )
    databases.administer(postgres, "DROP DATABASE IF EXISTS influence_state WITH (FORCE)")
    for name in ROLES:
        databases.administer(postgres, f"DROP ROLE IF EXISTS {name}")


def psql(url: str, script: str, **environment: str) -> None:
    program = shutil.which("psql")
    if program is None:
        pytest.skip("there is no psql to run the script with")
    done = subprocess.run(
        [program, "--no-psqlrc", "--quiet", url],
        input=script,
        text=True,
        capture_output=True,
        env={**os.environ, **environment},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def values(url: str, sql: str) -> list[Any]:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def test_what_is_printed_makes_three_roles_that_do_the_whole_job(
    cli: CommandLine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INFLUENCE_STATE_URL")
    ran = cli("roles")
    assert (ran.code, ran.err) == (0, "")
    psql(world.store_url, ran.out, **PASSWORDS)
    # Again, as after a change of the mapping; passwords stay as they are.
    psql(world.store_url, ran.out)
    admin = world.store_url
    state = roles.as_role(admin, "influence_state").replace(
        admin.rpartition("/")[2], "influence_state"
    )
    narrow = World(
        roles.as_role(admin, "influence_reader"), state, world.sandbox, world.config, world.go_live
    )
    narrow.sync()
    assert world.judge().differences == ()
    assert values(state, "SELECT count(*) FROM influence.work") == [(0,)]


def test_the_roles_are_set_as_printed(cli: CommandLine, world: World) -> None:
    psql(world.store_url, cli("roles").out)
    found = {
        name: (limit, sorted(settings))
        for name, limit, settings in values(
            world.store_url,
            "SELECT rolname, rolconnlimit, rolconfig FROM pg_roles WHERE rolname LIKE 'influence%'"
            " AND rolcanlogin AND NOT (rolsuper OR rolinherit OR rolcreatedb OR rolcreaterole"
            " OR rolreplication OR rolbypassrls)",
        )
    }
    assert found == {
        "influence_reader": (20, [
            "default_transaction_read_only=on", "idle_in_transaction_session_timeout=1h",
            "lock_timeout=10s", "statement_timeout=60s",
        ]),
        "influence_coupons": (16, [
            "idle_in_transaction_session_timeout=30s", "lock_timeout=10s", "statement_timeout=15s",
        ]),
        "influence_state": (-1, ["idle_in_transaction_session_timeout=1h", "statement_timeout=1h"]),
    }  # fmt: skip


def test_without_a_password_nobody_can_log_in(cli: CommandLine, world: World) -> None:
    psql(world.store_url, cli("roles", "--only", "reader").out)
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(roles.as_role(world.store_url, "influence_reader"))


def test_the_state_may_lie_in_the_stores_own_database(
    cli: CommandLine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLUENCE_STATE_URL", world.store_url)
    psql(world.store_url, cli("roles").out, **PASSWORDS)
    url = roles.as_role(world.store_url, "influence_state")
    # It fills the schema that it was given, and cannot make another, nor see the shop.
    open_state(url).close()
    assert not roles.may(url, "CREATE SCHEMA mine")
    assert not roles.may(url, "SELECT id FROM customers")
    # A coupon and its event can be written in one transaction.
    assert roles.may(url, "SET LOCAL ROLE influence_coupons; SELECT code FROM discount_codes")


def test_another_administrator_may_ask_than_the_pipelines_own_role(
    cli: CommandLine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INFLUENCE_STORE_URL")
    ran = cli("roles", "--store-url", world.store_url, "--only", "reader", "--reader", "Mr. \"O'Neil\"")  # fmt: skip
    assert ran.code == 0
    assert '''TO "Mr. ""O'Neil"""''' in ran.out
    assert cli("roles").code == 3


def test_hostile_names_go_through_psql(cli: CommandLine, world: World) -> None:
    names = ['a"b', "a'b;--", "\\a", ":x", "$influence$", "a\nb", "%s", ":'role'"]
    for name in names:
        psql(world.store_url, cli("roles", "--only", "reader", "--reader", name).out)
    there = {name for (name,) in values(world.store_url, "SELECT rolname FROM pg_roles")}
    assert set(names) <= there
    for name in names:
        quoted = '"' + name.replace('"', '""') + '"'
        roles.administer(world.store_url, f"DROP OWNED BY {quoted}", f"DROP ROLE {quoted}")


def test_for_machines_it_says_what_is_needed_and_why_there_is_no_role(
    cli: CommandLine, world: World
) -> None:
    found = json.loads(cli("roles", "--json").out)
    assert found["coupons"]["needs"][1] == {
        "kind": "TABLE", "object": "public.discount_codes", "privilege": "SELECT",
        "columns": ["code", "customer_id"],
    }  # fmt: skip
    text = world.config.read_text()
    head, _, tail = text.partition("[coupons]")
    world.config.write_text(head + "[" + tail.partition("\n[")[2])
    assert "has no [coupons]" in json.loads(cli("roles", "--json").out)["coupons"]["why_not"]
    assert "-- No role for coupons:" in cli("roles").out
    world.config.write_text(head + '[coupons]\nwriter = "medusa"\n[' + tail.partition("\n[")[2])
    assert "The admin API of the shop makes coupons" in cli("roles").out


def test_a_statement_of_members_is_counted(cli: CommandLine, world: World) -> None:
    (Path(world.config).parent / "member.sql").write_text(
        "UPDATE customers SET phone = :tier_title WHERE id = :customer_id"
    )
    world.config.write_text(world.config.read_text() + '\n[members]\nwrite = "member.sql"\n')
    out = cli("roles", "--only", "coupons").out
    assert "GRANT UPDATE (phone) ON TABLE public.customers TO influence_coupons;" in out


def test_a_mapping_that_does_not_fit_is_named(cli: CommandLine, world: World) -> None:
    world.configure(('key = "d.order_id"', 'key = "d.order"'))
    ran = cli("roles")
    assert ran.code == 3
    assert "influence.toml, orders.sources" in ran.err
    assert "column d.order does not exist" in ran.err


def test_a_coupon_statement_that_does_not_fit_keeps_no_other_role_back(
    cli: CommandLine, world: World
) -> None:
    create = world.config.parent / "coupon_create.sql"
    create.write_text(create.read_text().replace("usage_limit,", "uses_left,"))
    ran = cli("roles")
    assert ran.code == 3
    assert "No role for coupons yet: " in ran.err and "coupon_create.sql" in ran.err
    assert "===== the reader of the store" in ran.out and "CREATE ROLE influence_state" in ran.out
    assert "GRANT INSERT" not in ran.out
