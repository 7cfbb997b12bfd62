"""`init`: a first influence.toml with its SQL files, from what the store is; never over what is there."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from influence_pipeline.cli import init
from influence_pipeline.cli.asking import Asker
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.settings import load_settings
from influence_pipeline.settings.schema import DIRECTIVE, shipped_schema
from influence_pipeline_tests.cli.conftest import CommandLine
from influence_pipeline_tests.support import databases, preset
from influence_pipeline_tests.support.world import World

SCHEMA = "influence.schema.json"
FILES = {item.name for item in preset.FOLDER.iterdir() if item.name.endswith((".toml", ".sql"))}
DRAFTED = {"customers.sql", "products.sql", "orders.sql", "influence.toml", SCHEMA}
TILL = Path(__file__).parents[1] / "store" / "draft" / "shops" / "till.sql"


def sql(url: str, statements: str) -> None:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statements)


@pytest.fixture
def till(empty_database_url: str) -> str:
    """The URL of a shop that no preset knows."""
    sql(empty_database_url, TILL.read_text(encoding="utf-8"))
    return empty_database_url


def there(folder: str = ".") -> set[str]:
    return {path.name for path in Path(folder).iterdir()}


# Without a store ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("arguments", "folder"), [([], "."), (["--into", "new/conf"], "new/conf")])
def test_without_a_store_the_plain_preset_is_written_and_what_to_do_next(
    bare_cli: CommandLine, arguments: list[str], folder: str
) -> None:
    ran = bare_cli("init", *arguments)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "No store was looked at (INFLUENCE_STORE_URL is not set): the preset plain as it is.",
        f"wrote into {Path(folder)}: {', '.join(sorted(FILES | {SCHEMA}))}",
        "Next:",
        "  1. Set INFLUENCE_STORE_URL, INFLUENCE_STATE_URL and "
        f"INFLUENCE_CONFIG={Path(folder, 'influence.toml')} (all variables: docs/settings.md).",
        "  2. Make the SELECTs and sources fit your tables (docs/mapping.md).",
        "  3. `influence-pipeline check` says what does not fit yet.",
        "  4. `influence-pipeline plan` shows what would be sent, and sends nothing.",
    ]
    for name in FILES - {"influence.toml"}:
        assert Path(folder, name).read_bytes() == (preset.FOLDER / name).read_bytes()


def test_an_editor_finds_the_schema_by_the_first_line(bare_cli: CommandLine) -> None:
    bare_cli("init")
    first, empty, *rest = Path("influence.toml").read_text(encoding="utf-8").splitlines()
    assert (first, empty) == (DIRECTIVE, "")
    assert rest == (preset.FOLDER / "influence.toml").read_text(encoding="utf-8").splitlines()
    assert Path(SCHEMA).read_text(encoding="utf-8") == shipped_schema()


@pytest.mark.parametrize("name", sorted(FILES | {SCHEMA}))
def test_a_file_that_is_there_is_not_overwritten_and_nothing_else_is_written(
    bare_cli: CommandLine, name: str
) -> None:
    Path(name).write_text("mine")
    ran = bare_cli("init")
    assert (ran.code, ran.error) == (
        3,
        f". already holds {name}; nothing was written. Name another folder with --into, "
        "or move them away.",
    )
    assert there() == {name}
    assert Path(name).read_text() == "mine"


def test_a_currency_takes_the_place_of_the_presets_own(bare_cli: CommandLine) -> None:
    bare_cli("init", "--currency", "chf")
    config = load_settings().config
    assert config.coupons is not None
    assert config.coupons.currency == "CHF"
    assert {reward.currency for reward in config.rewards.values()} == {"CHF", None}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--preset", "unknown"], "say where the store is, with --store-url or INFLUENCE_STORE_URL."),
        (["--currency", "euro"], "euro is no currency; write three letters, as in EUR."),
        (["--time-zone", "Vienna"], "Vienna is no time zone; write it as in Europe/Vienna, or UTC."),
        (["--store-url", "http://shop"], "--store-url is not a Postgres URL."),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said_and_nothing_is_written(
    bare_cli: CommandLine, arguments: list[str], says: str
) -> None:
    ran = bare_cli("init", *arguments)
    assert (ran.code, says in ran.error) == (3, True)
    assert there() == set()


def test_a_store_that_does_not_answer_is_named_and_nothing_is_written(
    bare_cli: CommandLine,
) -> None:
    ran = bare_cli("init", "--store-url", "postgresql://me:s3cret@127.0.0.1:1/shop")
    assert (ran.code, ran.error) == (
        1, "The database at 127.0.0.1:1/shop (--store-url): nothing listens at that host and port.",
    )  # fmt: skip
    assert there() == set()


def test_a_preset_that_is_named_is_written_also_while_the_store_is_away(
    bare_cli: CommandLine,
) -> None:
    ran = bare_cli("init", "--store-url", "postgresql://127.0.0.1:1/shop", "--preset", "plain")
    assert ran.code == 0
    assert there() == FILES | {SCHEMA}
    assert "not tried: The database at 127.0.0.1:1/shop (--store-url): nothing listens" in ran.out


# A store that is recognised ----------------------------------------------------------------------


def test_what_init_writes_works_as_it_is_on_the_sample_store(
    cli: CommandLine, world: World
) -> None:
    ran = cli("init", "--into", "conf", "--json")
    assert (ran.json["preset"], ran.json["store"]["name"]) == ("plain", "the sample store")
    assert ran.json["refused"] == {"customers": None, "products": None, "orders": None}
    cli.set(CONFIG="conf/influence.toml")
    assert cli("sync", "--entity", "customers", "--json").json["customers"]["sent"] == 58


def test_the_url_on_the_command_line_goes_before_the_variable(
    bare_cli: CommandLine, store_url: str
) -> None:
    bare_cli.set(STORE_URL="postgresql://127.0.0.1:1/elsewhere")
    assert bare_cli("init", "--store-url", store_url, "--json").json["preset"] == "plain"


def test_a_schema_that_is_not_on_the_search_path_is_told_with_the_mend(
    bare_cli: CommandLine, store_url: str
) -> None:
    sql(store_url, 'ALTER SCHEMA public RENAME TO "The Shop"; CREATE SCHEMA public')
    ran = bare_cli("init", "--store-url", store_url)
    assert (
        'its schema "The Shop" is not on the role\'s search path, and the SELECTs name no schema: '
        'ALTER ROLE <the role> SET search_path = "The Shop", public;'
    ) in ran.out
    assert "All three SELECTs run there." in ran.out


def test_a_preset_that_the_store_does_not_run_is_told_table_by_table(
    bare_cli: CommandLine, store_url: str
) -> None:
    sql(store_url, "ALTER TABLE orders DROP COLUMN number")
    ran = bare_cli("init", "--store-url", store_url, "--preset", "plain")
    assert ran.code == 0
    assert "to mend: " in ran.out
    assert "orders.sql" in ran.out
    assert "All three SELECTs run there." not in ran.out


# A store that no preset knows --------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["auto", "unknown"])
def test_an_unknown_store_gets_a_draft_that_runs(
    bare_cli: CommandLine, till: str, asked: str
) -> None:
    ran = bare_cli("init", "--store-url", till, "--preset", asked, "--yes")
    assert (ran.code, ran.err) == (0, "")
    assert there() == DRAFTED
    assert "All three SELECTs run there." in ran.out
    assert "orders: shop.receipt" in ran.out
    todos = sum(Path(name).read_text(encoding="utf-8").count("TODO:") for name in DRAFTED)
    assert f"Go through the {todos} places marked TODO" in ran.out
    assert len(ran.out.splitlines()) <= 15


def test_a_draft_as_json_says_which_table_plays_which_part(
    bare_cli: CommandLine, till: str
) -> None:
    draft = bare_cli("init", "--store-url", till, "--json").json["draft"]
    assert draft["tables"]["customers"] == "shop.person"
    assert draft["tables"]["payments"] == "shop.money"
    assert draft["missing"] == []


def test_a_time_zone_and_a_currency_that_are_given_need_no_todo(
    bare_cli: CommandLine, till: str
) -> None:
    arguments = ("--store-url", till, "--time-zone", "Europe/Vienna", "--currency", "usd")
    bare_cli("init", *arguments)
    text = Path("orders.sql").read_text(encoding="utf-8")
    assert "AT TIME ZONE 'Europe/Vienna'" in text
    assert "'USD' AS currency" in text
    assert "time zone does the store" not in text


def test_tables_that_the_role_may_not_read_are_named_and_not_read(
    postgres: EmbeddedPostgres, bare_cli: CommandLine, till: str
) -> None:
    databases.administer(postgres, "CREATE ROLE narrow LOGIN PASSWORD 'narrow'")
    try:
        sql(till, """
            GRANT USAGE ON SCHEMA shop TO narrow;
            GRANT SELECT ON ALL TABLES IN SCHEMA shop TO narrow;
            REVOKE SELECT ON shop.money FROM narrow;
            REVOKE SELECT ON shop.person FROM narrow;
            GRANT SELECT (person_no, mail, xmin, tableoid) ON shop.person TO narrow
        """)  # fmt: skip
        url = till.replace(till.split("//")[1].split("@")[0], "narrow:narrow")
        ran = bare_cli("init", "--store-url", url)
        assert "All three SELECTs run there." in ran.out
        assert "The role may not read 1 of the tables: money." in ran.out
        assert "the role may not read it" in Path("orders.sql").read_text(encoding="utf-8")
        assert "given_name" not in Path("customers.sql").read_text(encoding="utf-8")
    finally:
        sql(till, "DROP OWNED BY narrow")
        databases.administer(postgres, "DROP ROLE narrow")


# Questions ---------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    """Somebody who answers these lines, or reads."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Terminal]]:
    """Put somebody at a terminal; gives what they are shown."""

    def sat_down(lines: str) -> Terminal:
        shown = Terminal()
        monkeypatch.setattr(
            init, "Asker", lambda *_, silent: Asker(Terminal(lines), shown, silent=silent)
        )
        return shown

    return sat_down


