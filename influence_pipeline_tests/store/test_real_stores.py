"""Capture on databases that Medusa, Vendure and Saleor made themselves, by the presets for them.
Where they come from: `support.real_stores`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import psycopg2
import pytest

from influence_pipeline.errors import StoreError
from influence_pipeline.postgres import Postgres, run
from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.state.database import open_state
from influence_pipeline.store.mapping import Mapping, canonical_rows, describe
from influence_pipeline.store.sources import probe_sources
from influence_pipeline.sync.capture import Captured, CaptureJob, capture
from influence_pipeline_tests.support import databases, store_presets


@dataclass(frozen=True)
class Kind:
    """One of the stores. `paid`, `refunded`, `line`: what moves then, as its notes say, of the order
    %(order)s, of which `gone` takes a line away."""

    paid: str
    refunded: str
    line: str
    gone: str
    refundable: str = "true"


MEDUSA = Kind(
    # The order's own updated_at does not move.
    paid="""
        UPDATE payment_collection SET captured_amount = amount, updated_at = now() WHERE id IN (
            SELECT payment_collection_id FROM order_payment_collection WHERE order_id = %(order)s)
    """,
    refunded="""
        UPDATE payment_collection SET refunded_amount = captured_amount, updated_at = now()
        WHERE id IN (
            SELECT payment_collection_id FROM order_payment_collection WHERE order_id = %(order)s)
    """,
    line="""
        UPDATE order_item SET quantity = quantity + 1 WHERE id = (
            SELECT max(i.id) FROM order_item i JOIN "order" o ON o.id = i.order_id
            WHERE o.id = %(order)s AND i.version = o.version)
    """,
    gone="""
        DELETE FROM order_item WHERE id = (
            SELECT max(i.id) FROM order_item i JOIN "order" o ON o.id = i.order_id
            WHERE o.id = %(order)s AND i.version = o.version)
    """,
)

VENDURE = Kind(
    # Only the payment's own updatedAt moves.
    paid="""
        UPDATE payment SET state = 'Settled', "updatedAt" = now()
        WHERE "orderId" = %(order)s AND state = 'Authorized'
    """,
    refunded="""
        INSERT INTO refund (method, reason, state, metadata, "paymentId", items, shipping,
                            adjustment, total)
        SELECT method, 'test', 'Settled', '{}', id, amount, 0, 0, amount FROM payment
        WHERE "orderId" = %(order)s AND state = 'Settled'
    """,
    line="""
        UPDATE order_line SET quantity = quantity + 1
        WHERE id = (SELECT max(id) FROM order_line WHERE "orderId" = %(order)s)
    """,
    gone="""
        DELETE FROM order_line
        WHERE id = (SELECT max(id) FROM order_line WHERE "orderId" = %(order)s)
    """,
)

SALEOR = Kind(
    paid="""
        UPDATE payment_transactionitem SET charged_value = authorized_value, authorized_value = 0
        WHERE order_id = %(order)s;
        UPDATE order_order SET charge_status = 'full', total_charged_amount = total_gross_amount,
               updated_at = now()
        WHERE id = %(order)s
    """,
    # The order then looks as if it had never been paid; the transactions say what was.
    refunded="""
        UPDATE payment_transactionitem SET refunded_value = charged_value, charged_value = 0
        WHERE order_id = %(order)s;
        UPDATE payment_payment SET charge_status = 'fully-refunded', is_active = false
        WHERE order_id = %(order)s;
        UPDATE order_order SET charge_status = 'none', total_charged_amount = 0, updated_at = now()
        WHERE id = %(order)s
    """,
    # A hard delete of the variant, as far as it shows on the line.
    line="""
        UPDATE order_orderline SET variant_id = NULL
        WHERE id = (SELECT id FROM order_orderline WHERE order_id = %(order)s AND variant_id > 0
                    LIMIT 1)
    """,
    gone="""
        DELETE FROM order_orderline
        WHERE id = (SELECT id FROM order_orderline WHERE order_id = %(order)s LIMIT 1)
    """,
    refundable="canonical.id IN (SELECT order_id FROM payment_transactionitem WHERE charged_value > 0)",
)
KINDS = {"medusa": MEDUSA, "vendure": VENDURE, "saleor": SALEOR}


@dataclass
class RealStore:
    """A restored store, its mapping, and a state beside it."""

    url: str
    kind: Kind
    mappings: dict[Entity, Mapping]
    store: Postgres
    state: Postgres

    def capture(self, entity: Entity, percent: float = 0.0, *, full: bool = False) -> Captured:
        job = CaptureJob(self.mappings[entity], full=full, check_percent=percent)
        found = capture(self.state, self.store, job, lambda _: None)
        assert (found.unreadable, found.without_key, found.warnings) == (0, 0, ())
        assert not full or found.why_full is None
        return found

    def shop(self, sql: str, order: str) -> None:
        with closing(psycopg2.connect(self.url)) as connection, connection:
            cursor = connection.cursor()
            # Foreign keys stand back: what is deleted by hand here has children of its own.
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(sql, {"order": order})
            assert cursor.rowcount == 1

    def count(self, entity: Entity) -> int:
        return int(self._ask(f"SELECT count(*) FROM {canonical_rows(self.mappings[entity])}")[0][0])

    def with_status(self, *statuses: str, also: str = "true") -> str:
        """Give an order with one of these statuses that has a line with a product."""
        found = self._ask(
            f"SELECT canonical.id::text FROM {canonical_rows(self.mappings[Entity.ORDER])}"
            f" WHERE financial_status IN ({', '.join(map(repr, statuses))})"
            f" AND line_items #>> '{{0,variant_id}}' IS NOT NULL AND {also} ORDER BY number LIMIT 1"
        )
        return str(found[0][0])

    def status(self, order: str) -> str:
        rows = canonical_rows(self.mappings[Entity.ORDER])
        return str(
            self._ask(f"SELECT financial_status FROM {rows} WHERE id::text = '{order}'")[0][0]
        )

    def _ask(self, sql: str) -> list[Any]:
        with self.store.transaction() as connection:
            return list(run(connection, sql).fetchall())

    def changed_by(self, sql: str, order: str) -> None:
        """Let the shop do it; one tick finds it, and nothing else."""
        self.shop(sql, order)
        found = self.capture(Entity.ORDER)
        assert (found.full, found.created, found.changed, found.deleted) == (False, 0, 1, 0)
        assert self.capture(Entity.ORDER).looked_at == 0


@pytest.fixture(scope="module", params=KINDS)
def restored(
    real_store_template: Callable[[str], str], request: pytest.FixtureRequest
) -> tuple[str, str]:
    """The name of a store and that of a database with it, to be copied."""
    return request.param, real_store_template(request.param)


@pytest.fixture
def real(
    postgres: EmbeddedPostgres, restored: tuple[str, str], state_url: str
) -> Iterator[RealStore]:
    """A store of the test's own, all of it captured."""
    name, template = restored
    mappings = store_presets.mappings(store_presets.PRESETS / name)
    with databases.throw_away_database(postgres, template) as url:
        store = Postgres(url, variable="the store", kind=StoreError, read_only=True)
        state = open_state(state_url, schema="influence")
        made = RealStore(url, KINDS[name], mappings, store, state)
        for entity in STORE_ENTITIES:
            found = made.capture(entity)
            assert found.why_full == "it has not been compared before"
            assert found.created == found.looked_at == made.count(entity) > 0
        yield made
        store.close()
        state.close()


