"""How a Postgres is reached: URLs of every form, sessions that are always the same, errors in words.

For the embedded Postgres itself see `sandbox/test_postgres.py`.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from urllib.parse import quote, urlsplit

import psycopg2
import pytest
import sqlalchemy as sa

from influence_pipeline.errors import (
    ConfigurationError,
    InfluencePipelineError,
    StateError,
    StoreError,
)
from influence_pipeline.postgres import (
    Postgres,
    copy_in,
    driver_cursor,
    literal,
    parse_url,
    run,
)

CANARY = "canary-s3cret"
# Whatever a password generator may come up with.
ODD_PASSWORD = r"p@ss:w/o#r?d%41 'q\"&=+ü"

Opener = Callable[..., Postgres]


@pytest.fixture
def open_database() -> Iterator[Opener]:
    """Opens databases as the store is, unless told otherwise, and closes them in the end."""
    opened: list[Postgres] = []

    def open_one(url: str, **options: object) -> Postgres:
        given = {"variable": "INFLUENCE_STORE_URL", "kind": StoreError, **options}
        opened.append(Postgres(url, **given))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def administer(url: str, *statements: str) -> None:
    """Run statements outside any transaction, as an administrator would in psql."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        for statement in statements:
            connection.cursor().execute(statement)


def ask(database: Postgres, sql: str) -> list[object]:
    """The first row of a query, in a transaction of its own."""
    with database.transaction() as connection:
        return list(run(connection, sql).fetchone())


# --- URLs


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://u:p@h/db", "user=u password=p host=h dbname=db"),
        ("postgresql://u:p@h:6432/db", "user=u password=p host=h port=6432 dbname=db"),
        ("POSTGRESQL://u@h/db", "user=u host=h dbname=db"),
        ("postgresql+asyncpg://u:p@h/db", "user=u password=p host=h dbname=db"),
        ("postgresql+psycopg2://u:p@h/db", "user=u password=p host=h dbname=db"),
        ("jdbc:postgresql://h:5432/db?user=u&password=p", "user=u password=p host=h port=5432 dbname=db"),
        ("postgresql:///db?host=/run/postgresql", "host=/run/postgresql dbname=db"),
        ("postgresql://u@%2Frun%2Fpostgresql/db", "user=u host=/run/postgresql dbname=db"),
        ("postgresql://u:p@a:1,b:2/db", "user=u password=p host=a,b port=1,2 dbname=db"),
        ("postgresql://u:p@[2001:db8::1]:5433/db", "user=u password=p host=2001:db8::1 port=5433 dbname=db"),
        ("postgresql://u:p%40%2F%3Aw@h/db", "user=u password=p@/:w host=h dbname=db"),
        ("postgresql://h/db?sslmode=require", "host=h dbname=db sslmode=require"),
        ("host=h user=u password='p w' dbname=db", "user=u password='p w' host=h dbname=db"),
        ("  postgresql://h/db\n", "host=h dbname=db"),
        ("postgresql://u@h/a%40b", "user=u host=h dbname=a@b"),
        ("jdbc:postgresql://h/db?user=me@server&password=p", "user=me@server password=p host=h dbname=db"),
        ("host=@/run/postgresql dbname=db", "host=@/run/postgresql dbname=db"),
        ("host=fe80::1%eth0 dbname=db", "host=fe80::1%eth0 dbname=db"),
    ],
)  # fmt: skip
def test_a_url_of_any_usual_form_leads_to_the_same_place(url: str, expected: str) -> None:
    wanted = psycopg2.extensions.parse_dsn(expected)
    assert parse_url(url, "INFLUENCE_STORE_URL") == wanted


def forms_of(url: str) -> dict[str, str]:
    """The same real database in several forms of a URL."""
    parts = urlsplit(url)
    rest = url.partition("://")[2]
    server = f"{parts.hostname}:{parts.port}"
    keywords = psycopg2.extensions.parse_dsn(url)
    return {
        "postgres": f"postgres://{rest}",
        "asyncpg": f"postgresql+asyncpg://{rest}",
        "jdbc": f"jdbc:postgresql://{server}{parts.path}?user={parts.username}&password={parts.password}",
        "keywords": psycopg2.extensions.make_dsn(**keywords),
        "several hosts": f"postgresql://{parts.username}:{parts.password}@127.0.0.1:9,{server}{parts.path}",
        "query": f"postgresql://{rest}?connect_timeout=5&application_name=other",
    }


