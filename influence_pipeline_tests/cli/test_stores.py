"""Commands where there are several stores: which one is meant, and what is said of the list."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline_tests.cli.conftest import CommandLine
from influence_pipeline_tests.support import databases, preset


@pytest.fixture
def cli(
    bare_cli: CommandLine,
    postgres: EmbeddedPostgres,
    store_template: str,
    empty_database_url: str,
) -> Iterator[CommandLine]:
    """Two stores that read one database, their states in another; paris has no API key."""
    listed("berlin", "paris")
    bare_cli.set(STORES="stores.toml")
    with databases.throw_away_database(postgres, store_template) as url:
        for name in ("berlin", "paris"):
            shutil.copytree(preset.FOLDER, name)
            file = Path(name, "influence.toml")
            file.write_text(f'state_schema = "of_{name}"\n' + file.read_text())
            bare_cli.set(**{f"{name.upper()}_STORE_URL": url})
            bare_cli.set(**{f"{name.upper()}_STATE_URL": empty_database_url})
        bare_cli.set(BERLIN_API_KEY="key-of-berlin", BERLIN_API_URL="http://127.0.0.1:1")
        yield bare_cli


def schemas(url: str) -> set[str]:
    """The stores' schemas in a database."""
    with closing(psycopg2.connect(url)) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'of\\_%'")
        return {name for (name,) in cursor.fetchall()}


def listed(*names: str) -> None:
    entries = [f'[[store]]\nname = "{n}"\nconfig = "{n}/influence.toml"\n' for n in names]
    Path("stores.toml").write_text("\n".join(entries))


class TestWhichStore:
    @pytest.mark.parametrize(
        "arguments",
        [
            ("--store", "berlin", "plan", "--json"),
            ("plan", "--store", "berlin", "--json"),
            ("--store", "paris", "plan", "--store", "berlin", "--json"),
        ],
        ids=["before the command", "after it", "the last one counts"],
    )
    def test_is_named_before_or_after_the_command(
        self, cli: CommandLine, arguments: tuple[str, ...], empty_database_url: str
    ) -> None:
        assert cli(*arguments).code == 0
        assert schemas(empty_database_url) == {"of_berlin"}

    def test_is_not_remembered_after_the_command(self, cli: CommandLine) -> None:
        cli("--store", "berlin", "status")
        assert "INFLUENCE_STORE" not in os.environ

    def test_may_come_from_the_variable(self, cli: CommandLine) -> None:
        cli.set(STORE="paris")
        assert cli("sync").error.startswith("Not set: INFLUENCE_PARIS_API_KEY.")
        assert cli("--store", "berlin", "status").code == 0
        assert os.environ["INFLUENCE_STORE"] == "paris"

    @pytest.mark.parametrize(
        "command",
        [
            ("check",),
            ("plan",),
            ("roles",),
            ("sync",),
            ("import",),
            ("status",),
            ("parked",),
            ("retry", "--all"),
            ("why", "customers", "1"),
            ("metrics", "--once"),
            ("receiver",),
            ("events", "list"),
            ("members", "list"),
            ("webhooks", "status"),
            ("probe", "--read-only"),
            ("init",),
        ],
        ids=" ".join,
    )
    def test_a_command_that_names_none_lists_them(
        self, cli: CommandLine, command: tuple[str, ...]
    ) -> None:
        ran = cli(*command)
        assert ran.code == 3
        said = ran.err + ran.out
        assert "Say which is meant" in said
        assert "berlin, paris" in " ".join(said.split())

    @pytest.mark.parametrize("command", [("schema",), ("check", "--list"), ("stores",)])
    def test_some_need_none(self, cli: CommandLine, command: tuple[str, ...]) -> None:
        assert "Say which is meant" not in cli(*command).err


class TestWords:
    def test_an_error_names_the_stores_own_variable(self, cli: CommandLine) -> None:
        cli.set(BERLIN_STATE_URL="postgresql://u:secret-canary@127.0.0.1:1/x")
        said = cli("--store", "berlin", "status").error
        assert "INFLUENCE_BERLIN_STATE_URL" in said
        assert "INFLUENCE_STATE_URL" not in said
        assert "canary" not in said

    def test_why_too(self, cli: CommandLine) -> None:
        cli.set(BERLIN_STATE_URL="postgresql://u@127.0.0.1:1/x")
        assert "INFLUENCE_BERLIN_STATE_URL" in cli("--store", "berlin", "why", "orders", "1").error

    def test_check_names_them_and_knows_the_other_stores_variables(self, cli: CommandLine) -> None:
        cli.set(API_KEY="of a single store")
        findings = cli("--store", "berlin", "check", "--json").json["findings"]
        unread = [one["where"] for one in findings if one["check"] == "config.environment"]
        assert unread == ["INFLUENCE_API_KEY"]
        (token,) = [one for one in findings if one["check"] == "config.webhook_token"]
        assert token["where"] == "INFLUENCE_BERLIN_WEBHOOK_TOKEN"


class TestTheList:
    def test_says_who_is_ready_and_what_must_be_mended(self, cli: CommandLine) -> None:
        ran = cli("stores")
        assert ran.code == 3
        head, berlin, paris, why = ran.out.splitlines()
        assert head.split() == ["store", "influence.toml", "settings"]
        assert berlin.split()[0::2] == ["berlin", "ready"]
        assert paris.endswith("to mend")
        assert why.startswith("paris: Not set: INFLUENCE_PARIS_API_KEY.")

    def test_ends_well_when_all_are_ready(self, cli: CommandLine) -> None:
        cli.set(PARIS_API_KEY="key-of-paris")
        ran = cli("stores", "--json")
        assert ran.code == 0
        assert [(one["name"], one["problem"]) for one in ran.json["stores"]] == [
            ("berlin", None),
            ("paris", None),
        ]

    def test_names_an_entry_that_cannot_be_named(self, cli: CommandLine) -> None:
        cli.set(PARIS_API_KEY="key-of-paris")
        listed("berlin", "paris", "wien-1")
        ran = cli("stores")
        assert ran.code == 3
        assert "'wien-1' is no name for a store." in ran.out

    def test_where_there_is_none(self, cli: CommandLine) -> None:
        cli.unset("STORES")
        assert cli("stores").error.startswith(
            "INFLUENCE_STORES is not set: there is a single store"
        )
