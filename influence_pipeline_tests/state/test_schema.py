"""The state's schema: the migrations give what the metadata says, once, wherever they are told to.

The two are held against each other in Postgres's own catalog, because a comparison by reflection
passes over checks, collations, partial indexes and defaults.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Barrier
from urllib.parse import urlsplit

import psycopg2
import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from influence_pipeline.errors import StateError
from influence_pipeline.postgres import Postgres, run
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.state.connection import MIGRATIONS, newest_revision
from influence_pipeline.state.database import open_state, revision_of, upgrade
from influence_pipeline.state.schema import (
    HEAD_REVISION,
    entity_type,
    fence_sequence,
    financial_status_type,
    metadata,
)
from influence_pipeline_tests.support import databases, pgbouncer

CATALOG = """
SELECT 'table or view', relname::text, concat_ws(' ', relkind, relpersistence, reloptions)
FROM pg_class WHERE relkind NOT IN ('i', 'S') AND relnamespace = %(schema)s::regnamespace
UNION ALL
SELECT 'column', c.relname || '.' || a.attname, concat_ws(' ', a.attnum,
       format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END,
       'COLLATE ' || l.collname, 'IDENTITY ' || nullif(a.attidentity::text, ''),
       'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid))
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relnamespace = %(schema)s::regnamespace
UNION ALL
SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = %(schema)s::regnamespace AND conrelid <> 0
UNION ALL
SELECT 'index', indexrelid::regclass::text, pg_get_indexdef(indexrelid)
FROM pg_index JOIN pg_class c ON c.oid = indexrelid
WHERE c.relnamespace = %(schema)s::regnamespace
UNION ALL
SELECT 'enum', t.typname, string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder)
FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
WHERE t.typnamespace = %(schema)s::regnamespace GROUP BY t.typname
UNION ALL
SELECT 'sequence', seqrelid::regclass::text, concat_ws(' ', format_type(seqtypid, NULL), seqstart,
       seqincrement, seqmin, seqmax, seqcache, seqcycle)
FROM pg_sequence JOIN pg_class c ON c.oid = seqrelid
WHERE c.relnamespace = %(schema)s::regnamespace
UNION ALL
SELECT 'routine or trigger', oid::regprocedure::text, prosrc
FROM pg_proc WHERE pronamespace = %(schema)s::regnamespace
"""


@contextmanager
def opened(url: str, schema: str = "influence") -> Iterator[Postgres]:
    with closing(open_state(url, schema=schema)) as state:
        yield state


def catalog(state: Postgres, schema: str = "influence") -> set[tuple[str, str, str]]:
    """All that Postgres knows of a schema, but for Alembic's own table."""
    with state.transaction() as connection:
        found = run(connection, CATALOG, {"schema": schema}).fetchall()
    return {row for row in found if not row[1].startswith("schema_version")}


def execute(url: str, *statements: str) -> None:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def as_the_metadata_says(empty_database_url: str) -> Iterator[Postgres]:
    """A database whose tables SQLAlchemy made from the metadata, without a migration."""
    execute(empty_database_url, "CREATE SCHEMA influence")
    made = Postgres(
        empty_database_url, variable="the metadata", kind=StateError, search_path="influence"
    )
    with made.transaction() as connection:
        # Not create_all: it cannot render the members of a StrEnum as the values of a type.
        for enum in (entity_type, financial_status_type):
            values = ", ".join(f"'{value}'" for value in enum.enums)
            run(connection, f"CREATE TYPE {enum.name} AS ENUM ({values})")
        connection.execute(sa.schema.CreateSequence(fence_sequence))
        for table in metadata.sorted_tables:
            connection.execute(sa.schema.CreateTable(table))
            for index in table.indexes:
                connection.execute(sa.schema.CreateIndex(index))
    yield made
    made.close()


