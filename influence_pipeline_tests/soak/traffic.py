"""What goes on at the shop and at Influence during a soak, at a rate: orders and what becomes of them,
customers who are edited and who redeem points, and a second sender of webhooks.

Rates are what is aimed at; a machine with too much to do has fewer, and the counts say so.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal

import psycopg2
import psycopg2.extensions
import requests

from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.sample_store.statements import SampleStoreError
from influence_pipeline_tests.sandbox.platform_fixtures import KEY
from influence_pipeline_tests.soak.site import CUSTOMERS, Site
from influence_pipeline_tests.soak.until_stopped import UntilStopped
from influence_pipeline_tests.webhooks.builders import customer
from influence_pipeline_tests.webhooks.senders import Connection

RULES = ("rule-5-off", "rule-10-percent", "rule-free-shipping")
# Old orders are left alone, as in a shop.
_RECENT = 2_000
# A machine that was held up catches up, but not with all it has missed.
_CATCH_UP_SECONDS = 2.0


class Paced(UntilStopped):
    """Does one thing `per_second` times a second."""

    def __init__(self, per_second: float, thing: Callable[[], None]) -> None:
        super().__init__()
        self.per_second = per_second
        self._thing = thing

    def go_on(self) -> None:
        due = time.monotonic()
        while not self.stopping.is_set():
            self._thing()
            due = max(due + 1 / self.per_second, time.monotonic() - _CATCH_UP_SECONDS)
            self.stopping.wait(max(due - time.monotonic(), 0))


class Shop:
    """The shop: `place`, `move` and `edit` are what happens, each in a transaction of its own. A
    store that is away sells nothing; what it refuses does not happen."""

    def __init__(self, url: str, chance: random.Random) -> None:
        self._url = url
        self._chance = chance
        self._connections = threading.local()
        self._orders: list[str] = []
        self.done: Counter[str] = Counter()

    def place(self) -> None:
        guest = self._chance.random() < 0.2
        how = self._chance.choice([{"paid": True}, {"paid": True}, {"authorized": True}, {}])

        def happens(place: psycopg2.extensions.connection) -> None:
            placed = sample_store.place_order(
                place,
                None if guest else self._customer(),
                email=f"guest{self._chance.randrange(10**6)}@example.com" if guest else None,
                **how,
            )
            self._orders.append(placed.orders[0])

        self._do("placed", happens)

    def move(self) -> None:
        if not self._orders:
            return
        order = self._chance.choice(self._orders[-_RECENT:])
        name, work = self._chance.choice(
            [
                ("paid", sample_store.capture_payment),
                ("paid", sample_store.capture_payment),
                ("refunded", sample_store.refund_order),
                ("refunded in part", _refund_one),
                ("cancelled", sample_store.cancel_order),
            ]
        )
        self._do(name, lambda place: work(place, order))

    def edit(self) -> None:
        who = self._customer()
        self._do("customer edited", lambda place: sample_store.rename_customer(place, who))

    def _customer(self) -> str:
        return f"cus_{self._chance.randrange(1, CUSTOMERS + 1):06}"

    def _do(self, name: str, happens: Callable[[psycopg2.extensions.connection], object]) -> None:
        try:
            connection = getattr(self._connections, "one", None)
            if connection is None or connection.closed:
                connection = self._connections.one = psycopg2.connect(self._url)
            with connection:
                happens(connection)
        except SampleStoreError:
            self.done["refused by the shop"] += 1
        except psycopg2.Error:
            self.done["store away"] += 1
            connection = getattr(self._connections, "one", None)
            if connection is not None:
                connection.close()
            self._connections.one = None
            time.sleep(0.2)
        else:
            self.done[name] += 1


def _refund_one(place: psycopg2.extensions.connection, order: str) -> object:
    return sample_store.refund_order(place, order, Decimal(1))


class Redeemer:
    """Customers who spend points on a reward, whenever they have enough."""

    def __init__(self, site: Site, chance: random.Random) -> None:
        self._site = site
        self._chance = chance
        self._session = requests.Session()
        self._session.trust_env = False
        self._members: list[str] = []
        self.redeemed = 0

    def give_points(self, points: int) -> None:
        """Everybody whom the API knows has some from before, so that nobody must wait for orders."""
        found = self._site.sandbox.rows("SELECT customer_id FROM customers ORDER BY customer_id")
        self._members = [row["customer_id"] for row in found]
        assert len(self._members) > CUSTOMERS / 2
        for member in self._members:
            self._site.sandbox.good(
                "POST", f"/sandbox/customers/{member}/points", {"points": points}
            )

    def redeem(self) -> None:
        who = self._chance.choice(self._members)
        try:
            reply = self._session.post(
                f"{self._site.sandbox.url}/sandbox/customers/{who}/redeem",
                json={"ruleId": self._chance.choice(RULES)},
                headers={"x-api-key": KEY},
                timeout=10,
            )
        except requests.RequestException:
            time.sleep(0.2)
            return
        self.redeemed += reply.ok

    def close(self) -> None:
        self._session.close()


class Sender:
    """A second sender of webhooks, with a record of its own of what was answered 2xx. Each delivery
    comes until it is answered; some come twice, some after others that were made later."""

    def __init__(self, port: int, chance: random.Random) -> None:
        self._port = port
        self._chance = chance
        self._connection = Connection(port, timeout=15)
        self._held: list[bytes] = []
        self._number = 0
        self.answered: set[bytes] = set()
        self.statuses: Counter[int] = Counter()

    def send(self) -> None:
        self._number += 1
        told = customer(
            1_000_000 + self._number, updatedAt=f"2026-05-01T10:00:{self._number % 60:02}Z"
        )
        body = json.dumps(told).encode()
        if self._chance.random() < 0.1:
            self._held.append(body)
            return
        self._deliver(body)
        if self._chance.random() < 0.1:
            self._deliver(body)
        if self._held and self._chance.random() < 0.2:
            self._deliver(self._held.pop(self._chance.randrange(len(self._held))))

    def finish(self) -> None:
        """Deliver what is still held back."""
        while self._held:
            self._deliver(self._held.pop())
        self._connection.close()

    def _deliver(self, body: bytes) -> None:
        deadline = time.monotonic() + 300
        while True:
            status = self._connection.post(body, "customers/updated")
            self.statuses[status] += 1
            if 200 <= status < 300:
                self.answered.add(body)
                return
            assert time.monotonic() < deadline, f"no delivery was taken for 300 s: {status}"
            time.sleep(0.2)


def tables(url: str, sql: str) -> list[tuple[object, ...]]:
    """The rows of a query at a database that is up."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()