@pytest.mark.parametrize(
    "form", ["postgres", "asyncpg", "jdbc", "keywords", "several hosts", "query"]
)
def test_a_url_of_any_form_connects(
    empty_database_url: str, form: str, open_database: Opener
) -> None:
    url = forms_of(empty_database_url)[form]
    name = urlsplit(empty_database_url).path[1:]
    assert ask(open_database(url), "SELECT current_database()") == [name]


def test_any_password_connects_when_percent_encoded(
    empty_database_url: str, open_database: Opener
) -> None:
    name = f"odd_{urlsplit(empty_database_url).path[1:]}"
    quoted = ODD_PASSWORD.replace("'", "''")
    administer(empty_database_url, f"CREATE ROLE {name} LOGIN PASSWORD '{quoted}'")
    try:
        place = empty_database_url.rpartition("@")[2]
        url = f"postgresql://{name}:{quote(ODD_PASSWORD, safe='')}@{place}"
        database = open_database(url)
        assert ask(database, "SELECT session_user") == [name]
        database.close()
    finally:
        administer(empty_database_url, f"DROP ROLE {name}")


@pytest.mark.parametrize(
    "url",
    [
        "",
        CANARY,
        f"mysql://u:{CANARY}@h/db",
        f"http://u:{CANARY}@h/db?x=1",
        f"sqlite:///{CANARY}.db",
        f"postgresql://u:{CANARY}%zz@h/db",
        f"postgresql://u:{CANARY}%00@h/db",
        f"postgresql://u:{CANARY}@[::1/db",
        f"postgresql://u:{CANARY}@h/db?nonsense=1",
        f"postgresql:/u:{CANARY}@h/db",
        f"host=h password={CANARY} port",
        f"host=h password='{CANARY}",
        f"host=h pasword={CANARY}",
        # Not percent-encoded, so that libpq takes a part of the password for host, port or database.
        f"postgresql://u:12/{CANARY}@127.0.0.1:9/db",
        f"postgresql://u:p/{CANARY}@127.0.0.1:9/db",
        f"postgresql://u:x@{CANARY}@127.0.0.1:9/db",
        f"postgresql://u:x@y/{CANARY}@127.0.0.1:9/db",
        f"postgresql://u:1/{CANARY}@h?sslmode=require",
        f"postgresql://u:{CANARY}/x@h/db",
        f"postgresql://u:{CANARY}",
        f"postgresql://h:{CANARY}/db",
        f"host=u:{CANARY}@h dbname=db",
        f"host=h port={CANARY} dbname=db",
    ],
)
def test_a_broken_url_is_refused_naming_its_variable_and_showing_nothing_of_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_url(url, "INFLUENCE_COUPON_URL")
    said = "".join(traceback.format_exception(caught.value, chain=True))
    assert str(caught.value).startswith("INFLUENCE_COUPON_URL ")
    assert "postgresql://user:password@host:5432/database" in str(caught.value)
    assert CANARY not in said.replace(str(__file__), "")


def test_a_database_says_where_it_is_and_never_who_and_by_which_password(
    open_database: Opener,
) -> None:
    database = open_database(f"postgresql://owner:{CANARY}@db.example:6432/shop")
    assert database.place == "db.example:6432/shop"
    assert repr(database) == "<Postgres db.example:6432/shop>"
    assert CANARY not in repr(database.engine) + str(database.engine.url)


# --- sessions

STRANGE_DEFAULTS = {
    "timezone": "Asia/Tokyo",
    "datestyle": "German, DMY",
    "intervalstyle": "iso_8601",
    "extra_float_digits": "-5",
    "bytea_output": "escape",
    "statement_timeout": "1min",
    "client_encoding": "LATIN1",
}


def with_strange_defaults(url: str) -> str:
    name = urlsplit(url).path[1:]
    administer(
        url, *(f"ALTER DATABASE {name} SET {k} = '{v}'" for k, v in STRANGE_DEFAULTS.items())
    )
    return url


TEXTS = """
SELECT timestamptz '2026-11-01 12:00:00+00' || '', date '2026-11-01' || '',
       interval '1 day 2 hours' || '', 0.1::float8 / 3 || '', '\\xff00'::bytea::text, 'é€'
"""