def test_the_migrations_give_exactly_what_the_metadata_says(
    state_url: str, as_the_metadata_says: Postgres
) -> None:
    with opened(state_url) as migrated:
        found = catalog(migrated)
    assert {name for kind, name, _ in found if kind == "index"} >= {"work_pkey", "inbox_new_idx"}
    assert found == catalog(as_the_metadata_says)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE fact ADD COLUMN more text",
        "ALTER TABLE fact DROP COLUMN set_at",
        "ALTER TABLE snapshot RENAME COLUMN store_hash TO hash",
        "ALTER TABLE snapshot ALTER store_hash TYPE integer",
        'ALTER TABLE coupon ALTER order_key TYPE text COLLATE "default"',
        "ALTER TABLE work ALTER attempts DROP DEFAULT",
        "ALTER TABLE work ALTER lane SET DEFAULT 'import'",
        "ALTER TABLE inbox ALTER topic SET NOT NULL",
        "ALTER TABLE attempt ALTER id SET GENERATED BY DEFAULT",
        "ALTER TABLE work DROP CONSTRAINT work_phase_check",
        "ALTER TABLE coupon DROP CONSTRAINT coupon_event_id_fkey",
        "ALTER TABLE inbox DROP CONSTRAINT inbox_dedupe_key_body_sha256_key",
        "DROP INDEX inbox_dedupe_key_idx; CREATE UNIQUE INDEX inbox_dedupe_key_idx ON inbox (dedupe_key)",
        "DROP INDEX work_ready_idx",
        "ALTER TYPE entity ADD VALUE 'voucher'",
        "DROP SEQUENCE fence_seq",
        "CREATE TABLE one_more ()",
        "CREATE VIEW one_more AS SELECT 1",
        "CREATE FUNCTION one_more() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
)  # fmt: skip
def test_control_a_difference_between_the_two_is_noticed(state_url: str, change: str) -> None:
    with opened(state_url) as state:
        before = catalog(state)
        execute(state_url, "SET search_path = influence", change)
        assert catalog(state) != before


def test_the_metadata_alone_makes_the_tables_too(empty_database_url: str) -> None:
    database_ = Postgres(empty_database_url, variable="V", kind=StateError)
    with database_.transaction() as connection:
        metadata.create_all(connection)
        run(connection, "INSERT INTO work (entity, key) VALUES ('order', '1')")
    database_.close()


def test_every_migration_follows_one_other_up_to_the_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [HEAD_REVISION] == [newest_revision()]
    assert scripts.get_bases() == ["0001"]


def test_an_empty_database_is_made_ready_and_opening_it_again_changes_nothing(
    empty_database_url: str,
) -> None:
    with opened(empty_database_url) as state:
        assert revision_of(state) == HEAD_REVISION
        before = catalog(state)
        with state.transaction() as connection:
            run(connection, "INSERT INTO fact (name, value) VALUES ('kept', '1')")
    with opened(empty_database_url) as state:
        assert catalog(state) == before
        with state.transaction() as connection:
            assert run(connection, "SELECT name FROM fact").fetchall() == [("kept",)]


def test_a_database_that_was_never_opened_has_no_revision(empty_database_url: str) -> None:
    with closing(
        Postgres(empty_database_url, variable="it", kind=StateError, search_path="influence")
    ) as state:
        assert revision_of(state) is None


def count_migrations(url: str) -> None:
    """Make the database itself write down each time the schema is made."""
    execute(
        url,
        "CREATE TABLE public.made (at timestamptz DEFAULT now())",
        "CREATE FUNCTION public.note() RETURNS event_trigger LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO public.made DEFAULT VALUES; END $$",
        "CREATE EVENT TRIGGER noted ON ddl_command_end WHEN TAG IN ('CREATE SCHEMA') "
        "EXECUTE FUNCTION public.note()",
    )


def times_made(url: str) -> list[int]:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM public.made), count(*) FROM influence.schema_version"
        )
        return list(cursor.fetchone() or ())