def test_at_a_terminal_it_asks_for_preset_zone_and_currency(
    bare_cli: CommandLine, till: str, answering: Callable[[str], Terminal]
) -> None:
    shown = answering("\nMars\nEurope/Berlin\ngbp\n")
    bare_cli("init", "--store-url", till)
    text = Path("orders.sql").read_text(encoding="utf-8")
    assert "AT TIME ZONE 'Europe/Berlin'" in text
    assert "'GBP' AS currency" in text
    asked = shown.getvalue()
    assert "Which preset? (plain, medusa, vendure, saleor, unknown) [unknown]" in asked
    assert "Mars is no time zone" in asked
    assert asked.count("?") == 4


def test_whoever_leaves_the_terminal_leaves_the_rest_to_the_defaults(
    bare_cli: CommandLine, till: str, answering: Callable[[str], Terminal]
) -> None:
    answering("")
    assert bare_cli("init", "--store-url", till).code == 0
    assert there() == DRAFTED


@pytest.mark.parametrize("quiet", ["--yes", "--json"])
def test_yes_and_json_ask_nothing(
    bare_cli: CommandLine, till: str, answering: Callable[[str], Terminal], quiet: str
) -> None:
    shown = answering("saleor\n")
    bare_cli("init", "--store-url", till, quiet)
    assert shown.getvalue() == ""
    assert there() == DRAFTED