def test_texts_of_rows_do_not_depend_on_the_databases_defaults(
    empty_database_url: str, open_database: Opener
) -> None:
    expected = [
        "2026-11-01 12:00:00+00",
        "2026-11-01",
        "1 day 02:00:00",
        "0.03333333333333333",
        "\\xff00",
        "é€",
    ]
    assert ask(open_database(empty_database_url), TEXTS) == expected
    url = with_strange_defaults(empty_database_url)
    # Control: a connection that sets nothing gives other texts.
    with closing(psycopg2.connect(url)) as plain, plain.cursor() as cursor:
        cursor.execute("SELECT timestamptz '2026-11-01 12:00:00+00' || ''")
        assert cursor.fetchone() == ("2026-11-01 21:00:00+09",)
    assert ask(open_database(url), TEXTS) == expected


def test_settings_end_with_the_transaction_so_that_a_pooler_may_share_the_session(
    empty_database_url: str, open_database: Opener
) -> None:
    database = open_database(with_strange_defaults(empty_database_url), pool_size=1)
    with database.transaction() as connection:
        assert run(connection, "SHOW timezone").fetchone() == ("UTC",)
        raw = connection.connection.driver_connection
    assert raw is not None
    with raw.cursor() as cursor:
        cursor.execute("SHOW timezone")
        assert cursor.fetchone() == ("Asia/Tokyo",)
    raw.rollback()


def test_what_goes_in_one_message_is_one_transaction_and_leaves_no_settings_behind(
    empty_database_url: str, open_database: Opener
) -> None:
    database = open_database(with_strange_defaults(empty_database_url), pool_size=1)
    database.once(sa.text("CREATE TABLE kept (id int PRIMARY KEY)"), {})
    twice = sa.text("INSERT INTO kept VALUES (:one); INSERT INTO kept VALUES (:two) RETURNING id")
    assert database.once(twice, {"one": 1, "two": 2}) == [{"id": 2}]
    with pytest.raises(StoreError):
        database.once(twice, {"one": 3, "two": 2})
    assert ask(database, "SELECT array_agg(id ORDER BY id) FROM kept") == [[1, 2]]
    local = sa.text("SET LOCAL work_mem = '7MB'; SELECT current_setting('work_mem') AS now")
    assert database.once(local, {}) == [{"now": "7MB"}]
    with database.engine.connect() as pooled:
        driver = pooled.connection.dbapi_connection
        assert driver is not None
        assert driver.autocommit is False, "a transaction after it is one"
        with driver.cursor() as cursor:
            cursor.execute("SHOW work_mem")
            assert cursor.fetchone() != ("7MB",)
            cursor.execute("SHOW timezone")
            assert cursor.fetchone() == ("Asia/Tokyo",)


def test_what_was_refused_in_one_message_may_be_judged_by_who_asked(
    empty_database_url: str, open_database: Opener
) -> None:
    class Refused(Exception):  # noqa: N818
        pass

    database = open_database(empty_database_url)
    wrong = sa.text("SELECT CAST(:text AS integer)")
    with pytest.raises(Refused):
        database.once(wrong, {"text": "x"}, lambda error: Refused(error.pgcode))
    with pytest.raises(StoreError, match="a value could not be converted"):
        database.once(wrong, {"text": "x"}, lambda error: None)
    assert database.once(wrong, {"text": "5"}) == [{"int4": 5}]


def test_a_connection_that_was_cut_in_between_is_replaced(
    empty_database_url: str, open_database: Opener
) -> None:
    database = open_database(empty_database_url, pool_size=1)
    one = sa.text("SELECT 1 AS one")
    for read_only in (False, True):
        assert database.once(one, {}) == [{"one": 1}]
        if read_only:
            database.once(sa.text("SET default_transaction_read_only = on"), {})
        else:
            database.cut()
        with pytest.raises(StoreError) if read_only else nullcontext():
            database.once(sa.text("CREATE TABLE made (id int)"), {})
            database.once(sa.text("DROP TABLE made"), {})
        assert database.once(one, {}) == [{"one": 1}]
        assert database.once(sa.text("CREATE TEMP TABLE made (id int)"), {}) == []


def test_a_statement_may_run_no_longer_than_was_set(
    empty_database_url: str, open_database: Opener
) -> None:
    url = with_strange_defaults(empty_database_url)
    limited = open_database(url, statement_timeout_seconds=7)
    assert ask(limited, "SHOW statement_timeout") == ["7s"]
    assert ask(open_database(url), "SHOW statement_timeout") == ["1min"]