def test_four_threads_that_open_at_once_migrate_once(empty_database_url: str) -> None:
    count_migrations(empty_database_url)
    together = Barrier(4)

    def open_it(_: int) -> str | None:
        together.wait()
        with opened(empty_database_url) as state:
            return revision_of(state)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(open_it, range(4))) == [HEAD_REVISION] * 4
    assert times_made(empty_database_url) == [1, 1]


@pytest.mark.proves("T9")
def test_receivers_that_start_at_once_behind_a_small_pooler_do_not_wait_for_each_other_for_ever(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    """Each waits for the migration with one of the pooler's two connections; the one that migrates
    has the other, and needs no third."""
    with (
        pgbouncer.pooling(postgres, tmp_path / "pgbouncer", pool_size=2) as bouncer,
        databases.throw_away_database(postgres) as url,
    ):
        together = Barrier(2)

        def open_it(_: int) -> None:
            together.wait()
            open_state(bouncer.through(url)).close()

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(open_it, range(2)))
        with opened(url) as state:
            assert revision_of(state) == HEAD_REVISION


UPGRADE = "import sys; from influence_pipeline.state import database; database.upgrade(sys.argv[1])"


def test_two_processes_that_open_at_once_migrate_once(empty_database_url: str) -> None:
    count_migrations(empty_database_url)
    command = [sys.executable, "-c", UPGRADE, empty_database_url]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()
    assert times_made(empty_database_url) == [1, 1]


def test_a_newer_schema_is_refused_with_the_mend_and_left_alone(state_url: str) -> None:
    with opened(state_url) as state:
        before = catalog(state)
    execute(state_url, "UPDATE influence.schema_version SET version_num = '0999'")
    with pytest.raises(StateError) as caught:
        open_state(state_url)
    assert str(caught.value) == (
        'The schema "influence" in the state database (INFLUENCE_STATE_URL) has revision 0999, '
        f"made by a newer influence_pipeline; this one knows up to {HEAD_REVISION}. "
        "Install the newer version; nothing was changed."
    )
    execute(state_url, f"UPDATE influence.schema_version SET version_num = '{HEAD_REVISION}'")
    with opened(state_url) as state:
        assert catalog(state) == before


@pytest.mark.parametrize("schema", ["loyalty_2", "order", "user"])
def test_the_schema_may_have_another_name(empty_database_url: str, schema: str) -> None:
    with opened(empty_database_url, schema) as state:
        assert revision_of(state, schema) == HEAD_REVISION
        with state.transaction() as connection:
            run(connection, "INSERT INTO fact (name, value) VALUES ('here', '1')")
            used = run(
                connection,
                "SELECT DISTINCT relnamespace::regnamespace::text FROM pg_class "
                "WHERE relnamespace >= 16384 OR relnamespace = 'public'::regnamespace",
            ).fetchall()
    assert [name.strip('"') for (name,) in used if "pg_toast" not in name] == [schema]


def test_two_pipelines_share_a_database_under_two_names(state_url: str) -> None:
    with opened(state_url) as first, opened(state_url, "second") as second:
        with first.transaction() as connection:
            run(connection, "INSERT INTO fact (name, value) VALUES ('first', '1')")
        with second.transaction() as connection:
            assert run(connection, "SELECT * FROM fact").fetchall() == []
        assert {name for _, name, _ in catalog(first)} == {
            name for _, name, _ in catalog(second, "second")
        }


def test_a_role_that_may_not_make_the_schema_is_told_so(empty_database_url: str) -> None:
    role = f"poor_{urlsplit(empty_database_url).path[1:]}"
    execute(empty_database_url, f"CREATE ROLE {role} LOGIN PASSWORD 'canary'")
    try:
        place = empty_database_url.rpartition("@")[2]
        with pytest.raises(StateError) as caught:
            upgrade(f"postgresql://{role}:canary@{place}")
    finally:
        execute(empty_database_url, f"DROP ROLE {role}")
    assert "(INFLUENCE_STATE_URL): permission denied for database" in str(caught.value)
    assert "canary" not in str(caught.value)
