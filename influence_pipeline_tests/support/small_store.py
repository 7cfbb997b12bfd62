"""A small store and what a pipeline does with it, as lists of what happens, one thing after another.

Orders with lines, payments and a customer; drafts and deleted orders are left out. Whatever can happen
happens in a transaction of its own or in one of three that stay open, with savepoints, prepared for a
second phase, rolled back. Captures run in between and may be killed; workers claim what is due, read it
and say later what they sent. After every capture the state is held against the store.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import psycopg2
import psycopg2.extensions
from hypothesis import strategies as st

from influence_pipeline.errors import StoreError
from influence_pipeline.postgres import Postgres, run
from influence_pipeline.records import Entity
from influence_pipeline.state.database import open_state
from influence_pipeline.state.schema import Lane
from influence_pipeline.store import reader
from influence_pipeline.store.fingerprints import MODULUS, describe_sources
from influence_pipeline.store.mapping import (
    Described,
    Mapping,
    SourceTables,
    canonical_rows,
    describe,
)
from influence_pipeline.store.reader import Window
from influence_pipeline.sync.capture import Captured, CaptureJob, capture
from influence_pipeline.sync.claims import Batch, Claim, Claims, Verdict

KEYS = {
    "integer": ("1", "2", "3", "0", "-7"),
    "text": ("1", " 1", "ä'\\", "", "B"),
    "varchar(20)": ("1", " 1", "ä'\\", "", "B"),
    "bigint": ("1", "2", "9007199254740993", "0", "-7"),
    "smallint": ("1", "2", "3", "0", "-7"),
    "uuid": tuple(f"00000000-0000-4000-8000-00000000000{digit}" for digit in "1234a"),
    "numeric": ("1", "2.50", "3", "0", "-7"),
}
CUT_OVER = datetime(2026, 10, 1, tzinfo=UTC)
# Of an order, by chance: before the cut-over, at it, after it.
MOMENTS = ("2026-09-30 23:59:59Z", "2026-10-01Z", "2026-11-01Z")

TABLES = ("customers", "orders", "lines", "payments")
_TABLES = """
    CREATE TABLE customers (id integer PRIMARY KEY, email text);
    CREATE TABLE orders (
        id {key} PRIMARY KEY, customer integer, draft boolean NOT NULL, note integer,
        deleted boolean NOT NULL DEFAULT false, created_at timestamptz NOT NULL,
        views integer NOT NULL DEFAULT 0
    );
    CREATE TABLE lines (id serial PRIMARY KEY, order_id {key} NOT NULL, price integer NOT NULL);
    CREATE TABLE payments (id serial PRIMARY KEY, order_id {key} NOT NULL, amount integer NOT NULL);
"""
_SELECT = """
SELECT o.id, o.customer AS customer_id, c.email, 'EUR' AS currency, o.note AS total,
       CASE WHEN EXISTS (SELECT FROM payments p WHERE p.order_id = o.id) THEN 'paid' ELSE 'pending' END
           AS financial_status,
       (SELECT sum(p.amount) FROM payments p WHERE p.order_id = o.id) AS subtotal,
       (SELECT jsonb_agg(l.price ORDER BY l.id) FROM lines l WHERE l.order_id = o.id) AS line_items,
       o.created_at
