"""T9: store, state and coupon database behind pgbouncer in transaction mode, where a client may have
another backend in each transaction. `test_suite` runs the integration tests so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests
import sqlalchemy as sa

from influence_pipeline import postgres as room
from influence_pipeline.errors import StoreError
from influence_pipeline.postgres import Postgres, run
from influence_pipeline.records import Entity
from influence_pipeline.state.database import open_state
from influence_pipeline.webhooks.handlers import work_off
from influence_pipeline_tests.pooled.leftovers import left_behind
from influence_pipeline_tests.support import roles
from influence_pipeline_tests.support.pgbouncer import POOL_SIZE, Pgbouncer
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.support.world import World
from influence_pipeline_tests.webhooks.builders import TOKEN, encoded, redemption
from influence_pipeline_tests.webhooks.conftest import TABLE, Store, make_context
from influence_pipeline_tests.webhooks.receiving import receiver

pytestmark = pytest.mark.proves("T9")

EVENTS = 24


def test_orders_webhooks_and_coupons_go_through_and_leave_nothing_in_the_backends(
    pooled: World, bouncer: Pgbouncer, empty_database_url: str, tmp_path: Path, tally: Tally
) -> None:
    coupons_url = bouncer.through(empty_database_url)
    pooled.sync()
    assert pooled.judge().differences == ()
    receive(pooled.state_url, tmp_path)
    with shop_of_coupons(coupons_url) as shop, closing(open_state(pooled.state_url)) as state:
        context = make_context(shop)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: work_off(state, context), range(2)))
        codes = Counter(shop.codes())
    # What `check` and `roles` read of a statement is read by a prepared statement.
    with pooled.engine() as engine:
        assert roles.needs_of_reader(pooled.store_url, engine.mappings).rights
    expected = {str(redemption(number)["couponCode"]) for number in range(1, EVENTS + 1)}
    tally(
        len(expected) + 120,
        "orders and webhooks",
        lost=len(expected - set(codes)),
        doubled=sum(n > 1 for n in codes.values()),
    )
    assert codes == Counter(expected)
    backends = bouncer.show("SERVERS")
    for url in (pooled.store_url, pooled.state_url, coupons_url):
        name = str(psycopg2.extensions.parse_dsn(url)["dbname"])
        ours = [row for row in backends if row["database"] == name]
        # Each was used by many.
        assert 1 <= len(ours) <= POOL_SIZE
        assert bouncer.transactions(name) > 3 * len(ours)
        assert left_behind(url) == set()


def receive(state_url: str, folder: Path) -> None:
    """Let a receiver of two workers take the events, six at a time, each of them twice."""
    with receiver(folder, state_url, {"INFLUENCE_STORE_URL": ""}, workers=2) as started:

        def post(number: int) -> int:
            reply = requests.post(
                f"{started.url}/webhooks/influence/{TOKEN}",
                data=encoded(redemption(number)),
                headers={"x-webhook-topic": "points/redeemed", "content-type": "application/json"},
                timeout=60,
            )
            return reply.status_code

        with ThreadPoolExecutor(6) as pool:
            numbers = [*range(1, EVENTS + 1), *range(1, EVENTS + 1)]
            assert set(pool.map(post, numbers)) == {200}


@contextmanager
def shop_of_coupons(url: str) -> Iterator[Store]:
    database = Postgres(url, variable="INFLUENCE_COUPON_URL", kind=StoreError, pool_size=8)
    try:
        made = Store(url, database)
        made.run(TABLE)
        yield made
    finally:
        database.close()


def test_a_client_has_another_backend_from_one_transaction_to_the_next(pooled: World) -> None:
    """Else nothing here would show anything."""
    with closing(psycopg2.connect(pooled.state_url)) as client:
        seen = set()
        for _ in range(3):
            seen.add(_backend(client))
            # Somebody else takes that backend, and keeps it.
            other = psycopg2.connect(pooled.state_url)
            _backend(other, keep=True)
            seen.add(_backend(client))
            other.close()
    assert len(seen) > 1


def _backend(connection: Any, *, keep: bool = False) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    if not keep:
        connection.commit()
    return int(pid)


# -- controls: what a pipeline that keeps something in its session leaves behind ------------------

_transaction = Postgres.transaction


def _sets_for_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    prelude = room._prelude
    monkeypatch.setattr(
        room, "_prelude", lambda *given: [s.replace("SET LOCAL", "SET") for s in prelude(*given)]
    )


def _in_each_transaction(monkeypatch: pytest.MonkeyPatch, sql: str) -> None:
    @contextmanager
    def with_it(database: Postgres) -> Iterator[sa.Connection]:
        with _transaction(database) as connection:
            run(connection, sql)
            yield connection

    monkeypatch.setattr(Postgres, "transaction", with_it)


def _locks_for_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    _in_each_transaction(monkeypatch, "SELECT pg_try_advisory_lock(4711)")


def _prepares(monkeypatch: pytest.MonkeyPatch) -> None:
    _in_each_transaction(
        monkeypatch,
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_prepared_statements) THEN"
        " EXECUTE 'PREPARE kept AS SELECT 1'; END IF; END $$",
    )


def _listens(monkeypatch: pytest.MonkeyPatch) -> None:
    _in_each_transaction(monkeypatch, "LISTEN inbox")


@pytest.mark.parametrize(
    ("breaks", "left"),
    [
        (_sets_for_the_session, "setting jit"),
        (_locks_for_the_session, "advisory lock 4711"),
        (_prepares, "prepared statement kept"),
        (_listens, "listens to inbox"),
    ],
)
def test_control_a_pipeline_that_keeps_something_in_its_session_is_caught(
    pooled: World, breaks: Any, left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch)
    with pooled.engine() as engine:
        engine.capture(Entity.PRODUCT)
    assert left in left_behind(pooled.state_url)