def test_names_are_looked_up_in_the_schema_that_was_given(
    empty_database_url: str, open_database: Opener
) -> None:
    administer(
        empty_database_url,
        'CREATE SCHEMA "Odd ""one"""',
        'CREATE TABLE "Odd ""one""".here AS SELECT 1 AS n',
        "CREATE TABLE public.there AS SELECT 2 AS n",
    )
    database = open_database(empty_database_url, search_path='Odd "one"')
    assert ask(database, "SELECT n FROM here") == [1]
    assert ask(database, "SELECT to_regclass('there')") == [None]


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE written (n integer)",
        "INSERT INTO customers (id, email) VALUES ('c-new', 'new@example.com')",
        "UPDATE customers SET email = NULL",
        "DELETE FROM orders",
        "SELECT nextval('a_sequence')",
        "SELECT id FROM customers FOR UPDATE",
    ],
)
def test_a_read_only_database_is_not_written_to_even_by_a_superuser(
    store_url: str, open_database: Opener, sql: str
) -> None:
    administer(store_url, "CREATE SEQUENCE a_sequence")
    store = open_database(store_url, read_only=True)
    count = ask(store, "SELECT count(*), count(email) FROM customers")
    with (
        pytest.raises(StoreError, match="read-only transaction"),
        store.transaction() as connection,
    ):
        run(connection, sql)
    assert ask(store, "SELECT count(*), count(email) FROM customers") == count


def test_a_read_only_transaction_sees_one_moment_of_the_store(
    store_url: str, open_database: Opener
) -> None:
    store = open_database(store_url, read_only=True)
    count = "SELECT count(*) FROM order_discounts"
    with store.transaction() as connection:
        before = run(connection, count).fetchone()
        administer(store_url, "DELETE FROM order_discounts")
        assert run(connection, count).fetchone() == before
    assert ask(store, count) == [0] != list(before)


def test_what_was_written_is_undone_when_the_block_fails(
    empty_database_url: str, open_database: Opener
) -> None:
    database = open_database(empty_database_url)
    with pytest.raises(KeyError), database.transaction() as connection:
        run(connection, "CREATE TABLE written (n integer)")
        raise KeyError("ours")
    assert ask(database, "SELECT to_regclass('written')") == [None]


# --- errors


def failure(database: Postgres, *statements: str) -> InfluencePipelineError:
    """The error that the last of these statements, or their commit, brings about."""
    with pytest.raises(InfluencePipelineError) as caught, database.transaction() as connection:
        for statement in statements:
            run(connection, statement)
    return caught.value


MEMBERS = """
CREATE TABLE member (email text UNIQUE DEFERRABLE INITIALLY {when}, age integer CHECK (age > 0));
INSERT INTO member VALUES ('ada@example.com', 36)
"""


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("INSERT INTO member VALUES ('ada@example.com', 1)", "a constraint does not allow it (SQLSTATE 23505)"),
        ("INSERT INTO member VALUES ('ada@example.com.', -1)", "a constraint does not allow it (SQLSTATE 23514)"),
        ("SELECT 'ada@example.com'::integer", "a value could not be converted or calculated (SQLSTATE 22P02)"),
        ("SELECT email::date FROM member", "a value could not be converted or calculated (SQLSTATE 22007)"),
        ("SELECT (SELECT email FROM member, generate_series(1, 2))", "a sub-select gave more than one row (SQLSTATE 21000)"),
        ("DO $$ BEGIN RAISE EXCEPTION 'no: %', (SELECT email FROM member); END $$", "the database refused it (SQLSTATE P0001)"),
    ],
)  # fmt: skip
def test_an_error_about_a_row_is_told_without_its_values(
    empty_database_url: str, open_database: Opener, statement: str, says: str
) -> None:
    administer(empty_database_url, MEMBERS.format(when="IMMEDIATE"))
    error = failure(open_database(empty_database_url), statement)
    assert str(error).endswith(f"(INFLUENCE_STORE_URL): {says}.")
    assert "ada@example" not in shown(error)


def shown(error: InfluencePipelineError) -> str:
    """What an error shows of itself in a log: everything but the source lines of this file."""
    lines = "".join(traceback.format_exception(error)).splitlines()
    return "\n".join(line for line in lines if not line.startswith("    "))


def test_an_error_at_the_commit_is_told_the_same_way(
    empty_database_url: str, open_database: Opener
) -> None:
    administer(empty_database_url, MEMBERS.format(when="DEFERRED"))
    error = failure(
        open_database(empty_database_url), "INSERT INTO member VALUES ('ada@example.com', 1)"
    )
    assert "a constraint does not allow it (SQLSTATE 23505)" in str(error)
    assert "ada@example" not in shown(error)


