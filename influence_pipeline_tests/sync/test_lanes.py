"""Live changes and an import: a sync leaves the import's records, but for those a live order needs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from influence_pipeline.records import Entity
from influence_pipeline.sandbox import sample_store
from influence_pipeline.store.reader import EVERYTHING, Window
from influence_pipeline.sync import claims as claims_module
from influence_pipeline.sync.engine import Report
from influence_pipeline_tests.support.world import World

BUYER = "cus_000001"


def sync(world: World, entity: Entity) -> Report:
    with world.engine() as engine:
        return engine.sync(entity)


def with_an_import_under_way(world: World) -> int:
    """All customers are found and none is sent: as an import leaves them that was stopped at once."""
    with world.engine() as engine:
        engine.capture(Entity.CUSTOMER)
    world.ask_state("UPDATE influence.work SET lane = 'import' RETURNING 1")
    return int(world.ask_state("SELECT count(*) FROM influence.work")[0][0])


def test_a_sync_leaves_an_imports_records_and_says_so(world: World) -> None:
    customers = with_an_import_under_way(world)
    report = sync(world, Entity.CUSTOMER)
    assert (report.delivered.calls, report.remaining.waiting) == (0, 0)
    assert report.remaining.importing == customers


def test_a_live_change_passes_before_the_import(world: World) -> None:
    customers = with_an_import_under_way(world)
    sample_store.rename_customer(world.store_url, BUYER, first_name="New", last_name="Name")
    report = sync(world, Entity.CUSTOMER)
    assert (report.delivered.sent, report.remaining.importing) == (1, customers - 1)


def test_an_import_sends_the_rest(world: World) -> None:
    customers = with_an_import_under_way(world)
    with world.engine() as engine:
        report = engine.import_window(Entity.CUSTOMER, EVERYTHING)
    assert (report.delivered.sent, report.remaining.importing) == (customers, 0)


def order_of_a_customer_in_the_import(world: World) -> bool:
    """Whether an order reaches the API by syncs alone while its customer is the import's."""
    world.shop("DELETE FROM orders")
    with_an_import_under_way(world)
    order = sample_store.place_order(world.store_url, BUYER, paid=True).orders[0]
    for entity in (Entity.ORDER, Entity.CUSTOMER, Entity.ORDER):
        sync(world, entity)
    return bool(world.sandbox.rows("SELECT 1 FROM orders WHERE order_id = ?", order))


def test_a_customer_a_live_order_waits_for_passes_before_the_import(world: World) -> None:
    assert order_of_a_customer_in_the_import(world)
    assert sync(world, Entity.CUSTOMER).remaining.importing > 0


def test_control_without_it_the_order_waits_for_the_import(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = sa.text("SELECT CAST(:keys AS text[])")
    monkeypatch.setitem(claims_module._QUERIES._made, "hurry_customers", nothing)
    assert not order_of_a_customer_in_the_import(world)


# -- a first sync beside an import that has begun ---------------------------------------------------


def _a_part_imported(world: World) -> int:
    """An import of what was created before March has run; gives how many customers are left."""
    window = Window(before=datetime(2026, 3, 1, tzinfo=UTC), and_undated=True)
    with world.engine() as engine:
        sent = engine.import_window(Entity.CUSTOMER, window).delivered.sent
    ((everybody,),) = world.ask_store("SELECT count(*) FROM customers WHERE deleted_at IS NULL")
    assert 0 < sent < everybody
    return int(everybody) - sent


def test_a_first_sync_leaves_to_an_import_that_has_begun_what_is_older(world: World) -> None:
    older = _a_part_imported(world)
    (new,) = sample_store.add_customers(world.store_url, 1).customers
    report = sync(world, Entity.CUSTOMER)
    assert report.captured is not None
    assert (report.delivered.sent, report.remaining.importing) == (1, older)
    assert any(f"{older:,} customers of before" in line for line in report.captured.warnings)
    assert world.sandbox.rows("SELECT 1 FROM customers WHERE customer_id = ?", new)
    # Other parts of the import send them, and nothing is left.
    with world.engine() as engine:
        rest = engine.import_window(Entity.CUSTOMER, Window(since=datetime(2026, 3, 1, tzinfo=UTC)))
    assert rest.left is not None
    assert rest.left.complete
    assert (rest.delivered.sent, sync(world, Entity.CUSTOMER).remaining.importing) == (older, 0)


def test_control_without_that_it_sends_the_whole_store_as_live_changes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("influence_pipeline.sync.staging.Staging.leave_to_import", lambda _: 0)
    older = _a_part_imported(world)
    assert sync(world, Entity.CUSTOMER).delivered.sent == older


def test_an_order_does_not_wait_for_the_import_of_its_customer(world: World) -> None:
    _a_part_imported(world)
    ((buyer,),) = world.ask_store(
        "SELECT max(id) FROM customers WHERE created_at > '2026-03-01' AND deleted_at IS NULL"
    )
    world.shop("DELETE FROM orders")
    order = sample_store.place_order(world.store_url, buyer, paid=True).orders[0]
    for entity in (Entity.CUSTOMER, Entity.ORDER, Entity.CUSTOMER, Entity.ORDER):
        sync(world, entity)
    assert world.sandbox.rows("SELECT 1 FROM orders WHERE order_id = ?", order)


def test_without_an_import_a_first_sync_sends_everything(world: World) -> None:
    report = sync(world, Entity.CUSTOMER)
    assert report.delivered.sent > 50
    assert report.remaining.importing == 0
