"""From every released state schema this version opens: once, under a lock, with all that is in it.

The dumps in `released/` were written by the programs of their time (`released/make.py`).
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import sqlalchemy as sa
from alembic import op

from influence_pipeline.errors import StateError
from influence_pipeline.postgres import run
from influence_pipeline.records import Entity
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.state.connection import MIGRATIONS
from influence_pipeline.state.database import open_state, revision_of
from influence_pipeline.state.schema import HEAD_REVISION
from influence_pipeline.webhooks import inbox
from influence_pipeline_tests.state.test_schema import UPGRADE, catalog, opened
from influence_pipeline_tests.support import databases, old_postgres
from influence_pipeline_tests.support.world import World, sandbox_process, world

__all__ = ["sandbox_process", "world"]

RELEASED = Path(__file__).parent / "released"
REVISIONS = sorted(file.stem for file in RELEASED.glob("[0-9]*.sql"))
OLDER = [revision for revision in REVISIONS if revision != HEAD_REVISION]
OLDEST = REVISIONS[0]


def restore(url: str, revision: str) -> None:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute((RELEASED / f"{revision}.sql").read_text())


def rows(url: str) -> dict[str, Counter[tuple[tuple[str, str], ...]]]:
    """All rows of all tables but Alembic's, each as its columns' names and values."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, array_agg(a.attname::text) FROM pg_class c JOIN pg_attribute a ON "
            "a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped WHERE c.relkind = 'r' AND "
            "c.relnamespace = 'influence'::regnamespace AND c.relname <> 'schema_version' GROUP BY 1"
        )
        found = {}
        for table, columns in cursor.fetchall():
            listed = ", ".join(f"{column}::text" for column in columns)
            cursor.execute(f"SELECT {listed} FROM influence.{table}")
            found[table] = Counter(
                tuple(sorted(zip(columns, map(str, row), strict=True))) for row in cursor.fetchall()
            )
        return found


def lacking(before: dict[str, Counter[Any]], after: dict[str, Counter[Any]]) -> list[str]:
    """The tables of which a row, or a value in one, is no longer as it was."""
    found = []
    for table, kept in before.items():
        if not kept:
            continue
        names = [name for name, _ in next(iter(kept))]
        now = after.get(table, Counter())
        same = Counter(tuple(pair for pair in row if pair[0] in names) for row in now.elements())
        if kept - same:
            found.append(table)
    return found


@pytest.fixture(params=REVISIONS)
def released(request: pytest.FixtureRequest, empty_database_url: str) -> tuple[str, str]:
    """The URL of a state as a released version left it, and its revision."""
    restore(empty_database_url, request.param)
    return empty_database_url, request.param


