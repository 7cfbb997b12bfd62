"""Changes in a large store, the same for every system that is measured: rounds of them.

A round takes its orders from a slot of its own (`id % SLOTS`), so that no round meets another's and
its rows lie all over the table. Some of them are written before the look that comes before the
round, and committed after it: late commits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

import psycopg2
import psycopg2.extensions

SLOTS = 64


@dataclass(frozen=True)
class Amounts:
    """How many orders change in a round, by how."""

    rows: int
    late: int
    new: int
    lines: int = 0
    payments: int = 0
    deleted: int = 0


@dataclass
class Found:
    """The keys of a round's orders."""

    changed: set[str] = field(default_factory=set)
    new: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)

    @property
    def shown_by_rows(self) -> set[str]:
        """What the rows that are there show: a deleted one shows nothing."""
        return self.changed | self.new


def mixed(orders: int) -> Amounts:
    """One thousand changes of all kinds, fewer in a small store."""
    share = min(1.0, orders / 100_000)
    return Amounts(
        rows=round(250 * share),
        late=round(50 * share),
        new=round(200 * share),
        lines=round(250 * share),
        payments=round(250 * share),
    )


def in_one_table(orders: int) -> Amounts:
    """1 % changed, 0.1 % new, 0.05 % deleted, five late: all of it in the table `orders`."""
    return Amounts(
        rows=orders // 100, late=5, new=max(orders // 1000, 1), deleted=max(orders // 2000, 1)
    )


class Round:
    """One round. `begin` before a look at the store, `finish` after it."""

    def __init__(self, store_url: str, number: int, amounts: Amounts) -> None:
        if not 0 <= number < SLOTS:
            raise ValueError(f"There are {SLOTS} rounds; {number} is none of them.")
        self._url = store_url
        self._amounts = amounts
        self._late: psycopg2.extensions.connection | None = None
        with closing(psycopg2.connect(store_url)) as connection:
            cursor = connection.cursor()
            cursor.execute(_ORDERS, {"slots": SLOTS, "slot": number})
            rows = cursor.fetchall()
        reserved = [key for key, authorized in rows if authorized]
        self._payments = reserved[: amounts.payments]
        taken = set(self._payments)
        self._rest = iter([key for key, _ in rows if key not in taken])
        self._late_keys = self._take(amounts.late)

    def begin(self) -> None:
        """Write the late rows, in a transaction that stays open."""
        self._late = psycopg2.connect(self._url)
        self._late.cursor().execute(_CHANGE_ROWS, {"keys": self._late_keys})

    def finish(self) -> Found:
        """Make and commit all other changes, then commit the late ones; give the keys."""
        amounts, found = self._amounts, Found()
        with closing(psycopg2.connect(self._url)) as connection, connection.cursor() as cursor:
            for statement, keys in (
                (_CHANGE_ROWS, self._take(amounts.rows)),
                (_CHANGE_LINES, self._take(amounts.lines)),
                (_CAPTURE_PAYMENTS, self._payments),
            ):
                cursor.execute(statement, {"keys": keys})
                found.changed |= set(map(str, keys))
                # A commit for each kind, so that they are of several transactions.
                connection.commit()
            gone = self._take(amounts.deleted)
            cursor.execute("DELETE FROM orders WHERE id = ANY(%s)", (gone,))
            found.deleted = set(map(str, gone))
            cursor.execute(_NEW_ORDERS, {"count": amounts.new})
            found.new = {key for (key,) in cursor}
            connection.commit()
        if self._late is not None:
            self._late.commit()
            self._late.close()
            found.changed |= set(map(str, self._late_keys))
        return found

    def _take(self, count: int) -> list[int]:
        return [key for key, _ in zip(self._rest, range(count), strict=False)]


def small_commits(store_url: str, count: int) -> Iterator[str]:
    """Commit changes one by one, each to a payment of another order; give the orders' keys."""
    with closing(psycopg2.connect(store_url)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(
            "SELECT id, order_id::text FROM payments ORDER BY id DESC LIMIT %s", (count,)
        )
        for payment, order in cursor.fetchall():
            cursor.execute("UPDATE payments SET updated_at = now() WHERE id = %s", (payment,))
            yield order


# Placed orders of a slot; whether the money of one is reserved, all of it, by one payment.
_ORDERS = """
SELECT o.id, o.total > 0 AND o.status NOT IN ('canceled', 'expired')
             AND (SELECT count(*) = 1 AND bool_and(p.status = 'authorized')
                  FROM payments p WHERE p.order_id = o.id)
FROM orders o
WHERE o.placed_at IS NOT NULL AND o.id %% %(slots)s = %(slot)s AND o.number NOT LIKE 'NEW-%%'
ORDER BY o.id
"""

_CHANGE_ROWS = """
UPDATE orders SET email = 'changed.' || email, updated_at = now() WHERE id = ANY(%(keys)s)
"""

_CHANGE_LINES = """
UPDATE order_lines SET quantity = quantity + 1 WHERE order_id = ANY(%(keys)s)
"""

_CAPTURE_PAYMENTS = """
UPDATE payments SET status = 'captured', updated_at = now() WHERE order_id = ANY(%(keys)s)
"""

_NEW_ORDERS = """
WITH made AS (
    INSERT INTO orders
        (number, email, currency_code, status, subtotal, total, placed_at, updated_at)
    SELECT 'NEW-' || gen_random_uuid(), 'new@example.com', 'eur', 'pending', 10, 10, now(), now()
    FROM generate_series(1, %(count)s)
    RETURNING id
), lines AS (
    INSERT INTO order_lines (order_id, title, quantity, unit_price)
    SELECT id, 'Vase', 1, 10 FROM made
), money AS (
    INSERT INTO payments (order_id, status, amount) SELECT id, 'captured', 10 FROM made
)
SELECT id::text FROM made
"""
