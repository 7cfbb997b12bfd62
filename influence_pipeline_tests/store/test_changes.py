"""Which rows count as changed: late commits, savepoints, prepared and rolled-back transactions, frozen
and rewritten tables, other servers, and transaction ids that wrap. Beside ours stand the methods that
others use; the same checks catch them."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions
import pytest

from influence_pipeline.errors import StoreError
from influence_pipeline.postgres import Postgres, run
from influence_pipeline.records import Entity
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.sandbox.postgres_folder import as_the_server_sees, process_options
from influence_pipeline.sandbox.postgres_programs import account_for, programs_for
from influence_pipeline.store import changes, reader
from influence_pipeline.store.changes import Moment, StorePoint
from influence_pipeline.store.mapping import Mapping, SourceTables, describe
from influence_pipeline_tests.support import databases, preset

MAPPING = Mapping(
    Entity.CUSTOMER,
    Path("customers.sql"),
    "SELECT id, email FROM customers",
    (SourceTables("customers c", ("c",), "c.id"),),
)
SMALL_STORE = """
    CREATE TABLE customers (id text PRIMARY KEY, email text NOT NULL, updated_at timestamptz);
    INSERT INTO customers SELECT 'old' || n, 'a@example.com', now() FROM generate_series(1, 60) n
"""

Connection = psycopg2.extensions.connection


class Look:
    """Ours. The first look is taken when it is made; each later one gives what is new since."""

    def __init__(self, url: str) -> None:
        self._store = Postgres(url, variable="the store", kind=StoreError, read_only=True)
        self._last: Any = None
        self()

    def __call__(self) -> set[str]:
        with self._store.transaction() as connection:
            found, self._last = self._ask(connection)
        self._store.close()
        return found

    def _ask(self, connection: Any) -> tuple[set[str], Any]:
        now = changes.present(connection)
        if self._last is None:
            return set(), changes.capture_point(connection, MAPPING, now)
        assert changes.why_not_comparable(self._last, now) is None
        found, point = changes.look(connection, MAPPING, self._last, now)
        assert len(found) == len(set(found))
        assert point == changes.capture_point(connection, MAPPING, now)
        return set(found), point


class Naive(Look):
    """Control: keeps one value of `point` and asks for the rows for which `new` holds."""

    point = ""
    new = ""

    def _ask(self, connection: Any) -> tuple[set[str], Any]:
        where = self.new if self._last is not None else "false"
        rows = run(connection, f"SELECT id FROM customers WHERE {where}", {"last": self._last})
        found = {key for (key,) in rows}
        return found, run(connection, f"SELECT {self.point}").fetchone()[0]


class ByUpdatedAt(Naive):
    point = "max(updated_at) FROM customers"
    new = "updated_at > %(last)s"


class ByNextXid(Naive):
    point = "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
    new = "xmin::text::bigint >= %(last)s"


class ByHorizon(Naive):
    point = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    new = "xmin::text::bigint >= %(last)s"


class BySnapshot(Naive):
    point = "pg_current_snapshot()::text"
    new = "NOT pg_visible_in_snapshot(xmin::text::xid8, %(last)s::pg_snapshot)"


@contextmanager
def transaction(url: str) -> Iterator[Connection]:
    """A connection of the shop's; commits nothing by itself."""
    with closing(psycopg2.connect(url)) as connection:
        yield connection


