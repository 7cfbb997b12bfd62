"""Late commits: 24 writers whose transactions stay open for up to two seconds, before and after they
write; rolled back, with equal timestamps, with timestamps left alone, with lines changed and not their
order. Captures look every 0.3 s, and at the end they know every order as the store has it."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime

import psycopg2
import psycopg2.extensions
import pytest

from influence_pipeline.postgres import run
from influence_pipeline.records import Entity
from influence_pipeline.store.mapping import canonical_rows, describe
from influence_pipeline.store.reader import hashes_of
from influence_pipeline.sync.engine import Engine
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.support.world import World

pytestmark = pytest.mark.proves("T3")

WRITERS = 24
TICK_SECONDS = 0.3
# As an application writes it: its own clock, in steps, so that many rows have the same.
NOW = "date_bin('0.2 s', clock_timestamp(), '2000-01-01')"
PLACED = f"""
    INSERT INTO orders (id, number, email, currency_code, status, subtotal, total, placed_at,
                        updated_at)
    SELECT n, n, 'a@example.com', 'eur', 'pending', 1, 1, {NOW}, {NOW}
    FROM generate_series(%(first)s::int, %(last)s::int) n;
    INSERT INTO order_lines (order_id, title, quantity, unit_price)
    SELECT n, 'one', 1, 1 FROM generate_series(%(first)s::int, %(last)s::int) n
"""
WRITES = (
    f"UPDATE orders SET total = total + 1, updated_at = {NOW} WHERE id = %(order)s",
    f"UPDATE orders SET total = total + 1, updated_at = {NOW}"
    " WHERE id BETWEEN %(order)s AND %(order)s + 9",
    "UPDATE orders SET total = total + 1 WHERE id = %(order)s",
    "UPDATE order_lines SET quantity = quantity + 1 WHERE order_id = %(order)s",
    "INSERT INTO order_lines (order_id, title, quantity, unit_price) VALUES (%(order)s, 'more', 1, 2)",
    "INSERT INTO payments (order_id, amount, status) VALUES (%(order)s, 1, 'captured')",
)


class Writer:
    """One of many; what it does follows from its seed, when it does it from the machine."""

    def __init__(self, url: str, number: int, seed: int, orders: int) -> None:
        self._url = url
        self._chance = random.Random(f"{seed} {number}")
        self._orders = orders
        self._own = 1_000_000 * (number + 1)
        self.committed = 0

    def write(self, ended: threading.Event) -> None:
        with closing(psycopg2.connect(self._url, options="-c lock_timeout=3s")) as connection:
            while not ended.is_set():
                try:
                    self._transaction(connection)
                except psycopg2.Error:
                    # Two waited for each other, or one for too long: the shop gives up.
                    connection.rollback()

    def _transaction(self, connection: psycopg2.extensions.connection) -> None:
        chance = self._chance
        cursor = connection.cursor()
        long = chance.random() < 0.3
        cursor.execute("SELECT pg_current_xact_id()")
        self._idle(long)
        for _ in range(chance.randrange(1, 4)):
            inside = chance.choice(["", "", "RELEASE a", "ROLLBACK TO a"])
            cursor.execute("SAVEPOINT a" if inside else "SELECT")
            if chance.random() < 0.3:
                cursor.execute(PLACED, {"first": self._own, "last": self._own + 2})
                self._own += 3
            else:
                cursor.execute(
                    chance.choice(WRITES), {"order": chance.randrange(1, self._orders + 1)}
                )
            cursor.execute(inside or "SELECT")
        self._idle(long)
        if chance.random() < 0.2:
            connection.rollback()
        else:
            connection.commit()
            self.committed += 1

    def _idle(self, long: bool) -> None:
        time.sleep(self._chance.uniform(0, 1) if long else self._chance.uniform(0, 0.05))


class ByUpdatedAt:
    """Control: asks for `updated_at >` the last it has seen, as most would."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._last = datetime(2000, 1, 1, tzinfo=UTC)
        self.known: dict[str, int] = {}

    def look(self) -> None:
        with self._engine.store.transaction() as out:
            found = run(
                out,
                "SELECT id::text, updated_at FROM orders WHERE updated_at > %(last)s",
                {"last": self._last},
            ).fetchall()
            described = describe(out, self._engine.mappings[Entity.ORDER])
            hashed, _ = hashes_of(out, described, [key for key, _ in found], None)
        self.known |= {row.key: row.hash for row in hashed}
        self._last = max([self._last, *(moment for _, moment in found)])


def differing(known: dict[str, int], engine: Engine) -> set[str]:
    """Give the orders that are not known as the store has them."""
    mapping = engine.mappings[Entity.ORDER]
    with engine.store.transaction() as out:
        described = describe(out, mapping)
        there = dict(
            run(
                out,
                f"SELECT q.id::text, {described.hash_expression} FROM"
                f" (SELECT {described.row_expression} FROM {canonical_rows(mapping)}) q",
            ).fetchall()
        )
    return {key for key in {*there, *known} if there.get(key) != known.get(key)}


def writers_and_captures(
    world: World, seed: int, seconds: float, orders: int, tally: Tally
) -> None:
    """Let them write so long beside captures; then hold both ways of looking against the store."""
    world.shop(PLACED, first=1, last=orders)
    writers = [Writer(world.store_url, number, seed, orders) for number in range(WRITERS)]
    ended = threading.Event()
    with world.engine() as engine, ThreadPoolExecutor(WRITERS) as pool:
        control = ByUpdatedAt(engine)
        engine.capture(Entity.ORDER)
        control.look()
        working = [pool.submit(writer.write, ended) for writer in writers]
        until = time.monotonic() + seconds
        try:
            ticks = 0
            while time.monotonic() < until:
                time.sleep(TICK_SECONDS)
                assert not engine.capture(Entity.ORDER).full
                control.look()
                ticks += 1
        finally:
            ended.set()
        for writer in working:
            writer.result()
        engine.capture(Entity.ORDER)
        control.look()
        known = dict(world.ask_state("SELECT key, store_hash FROM influence.snapshot"))
        missed = differing(known, engine)
        tally(len(known), "orders", lost=len(missed))
        assert missed == set()
        compared = engine.capture(Entity.ORDER, full=True)
        assert (compared.changed, compared.created, compared.missed) == (0, 0, 0)
        # It was a test: the usual cursor has lost some of it.
        assert len(differing(control.known, engine)) > 10
    assert ticks > seconds / 2
    assert sum(writer.committed for writer in writers) > seconds * WRITERS / 4


@pytest.mark.seeds(1)
def test_late_commits_are_all_found_and_the_usual_cursor_misses_some(
    world: World, seed: int, tally: Tally
) -> None:
    writers_and_captures(world, seed, seconds=6, orders=500, tally=tally)


@pytest.mark.slow
@pytest.mark.seeds(3)
def test_so_they_are_among_five_thousand_orders(world: World, seed: int, tally: Tally) -> None:
    writers_and_captures(world, seed, seconds=60, orders=5000, tally=tally)