def test_there_is_a_dump_of_every_revision() -> None:
    known = sorted(file.stem[:4] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    assert known == REVISIONS, (
        "make what is missing: python -m influence_pipeline_tests.state.released.make HEAD"
    )
    for revision in REVISIONS:
        assert (RELEASED / f"{revision}.sql").stat().st_size < 200_000


def test_a_state_of_every_released_version_opens_with_all_that_is_in_it(
    released: tuple[str, str], state_url: str
) -> None:
    url, _ = released
    before = rows(url)
    # Something of everything that a state holds was in it.
    assert all(before[t] for t in ("snapshot", "work", "attempt", "inbox", "coupon"))
    with opened(url) as state, opened(state_url) as fresh:
        assert revision_of(state) == HEAD_REVISION
        columns = {entry for entry in catalog(fresh) if entry[0] != "column"}
        assert {entry for entry in catalog(state) if entry[0] != "column"} == columns
        assert _columns(catalog(state)) == _columns(catalog(fresh))
    assert lacking(before, rows(url)) == []


def _columns(found: set[tuple[str, str, str]]) -> set[tuple[str, str]]:
    """Without their places, which differ where a column was added later."""
    return {(name, said.partition(" ")[2]) for kind, name, said in found if kind == "column"}


@pytest.mark.slow
def test_after_an_upgrade_a_sync_awards_nothing_twice_and_what_was_parked_stays_so(
    released: tuple[str, str], world: World
) -> None:
    url, _ = released
    # What the account has: everything but what the state never told.
    world.sync()
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SET search_path = influence")
        cursor.execute("SELECT key FROM snapshot WHERE entity = 'order' AND status IS NOT NULL")
        told = {key for (key,) in cursor.fetchall()}
        cursor.execute("SELECT key FROM work WHERE state = 'parked' AND entity = 'order'")
        parked = {key for (key,) in cursor.fetchall()}
        # Leases of a program that is gone.
        cursor.execute("UPDATE work SET lease_until = now() WHERE lease_until IS NOT NULL")
        cursor.execute("UPDATE inbox SET lease_until = now() WHERE lease_until IS NOT NULL")
        connection.commit()
    assert len(told) > 50
    last = world.sandbox.rows("SELECT max(id) AS n FROM calls")[0]["n"]
    world.state_url = url
    world.sync()
    world.sync(full=True)
    made = world.sandbox.rows(
        f"SELECT key FROM calls WHERE id > {last} AND method = 'POST' AND entity = 'order'"
    )
    posted = {row["key"] for row in made}
    assert posted & told == set()
    # Their outcome was not known: they are asked for, not made again.
    assert posted & {"11", "12"} == set()
    assert world.sandbox.rows("SELECT order_id FROM orders WHERE awards > 1 OR copies > 1") == []
    assert parked <= set(world.parked())
    with opened(url) as state:
        counts = inbox.count_events(state)
        assert counts[inbox.InboxState.PARKED].events == 1
        (event,) = inbox.claim(state, 1, 30)
        with state.transaction() as connection:
            assert inbox.finish(connection, event) is not None
        with state.transaction() as connection:
            assert run(connection, "SELECT code, state FROM coupon ORDER BY code").fetchall() == [
                ("KEPT-1", "issued"),
                ("KEPT-2", "issuing"),
            ]


def migrations_counted(url: str) -> None:
    """Make the database itself write down each time the revision is set."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE public.migrated (revision text); "
            "CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN INSERT INTO public.migrated VALUES (NEW.version_num); RETURN NEW; END $$; "
            "CREATE TRIGGER noted AFTER UPDATE ON influence.schema_version FOR EACH ROW "
            "EXECUTE FUNCTION public.note()"
        )


@pytest.mark.slow
def test_eight_processes_that_open_at_once_upgrade_once(empty_database_url: str) -> None:
    restore(empty_database_url, OLDEST)
    migrations_counted(empty_database_url)
    command = [sys.executable, "-c", UPGRADE, empty_database_url]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(8)]
    for process in processes:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors.decode()
    with closing(psycopg2.connect(empty_database_url)) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT revision FROM public.migrated ORDER BY revision")
        assert [revision for (revision,) in cursor.fetchall()] == REVISIONS[1:]


KILLED = """
import os, signal, sys
from alembic import op
from influence_pipeline.state import database
execute, statements = op.execute, []
def killed(sql, **how):
    statements.append(sql)
    execute(sql, **how)
    if len(statements) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
op.execute = killed
database.upgrade(sys.argv[1])
"""


def test_an_upgrade_that_is_killed_leaves_the_state_as_it_was_and_the_next_one_does_it(
    empty_database_url: str,
) -> None:
    restore(empty_database_url, OLDEST)
    before = rows(empty_database_url)
    killed = subprocess.run([sys.executable, "-c", KILLED, empty_database_url], check=False)
    assert killed.returncode == -9
    with closing(psycopg2.connect(empty_database_url)) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT version_num FROM influence.schema_version")
        assert cursor.fetchall() == [(OLDEST,)]
    assert rows(empty_database_url) == before
    with opened(empty_database_url) as state:
        assert revision_of(state) == HEAD_REVISION
    assert lacking(before, rows(empty_database_url)) == []


def test_a_newer_state_is_refused_and_left_as_it_is(empty_database_url: str) -> None:
    restore(empty_database_url, HEAD_REVISION)
    with closing(psycopg2.connect(empty_database_url)) as connection, connection:
        connection.cursor().execute("UPDATE influence.schema_version SET version_num = '0999'")
    before = rows(empty_database_url)
    with pytest.raises(StateError, match="has revision 0999, made by a newer"):
        open_state(empty_database_url)
    assert rows(empty_database_url) == before


@pytest.fixture
def older_server() -> Iterator[EmbeddedPostgres]:
    with old_postgres.running() as server:
        yield server


@pytest.mark.slow
def test_a_state_on_postgres_15_is_upgraded_too(older_server: EmbeddedPostgres) -> None:
    for revision in REVISIONS:
        with databases.throw_away_database(older_server) as url:
            restore(url, revision)
            before = rows(url)
            with opened(url) as state:
                assert revision_of(state) == HEAD_REVISION
            assert lacking(before, rows(url)) == []


def test_control_a_migration_that_loses_or_changes_something_is_caught(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = op.execute

    def broken(sql: str, **how: Any) -> None:
        execute(sql, **how)
        if "CREATE TABLE erased" in sql:
            execute("UPDATE influence.snapshot SET status = NULL WHERE entity = 'order'")
            execute("DELETE FROM influence.fact")

    monkeypatch.setattr(op, "execute", broken)
    restore(empty_database_url, "0005")
    before = rows(empty_database_url)
    with opened(empty_database_url):
        pass
    assert set(lacking(before, rows(empty_database_url))) == {"snapshot", "fact"}


def test_control_a_migration_that_fails_leaves_the_state_as_it_was(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = op.execute

    def broken(sql: str, **how: Any) -> None:
        execute(sql, **how)
        if "CREATE TABLE erased" in sql:
            execute(sa.text("SELECT 1 / 0"))

    monkeypatch.setattr(op, "execute", broken)
    restore(empty_database_url, OLDEST)
    before = rows(empty_database_url)
    with pytest.raises(StateError, match="SQLSTATE 22012"):
        open_state(empty_database_url)
    assert rows(empty_database_url) == before


def test_the_orders_of_a_dump_are_those_of_the_sample_store(released: tuple[str, str]) -> None:
    """Else the test above would compare other orders with others."""
    url, _ = released
    kept = rows(url)["snapshot"]
    keys = {dict(row)["key"] for row in kept if dict(row)["entity"] == Entity.ORDER}
    assert {"11", "12", "13"} <= keys
