"""The store that captures are measured on, and what is read off its two servers.

A million orders with 2.5 lines each; the state in a server of its own, so that a byte written to
the store's server is one that the capture wrote there.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg2

from benchmarks.processes import run_module
from benchmarks.shops import Shop, open_shop
from influence_pipeline.records import Entity
from influence_pipeline.sync.engine import Engine

PRODUCTS = 50_000
LINES_PER_ORDER = 2.5
# The tables behind the plain preset's orders.
SOURCE_TABLES = ("orders", "order_lines", "payments", "refunds", "order_discounts")


@dataclass(frozen=True)
class Once:
    """One capture in a process of its own; memory in MB, of the client alone."""

    seconds: float
    memory_before_mb: float
    most_memory_mb: float
    created: int
    changed: int
    deleted: int
    full: bool
    why_full: str | None

    @property
    def added_memory_mb(self) -> float:
        return self.most_memory_mb - self.memory_before_mb


@contextmanager
def open_capture_shop(customers: int, orders_per_customer: float = 1.0) -> Iterator[Shop]:
    """A store with 2.5 lines to each order, vacuumed; nothing is captured yet."""
    with open_shop(
        customers, orders_per_customer=orders_per_customer, products=PRODUCTS, state_apart=True
    ) as shop:
        with closing(psycopg2.connect(shop.store_url)) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(_MORE_LINES, (LINES_PER_ORDER,))
            cursor.execute("VACUUM (ANALYZE)")
            cursor.execute("CHECKPOINT")
        yield shop


_MORE_LINES = """
INSERT INTO order_lines (order_id, product_id, variant_id, title, quantity, unit_price)
SELECT order_id, product_id, variant_id, title, quantity, unit_price
FROM order_lines
ORDER BY hashint8extended(id, 1)
LIMIT greatest((SELECT count(*) FROM orders) * %s - (SELECT count(*) FROM order_lines), 0)
"""


def capture_once(shop: Shop, *, full: bool = False) -> Once:
    """Raises RuntimeError if it compared everything without being asked to."""
    arguments = ["--full"] if full else []
    said = run_module("benchmarks.capture_once", *arguments, environment=shop.environment()).said
    once = Once(**said)
    if once.full and not full:
        raise RuntimeError(f"A tick compared everything: {once.why_full}")
    return once


def acknowledge(shop: Shop) -> None:
    """Leave the state as a delivery would: what the store has is acknowledged, there is no work."""
    with closing(psycopg2.connect(shop.state_url)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(f"SET search_path = {_schema(shop)}")
        cursor.execute(
            "UPDATE snapshot SET synced_hash = store_hash"
            " WHERE store_hash IS NOT NULL AND synced_hash IS DISTINCT FROM store_hash"
        )
        many = cursor.rowcount > 100_000
        cursor.execute("DELETE FROM work")
        if many:
            cursor.execute("VACUUM (ANALYZE) snapshot, work")
            cursor.execute("CHECKPOINT")


@contextmanager
def state_copy(shop: Shop) -> Iterator[None]:
    """Work on a copy of the state in this block."""
    own = shop.state_url
    template = own.rpartition("/")[2]
    shop.state_url = shop.state_server.create_database("state_copy", template=template)
    try:
        yield
    finally:
        shop.state_url = own
        shop.state_server.drop_database("state_copy")


def staged(shop: Shop) -> set[str]:
    """Give the keys of the orders that are work to be done."""
    with closing(psycopg2.connect(shop.state_url)) as connection:
        cursor = connection.cursor()
        cursor.execute(f"SELECT key FROM {_schema(shop)}.work WHERE entity = 'order'")
        return {key for (key,) in cursor}


def bytes_per_record(shop: Shop) -> tuple[float, int]:
    """Give the bytes of a snapshot row, indexes included, and how many rows there are."""
    with closing(psycopg2.connect(shop.state_url)) as connection:
        cursor = connection.cursor()
        cursor.execute(
            f"SELECT pg_total_relation_size('{_schema(shop)}.snapshot'), count(*)"
            f" FROM {_schema(shop)}.snapshot"
        )
        size, rows = _row(cursor.fetchone())
        return size / rows, rows


def table_rows(shop: Shop) -> dict[str, int]:
    """Count the store's rows."""
    with closing(psycopg2.connect(shop.store_url)) as connection:
        cursor = connection.cursor()
        counted = {}
        for table in ("customers", "products", *SOURCE_TABLES):
            cursor.execute(f"SELECT count(*) FROM {table}")
            (counted[table],) = _row(cursor.fetchone())
        return counted


class Meter:
    """What the store's server has written: its log of changes, and temporary files."""

    def __init__(self, shop: Shop) -> None:
        self._url = shop.store_url
        self._before = self._read()

    def written(self) -> tuple[int, int]:
        """Give the bytes since the meter was made: write-ahead log, temporary files."""
        # A server process tells its figures when it ends, a moment after its client.
        time.sleep(0.3)
        now = self._read()
        return now[0] - self._before[0], now[1] - self._before[1]

    def _read(self) -> tuple[int, int]:
        with closing(psycopg2.connect(self._url)) as connection:
            cursor = connection.cursor()
            cursor.execute(
                "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint, temp_bytes"
                " FROM pg_stat_database WHERE datname = current_database()"
            )
            lsn, temporary = _row(cursor.fetchone())
            return int(lsn), int(temporary)


def bare_scans(shop: Shop) -> float:
    """Seconds of a plain look at the transaction ids of every source table, one after another."""
    with closing(psycopg2.connect(shop.store_url)) as connection:
        cursor = connection.cursor()
        began = time.perf_counter()
        for table in SOURCE_TABLES:
            cursor.execute(f"SELECT count(*) FROM {table} WHERE age(xmin) BETWEEN 0 AND 3")
            cursor.fetchall()
        return time.perf_counter() - began


class _Nowhere(io.RawIOBase):
    """A file that throws away what is written to it."""

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        return len(data)  # type: ignore[arg-type]


def floor_of_full_compare(shop: Shop) -> float:
    """Seconds of COPY of each order's key and the fingerprint of its source rows to nowhere."""
    with Engine(shop.settings()) as engine:
        sources = engine.mappings[Entity.ORDER].sources
    rows = " UNION ALL ".join(
        f"SELECT {source.key} AS key, hash_record_extended({alias}, 7) AS hash"
        f" FROM {source.from_clause}"
        for source in sources
        for alias in source.aliases
    )
    with closing(psycopg2.connect(shop.store_url)) as connection:
        cursor = connection.cursor()
        began = time.perf_counter()
        cursor.copy_expert(
            f"COPY (SELECT key, bit_xor(hash), count(*) FROM ({rows}) q GROUP BY key) TO STDOUT",
            _Nowhere(),
        )
        return time.perf_counter() - began


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def _schema(shop: Shop) -> str:
    return shop.settings().config.state_schema


def _row(row: tuple[int, ...] | None) -> tuple[int, ...]:
    if row is None:
        raise RuntimeError("The server gave no row.")
    return row
