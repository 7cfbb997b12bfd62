"""What a capture is to the store: transactions that only read, with a time-out and the weakest of locks,
nothing written, and no record computed that has not changed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import sqlalchemy as sa

from influence_pipeline.errors import StoreError
from influence_pipeline.postgres import Postgres, run
from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.state.database import open_state
from influence_pipeline.store import fingerprints, slices
from influence_pipeline.store.mapping import Mapping, SourceTables
from influence_pipeline.sync.capture import Captured, CaptureJob, capture
from influence_pipeline_tests.support.source_shop import SourceShop
from influence_pipeline_tests.support.world import World

# -- transactions ----------------------------------------------------------------------------------


@dataclass
class Watch:
    """Looks at each transaction of the store at its end, when it holds all that it ever took."""

    url: str
    transactions: int = 0
    locked: set[str] = field(default_factory=set)
    wrong: set[str] = field(default_factory=set)
    longest: float = 0.0

    def end_of(self, connection: sa.Connection, began: float) -> None:
        self.transactions += 1
        self.longest = max(self.longest, time.monotonic() - began)
        pid, *settings = run(
            connection,
            "SELECT pg_backend_pid(), current_setting('transaction_read_only'), "
            "current_setting('transaction_isolation'), current_setting('statement_timeout'), "
            "pg_current_xact_id_if_assigned()::text",
        ).fetchone()
        if settings != ["on", "repeatable read", "30s", None]:
            self.wrong.add(f"settings {settings}")
        with closing(psycopg2.connect(self.url)) as other, other.cursor() as cursor:
            cursor.execute(
                "SELECT locktype, mode, relation::regclass::text FROM pg_locks WHERE pid = %s",
                (pid,),
            )
            for kind, mode, relation in cursor:
                if kind == "relation" and mode == "AccessShareLock":
                    self.locked.add(relation)
                elif (kind, mode) != ("virtualxid", "ExclusiveLock"):
                    self.wrong.add(f"{mode} on {kind} {relation}")


def watching(monkeypatch: pytest.MonkeyPatch, url: str) -> Watch:
    watch = Watch(url)
    real = Postgres.transaction

    @contextmanager
    def watched(self: Postgres) -> Iterator[sa.Connection]:
        with real(self) as connection:
            began = time.monotonic()
            yield connection
            if self._kind is StoreError:
                watch.end_of(connection, began)

    monkeypatch.setattr(Postgres, "transaction", watched)
    return watch


def in_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "PAGES_PER_PART", 1)
    monkeypatch.setattr(slices, "PAGES_OF_ONE_SLICE", 0)
    monkeypatch.setattr(slices, "MARKS", 4)


def captured_in_every_way(world: World) -> None:
    """First, with nothing new, with changes, compared in full, and every record."""
    world.configure(("[capture]", "[capture]\ndelete_check_percent = 100"))
    with world.engine() as engine:
        for entity in STORE_ENTITIES:
            engine.capture(entity)
            engine.capture(entity)
            world.shop("UPDATE orders SET placed_at = placed_at WHERE id < 20")
            world.shop("UPDATE customers SET first_name = 'x' WHERE id < 'cus_000010'")
            engine.capture(entity)
            engine.capture(entity, full=True)
            engine.capture(entity, full=True, every_record=True)


def test_every_transaction_of_the_store_only_reads_and_locks_nobody_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_small_parts(monkeypatch)
    watch = watching(monkeypatch, world.store_url)
    captured_in_every_way(world)
    assert watch.wrong == set()
    assert watch.transactions > 50
    assert watch.locked >= {"customers", "products", "product_variants", "orders"}
    assert watch.longest < 30


def test_control_a_transaction_that_may_write_and_locks_rows_is_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = watching(monkeypatch, world.store_url)
    careless = Postgres(world.store_url, variable="the store", kind=StoreError)
    with careless.transaction() as connection:
        run(connection, "SELECT * FROM customers FOR SHARE LIMIT 1")
    careless.close()
    assert any("settings" in wrong for wrong in watch.wrong)
    assert any("RowShareLock on relation customers" in wrong for wrong in watch.wrong)
    assert any("transactionid" in wrong for wrong in watch.wrong)


# -- what is written -------------------------------------------------------------------------------


def until_gone(cursor: Any) -> None:
    """Wait until the pipeline's sessions have ended; what they counted can be seen then."""
    for _ in range(500):
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        if cursor.fetchone() == (0,):
            return
        time.sleep(0.02)
    raise AssertionError("sessions are still there")


