"""A hundred hostile names in every place of the configuration that becomes a name in SQL: refused, or
quoted and nothing else than a name. Roles and the tables of a mapping: `test_rights`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql

from influence_pipeline.errors import ConfigurationError, MappingError, StateError
from influence_pipeline.postgres import Postgres, parse_url
from influence_pipeline.settings import load_settings
from influence_pipeline.state.database import open_state
from influence_pipeline.store.coupons.interface import Coupon
from influence_pipeline.store.coupons.table import TableCouponWriter
from influence_pipeline.store.rights.script import state_script
from influence_pipeline_tests.store.test_rights import hostile
from influence_pipeline_tests.support import roles
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.webhooks.conftest import TOML

pytestmark = pytest.mark.proves("T18")

_CLASSICS = (
    'influence"; DROP SCHEMA public CASCADE; --', "influence'; DROP TABLE t; --", "influence, public",
    "pg_catalog; --", "a b", "Influence", "1influence", "", " ", "influence\n", "\ninfluence", "influ\0ence",
    "influence.inbox", '"influence"', "$user", "public -- ", "x" * 64, "\uff49nfluence", "influence\u200b", "%s", ":x",
    "influence;", "../influence", "influence/*", "İnfluence", "${HOME}", "{schema}", "influence\\", "null\u0000",
)  # fmt: skip
CHANCE = random.Random(18)
HUNDRED = list(dict.fromkeys([*_CLASSICS, *(hostile(CHANCE) + '"' for _ in range(120))]))[:130]


def _toml_text(name: str) -> str:
    escaped = (f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}" for c in name)
    return f'"{"".join(escaped)}"'


def test_a_hundred_names_of_the_states_schema_are_refused_before_anything_is_asked(
    tmp_path: Path, tally: Tally
) -> None:
    accepted = []
    file = tmp_path / "influence.toml"
    for name in HUNDRED:
        file.write_text(f"state_schema = {_toml_text(name)}\n{TOML}")
        try:
            accepted.append((name, load_settings(config=file).config.state_schema))
        except ConfigurationError as error:
            assert "state_schema" in str(error)
    tally(len(HUNDRED), "names of the state's schema")
    assert len(HUNDRED) >= 100
    assert accepted == []
    file.write_text(f'state_schema = "influence_2"\n{TOML}')
    assert load_settings(config=file).config.state_schema == "influence_2", "the test can fail"


def _database(url: str) -> Postgres:
    return roles.opened(url, read_only=False)


@pytest.fixture
def shop(empty_database_url: str) -> Iterator[str]:
    roles.administer(
        empty_database_url,
        "CREATE TABLE codes (code text, kind text, value numeric)",
        "CREATE TABLE t (id integer)",
    )
    yield empty_database_url


def _snapshot(url: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT relname, relowner, relacl::text FROM pg_class WHERE relkind IN ('r','v','S') AND relnamespace = 'public'::regnamespace ORDER BY 1")  # fmt: skip
        return cursor.fetchall()


def test_a_hundred_names_of_a_coupon_table_that_is_not_there_are_refused(
    shop: str, tally: Tally
) -> None:
    before = _snapshot(shop)
    made = []
    with closing(_database(shop)) as database:
        for name in HUNDRED:
            writer = TableCouponWriter(database, table=name, columns={}, kinds=["fixed"])
            try:
                writer.as_sql()
            except (MappingError, roles.StoreError):
                continue
            except ValueError:
                assert "\0" in name
                continue
            made.append(name)
    tally(len(HUNDRED), "names of a coupon table")
    assert made == []
    assert _snapshot(shop) == before


def test_coupons_go_into_the_very_table_and_columns_however_they_are_called(
    empty_database_url: str, tally: Tally
) -> None:
    chance = random.Random(19)
    names = list(dict.fromkeys(hostile(chance) + "t" for _ in range(40)))
    columns = [f"{hostile(chance)}{number}" for number in range(3)]
    code, kind, value = (sql.Identifier(column) for column in columns)
    make = sql.SQL("CREATE TABLE {} ({} text, {} text, {} numeric)")
    roles.administer(
        empty_database_url,
        *(make.format(sql.Identifier(name), code, kind, value) for name in names),
    )
    with closing(_database(empty_database_url)) as database:
        for number, name in enumerate(names):
            quoted = '"' + name.replace('"', '""') + '"'
            mapped = dict(zip(("code", "kind", "value"), columns, strict=True))
            writer = TableCouponWriter(database, table=quoted, columns=mapped, kinds=["fixed"])
            with writer.hold(f"C-{number}") as desk:
                assert desk.find() is None
                desk.create(Coupon(f"C-{number}", None, "fixed", Decimal(5)))
    found = []
    with closing(psycopg2.connect(empty_database_url)) as connection, connection.cursor() as cursor:
        for name in names:
            cursor.execute(sql.SQL("SELECT {} FROM {}").format(code, sql.Identifier(name)))
            found += [row[0] for row in cursor.fetchall()]
    tally(len(names) + len(columns), "names of tables and columns")
    assert found == [f"C-{number}" for number in range(len(names))]


def test_a_hundred_names_of_the_states_owner_its_schema_and_the_coupon_role_are_quoted(
    empty_database_url: str, tally: Tally
) -> None:
    chance = random.Random(20)
    others = [hostile(chance) + f"c{number}" for number in range(34)]
    with closing(psycopg2.connect(empty_database_url)) as connection, connection.cursor() as cursor:
        for number, coupons in enumerate(others):
            owner, schema = hostile(chance) + f"o{number}", hostile(chance) + f"s{number}"
            with closing(roles.opened(empty_database_url)) as store, store.transaction() as asked:
                script = state_script(asked, owner, schema=schema, database=None, coupons=coupons)
            cursor.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(coupons)))
            for statement in script.statements:
                cursor.execute(statement)
            cursor.execute(
                "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = %s", (schema,)
            )
            assert cursor.fetchall() == [(owner,)]
            cursor.execute("SELECT pg_has_role(%s, %s, 'MEMBER')", (owner, coupons))
            assert cursor.fetchone() == (True,)
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname !~ '^(pg_|information)'")
        assert cursor.fetchone() == (len(others) + 1,), "and nothing else came of it"
        connection.rollback()
    tally(3 * len(others), "names of owners, schemas and roles")


# -- what a URL may carry along --------------------------------------------------------------------


def test_a_path_in_the_states_url_leads_nobody_elsewhere(empty_database_url: str) -> None:
    """`options=-csearch_path=…`: a table of the same name in another schema is not written."""
    roles.administer(
        empty_database_url,
        "CREATE SCHEMA evil",
        "CREATE TABLE evil.schema_version (version_num text)",
        "CREATE TABLE evil.inbox (id integer)",
    )
    url = f"{empty_database_url}?options=-csearch_path%3Devil"
    with closing(open_state(url)) as state, state.transaction() as connection:
        shown = connection.exec_driver_sql("SELECT 'inbox'::regclass::oid::regclass::text").scalar()
        where = connection.exec_driver_sql(
            "SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = 'inbox'::regclass"
        ).scalar()
    assert (shown, where) == ("inbox", "influence")


@pytest.mark.parametrize(
    "options",
    ["-cdefault_transaction_read_only%3Doff", "-ctransaction_read_only%3Doff"],
)
def test_no_option_in_the_stores_url_lets_the_reader_write(shop: str, options: str) -> None:
    with closing(roles.opened(f"{shop}?options={options}")) as store:
        with pytest.raises(roles.StoreError, match="read-only"):
            with store.transaction() as connection:
                connection.exec_driver_sql("INSERT INTO t VALUES (1)")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@h/d?service=other", "postgresql://u:p@h/d?passfile=/etc/passwd", "host=h service=x",
        "postgresql://u:p@h/d?unknown=1", "postgresql://u:p@h/d;DROP", "postgresql://u:p'@h:5432x/d",
        "postgresql://u:p@h/d?host=/tmp/x'", "sqlite:///x", "mysql://u:p@h/d", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_a_url_is_read_by_the_drivers_own_rules_or_refused_without_its_password(url: str) -> None:
    try:
        parsed = parse_url(url, "INFLUENCE_STATE_URL")
    except ConfigurationError as error:
        assert "u:p" not in str(error)
    else:
        assert set(parsed) <= {"user", "password", "host", "port", "dbname", "service", "passfile"}
        place = Postgres(url, variable="X", kind=StateError).place
        assert "p@" not in place
        assert "password" not in repr(Postgres(url, variable="X", kind=StateError))