def execute(connection: Connection, statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def add(connection: Connection, key: str) -> None:
    execute(
        connection,
        "INSERT INTO customers (id, email, updated_at) VALUES (%s, %s, clock_timestamp())",
        key,
        f"{key}@example.com",
    )


def shop(url: str, *statements: str) -> None:
    """Run statements one by one, each committed."""
    with transaction(url) as connection:
        connection.autocommit = True
        for statement in statements:
            execute(connection, statement)


def add_now(url: str, key: str) -> None:
    with transaction(url) as connection:
        add(connection, key)
        connection.commit()


# -- late commits ----------------------------------------------------------------------------------


def found_after_a_late_commit(url: str, method: type[Look]) -> set[str]:
    with transaction(url) as slow:
        add(slow, "late")
        add_now(url, "early")
        look = method(url)
        slow.commit()
        return look()


def test_a_commit_that_comes_after_the_look_is_found_by_the_next(store_url: str) -> None:
    assert found_after_a_late_commit(store_url, Look) == {"late"}


@pytest.mark.parametrize("method", [ByUpdatedAt, ByNextXid])
def test_control_the_usual_cursors_miss_a_late_commit(store_url: str, method: type[Look]) -> None:
    assert found_after_a_late_commit(store_url, method) == set()


def found_after_a_late_savepoint(url: str, method: type[Look]) -> set[str]:
    with transaction(url) as slow:
        add(slow, "outside")
        execute(slow, "SAVEPOINT kept")
        add(slow, "inside")
        execute(slow, "RELEASE SAVEPOINT kept")
        execute(slow, "SAVEPOINT thrown_away")
        add(slow, "never")
        execute(slow, "ROLLBACK TO SAVEPOINT thrown_away")
        add_now(url, "early")
        look = method(url)
        slow.commit()
        return look()


def test_rows_written_inside_a_savepoint_are_found(store_url: str) -> None:
    assert found_after_a_late_savepoint(store_url, Look) == {"outside", "inside"}


def test_control_the_saved_snapshot_misses_savepoints(store_url: str) -> None:
    assert found_after_a_late_savepoint(store_url, BySnapshot) == {"outside"}


def test_what_is_rolled_back_is_never_found(store_url: str) -> None:
    look = Look(store_url)
    with transaction(store_url) as doubtful:
        execute(doubtful, "UPDATE customers SET first_name = 'Never'")
        assert look() == set()
        doubtful.rollback()
    assert look() == set()


def test_an_update_that_leaves_every_timestamp_alone_is_found(store_url: str) -> None:
    ours, control = Look(store_url), ByUpdatedAt(store_url)
    shop(store_url, "UPDATE customers SET phone = '1' WHERE id = 'cus_000001'")
    assert (ours(), control()) == ({"cus_000001"}, set())


# -- a transaction that stays open -----------------------------------------------------------------


def looked_at_while_one_stays_open(url: str, method: type[Look]) -> list[int]:
    with transaction(url) as for_an_hour:
        add(for_an_hour, "open")
        look = method(url)
        counts = []
        for n in range(3):
            changed = ", ".join(f"'old{row}'" for row in range(1, 11 + n))
            shop(url, f"UPDATE customers SET email = 'b{n}@example.com' WHERE id IN ({changed})")
            counts.append(len(look()))
        counts.append(len(look()))
        for_an_hour.commit()
        return [*counts, len(look()), len(look())]


def test_a_transaction_open_for_an_hour_makes_nothing_be_read_twice(
    empty_database_url: str,
) -> None:
    shop(empty_database_url, SMALL_STORE)
    assert looked_at_while_one_stays_open(empty_database_url, Look) == [10, 11, 12, 0, 1, 0]


def test_control_the_oldest_open_transaction_as_cursor_reads_again(
    empty_database_url: str,
) -> None:
    shop(empty_database_url, SMALL_STORE)
    counts = looked_at_while_one_stays_open(empty_database_url, ByHorizon)
    assert counts[3] == 12


# -- many writers ----------------------------------------------------------------------------------


def written_and_found(url: str, method: type[Look], seed: int) -> tuple[list[str], list[str]]:
    """Eight open transactions take steps by chance, looks in between. Gives the keys committed and
    the keys found, with repetitions."""
    chance = random.Random(seed)
    look = method(url)
    committed: list[str] = []
    found: list[str] = []
    with ExitStack() as opened:
        writers = [opened.enter_context(transaction(url)) for _ in range(8)]
        pending: list[list[str]] = [[] for _ in writers]
        for step in range(400):
            n = chance.randrange(8)
            match chance.choice(["add", "add", "add", "savepoint", "commit", "roll back", "look"]):
                case "add":
                    add(writers[n], f"key{step}")
                    pending[n].append(f"key{step}")
                case "savepoint":
                    execute(writers[n], "SAVEPOINT here")
                    add(writers[n], f"key{step}")
                    if chance.random() < 0.3:
                        execute(writers[n], "ROLLBACK TO SAVEPOINT here")
                    else:
                        pending[n].append(f"key{step}")
                case "commit":
                    writers[n].commit()
                    committed += pending[n]
                    pending[n] = []
                case "roll back":
                    writers[n].rollback()
                    pending[n] = []
                case "look":
                    found += look()
    return sorted(committed), sorted([*found, *look()])


def test_every_committed_row_is_found_once_whatever_the_order_of_commits(
    empty_database_url: str,
) -> None:
    shop(empty_database_url, SMALL_STORE)
    seed = random.randrange(100_000)
    committed, found = written_and_found(empty_database_url, Look, seed)
    assert len(committed) > 50
    assert found == committed, f"seed {seed}"


@pytest.mark.parametrize("method", [ByUpdatedAt, ByNextXid, BySnapshot, ByHorizon])
def test_control_other_methods_miss_or_repeat_rows(
    empty_database_url: str, method: type[Look]
) -> None:
    shop(empty_database_url, SMALL_STORE)
    committed, found = written_and_found(empty_database_url, method, seed=1)
    assert found != committed


def test_eight_writers_at_full_speed_lose_nothing_and_repeat_nothing(
    empty_database_url: str,
) -> None:
    shop(empty_database_url, SMALL_STORE)
    seed = random.randrange(100_000)
    look = Look(empty_database_url)
    committed: list[str] = []

    def write(writer: int) -> None:
        chance = random.Random(seed + writer)
        with transaction(empty_database_url) as connection:
            for n in range(30):
                keys = [f"w{writer}n{n}row{row}" for row in range(chance.randrange(1, 4))]
                for key in keys:
                    add(connection, key)
                if chance.random() < 0.3:
                    connection.rollback()
                else:
                    connection.commit()
                    committed.extend(keys)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    found: list[str] = []
    while any(thread.is_alive() for thread in threads):
        found += look()
    found += look()
    assert sorted(found) == sorted(committed), f"seed {seed}"


# -- frozen and rewritten tables -------------------------------------------------------------------

REWRITES = {
    "frozen": ("VACUUM (FREEZE) customers",),
    "vacuum full": ("VACUUM FULL customers",),
    "vacuum full, frozen": ("VACUUM (FULL, FREEZE) customers",),
    "cluster": ("CLUSTER customers USING customers_pkey",),
    "unlogged and back": (
        "ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey",
        "ALTER TABLE discount_codes DROP CONSTRAINT discount_codes_customer_id_fkey",
        "ALTER TABLE carts DROP CONSTRAINT carts_customer_id_fkey",
        "ALTER TABLE customers SET UNLOGGED",
        "ALTER TABLE customers SET LOGGED",
    ),
    "another type": ("ALTER TABLE customers ALTER phone TYPE varchar(40)",),
    "a new column with a volatile default": ("ALTER TABLE customers ADD r float DEFAULT random()",),
}


@pytest.mark.parametrize("statements", REWRITES.values(), ids=REWRITES)
def test_no_rewrite_of_the_table_hides_a_change(
    store_url: str, statements: tuple[str, ...]
) -> None:
    with transaction(store_url) as slow:
        add(slow, "late")
        add_now(store_url, "early")
        look = Look(store_url)
        slow.commit()
    add_now(store_url, "after")
    shop(store_url, *statements)
    assert look() >= {"late", "after"}
    assert look() == set()


def test_control_the_next_transaction_id_misses_it_in_a_rewritten_table(store_url: str) -> None:
    with transaction(store_url) as slow:
        add(slow, "late")
        add_now(store_url, "early")
        look = ByNextXid(store_url)
        slow.commit()
    shop(store_url, "VACUUM FULL customers")
    assert look() == set()


def test_freezing_old_rows_makes_none_of_them_new(store_url: str) -> None:
    look = Look(store_url)
    shop(store_url, "VACUUM (FREEZE) customers")
    add_now(store_url, "new")
    assert look() == {"new"}


# -- other servers ------------------------------------------------


def point_and_moment(first_url: str, then_url: str) -> tuple[StorePoint, Moment]:
    """The point of a look at one place, and the present of another."""
    first = Postgres(first_url, variable="the store", kind=StoreError, read_only=True)
    with first.transaction() as connection:
        point = changes.capture_point(connection, MAPPING, changes.present(connection))
    first.close()
    then = Postgres(then_url, variable="the store", kind=StoreError, read_only=True)
    with then.transaction() as connection:
        now = changes.present(connection)
    then.close()
    return point, now


def test_a_copy_of_the_database_is_another_store(
    postgres: EmbeddedPostgres, store_url: str
) -> None:
    name = store_url.rsplit("/", 1)[1]
    with databases.throw_away_database(postgres, template=name) as copy_url:
        same = changes.why_not_comparable(*point_and_moment(store_url, store_url))
        other = changes.why_not_comparable(*point_and_moment(store_url, copy_url))
    assert same is None
    assert other is not None
    assert "another server, timeline or database" in other


def test_a_role_that_may_not_ask_for_the_cluster_still_knows_its_database(
    postgres: EmbeddedPostgres, store_url: str
) -> None:
    shop(
        store_url,
        "CREATE ROLE only_reads LOGIN PASSWORD 'p'",
        "GRANT SELECT ON customers TO only_reads",
        "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC",
    )
    url = f"postgresql://only_reads:p@{store_url.rsplit('@', 1)[1]}"
    try:
        point, now = point_and_moment(url, url)
        assert point.server_identity.isdigit()
        assert changes.why_not_comparable(point, now) is None
    finally:
        shop(store_url, "DROP OWNED BY only_reads", "DROP ROLE only_reads")


# -- servers of our own ----------------------------------------------------------------------------


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server that a test may stop, copy and bend."""
    with databases.throw_away_server(tmp_path / "own") as server:
        shop(server.url(), SMALL_STORE)
        yield server


@contextmanager
def stopped(server: EmbeddedPostgres) -> Iterator[None]:
    """Stop the server, and start it again with what was done to its folder."""
    server.stop()
    yield
    again = EmbeddedPostgres.start(server.data_dir, fast=True)
    server.__dict__.update(again.__dict__)


def test_a_restored_backup_is_noticed(own_server: EmbeddedPostgres, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    with stopped(own_server):
        owner = own_server.data_dir.stat()
        shutil.copytree(own_server.data_dir, backup)
    for n in range(3):
        add_now(own_server.url(), f"lost{n}")
    point, now = point_and_moment(own_server.url(), own_server.url())
    assert changes.why_not_comparable(point, now) is None
    with stopped(own_server):
        shutil.rmtree(own_server.data_dir)
        shutil.copytree(backup, own_server.data_dir)
        give_to(own_server.data_dir, owner)
    _, now = point_and_moment(own_server.url(), own_server.url())
    why = changes.why_not_comparable(point, now)
    assert why is not None
    assert "was a backup restored?" in why


def test_a_prepared_transaction_is_found_when_it_is_committed(own_server: EmbeddedPostgres) -> None:
    url = own_server.url()
    shop(url, "ALTER SYSTEM SET max_prepared_transactions = 4")
    with stopped(own_server):
        pass
    url = own_server.url()
    with transaction(url) as writer:
        add(writer, "prepared")
        execute(writer, "PREPARE TRANSACTION 'one'")
    add_now(url, "early")
    ours, control = Look(url), ByNextXid(url)
    shop(url, "COMMIT PREPARED 'one'")
    assert (ours(), control()) == ({"prepared"}, set())


def test_transaction_ids_go_past_32_bits_without_a_row_missed(own_server: EmbeddedPostgres) -> None:
    # What was there before must not look as if it came later: frozen, as pg_upgrade does it too.
    shop(own_server.url(), "VACUUM (FREEZE)")
    with stopped(own_server):
        move_next_xid(own_server.data_dir, 2**32 - 24)
    url = own_server.url()
    add_now(url, "before")
    committed, found = written_and_found(url, Look, seed=7)
    assert xid_now(url) > 2**32 + 20
    assert found == committed
    add_now(url, "after")
    missed = ByNextXid(url)
    add_now(url, "control")
    assert missed() == set()


def xid_now(url: str) -> int:
    with transaction(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        return int((cursor.fetchone() or (0,))[0])


def move_next_xid(data_dir: Path, xid: int) -> None:
    """Give a stopped server another next transaction id, as pg_upgrade does."""
    account = account_for(data_dir)
    # The file that says which of these transactions were committed; 2**20 to a file.
    segment = data_dir / "pg_xact" / f"{xid >> 20:04X}"
    segment.write_bytes(bytes(256 * 1024))
    give_to(segment, data_dir.stat())
    subprocess.run(
        [
            programs_for(account) / "pg_resetwal",
            *("--next-transaction-id", str(xid), "--oldest-transaction-id", str(xid - 10)),
            *("-D", as_the_server_sees(data_dir, account)),
        ],
        check=True,
        capture_output=True,
        **process_options(data_dir, account),
    )


def give_to(path: Path, owner: os.stat_result) -> None:
    for entry in [path, *path.rglob("*")]:
        os.chown(entry, owner.st_uid, owner.st_gid)


# -- what a look reads -----------------------------------------------------------------------------


def plain(entity: Entity) -> Mapping:
    """The plain preset's mapping."""
    sources = preset.CONFIG[entity.plural]["sources"]
    return Mapping(
        entity,
        Path(f"{entity.plural}.sql"),
        preset.select(entity.plural),
        tuple(SourceTables(s["from"], tuple(s["rows"]), s["key"]) for s in sources),
    )


class Asked:
    """The plans, as nodes, of all that is asked of the store."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.plans: list[list[dict[str, Any]]] = []
        for module in (changes, reader):
            monkeypatch.setattr(module, "run", self._run)

    def _run(self, connection: Any, sql: str, parameters: Any = None) -> Any:
        explained = run(connection, f"EXPLAIN (VERBOSE, FORMAT JSON) {sql}", parameters)
        self.plans.append(list(nodes(explained.fetchone()[0][0]["Plan"])))
        return run(connection, sql, parameters)

    def tables(self) -> list[str]:
        return sorted(
            n["Relation Name"] for plan in self.plans for n in plan if "Relation Name" in n
        )

    def makes_records(self) -> bool:
        return "json" in str(self.plans)


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from nodes(child)


@contextmanager
def read_only(url: str) -> Iterator[Any]:
    store = Postgres(url, variable="the store", kind=StoreError, read_only=True)
    with store.transaction() as connection:
        yield connection
    store.close()


def plans_of_a_look(url: str, monkeypatch: pytest.MonkeyPatch, *, apart: bool) -> Asked:
    """Look at orders while a transaction is open, so that the point needs rows too. `apart`: keys
    and point by a scan each."""
    mapping = plain(Entity.ORDER)
    with transaction(url) as slow:
        execute(slow, "UPDATE orders SET placed_at = placed_at WHERE id = 1")
        shop(url, "UPDATE orders SET placed_at = placed_at WHERE id = 2")
        with read_only(url) as connection:
            last = changes.capture_point(connection, mapping, changes.present(connection))
        shop(url, "UPDATE orders SET placed_at = placed_at WHERE id = 3")
        with read_only(url) as connection:
            now = changes.present(connection)
            with monkeypatch.context() as patched:
                asked = Asked(patched)
                keys, point = changes.look(connection, mapping, last, now)
                if apart:
                    changes.capture_point(connection, mapping, now)
            assert keys == ["3"]
            assert point == changes.capture_point(connection, mapping, now)
            assert len(point.seen_xids) == 2
        slow.rollback()
    return asked


def scans_needed(mapping: Mapping, url: str) -> list[str]:
    """The tables that Postgres reads if it is asked once for the recent rows of each alias."""
    tables: list[str] = []
    with read_only(url) as connection:
        for source in mapping.sources:
            for alias in source.aliases:
                plan = run(
                    connection,
                    f"EXPLAIN (VERBOSE, FORMAT JSON) SELECT {source.key} FROM {source.from_clause} "
                    f"WHERE age({alias}.xmin) BETWEEN 0 AND 100",
                ).fetchone()[0][0]["Plan"]
                tables += [n["Relation Name"] for n in nodes(plan) if "Relation Name" in n]
    return sorted(tables)


def test_one_scan_of_each_source_gives_the_keys_and_the_point(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = plans_of_a_look(store_url, monkeypatch, apart=False)
    assert len(asked.plans) == 1
    assert asked.tables() == scans_needed(plain(Entity.ORDER), store_url)


def test_control_keys_and_point_apart_read_every_source_twice(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = plans_of_a_look(store_url, monkeypatch, apart=True)
    assert asked.tables() == sorted(scans_needed(plain(Entity.ORDER), store_url) * 2)


@pytest.mark.parametrize("entity", [Entity.CUSTOMER, Entity.PRODUCT, Entity.ORDER])
def test_a_look_reads_the_sources_alone_and_makes_no_record(
    store_url: str, monkeypatch: pytest.MonkeyPatch, entity: Entity
) -> None:
    mapping = plain(entity)
    with read_only(store_url) as connection:
        now = changes.present(connection)
        last = changes.capture_point(connection, mapping, now)
        asked = Asked(monkeypatch)
        changes.look(connection, mapping, last, now)
        assert asked.tables() == scans_needed(mapping, store_url)
        assert not asked.makes_records()
        # Control: the records themselves are made of JSON.
        reader.rows_of(connection, describe(connection, mapping), ["1"])
        assert asked.makes_records()


# -- arithmetic ------------------------------------------------------------------------------------


def test_a_capture_two_thousand_million_transactions_ago_is_too_old() -> None:
    last = StorePoint("s", horizon=100, next_xid=110, seen_xids=())
    for next_xid, comparable in ((2_000_000_100, True), (2_000_000_101, False)):
        now = Moment("s", horizon=next_xid, next_xid=next_xid, next_age=0)
        assert (changes.why_not_comparable(last, now) is None) is comparable


def test_the_first_look_of_all_compares_everything() -> None:
    now = Moment("s", horizon=1, next_xid=1, next_age=0)
    assert changes.why_not_comparable(changes.NO_POINT, now) == "it has not been compared before"