FROM orders o LEFT JOIN customers c ON c.id = o.customer
WHERE NOT o.draft AND NOT o.deleted
"""
MAPPING = Mapping(
    Entity.ORDER,
    Path("orders.sql"),
    _SELECT,
    (
        SourceTables("orders o", ("o",), "o.id"),
        SourceTables("lines l", ("l",), "l.order_id"),
        SourceTables("payments p", ("p",), "p.order_id"),
        SourceTables("orders o JOIN customers c ON c.id = o.customer", ("c",), "o.id"),
    ),
)

# What the shop writes, with %(key)s, %(other)s (keys of orders) and %(n)s (0 to 3). Traces: whether
# all orders that it changes have a row written by it.
WRITES = {
    "order": "INSERT INTO orders VALUES (%(key)s, %(n)s, false, 0, false, %(moment)s)",
    "draft": "INSERT INTO orders VALUES (%(key)s, %(n)s, true, 0, false, %(moment)s)",
    "edit": "UPDATE orders SET note = (coalesce(note, 0) + %(n)s) %% 3 WHERE id = %(key)s",
    # Moves a row, and nothing that the mapping gives.
    "viewed": "UPDATE orders SET views = views + 1 WHERE id = %(key)s",
    "placed": "UPDATE orders SET draft = NOT draft WHERE id = %(key)s",
    "soft": "UPDATE orders SET deleted = NOT deleted WHERE id = %(key)s",
    "buyer": "UPDATE orders SET customer = %(n)s WHERE id = %(key)s",
    "line": "INSERT INTO lines (order_id, price) VALUES (%(key)s, %(n)s)",
    "line edit": "UPDATE lines SET price = (price + %(n)s) %% 3 WHERE order_id = %(key)s",
    "payment": "INSERT INTO payments (order_id, amount) VALUES (%(key)s, %(n)s)",
    "payment edit": "UPDATE payments SET amount = (amount + %(n)s) %% 3 WHERE order_id = %(key)s",
    "customer": "INSERT INTO customers VALUES (%(n)s, 'a') ON CONFLICT (id)"
    " DO UPDATE SET email = customers.email || 'b'",
    "again": "DELETE FROM orders WHERE id = %(key)s;"
    " INSERT INTO orders VALUES (%(key)s, %(n)s, false, %(n)s, false, %(moment)s)",
    "touched": "DELETE FROM lines WHERE order_id = %(key)s;"
    " UPDATE orders SET views = views + 1 WHERE id = %(key)s",
}  # fmt: skip
WITHOUT_TRACE = {
    "line moves": "UPDATE lines SET order_id = %(other)s WHERE id ="
    " (SELECT min(id) FROM lines WHERE order_id = %(key)s)",
    "payment moves": "UPDATE payments SET order_id = %(other)s WHERE order_id = %(key)s",
    "line gone": "DELETE FROM lines WHERE id = (SELECT max(id) FROM lines WHERE order_id = %(key)s)",
    "lines gone": "DELETE FROM lines WHERE order_id = %(key)s",
    "payment gone": "DELETE FROM payments WHERE order_id = %(key)s",
    "order gone": "DELETE FROM orders WHERE id = %(key)s",
    "all gone": "DELETE FROM orders WHERE id = %(key)s; DELETE FROM lines WHERE order_id = %(key)s;"
    " DELETE FROM payments WHERE order_id = %(key)s",
    "customer gone": "DELETE FROM customers WHERE id = %(n)s",
}
TRANSACTIONS = ("commit", "rollback", "savepoint", "release", "back", "prepare")
PIPELINE = ("tick", "full", "every record", "killed", "claim", "report")


EVERYTHING_ONCE = (
    *WRITES, "tick", "claim", "line moves", "report", "tick", "payment moves", "line", "tick", "line",
    "line", "tick", "line gone", "tick", "full", "payment gone", "customer gone", "tick", "line",
    "every record", "all gone", "tick", "full", "order", "line", "tick",
)  # fmt: skip


class Step(NamedTuple):
    """One thing that happens. `place`: 0 a transaction of its own, else one that stays open."""

    what: str
    place: int = 0
    key: int = 0
    n: int = 0


def steps(*more: str) -> st.SearchStrategy[list[Step]]:
    """Lists of steps; `more`: further kinds of captures."""
    kinds = [
        *WRITES, "order", "line", "line edit", "payment", *WITHOUT_TRACE,
        *TRANSACTIONS, "commit", *PIPELINE, "tick", "tick", "tick", "claim", "report", *more,
    ]  # fmt: skip
    step = st.builds(
        Step,
        st.sampled_from(kinds),
        st.sampled_from((0, 0, 0, 1, 2, 3)),
        st.sampled_from((0, 0, 0, 1, 1, 2, 3, 4)),
        st.integers(0, 3),
    )
    return st.lists(step, min_size=4, max_size=40)


class Killed(Exception):  # noqa: N818  (the process is, as far as the state can see)
    """Ends a capture in the middle."""


@dataclass
class SmallStore:
    """A store of one type of key and a state, to be used for many histories."""

    store_url: str
    state_url: str
    key: str
    keys: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.keys = KEYS[self.key]
        self.shop = self.open()
        self.shop.autocommit = True
        self.ask(_TABLES.format(key=self.key))
        for table in TABLES:
            # It would lock the table, by the clock.
            self.ask(f"ALTER TABLE {table} SET (vacuum_truncate = false)")
        self.store = Postgres(self.store_url, variable="store", kind=StoreError, read_only=True)
        self.state = open_state(self.state_url, schema="influence")

    def open(self) -> psycopg2.extensions.connection:
        # Two transactions of one thread at the same row would wait for each other for ever.
        return psycopg2.connect(self.store_url, options="-c lock_timeout=3ms")

    def ask(self, sql: str, **values: Any) -> list[Any]:
        with self.shop.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        self.shop.close()
        self.store.close()
        self.state.close()

    def empty(self) -> None:
        """As on the first day."""
        for (prepared,) in self.ask("SELECT gid FROM pg_prepared_xacts"):
            self.ask("ROLLBACK PREPARED %(gid)s", gid=prepared)
        # Not TRUNCATE, which takes ten times as long for so few rows.
        for table in TABLES:
            self.ask(f"DELETE FROM {table}")
        with self.state.transaction() as connection:
            for table in ("snapshot", "work", "left_out", "capture_point"):
                run(connection, f"DELETE FROM {table}")


class History:
    """One history of a small store. `always_checked`: each tick searches for rows gone without a
    trace; else no tick does, and only a full compare finds them."""

    def __init__(
        self, small: SmallStore, *, always_checked: bool, go_live: datetime | None = None
    ) -> None:
        small.empty()
        self._small = small
        self._always = always_checked
        self._go_live = go_live
        self._open: dict[int, psycopg2.extensions.connection] = {}
        self._savepoints: dict[int, int] = {}
        self._prepared: dict[int, str] = {}
        # Orders of which something may have gone without a trace that a tick could see.
        self._silent: set[str] = set()
        self._claims = Claims(small.state, Entity.ORDER, 600)
        # What workers hold, with the hash of what they have read, None: it was not there.
        self._held: list[tuple[Claim, int | None]] = []
        self._number = 0
        with small.store.transaction() as out:
            self._described: Described = describe(out, MAPPING)
            self._prints = describe_sources(out, self._described)

    # -- what happens

    def run(self, history: list[Step]) -> None:
        """Let all of it happen, and then end what is open and look once more."""
        try:
            # Two orders and a draft, two of them of one customer; the API has the orders.
            for step in (
                Step("customer"), Step("order"), Step("line", n=1), Step("payment", n=1),
                Step("order", key=1, n=2), Step("line", key=1), Step("draft", key=2),
                Step("line", key=2), Step("tick"), Step("claim", n=3), Step("report"), Step("report"),
            ):  # fmt: skip
                self._do(step)
            for step in history:
                self._do(step)
            for place in (*self._open, *self._prepared):
                self._do(Step("commit", place))
            while self._held:
                self._report(0)
            self._capture()
            self._check_work()
            if not self._always:
                self._capture(full=True)
                self._check_work()
            # Nothing is left to be found.
            last = self._capture(full=True)
            assert (last.created, last.changed, last.deleted) == (0, 0, 0)
        finally:
            for connection in self._open.values():
                connection.close()

    def _do(self, step: Step) -> None:
        match step.what:
            case "tick":
                self._capture()
            case "full":
                self._capture(full=True)
            case "every record":
                self._capture(full=True, every_record=True)
            case "killed":
                self._killed(step.n, full=step.key == 0)
            case "import":
                self._import(step.n)
            case "claim":
                self._claim(1 + step.n)
            case "report":
                self._report(step.key)
            case "commit" | "rollback":
                self._end(step.place, step.what)
            case "savepoint" | "release" | "back" | "prepare":
                self._inside(step.place, step.what)
            case _:
                self._write(step)

    def _write(self, step: Step) -> None:
        keys = self._small.keys
        key, other = keys[step.key], keys[(step.key + 1 + step.n) % len(keys)]
        values = {
            "key": key,
            "other": other,
            "n": step.n,
            "moment": MOMENTS[step.n % len(MOMENTS)],
        }
        if step.what in WITHOUT_TRACE:
            self._silent |= set(keys) if step.what == "customer gone" else {key}
        sql = WITHOUT_TRACE.get(step.what) or WRITES[step.what]
        if step.place in self._prepared:
            return
        # What the shop itself cannot do (the key is there, another one holds the row) it does not.
        with suppress(psycopg2.errors.UniqueViolation, psycopg2.errors.LockNotAvailable):
            if not step.place:
                self._small.ask(sql, **values)
                return
            try:
                self._transaction(step.place).cursor().execute(sql, values)
            except psycopg2.Error:
                self._end(step.place, "rollback")
                raise

    def _transaction(self, place: int) -> psycopg2.extensions.connection:
        if place not in self._open:
            self._open[place] = self._small.open()
            self._savepoints[place] = 0
        return self._open[place]

    def _inside(self, place: int, what: str) -> None:
        if what == "savepoint" and place and place not in self._prepared:
            self._transaction(place)
        if place not in self._open:
            return
        cursor = self._open[place].cursor()
        if what == "prepare":
            self._number += 1
            cursor.execute(f"PREPARE TRANSACTION 'number {self._number}'")
            self._open.pop(place).close()
            self._prepared[place] = f"number {self._number}"
        elif what == "savepoint":
            cursor.execute("SAVEPOINT s")
            self._savepoints[place] += 1
        elif self._savepoints[place]:
            cursor.execute("RELEASE s" if what == "release" else "ROLLBACK TO s; RELEASE s")
            self._savepoints[place] -= 1

    def _end(self, place: int, how: str) -> None:
        if place in self._prepared:
            self._small.ask(f"{how} PREPARED '{self._prepared.pop(place)}'")
        elif place in self._open:
            connection = self._open.pop(place)
            connection.commit() if how == "commit" else connection.rollback()
            connection.close()

    # -- the pipeline

    def _job(self, **how: Any) -> CaptureJob:
        percent = 1e12 if self._always else 0.0
        return CaptureJob(MAPPING, go_live=self._go_live, check_percent=percent, **how)

    def _capture(self, **how: Any) -> Captured:
        found = capture(self._small.state, self._small.store, self._job(**how), lambda _: None)
        assert found.unreadable == found.without_key == 0
        assert found.missed == 0, f"a false alarm: {found.misses}"
        compared = bool(how.get("full"))
        self._check_snapshots(self._always or compared)
        if compared:
            self._check_fingerprints()
            if not self._open and not self._prepared:
                self._silent.clear()
        if not self._held:
            self._check_work()
        return found

    def _killed(self, after: int, *, full: bool) -> None:
        """Kill a capture when it passes its points, before one of its commits."""
        passed = 0

        def at(point: str) -> None:
            nonlocal passed
            passed += 1
            if passed > after and point != "capture: committed":
                raise Killed

        with suppress(Killed):
            capture(self._small.state, self._small.store, self._job(full=full), at)

    def _import(self, n: int) -> None:
        windows = (Window(before=CUT_OVER), Window(since=CUT_OVER), Window(and_undated=True))
        window = windows[n % len(windows)]
        job = self._job(window=window, lane=Lane.IMPORT)
        capture(self._small.state, self._small.store, job, lambda _: None)

    def _claim(self, most: int) -> None:
        """A worker takes what is due, and reads it at once."""
        claims = self._claims.claim(most)
        if claims:
            with self._small.store.transaction() as out:
                rows, _ = reader.rows_of(out, self._described, [claim.key for claim in claims])
            read = {row.key: row.hash for row in rows}
            self._held += [(claim, read.get(claim.key)) for claim in claims]

    def _report(self, which: int) -> None:
        """A worker says what came of one: sent, or not there any more."""
        if not self._held:
            return
        claim, sent = self._held.pop(which % len(self._held))
        verdict = Verdict.GONE if sent is None else Verdict.SETTLED
        self._claims.write(Batch(results=[claim.result(verdict, synced_hash=sent)]), 0.0)

    # -- what must hold

    def _check_snapshots(self, exactly: bool) -> None:
        """The state knows of each record what the store has, and of no other."""
        known = dict(self._ask_state("SELECT key, store_hash FROM snapshot"))
        with self._small.store.transaction() as out:
            there = run(
                out,
                f"SELECT q.id::text, {self._described.hash_expression}, q.created_at"
                f" FROM (SELECT {self._described.row_expression} FROM {canonical_rows(MAPPING)}) q",
            ).fetchall()
        expected = {
            key: value
            for key, value, created in there
            # Of before the cut-over only what is known already is followed.
            if self._go_live is None or created >= self._go_live or key in known
        }
        differing = {
            key for key in {*known, *expected} if known.get(key) != expected.get(key)
        }  # fmt: skip
        if not exactly:
            differing -= self._silent
        assert differing == set(), f"not as in the store: {sorted(differing)}"

    def _check_fingerprints(self) -> None:
        """What is kept of source rows is what a count of the store's own rows gives."""
        kept = self._ask_state(
            "SELECT key, source_rows, source_hash FROM snapshot WHERE source_rows > 0"
            " UNION ALL SELECT key, source_rows, source_hash FROM left_out"
        )
        rows = " UNION ALL ".join(
            f"SELECT {source.key}::text, {source.row_hash} FROM {source.from_clause}"
            for source in self._prints.sources
        )
        with self._small.store.transaction() as out:
            there = run(
                out,
                f"SELECT key, count(*), mod(sum(hash), {MODULUS})::bigint FROM ({rows}) q (key, hash)"
                " GROUP BY key",
            ).fetchall()
        assert sorted(map(tuple, kept)) == sorted(there)

    def _check_work(self) -> None:
        """To be done is what differs from what the API has, and nothing else."""
        due = self._ask_state("SELECT key FROM work")
        differing = self._ask_state(
            "SELECT key FROM snapshot WHERE store_hash IS NOT NULL"
            " AND store_hash IS DISTINCT FROM synced_hash"
        )
        assert sorted(due) == sorted(differing)

    def _ask_state(self, sql: str) -> list[Any]:
        with self._small.state.transaction() as connection:
            return list(run(connection, sql).fetchall())