def test_the_sources_name_every_table_that_the_selects_read(real: RealStore) -> None:
    for mapping in real.mappings.values():
        with real.store.transaction() as connection:
            probed = probe_sources(connection, describe(connection, mapping))
        assert (probed.uncovered, probed.without_ids, probed.hidden) == ((), (), ())


def test_control_a_table_that_no_source_names_is_told_by_name(real: RealStore) -> None:
    whole = real.mappings[Entity.ORDER]
    for left_out in whole.sources:
        less = replace(whole, sources=tuple(s for s in whole.sources if s is not left_out))
        with real.store.transaction() as connection:
            assert probe_sources(connection, describe(connection, less)).uncovered


def test_what_is_captured_is_not_found_again(real: RealStore) -> None:
    for entity in STORE_ENTITIES:
        again = real.capture(entity, 1e9)
        assert (again.full, again.looked_at) == (False, 0)
        compared = real.capture(entity, full=True)
        assert (compared.created, compared.changed, compared.deleted) == (0, 0, 0)


def test_money_that_moves_and_lines_that_change_are_found_by_one_tick(real: RealStore) -> None:
    order = real.with_status("authorized", "pending")
    real.changed_by(real.kind.paid, order)
    assert real.status(order) == "paid"
    real.changed_by(real.kind.line, order)
    order = real.with_status("paid", also=real.kind.refundable)
    real.changed_by(real.kind.refunded, order)
    assert real.status(order) == "refunded"
    assert real.capture(Entity.ORDER, full=True).missed == 0


@pytest.mark.parametrize("by", ["the check", "a full compare"])
def test_a_line_deleted_by_hand_is_found(real: RealStore, by: str) -> None:
    order = real.with_status("paid")
    real.shop(real.kind.gone, order)
    assert real.capture(Entity.ORDER).looked_at == 0
    if by == "the check":
        found = real.capture(Entity.ORDER, 1e9)
        assert found.why_full == "source rows are gone that left no trace"
    else:
        found = real.capture(Entity.ORDER, full=True)
    assert (found.created, found.changed, found.deleted, found.missed) == (0, 1, 0, 0)


def test_a_full_compare_computes_only_what_moved(
    real: RealStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from influence_pipeline.store import reader

    asked: list[str] = []
    hashes_of = reader.hashes_of

    def counted(connection: Any, described: Any, keys: Any, *how: Any) -> Any:
        asked.extend(keys)
        return hashes_of(connection, described, keys, *how)

    monkeypatch.setattr(reader, "hashes_of", counted)
    order = real.with_status("paid")
    real.shop(real.kind.line, order)
    found = real.capture(Entity.ORDER, full=True)
    # By the look before it, and not again by the compare.
    assert (found.changed, found.missed, asked) == (1, 0, [order])
