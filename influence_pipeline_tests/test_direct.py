"""A transaction without SQLAlchemy: the same session, the same words, and nothing left open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import psycopg2
import pytest

from influence_pipeline.errors import StateError, StoreError
from influence_pipeline.postgres import Postgres, run
from influence_pipeline_tests.sandbox.platform_fixtures import until

CANARY = "canary-s3cret"


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Postgres]:
    name = urlsplit(empty_database_url).path[1:]
    with closing(psycopg2.connect(empty_database_url)) as connection:
        connection.autocommit = True
        connection.cursor().execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Tokyo'")
    made = Postgres(empty_database_url, variable="INFLUENCE_STATE_URL", kind=StateError)
    yield made
    made.close()


def test_rows_come_as_dicts_and_values_are_bound(database: Postgres) -> None:
    with database.direct() as connection:
        rows = connection.ask(
            "SELECT :word AS word, n::int FROM generate_series(1, :most) n WHERE 7 % 2 = 1",
            word="100 % 'sure'",
            most=2,
        )
    assert rows == [{"word": "100 % 'sure'", "n": 1}, {"word": "100 % 'sure'", "n": 2}]


def test_a_session_is_what_it_is_for_everybody_else(database: Postgres) -> None:
    with database.direct() as connection:
        assert connection.ask("SHOW timezone") == [{"TimeZone": "UTC"}]
    with database.transaction() as other:
        assert run(other, "SHOW timezone").fetchone() == ("UTC",)


def test_what_was_written_is_kept_and_undone_when_the_block_fails(database: Postgres) -> None:
    with database.direct() as connection:
        connection.ask("CREATE TABLE kept (n integer)")
    with pytest.raises(KeyError), database.direct() as connection:
        connection.ask("CREATE TABLE undone (n integer)")
        raise KeyError("ours")
    with database.direct() as connection:
        (found,) = connection.ask("SELECT to_regclass('kept') AS k, to_regclass('undone') AS u")
    assert found == {"k": "kept", "u": None}


def test_a_savepoint_is_gone_back_to_when_its_block_fails(database: Postgres) -> None:
    with database.direct() as connection:
        connection.ask("CREATE TABLE t (n integer)")
        with connection.begin_nested():
            connection.ask("INSERT INTO t VALUES (1)")
        with pytest.raises(psycopg2.errors.DivisionByZero), connection.begin_nested():
            connection.ask("INSERT INTO t VALUES (2)")
            connection.ask("SELECT 1 / 0")
        assert connection.ask("SELECT n FROM t") == [{"n": 1}]


def test_a_read_only_database_is_not_written_to(store_url: str) -> None:
    store = Postgres(store_url, variable="INFLUENCE_STORE_URL", kind=StoreError, read_only=True)
    with pytest.raises(StoreError, match="read-only transaction"), store.direct() as connection:
        connection.ask("DELETE FROM orders")


def test_no_connection_is_left_open(database: Postgres, empty_database_url: str) -> None:
    with closing(psycopg2.connect(empty_database_url)) as looking, looking.cursor() as cursor:
        looking.autocommit = True

        def others() -> int:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            return int((cursor.fetchone() or (0,))[0])

        for _ in range(3):
            with database.direct() as connection:
                assert connection.ask("SELECT 1 AS one") == [{"one": 1}]
                assert others() == 1
            # A server's process ends a moment after its client has gone.
            until(lambda: others() == 0, "the end of the connection")


def test_an_error_is_told_in_words_that_hold_no_value(database: Postgres) -> None:
    with pytest.raises(StateError) as caught, database.direct() as connection:
        connection.ask("CREATE TABLE t (word text UNIQUE)")
        connection.ask("INSERT INTO t VALUES (:a), (:a)", a=CANARY)
    assert "a constraint does not allow it (SQLSTATE 23505)" in str(caught.value)
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_server_that_is_away_is_told_in_words() -> None:
    url = f"postgresql://u:{CANARY}@127.0.0.1:9/d"
    away = Postgres(url, variable="INFLUENCE_STATE_URL", kind=StateError, connect_timeout_seconds=1)
    with pytest.raises(StateError, match="nothing listens") as caught, away.direct():
        pass
    assert CANARY not in str(caught.value)
