"""An opened state, a small store that has a table of discount codes, and an API that knows who is a
customer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import sqlalchemy as sa

from influence_pipeline.errors import StoreError
from influence_pipeline.platform_api.single import SingleCalls
from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import Coupons, Reward, Webhooks
from influence_pipeline.state.database import open_state
from influence_pipeline.store.coupons.interface import COUPON_VALUES, Abilities
from influence_pipeline.store.coupons.sql import LOOKUP_VALUES, SqlCouponWriter
from influence_pipeline.store.statements import parse_statement
from influence_pipeline.webhooks import inbox
from influence_pipeline.webhooks.context import HandlerContext
from influence_pipeline.webhooks.grants import Terms
from influence_pipeline.webhooks.handlers import WorkedOff, work_off
from influence_pipeline_tests.sandbox.platform_fixtures import KEY, Sandbox
from influence_pipeline_tests.sandbox.platform_fixtures import running as sandbox_running
from influence_pipeline_tests.webhooks.builders import delivery
from influence_pipeline_tests.webhooks.loyalty import Loyalty

TABLE = """
CREATE TABLE discount_code (
    id serial PRIMARY KEY,
    code text NOT NULL,
    customer_id integer,
    kind text NOT NULL,
    value numeric,
    currency text,
    minimum_spend numeric,
    expires_at timestamptz,
    usage_limit integer NOT NULL
)
"""
# No unique index on the code: some stores have none (Vendure), so ours must not lean on one.
LOOKUP = "SELECT customer_id FROM discount_code WHERE lower(code) = lower(:code)"
CREATE = """
-- makes :code for one customer
INSERT INTO discount_code (code, customer_id, kind, value, currency, minimum_spend, expires_at,
                           usage_limit)
VALUES (:code, :customer_id, :kind, :value, :currency, :minimum_spend, :expires_at, :usage_limit)
"""

# Of writers that a test makes up.
ABLE = Abilities(
    kinds=frozenset({"percentage", "fixed", "free_shipping"}),
    lockable_to_customer=True,
    minimum_spend=True,
    expiry=True,
)

REWARDS = {"rule-5-euro": Reward(kind="fixed", value=Decimal(5), currency="EUR")}


@pytest.fixture
def state(state_url: str) -> Iterator[Postgres]:
    opened = open_state(state_url, pool_size=12)
    yield opened
    opened.close()


@dataclass
class Store:
    """The merchant's side: where coupons land."""

    url: str
    database: Postgres

    def run(self, sql: str) -> list[Any]:
        with self.database.transaction() as connection:
            result = connection.execute(sa.text(sql))
            return list(result.all()) if result.returns_rows else []

    def codes(self) -> list[str]:
        return [row.code for row in self.run("SELECT code FROM discount_code ORDER BY id")]

    @property
    def writer(self) -> SqlCouponWriter:
        return writer(self.database)

    def shut(self) -> None:
        shut(self.url)

    def open(self) -> None:
        reopen(self.url)


