"""The shop of the loop: a few customers, products and orders, and transactions that stay open.

What it does is the sample store's own; what it does to a row at once with another transaction, or to
what is not there, it does not do. It remembers what the judge cannot read from its tables.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg2
import psycopg2.extensions

from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.sample_store.statements import Place, SampleStoreError, Touched

MOST_ORDERS = 6
MOST_CUSTOMERS = 4
# Places where something happens: in a transaction of its own, or in one that stays open.
AT_ONCE, *OPEN = range(3)

_EMPTY = """
DELETE FROM carts; DELETE FROM discount_codes; DELETE FROM order_discounts; DELETE FROM refunds;
DELETE FROM payments; DELETE FROM order_lines; DELETE FROM orders; DELETE FROM customers;
DELETE FROM product_variants; DELETE FROM products;
SELECT setval('customer_numbers', 1, false), setval('orders_id_seq', 1, false),
       setval('products_id_seq', 1, false), setval('product_variants_id_seq', 1, false);
INSERT INTO products (title, handle) VALUES ('Cup', 'cup'), ('Plate', 'plate');
INSERT INTO product_variants (product_id, title, position, price)
SELECT p.id, 'Size ' || n, n, 60 FROM products p, generate_series(1, 2) AS n;
"""
# What may be done to an order beside its money; %(number)s is new each time.
_EDITS = (
    "INSERT INTO order_lines (order_id, title, quantity, unit_price)"
    " VALUES (%(order)s, 'one more', 1, 2)",
    "UPDATE orders SET email = 'other' || %(number)s || '@example.com' WHERE id = %(order)s",
    # Nothing that is told, and a row that looks changed.
    "UPDATE orders SET updated_at = now() WHERE id = %(order)s",
)
_PRODUCT_EDITS = (
    "UPDATE products SET title = title || '.' WHERE id = %(product)s",
    "UPDATE product_variants SET title = title || '+' WHERE product_id = %(product)s",
    "UPDATE products SET deleted_at = now() WHERE id = %(product)s AND deleted_at IS NULL",
    "UPDATE products SET deleted_at = NULL WHERE id = %(product)s AND deleted_at IS NOT NULL",
)


class Shop:
    """One life of the shop. `customers`, `orders`: their ids, as they were made; `deleted`: orders
    that a person took out of the tables."""

    def __init__(self, url: str) -> None:
        self._url = url
        # Two transactions of one thread at the same row would wait for each other for ever.
        self._options = "-c lock_timeout=5ms"
        self._direct = self._connect()
        self._direct.autocommit = True
        self._open: dict[int, psycopg2.extensions.connection] = {}
        self.begin_anew()

    def begin_anew(self) -> None:
        """As on the first day: two customers, two products, no order."""
        self._end_all("rollback")
        self.ask(_EMPTY)
        self.customers: list[str] = []
        self.orders: list[str] = []
        self.deleted: set[str] = set()
        self._given_back: set[str] = set()
        self._number = 0
        for _ in range(2):
            self.register(AT_ONCE)

    def close(self) -> None:
        self._end_all("rollback")
        self._direct.close()

    def ask(self, sql: str, **values: Any) -> list[Any]:
        with self._direct.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []

    # -- customers

    def register(self, place: int) -> None:
        found = self._do(place, sample_store.add_customers)
        self.customers += found.customers if found else ()

    def rename(self, place: int, customer: str) -> None:
        self._do(place, lambda at: sample_store.rename_customer(at, customer))

    def change_email(self, place: int, customer: str, taken_from: str) -> None:
        """Give a customer another e-mail: a new one, or that of another who gets a new one."""
        self._number += 1
        new = f"new.mail.{self._number}@example.com"
        if taken_from == customer:
            sql = "UPDATE customers SET email = %(new)s WHERE id = %(to)s AND deleted_at IS NULL"
        else:
            sql = (
                "UPDATE customers SET email = %(new)s WHERE id = %(from)s;"
                "UPDATE customers SET email = %(old)s WHERE id = %(to)s AND deleted_at IS NULL"
            )
        old = self._email(taken_from)
        self._statement(place, sql, **{"to": customer, "from": taken_from, "new": new, "old": old})

    def close_account(self, place: int, customer: str) -> None:
        self._do(place, lambda at: sample_store.soft_delete_customer(at, customer))

    def merge(self, place: int, kept: str, gone: str) -> None:
        """Two accounts of one person become one: its orders pass over, the other one is closed."""
        if kept == gone:
            return
        self._statement(
            place,
            "UPDATE orders SET customer_id = %(kept)s WHERE customer_id = %(gone)s AND EXISTS"
            " (SELECT FROM customers WHERE id = %(kept)s AND deleted_at IS NULL);"
            "UPDATE customers SET deleted_at = now() WHERE id = %(gone)s AND deleted_at IS NULL"
            " AND EXISTS (SELECT FROM customers WHERE id = %(kept)s AND deleted_at IS NULL)",
            kept=kept,
            gone=gone,
        )

    # -- orders

    def place(self, place: int, customer: str | None, code: str | None, payment: str) -> None:
        """Place an order; `code`: through the checkout, with this discount code."""
        how: dict[str, Any] = {payment: True} if payment != "later" else {}
        if customer is None:
            self._number += 1
            how["email"] = f"guest{self._number}@example.com"
        if code is None:
            found = self._do(place, lambda at: sample_store.place_order(at, customer, **how))
        else:
            found = self._do(
                place, lambda at: sample_store.place_order_with_code(at, customer, code, **how)
            )
        self.orders += found.orders if found else ()

    def pay(self, place: int, order: str) -> None:
        self._do(place, lambda at: sample_store.capture_payment(at, order))

    def refund(self, place: int, order: str) -> None:
        self._do(place, lambda at: sample_store.refund_order(at, order))

    def refund_a_part(self, place: int, order: str) -> None:
        self._do(place, lambda at: sample_store.refund_order(at, order, Decimal(1)))

    def cancel(self, place: int, order: str) -> None:
        self._do(place, lambda at: sample_store.cancel_order(at, order))

    def edit(self, place: int, order: str) -> None:
        self._number += 1
        sql = _EDITS[self._number % len(_EDITS)]
        self._statement(place, sql, order=order, number=self._number)

    def delete(self, place: int, order: str) -> None:
        """Take an order out of the tables, with all that belongs to it."""
        codes = "SELECT code FROM order_discounts WHERE order_id = %(order)s"
        self._given_back |= {code for (code,) in self.ask(codes, order=order)}
        self.deleted.add(order)
        self._statement(place, "DELETE FROM orders WHERE id = %(order)s", order=order)

    # -- products

    def edit_product(self, place: int, product: int, how: int) -> None:
        self._statement(place, _PRODUCT_EDITS[how % len(_PRODUCT_EDITS)], product=product)

    def remove_variant(self, place: int) -> None:
        self._do(place, sample_store.remove_variant)

    # -- transactions

    def end(self, place: int, how: str) -> None:
        """Commit or roll back what is open at a place."""
        connection = self._open.pop(place, None)
        if connection is not None:
            getattr(connection, how)()
            connection.close()

    def commit_all(self) -> None:
        self._end_all("commit")

    def _end_all(self, how: str) -> None:
        for place in tuple(self._open):
            self.end(place, how)

    # -- how

    def _connect(self) -> psycopg2.extensions.connection:
        return psycopg2.connect(self._url, options=self._options)

    def _place(self, place: int) -> Place:
        if place == AT_ONCE:
            return self._direct
        if place not in self._open:
            self._open[place] = self._connect()
        return self._open[place]

    def _do(self, place: int, what: Callable[[Place], Touched]) -> Touched | None:
        """Let something happen at a place. What the shop cannot do it does not do; what its database
        does not let it do ends the transaction."""
        try:
            return what(self._place(place))
        except SampleStoreError:
            return None
        except psycopg2.Error:
            self.end(place, "rollback")
            return None

    def _statement(self, place: int, sql: str, **values: Any) -> None:
        def run(at: Place) -> Touched:
            assert not isinstance(at, str)
            # Several statements are one transaction, on a connection that commits each call too.
            at.cursor().execute(sql, values)
            return Touched()

        self._do(place, run)

    def _email(self, customer: str) -> str | None:
        found = self.ask("SELECT email FROM customers WHERE id = %(id)s", id=customer)
        return found[0][0] if found else None

    # -- what the judge must be told

    def given_back(self) -> set[str]:
        """The codes of orders that were canceled or deleted: told as used or not, as it came."""
        canceled = self.ask(
            "SELECT d.code FROM order_discounts d JOIN orders o ON o.id = d.order_id"
            " WHERE o.status = 'canceled'"
        )
        return self._given_back | {code for (code,) in canceled}

    def of_nobody(self) -> set[str]:
        """Orders whose customer has closed the account: the API has them as they were told."""
        closed = self.ask(
            "SELECT o.id::text FROM orders o JOIN customers c ON c.id = o.customer_id"
            " WHERE c.deleted_at IS NOT NULL"
        )
        return {order for (order,) in closed}

    def codes(self) -> list[tuple[str, str | None, int]]:
        """Each coupon of Influence's, with whose it is and how often it is there."""
        return [
            (code, customer, times)
            for code, customer, times in self.ask(
                "SELECT code, min(customer_id), count(*) FROM discount_codes"
                " WHERE source = 'influence' GROUP BY code ORDER BY code"
            )
        ]