def test_an_error_in_a_copy_is_told_the_same_way(
    empty_database_url: str, open_database: Opener
) -> None:
    administer(empty_database_url, MEMBERS.format(when="IMMEDIATE"))
    with (
        pytest.raises(StoreError) as caught,
        open_database(empty_database_url).transaction() as connection,
    ):
        copy_in(connection, "member (email, age)", [("bob@example.com", "ada@example.com")])
    assert "a value could not be converted" in str(caught.value)
    assert "@example" not in shown(caught.value)


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("SELECT 1 FROM nowhere", 'relation "nowhere" does not exist (SQLSTATE 42P01)'),
        ("SELECT emial FROM customers", 'column "emial" does not exist (SQLSTATE 42703)'),
        ("SELEC 1", "syntax error"),
        ("SET LOCAL statement_timeout = 1; SELECT pg_sleep(5)", "canceling statement due to statement timeout (SQLSTATE 57014)"),
    ],
)  # fmt: skip
def test_an_error_about_names_tells_them(
    store_url: str, open_database: Opener, statement: str, says: str
) -> None:
    assert says in str(failure(open_database(store_url), statement))


def test_an_error_names_the_place_the_variable_and_is_of_the_databases_kind(
    empty_database_url: str, open_database: Opener
) -> None:
    state = open_database(empty_database_url, variable="INFLUENCE_STATE_URL", kind=StateError)
    error = failure(state, "SELECT 1 FROM nowhere")
    assert type(error) is StateError
    parts = urlsplit(empty_database_url)
    assert str(error).startswith(
        f"The database at 127.0.0.1:{parts.port}{parts.path} (INFLUENCE_STATE_URL): "
    )
    assert parts.password is not None
    assert parts.password not in shown(error)


@pytest.mark.parametrize(
    ("user", "password", "port", "database", "says"),
    [
        ("", "", 9, "", "nothing listens at that host and port"),
        ("", CANARY, None, "", "the password or user name is not accepted"),
        (CANARY, CANARY, None, "", "the password or user name is not accepted"),
        ("", "", None, "no_such_database", "the database or the role does not exist"),
    ],
)
def test_a_database_that_is_not_to_be_reached_says_why_and_shows_no_secret(
    empty_database_url: str,
    open_database: Opener,
    user: str,
    password: str,
    port: int | None,
    database: str,
    says: str,
) -> None:
    parts = urlsplit(empty_database_url)
    secret = password or parts.password or ""
    url = (
        f"postgresql://{user or parts.username}:{secret}@127.0.0.1:{port or parts.port}"
        f"/{database or parts.path[1:]}"
    )
    error = failure(open_database(url), "SELECT 1")
    assert str(error).endswith(f"(INFLUENCE_STORE_URL): {says}.")
    assert secret not in shown(error)


def test_a_connection_that_was_cut_is_told_and_the_next_transaction_has_another(
    empty_database_url: str, open_database: Opener
) -> None:
    database = open_database(empty_database_url, pool_size=1)
    with pytest.raises(StoreError, match="the connection failed or broke"):
        with database.transaction() as connection:
            (pid,) = run(connection, "SELECT pg_backend_pid()").fetchone()
            administer(empty_database_url, f"SELECT pg_terminate_backend({pid}, 5000)")
            run(connection, "SELECT 1")
    assert ask(database, "SELECT 1") == [1]


# --- what is put into statements


def test_a_percent_sign_in_a_merchants_sql_stays_one(
    empty_database_url: str, open_database: Opener
) -> None:
    merchants = "SELECT '100%', 5 % 3, 'a%(b)s'"
    with open_database(empty_database_url).transaction() as connection:
        assert run(connection, merchants).fetchone() == ("100%", 2, "a%(b)s")
        bound = run(connection, literal(merchants) + ", %(n)s", {"n": 7}).fetchone()
        assert bound == ("100%", 2, "a%(b)s", 7)


def test_a_copy_brings_every_text_over_as_it_is(
    empty_database_url: str, open_database: Opener
) -> None:
    texts = ["", "\\N", "tab\there", "line\nend\r", "back\\slash", "\\.", "é€😀", "'\"", None]
    with open_database(empty_database_url).transaction() as connection:
        run(connection, "CREATE TEMPORARY TABLE text_in (n integer, t text, b boolean)")
        copy_in(connection, "text_in (n, t, b)", [(n, t, n % 2 == 0) for n, t in enumerate(texts)])
        cursor = driver_cursor(connection)
        cursor.execute("SELECT t, b FROM text_in ORDER BY n")
        assert cursor.fetchall() == [(t, n % 2 == 0) for n, t in enumerate(texts)]
