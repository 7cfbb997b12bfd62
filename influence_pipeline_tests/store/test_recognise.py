"""Recognising a store: by what only it has, in any schema, and what its version lacks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from influence_pipeline.errors import StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.settings import load_settings
from influence_pipeline.store.draft import Wishes
from influence_pipeline.store.presets import put
from influence_pipeline.store.signs import SIGNS
from influence_pipeline.store.starting import Look, drafted, is_near, look
from influence_pipeline.store.trial import tried
from influence_pipeline_tests.support import databases

TILL = Path(__file__).parent / "draft" / "shops" / "till.sql"
BY_NAME = {signs.preset: signs for signs in SIGNS}


def stand_in(preset: str, *, schema: str = "public", without: tuple[str, ...] = ()) -> str:
    """Tables with the columns that a preset reads, and nothing in them."""
    tables: dict[str, list[str]] = {}
    for part in BY_NAME[preset].parts:
        table, _, column = part.partition(".")
        if table not in without and part not in without:
            tables.setdefault(table, [])
            if column:
                tables[table].append(column)
    made = [f'CREATE SCHEMA IF NOT EXISTS "{schema}"']
    for table, columns in tables.items():
        inner = ", ".join(f'"{column}" text' for column in dict.fromkeys(columns))
        made.append(f'CREATE TABLE "{schema}"."{table}" ({inner})')
    return ";".join(made)


def seen(url: str, *statements: str) -> Look:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    with closing(open_store(url)) as store:
        return look(store)


def open_store(url: str) -> Postgres:
    return Postgres(url, variable="the shop", kind=StoreError, read_only=True)


@pytest.mark.parametrize("preset", sorted(BY_NAME))
def test_each_store_is_recognised_by_its_tables(preset: str, empty_database_url: str) -> None:
    found = seen(empty_database_url, stand_in(preset))
    assert [one.preset for one in found.found] == [preset]
    assert found.preset == preset
    best = found.best
    assert best is not None
    assert (best.missing, best.schema, best.on_path) == ((), "public", True)


def test_the_sample_store_is_the_plain_one(store_url: str) -> None:
    assert seen(store_url).preset == "plain"


def test_a_store_in_a_schema_of_its_own_is_found_there(empty_database_url: str) -> None:
    best = seen(empty_database_url, stand_in("vendure", schema="My Shop")).best
    assert best is not None
    assert (best.schema, best.on_path) == ("My Shop", False)


def test_what_another_version_lacks_is_named_and_the_preset_is_near_enough(
    empty_database_url: str,
) -> None:
    found = seen(
        empty_database_url, stand_in("medusa", without=("order_summary.totals", "order_promotion"))
    )
    best = found.best
    assert best is not None
    assert best.missing == ("order_summary.totals", "table order_promotion")
    assert (is_near(best), found.preset) == (True, "medusa")


def test_a_version_that_lacks_much_is_recognised_and_gets_a_draft(empty_database_url: str) -> None:
    """Medusa 1: orders have their lines, payments and discounts in other tables."""
    lacks = (
        "order_item", "order_line_item", "order_summary", "order_payment_collection",
        "payment_collection", "order_line_item_adjustment", "order_shipping",
        "order_shipping_method_adjustment", "order_promotion", "promotion",
    )  # fmt: skip
    found = seen(
        empty_database_url,
        stand_in("medusa", without=lacks),
        "CREATE TABLE line_item (id text); CREATE TABLE money_amount (id text)",
    )
    best = found.best
    assert best is not None
    assert (best.name, best.version, found.preset) == ("Medusa", "1", "unknown")


@pytest.mark.parametrize(
    ("preset", "table", "rows", "version"),
    [
        ("medusa", "mikro_orm_migrations (name text)", "('Migration20260911115931')", "2, migrations as in 2.21.2"),
        ("medusa", "mikro_orm_migrations (name text)", "('Migration20250101000000')", "2, migrations older than 2.21.2's: up to Migration20250101000000"),
        ("medusa", "mikro_orm_migrations (name text)", "('Migration20990101000000')", "2, migrations newer than 2.21.2's: up to Migration20990101000000"),
        ("saleor", "django_migrations (app text, name text)", "('order', '0100_x'), ('zz', '9999_y')", "3, migrations of orders older than 3.23.28's: up to 0100_x"),
        ("vendure", "settings_store_entry (id integer)", "(1)", "3 (3.4 or newer: it has settings_store_entry)"),
        ("vendure", "seller (id integer)", "(1)", "2 or 3 (before 3.4: it has seller and no settings_store_entry)"),
    ],
)  # fmt: skip
def test_the_version_is_told_by_what_came_with_it(
    preset: str, table: str, rows: str, version: str, empty_database_url: str
) -> None:
    name = table.split()[0]
    best = seen(
        empty_database_url,
        stand_in(preset),
        f"CREATE TABLE {table}; INSERT INTO {name} VALUES {rows}",
    ).best
    assert best is not None
    assert best.version == version


def test_migrations_that_the_role_may_not_read_leave_the_version_open(
    postgres: EmbeddedPostgres, empty_database_url: str
) -> None:
    databases.administer(postgres, "CREATE ROLE shy LOGIN PASSWORD 'shy'")
    try:
        seen(
            empty_database_url, stand_in("medusa"), "CREATE TABLE mikro_orm_migrations (name text)"
        )
        url = empty_database_url.replace(empty_database_url.split("//")[1].split("@")[0], "shy:shy")
        best = seen(url).best
        assert best is not None
        assert best.version == "2, by its tables"
    finally:
        databases.administer(postgres, "DROP ROLE shy")


def test_of_two_stores_the_one_that_fits_better_comes_first(empty_database_url: str) -> None:
    found = seen(
        empty_database_url,
        stand_in("saleor", without=("discount_voucher",)),
        stand_in("medusa", schema="other"),
    )
    assert [one.preset for one in found.found] == ["medusa", "saleor"]


def test_a_shop_of_its_own_making_is_none_of_them(empty_database_url: str) -> None:
    found = seen(
        empty_database_url,
        "CREATE TABLE orders (id integer, placed_at timestamptz); "
        "CREATE TABLE customers (id integer, is_guest boolean)",
    )
    assert (found.best, found.preset) == (None, "unknown")


def test_an_older_postgres_is_read_in_the_same_way(old_server: EmbeddedPostgres) -> None:
    with databases.throw_away_database(old_server) as url:
        seen(url, TILL.read_text(encoding="utf-8"))
        with closing(open_store(url)) as shop:
            assert drafted(shop, look(shop).catalog, Wishes()).tables["orders"] == "shop.receipt"


# Databases that the stores made themselves --------------------------------------------------------


@pytest.mark.parametrize(
    ("store", "version"),
    [
        ("medusa", "2, migrations as in 2.21.2"),
        ("vendure", "3 (3.4 or newer: it has settings_store_entry)"),
        ("saleor", "3, migrations of orders as in 3.23.28"),
    ],
)
def test_the_real_stores_are_recognised_whole(
    postgres: EmbeddedPostgres,
    real_store_template: Callable[[str], str],
    store: str,
    version: str,
) -> None:
    with databases.throw_away_database(postgres, real_store_template(store)) as url:
        best = seen(url).best
    assert best is not None
    assert (best.preset, best.version, best.missing) == (store, version, ())


@pytest.mark.parametrize("store", ["medusa", "vendure", "saleor"])
def test_a_draft_of_a_real_store_runs_as_it_stands(
    postgres: EmbeddedPostgres,
    real_store_template: Callable[[str], str],
    store: str,
    tmp_path: Path,
    bare_environment: None,
) -> None:
    with databases.throw_away_database(postgres, real_store_template(store)) as url:
        with closing(open_store(url)) as shop:
            put(drafted(shop, look(shop).catalog, Wishes()).files, tmp_path)
            settings = load_settings(config=tmp_path / "influence.toml")
            assert set(tried(shop, settings).values()) == {None}
