"""A shop where everything happens at once, by chance: open transactions, savepoints, and all that a
store does to its orders, customers and products."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal

import psycopg2
import psycopg2.extensions

from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.sample_store.statements import Place, SampleStoreError

# A statement each, with %(order)s, %(product)s and a %(number)s.
STATEMENTS = (
    "INSERT INTO order_lines (order_id, title, quantity, unit_price) VALUES (%(order)s, 'more', 1, 2)",
    # A row that is deleted shows only by another that is written with it.
    "WITH gone AS (DELETE FROM order_lines WHERE order_id = %(order)s AND title = 'more' RETURNING 1)"
    " UPDATE orders SET updated_at = now() WHERE id = %(order)s",
    "INSERT INTO order_discounts VALUES (%(order)s, 'C' || %(number)s, 1)",
    "UPDATE orders SET updated_at = now() WHERE id = %(order)s",
    "UPDATE orders SET email = 'n' || %(number)s || '@example.com' WHERE id = %(order)s",
    "UPDATE orders SET total = total + 1 WHERE id = %(order)s"
    " AND NOT EXISTS (SELECT FROM payments WHERE order_id = %(order)s)",
    "UPDATE products SET title = title || '.' WHERE id = %(product)s",
    "UPDATE product_variants SET title = title || '+' WHERE product_id = %(product)s",
    "INSERT INTO products (id, title, handle, status, created_at, updated_at)"
    " SELECT max(id) + %(number)s, 'New', 'h' || %(number)s, 'published', now(), now() FROM products",
)


class BusyShop:
    """Does one thing at a `step`, in a transaction of its own or in one of up to four open ones."""

    def __init__(self, url: str, chance: random.Random) -> None:
        self._url = url
        self._chance = chance
        self._open: list[psycopg2.extensions.connection] = []
        self._buyers: list[str] = []
        self._orders: list[str] = []
        with (
            closing(psycopg2.connect(url)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            # Two transactions of one thread at the same row would wait for each other for ever.
            cursor.execute(f"ALTER DATABASE {connection.info.dbname} SET lock_timeout = '100ms'")

    def step(self) -> None:
        """Do something; what the shop itself cannot do, it rolls back."""
        kinds: list[Callable[[Place], None]] = [
            self._begin, self._begin, self._end, self._end, self._buyer,
            *[self._order] * 4, *[self._money] * 5, self._records, *[self._statement] * 9,
        ]  # fmt: skip
        inside = bool(self._open) and self._chance.random() < 0.55
        place: Place = self._chance.choice(self._open) if inside else self._url
        try:
            self._chance.choice(kinds)(place)
        except (SampleStoreError, psycopg2.Error, IndexError):
            if not isinstance(place, str) and place in self._open:
                self._open.remove(place)
                place.close()

    def close(self) -> None:
        """End what is open, most of it with a commit."""
        while self._open:
            self._end(self._url)

    def _begin(self, _: Place) -> None:
        if len(self._open) < 4:
            self._open.append(psycopg2.connect(self._url))
            self._open[-1].cursor().execute("SELECT pg_current_xact_id()")

    def _end(self, _: Place) -> None:
        connection = self._chance.choice(self._open)
        self._open.remove(connection)
        with closing(connection):
            self._chance.choice([connection.commit, connection.commit, connection.rollback])()

    def _buyer(self, place: Place) -> None:
        self._buyers += sample_store.add_customers(place).customers

    def _order(self, place: Place) -> None:
        buyer = self._chance.choice([*self._buyers, None])
        email = None if buyer else f"guest{self._chance.randrange(10**6)}@example.com"
        paid = self._chance.random() < 0.4
        self._orders += sample_store.place_order(
            place, buyer, paid=paid, authorized=not paid, email=email
        ).orders

    def _money(self, place: Place) -> None:
        order = self._chance.choice(self._orders)
        self._chance.choice(
            [
                lambda: sample_store.capture_payment(place, order),
                lambda: sample_store.refund_order(place, order),
                lambda: sample_store.refund_order(place, order, Decimal(1)),
                lambda: sample_store.cancel_order(place, order),
            ]
        )()

    def _records(self, place: Place) -> None:
        if self._chance.random() < 0.5:
            sample_store.rename_customer(place, self._chance.choice(self._buyers))
        else:
            sample_store.remove_variant(place)

    def _statement(self, place: Place) -> None:
        values = {
            "order": self._chance.choice(self._orders),
            "product": self._chance.randrange(1, 21),
            "number": self._chance.randrange(10**6),
        }
        sql = self._chance.choice(STATEMENTS)
        if isinstance(place, str):
            with closing(psycopg2.connect(place)) as connection, connection:
                connection.cursor().execute(sql, values)
            return
        with place.cursor() as cursor:
            # Rows written in a savepoint carry a transaction id of their own.
            savepoint = self._chance.choice(["", "RELEASE a", "ROLLBACK TO a"])
            cursor.execute("SAVEPOINT a" if savepoint else "SELECT 1")
            cursor.execute(sql, values)
            cursor.execute(savepoint or "SELECT 1")
