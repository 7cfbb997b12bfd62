"""What a person reads when it does not work: one line that names what to mend, and no secret."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from influence_pipeline_tests.cli.conftest import CommandLine
from influence_pipeline_tests.support.world import World

CANARY = "canary-s3cret"
AWAY = f"postgresql://someone:{CANARY}@127.0.0.1:9/shop"


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("status", ["STATE_URL"]),
        ("parked", ["STATE_URL"]),
        ("retry orders --all", ["STATE_URL"]),
        ("why orders 1", ["STATE_URL"]),
        ("events list", ["STATE_URL"]),
        ("events show 1", ["STATE_URL"]),
        ("events replay 1", ["STATE_URL"]),
        ("plan", ["STORE_URL", "STATE_URL"]),
        ("sync", ["STORE_URL", "STATE_URL"]),
        ("import", ["STORE_URL", "STATE_URL"]),
        ("receiver", ["STATE_URL", "WEBHOOK_TOKEN"]),
        ("webhooks status", ["API_KEY"]),
        ("webhooks register --url https://shop.example", ["API_KEY"]),
        ("sandbox", ["API_KEY"]),
    ],
)
def test_what_a_command_needs_and_is_not_set_is_named_at_once(
    bare_cli: CommandLine, command: str, names: list[str]
) -> None:
    ran = bare_cli(*command.split())
    variables = ", ".join(f"INFLUENCE_{name}" for name in names)
    assert ran.code == 3
    assert ran.error.startswith(f"Not set: {variables}. ")


def test_a_sync_without_a_key_and_a_registration_without_a_token_name_them(
    cli: CommandLine,
) -> None:
    cli.unset("API_KEY")
    assert "Not set: INFLUENCE_API_KEY." in cli("sync").error
    cli.set(API_KEY="k")
    ran = cli("webhooks", "register", "--url", "https://shop.example")
    assert (ran.code, "Not set: INFLUENCE_WEBHOOK_TOKEN." in ran.error) == (3, True)


def test_a_plan_needs_no_key(cli: CommandLine) -> None:
    cli.unset("API_KEY")
    assert cli("plan").code == 0


@pytest.mark.parametrize(
    ("variable", "value", "command", "code", "says"),
    [
        ("STATE_URL", AWAY, "status", 1, "(INFLUENCE_STATE_URL): nothing listens at that host and port."),
        ("STATE_URL", AWAY, "sync", 1, "(INFLUENCE_STATE_URL): nothing listens at that host and port."),
        ("STORE_URL", AWAY, "sync", 1, "(INFLUENCE_STORE_URL): nothing listens at that host and port."),
        ("STORE_URL", AWAY, "plan", 1, "(INFLUENCE_STORE_URL): nothing listens at that host and port."),
        ("STATE_URL", f"postgresql://u:{CANARY}%zz@h/d", "status", 3, "INFLUENCE_STATE_URL cannot be read as a Postgres URL."),
        ("STORE_URL", CANARY, "sync", 3, "INFLUENCE_STORE_URL is not a Postgres URL."),
        ("API_URL", "http://127.0.0.1:9", "sync", 1, "INFLUENCE_API_URL"),
        ("API_URL", "http://127.0.0.1:9", "webhooks status", 1, "(INFLUENCE_API_URL) cannot be reached: nothing listens"),
        ("API_URL", f"http://{CANARY}.example", "sync", 3, "INFLUENCE_API_URL must be https"),
        ("API_KEY", CANARY, "sync", 1, "INFLUENCE_API_KEY"),
        ("API_KEY", CANARY, "webhooks status", 1, "INFLUENCE_API_KEY is wrong, blocked"),
        ("API_KEY", f"{CANARY}€", "sync", 3, "INFLUENCE_API_KEY holds a character that no HTTP header"),
        ("API_KEY", f"{CANARY}\nx", "webhooks status", 3, "INFLUENCE_API_KEY holds a character that"),
        ("STATE_URL", f"postgresql://u:12/{CANARY}@127.0.0.1:9/d", "status", 3, "INFLUENCE_STATE_URL cannot be read"),
        ("CONFIG", "nowhere.toml", "sync", 3, "There is no nowhere.toml."),
        ("CONFIG", "nowhere.toml", "status", 3, "There is no nowhere.toml."),
    ],
)  # fmt: skip
def test_what_stops_a_command_is_one_line_and_an_exit_code(
    cli: CommandLine, variable: str, value: str, command: str, code: int, says: str
) -> None:
    cli.set(**{variable: value})
    ran = cli(*command.split())
    assert (ran.code, says in ran.error) == (code, True), ran.err
    assert CANARY not in ran.err


def break_toml(world: World) -> None:
    world.config.write_text("version =")


def misspell_a_key(world: World) -> None:
    world.configure(("[orders]\n", '[orders]\nguest_order = "skip"\n'))


def misspell_an_api_name(world: World) -> None:
    world.config.write_text(
        world.config.read_text() + '\n[api_names]\norder = { emial = "mail" }\n'
    )


def lose_a_query(world: World) -> None:
    (world.config.parent / "customers.sql").unlink()


def empty_a_query(world: World) -> None:
    (world.config.parent / "customers.sql").write_text("")


def misspell_a_column(world: World) -> None:
    file = world.config.parent / "customers.sql"
    file.write_text(file.read_text().replace("email", "emial"))


def misspell_a_table(world: World) -> None:
    world.configure(('from = "customers c"', 'from = "custmers c"'))


@pytest.mark.parametrize(
    ("mistake", "names"),
    [
        (break_toml, "influence.toml is not valid TOML: "),
        (misspell_a_key, ": orders.guest_order is not a known key (did you mean guest_orders?)"),
        (misspell_an_api_name, "influence.toml: api_names has order.emial"),
        (lose_a_query, "customers.sql"),
        (empty_a_query, "customers.sql is empty"),
        (misspell_a_column, "customers.sql, line 17: "),
        (misspell_a_table, "influence.toml, customers.sources"),
    ],
)
@pytest.mark.parametrize("command", ["sync", "plan"])
def test_a_mistake_in_the_configuration_is_one_line_that_names_the_file(
    cli: CommandLine, world: World, mistake: object, names: str, command: str
) -> None:
    assert callable(mistake)
    mistake(world)
    ran = cli(command)
    assert (ran.code, names in ran.error) == (3, True), ran.err


@pytest.mark.parametrize("command", ["parked --csv", "plan --csv", "init --into"])
def test_a_file_that_cannot_be_written_is_one_line(cli: CommandLine, command: str) -> None:
    ran = cli(*command.split(), "/dev/null/x")
    assert (ran.code, "/dev/null/x" in ran.error) == (3, True)
    assert ran.error.endswith(" cannot be written: Not a directory.")


def test_a_preset_is_not_written_into_a_file(bare_cli: CommandLine) -> None:
    Path("file").write_text("mine")
    assert bare_cli("init", "--into", "file").error == "file cannot be written: File exists."


def test_a_dot_env_that_is_not_utf_8_is_one_line(bare_cli: CommandLine) -> None:
    Path(".env").write_bytes(b"INFLUENCE_API_KEY=\xff\n")
    ran = bare_cli("status")
    assert (ran.code, ran.error) == (3, ".env is not UTF-8 text; save it as UTF-8.")


@pytest.mark.parametrize("command", ["why orders", "retry orders --key", "retry orders --reason"])
def test_a_key_that_is_no_text_is_one_line(cli: CommandLine, command: str) -> None:
    ran = cli(*command.split(), "\udcff")
    assert (ran.code, ran.error.startswith("What was given is not valid UTF-8")) == (3, True)


@pytest.mark.parametrize("arguments", [["--help"], ["init", "--into", "x"]])
def test_a_reader_that_has_gone_is_no_error(tmp_path: Path, arguments: list[str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "influence_pipeline.cli", *arguments],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    process.stdout.close()
    # It reads its end of the pipe only when it is done.
    assert process.stderr
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=30), said) == (0, b"")


def test_a_newer_state_is_one_line_with_the_mend(cli: CommandLine, world: World) -> None:
    world.ask_state("UPDATE influence.schema_version SET version_num = '0999' RETURNING 1")
    ran = cli("status")
    assert ran.code == 1
    assert "Install the newer version; nothing was changed." in ran.error


# --- wrong usage


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "nonsense",
        "sync --entity rewards",
        "sync --nonsense",
        "import --entity rewards",
        "retry",
        "retry orders",
        "retry orders --all --key 1",
        "retry nonsense --all",
        "why orders",
        "events",
        "events show",
        "events show one",
        "events list --state lost",
        "events list --most 0",
        "events list --most -1",
        "events list --most x",
        "sync --wait x",
        "sync --wait -1",
        "sync --wait nan",
        "webhooks register",
        "init --preset nonsense",
        "receiver --port http",
        "probe --only everything",
        "probe --yes --read-only",
        "probe --settle -1",
        "forget",
        "forget 42 --yes --dry-run",
        "forget 42 --yes --undo",
    ],
)
def test_wrong_usage_is_exit_code_2_with_the_usage(bare_cli: CommandLine, arguments: str) -> None:
    ran = bare_cli(*arguments.split())
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("usage: influence-pipeline")
    assert "error: " in ran.err.splitlines()[-1]


def test_what_is_no_number_of_seconds_is_said_to_be_none(bare_cli: CommandLine) -> None:
    assert bare_cli("sync", "--wait", "x").err.endswith("x is no number of seconds\n")


def test_the_help_names_every_command_and_exit_code(bare_cli: CommandLine) -> None:
    ran = bare_cli("--help")
    assert (ran.code, ran.err) == (0, "")
    for word in (
        "init",
        "plan",
        "sync",
        "import",
        "status",
        "parked",
        "retry",
        "why",
        "events",
        "probe",
    ):
        assert f"\n    {word} " in ran.out
    assert "4 done, but" in ran.out
    assert bare_cli("--version").out.startswith("influence-pipeline ")