def shut(url: str) -> None:
    """Let nobody into a database any more, and throw out who is in."""
    name = psycopg2.extensions.parse_dsn(url)["dbname"]
    _administer(url, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    _administer(
        url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    )


def reopen(url: str) -> None:
    name = psycopg2.extensions.parse_dsn(url)["dbname"]
    _administer(url, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def _administer(url: str, sql: str) -> None:
    connection = psycopg2.connect(url, dbname="postgres")
    connection.autocommit = True
    try:
        connection.cursor().execute(sql)
    finally:
        connection.close()


def writer(database: Postgres, lookup: str = LOOKUP, create: str = CREATE) -> SqlCouponWriter:
    return SqlCouponWriter(
        database,
        lookup=parse_statement(lookup, LOOKUP_VALUES, "code", Path("lookup.sql")),
        create=parse_statement(create, COUPON_VALUES, "code", Path("create.sql")),
    )


@pytest.fixture
def store(empty_database_url: str) -> Iterator[Store]:
    database = Postgres(
        empty_database_url, variable="INFLUENCE_COUPON_URL", kind=StoreError, pool_size=8
    )
    found = Store(empty_database_url, database)
    found.run(TABLE)
    yield found
    database.close()


@dataclass
class Desk:
    """State, store and context in one hand: deliver, work off, look."""

    state: Postgres
    store: Store
    context: HandlerContext
    state_url: str = ""

    def deliver(self, topic: str | None, body: Any) -> inbox.Stored:
        with self.state.transaction() as connection:
            return inbox.store(connection, delivery(topic, body))

    def work(self) -> WorkedOff:
        return work_off(self.state, self.context)

    def event(self, stored: inbox.Stored) -> inbox.EventDetail:
        found = inbox.show_event(self.state, stored.id, with_body=True)
        assert found is not None
        return found

    def rows(self, sql: str) -> list[Any]:
        with self.state.transaction() as connection:
            return list(connection.execute(sa.text(sql)).all())

    def due_now(self) -> None:
        """Let the waits and the leases of all events be over."""
        with self.state.transaction() as connection:
            connection.execute(
                sa.text("UPDATE inbox SET next_at = now(), lease_until = NULL WHERE state = 'new'")
            )


def make_context(store: Store, **changes: Any) -> HandlerContext:
    terms = {
        "rewards": REWARDS,
        "coupons": Coupons(lookup="lookup.sql", create="create.sql"),
        "writer": store.writer,
        **changes.pop("terms", {}),
    }
    return HandlerContext(terms=Terms(**terms), webhooks=Webhooks(), **changes)


@pytest.fixture
def desk(state: Postgres, store: Store, state_url: str) -> Desk:
    return Desk(state, store, make_context(store), state_url)


class Directory:
    """An API over real HTTP that knows these customers. `answer` may be replaced by a test."""

    def __init__(self) -> None:
        self.customers: dict[str, str] = {}
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answer: Callable[[str, str, bytes], tuple[int, Any]] = self._customer
        self.headers: dict[str, str] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _reply(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                outer.requests.append((self.command, self.path, dict(self.headers), body))
                status, content = outer.answer(self.command, self.path, body)
                raw = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = do_PUT = do_DELETE = _reply  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def _customer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        known = self.customers.get(path.removeprefix("/v1/customers/"))
        if known is None:
            return 404, {"message": "Customer not found"}
        return 200, {"customer": {"id": known, "email": "somebody@example.test"}}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def directory() -> Iterator[Directory]:
    started = Directory()
    yield started
    started.close()


@pytest.fixture
def api(directory: Directory) -> Iterator[SingleCalls]:
    calls = SingleCalls(directory.url, "key-0123456789", timeout=(2.0, 2.0))
    yield calls
    calls.close()


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with sandbox_running(tmp_path_factory.mktemp("sandbox"), access_log=False) as started:
        yield started


@pytest.fixture
def program(sandbox_process: Sandbox, state: Postgres, store: Store) -> Iterator[Loyalty]:
    """A loyalty program without customers; what it tells is handed over by the test."""
    sandbox_process.good("POST", "/sandbox/reset")
    store.run("ALTER TABLE discount_code ALTER customer_id TYPE text")
    coupons = Coupons(lookup="lookup.sql", create="create.sql", currency="EUR")
    api = SingleCalls(sandbox_process.url, KEY)
    context = HandlerContext(Terms({}, coupons, store.writer), Webhooks())
    made = Loyalty(sandbox_process, state, context, api)
    made.subscribe()
    yield made
    api.close()


TOML = """
version = 1
[customers]
query = "customers.sql"
sources = [{ from = "customer c", rows = ["c"], key = "c.id" }]
[products]
query = "products.sql"
sources = [{ from = "product p", rows = ["p"], key = "p.id" }]
[orders]
query = "orders.sql"
sources = [{ from = "orders o", rows = ["o"], key = "o.id" }]
[coupons]
lookup = "lookup.sql"
create = "create.sql"
[rewards.rule-5-euro]
kind = "fixed"
value = 5
currency = "EUR"
"""


# For who has no API to ask.
UNVERIFIED = TOML + "[webhooks]\nverify_redemptions = false\n"


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    (tmp_path / "lookup.sql").write_text(LOOKUP)
    (tmp_path / "create.sql").write_text(CREATE)
    file = tmp_path / "influence.toml"
    file.write_text(TOML)
    return file