def written(url: str) -> dict[str, Any]:
    with closing(psycopg2.connect(url)) as shop:
        shop.autocommit = True
        with shop.cursor() as cursor:
            until_gone(cursor)
            cursor.execute(
                "SELECT tup_inserted, tup_updated, tup_deleted FROM pg_stat_database "
                "WHERE datname = current_database()"
            )
            rows = cursor.fetchone()
            cursor.execute("SELECT count(*), coalesce(max(oid), 0)::text FROM pg_class")
            return {"rows": rows, "tables": cursor.fetchone()}


def test_nothing_is_written_to_the_store(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    in_small_parts(monkeypatch)
    world.shop("ANALYZE")
    before = written(world.store_url)
    with world.engine() as engine:
        for entity in STORE_ENTITIES:
            engine.capture(entity)
            engine.capture(entity)
            engine.capture(entity, full=True)
            engine.capture(entity, full=True, every_record=True)
    assert written(world.store_url) == before
    # Control: one row shows.
    world.shop("UPDATE customers SET first_name = 'x' WHERE id = 'cus_000001'")
    assert written(world.store_url) != before


# -- which records are computed --------------------------------------------------------------------

RECORDS = 400


@dataclass
class Counted:
    """A shop whose SELECT calls a function for every record that is computed."""

    shop: SourceShop
    state: Postgres

    def __post_init__(self) -> None:
        name = self.shop.url.rsplit("/", 1)[1]
        self.shop.run(
            f"ALTER DATABASE {name} SET track_functions = 'all'",
            "CREATE FUNCTION computed(title text) RETURNS text LANGUAGE plpgsql STABLE AS "
            "$$BEGIN RETURN title; END$$",
            "CREATE TABLE t (id int PRIMARY KEY, title text)",
            f"INSERT INTO t SELECT n, 'a' FROM generate_series(1, {RECORDS}) n",
            "CREATE TABLE lines (t_id int, item text)",
            "INSERT INTO lines SELECT id, 'x' FROM t",
            "CREATE INDEX ON lines (t_id)",
            "ANALYZE",
        )
        self.mapping = Mapping(
            Entity.PRODUCT,
            Path("p.sql"),
            "SELECT t.id, computed(t.title) AS title, (SELECT min(item) FROM lines WHERE t_id = t.id) AS sku FROM t",
            (SourceTables("t", ("t",), "t.id"), SourceTables("lines l", ("l",), "l.t_id")),
        )

    def capture(self, **how: Any) -> tuple[Captured, int]:
        """Give also for how many records the function was called."""
        before = self._calls()
        job = CaptureJob(self.mapping, overlap=timedelta(0), **how)
        found = capture(self.state, self.shop.store, job, lambda _: None)
        self.shop.store.close()
        return found, self._calls() - before

    def _calls(self) -> int:
        with self.shop.connection.cursor() as cursor:
            until_gone(cursor)
        ((calls,),) = self.shop.run(
            "SELECT coalesce(sum(calls), 0)::int FROM pg_stat_user_functions"
        )
        return int(calls)


@pytest.fixture
def counted(empty_database_url: str, state_url: str) -> Iterator[Counted]:
    with closing(SourceShop(empty_database_url)) as shop, closing(open_state(state_url)) as state:
        yield Counted(shop, state)


def test_a_look_computes_the_records_whose_rows_are_new_and_no_other(counted: Counted) -> None:
    first, calls = counted.capture()
    assert (first.created, calls) == (RECORDS, RECORDS)
    assert counted.capture()[1] == 0
    counted.shop.run(
        "UPDATE t SET title = 'b' WHERE id = 7",
        "UPDATE lines SET item = 'y' WHERE t_id IN (8, 9)",
        "UPDATE lines SET item = item WHERE t_id = 10",
        "INSERT INTO t VALUES (1000, 'new')",
        "INSERT INTO lines VALUES (1000, 'new')",
    )
    found, calls = counted.capture()
    assert (found.created, found.changed, found.looked_at, calls) == (1, 3, 5, 5)


def test_a_compare_computes_the_records_whose_rows_have_moved_and_no_other(
    counted: Counted,
) -> None:
    counted.capture()
    # Without those of which it is the turn to be computed whatever their fingerprints say.
    compare = {"full": True, "recheck_in_compares": 0}
    assert counted.capture(**compare)[1] == 0
    # Rows gone leave no trace; and one comes that a look finds.
    counted.shop.run(
        "DELETE FROM lines WHERE t_id IN (5, 6)", "UPDATE t SET title = 'b' WHERE id = 7"
    )
    found, calls = counted.capture(**compare)
    assert (found.changed, found.missed, calls) == (3, 0, 3)


def test_control_a_compare_of_every_record_computes_them_all(counted: Counted) -> None:
    counted.capture()
    assert counted.capture(full=True, every_record=True)[1] == RECORDS
