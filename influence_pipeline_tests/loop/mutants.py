"""The loop with one safeguard taken out: seeded mistakes in capture, delivery, receiver, coupons and
reconcile, by name. What a sync alone can show are `support.variants`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import psycopg2
import pytest
import sqlalchemy as sa

from influence_pipeline.sql import Queries
from influence_pipeline.store import changes
from influence_pipeline.store.changes import Moment, StorePoint
from influence_pipeline.store.coupons import sql as coupon_sql
from influence_pipeline.sync import claims
from influence_pipeline.sync.jobs import Job
from influence_pipeline.sync.prepare import Preparation, Prepared
from influence_pipeline.webhooks import gaps, inbox, issue
from influence_pipeline.webhooks.attempts import Attempt
from influence_pipeline.webhooks.inbox import Delivery, Result, Stored
from influence_pipeline.webhooks.issue import InStore
from influence_pipeline.webhooks.storing import GroupedStore
from influence_pipeline_tests.loop.house import House
from influence_pipeline_tests.support import variants

Mutant = Callable[[House, pytest.MonkeyPatch], None]


def _variant(name: str) -> Mutant:
    return lambda _, patch: variants.apply(name, patch)


def _query(queries: Queries, name: str, *replaced: tuple[str, str]) -> Mutant:
    def broken(_: House, patch: pytest.MonkeyPatch) -> None:
        sql = str(queries[name])
        for old, new in replaced:
            assert old in sql, f"{name} no longer says {old!r}; adapt this mutant"
            sql = sql.replace(old, new)
        patch.setitem(queries._made, name, sa.text(sql))

    return broken


# -- capture


def _next_transaction_as_cursor(_: House, patch: pytest.MonkeyPatch) -> None:
    """What began before the last look counts as seen, committed or not."""

    def point(now: Moment, _: object) -> StorePoint:
        return StorePoint(now.server_identity, now.next_xid, now.next_xid, (), now.clock)

    patch.setattr(changes, "_point", point)


def _looks_at_the_first_table(_: House, patch: pytest.MonkeyPatch) -> None:
    recent = changes._recent

    def first_only(mapping: Any, *rest: Any, **how: Any) -> Any:
        return recent(replace(mapping, sources=mapping.sources[:1]), *rest, **how)

    patch.setattr(changes, "_recent", first_only)


# -- delivery


def _customers_never_first(_: House, patch: pytest.MonkeyPatch) -> None:
    def at_once(self: Preparation, jobs: list[Job], prepared: Prepared) -> list[Job]:
        return jobs

    patch.setattr(Preparation, "_customers_first", at_once)


# -- receiver


def _looks_before_it_inserts(house: House, patch: pytest.MonkeyPatch) -> None:
    """What everybody writes first; uniqueness is left to it."""

    def looks(connection: sa.Connection, delivery: Delivery) -> Stored:
        reading = inbox.events.read(delivery.topic, delivery.body)
        values = inbox._values(reading, delivery)
        look = sa.text("SELECT id FROM inbox WHERE dedupe_key = :dedupe_key")
        known = connection.execute(look, values).scalar()
        if known is not None:
            return Stored(known, Result.DUPLICATE)
        time.sleep(0.02)
        insert = sa.text(str(inbox._SQL["insert"]).split("ON CONFLICT")[0] + " RETURNING id")
        return Stored(connection.execute(insert, values).scalar_one(), Result.NEW)

    patch.setattr(inbox, "store", looks)
    patch.setattr(GroupedStore, "_store_new", lambda self, given: [None] * len(given))
    with closing(psycopg2.connect(house.world.state_url)) as connection, connection:
        connection.cursor().execute(
            "ALTER TABLE influence.inbox DROP CONSTRAINT inbox_dedupe_key_body_sha256_key; "
            "DROP INDEX influence.inbox_dedupe_key_idx"
        )


# -- coupons


def _writes_without_looking(_: House, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(coupon_sql.SqlCouponWriter, "look", lambda self, code: None)
    patch.setattr(coupon_sql._Desk, "find", lambda self: None)


def _done_before_it_is_written(_: House, patch: pytest.MonkeyPatch) -> None:
    def marks_first(state: Any, writer: Any, claimed: Any, coupon: Any, caps: Any, at: Any) -> Any:
        with state.transaction() as connection:
            done = "UPDATE inbox SET state = 'done', done_at = now() WHERE id = :id"
            connection.execute(sa.text(done), {"id": claimed.id})
        at(issue.INTENDED)
        with writer.hold(coupon.code) as desk:
            if desk.find() is None:
                desk.create(coupon)
        return InStore()

    patch.setattr(issue, "issue", marks_first)


def _believes_every_event(_: House, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Attempt, "_verified", lambda self, grant: None)


# -- reconcile


def _flags_nothing(_: House, patch: pytest.MonkeyPatch) -> None:
    def keep(connection: sa.Connection, found: Sequence[Any]) -> None: ...

    patch.setattr(gaps, "_keep", keep)


MUTANTS: dict[str, Mutant] = {
    "a capture takes the next transaction for seen": _next_transaction_as_cursor,
    "a capture looks at the first table only": _looks_at_the_first_table,
    "no intent is committed": _variant("commits no intent"),
    "no refund is committed": _variant("commits no refund"),
    "a POST is repeated after silence": _variant("posts again after silence"),
    "a lost call is made again": _variant("repeats lost calls"),
    "a refund without an answer is forgotten": _variant("forgets a refund without an answer"),
    "what is newer than what was sent is acknowledged": _query(
        claims._QUERIES,
        "acknowledge",
        (
            "coalesce(r.synced_hash, p.synced_hash) AS synced_after",
            "CASE WHEN r.synced_hash IS NULL THEN p.synced_hash ELSE p.store_hash END"
            " AS synced_after",
        ),
    ),
    "a late call is not waited for": _query(
        claims._QUERIES,
        "claim",
        ("greatest(extract(epoch FROM p.late_until - now()), 0)::float8", "0.0::float8"),
    ),
    "an order goes before its customer": _customers_never_first,
    "a delivery is looked for before it is stored": _looks_before_it_inserts,
    "a coupon is written without looking": _writes_without_looking,
    "an event is done before its coupon is written": _done_before_it_is_written,
    "every event is believed": _believes_every_event,
    "no gap is flagged": _flags_nothing,
    "no used code is told": _query(
        claims._QUERIES,
        "coupons_used",
        ("WHERE c.code = carried.code", "WHERE false AND c.code = carried.code"),
    ),
}
# Those that are caught within seconds.
QUICK = (
    "a coupon is written without looking",
    "a lost call is made again",
    "an event is done before its coupon is written",
)
# Those that a few lives by chance find.
BY_CHANCE = (
    "a POST is repeated after silence",
    "an order goes before its customer",
    "every event is believed",
    "no gap is flagged",
)
