"""Orders of before the go-live that an import has been let send: they stay the import's until they
have been sent, whatever the shop does with them meanwhile."""

from __future__ import annotations

import pytest

from influence_pipeline.records import Entity
from influence_pipeline.store.reader import Window
from influence_pipeline.sync import parts
from influence_pipeline.sync.engine import Engine
from influence_pipeline_tests.support.world import LONG_AGO, World

LIFTED = "each of them may award points at today's rules"
EVERYTHING_OF_IT = Window(and_undated=True)


@pytest.fixture
def world_with_old_orders(world: World) -> World:
    world.configure(
        (
            f"go_live = {LONG_AGO.isoformat()}\n",
            f'go_live = 2026-10-01T00:00:00Z\nimport_before_go_live = "{LIFTED}"\n',
        )
    )
    with world.engine() as engine:
        for entity in (Entity.CUSTOMER, Entity.PRODUCT):
            engine.sync(entity)
    return world


def _found(engine: Engine) -> int:
    """An import that was stopped before its first call; gives its number."""
    job = engine.numbered(engine.import_job(Entity.ORDER, EVERYTHING_OF_IT))
    engine._capture(job)
    assert job.import_id is not None
    return job.import_id


def _old_order(world: World) -> str:
    ((key,),) = world.ask_store(
        "SELECT id FROM orders WHERE placed_at < '2026-10-01' ORDER BY placed_at DESC LIMIT 1"
    )
    return str(key)


@pytest.mark.parametrize("full", [False, True])
def test_an_old_order_that_changes_before_the_import_has_sent_it_is_not_lost(
    world_with_old_orders: World, full: bool
) -> None:
    world = world_with_old_orders
    key = _old_order(world)
    with world.engine() as engine:
        number = _found(engine)
        before = parts.left(engine.state, [number])[number].waiting
        world.shop("UPDATE orders SET total = total + 1 WHERE id = %(key)s", key=key)
        report = engine.sync(Entity.ORDER, full=full)
        assert report.captured is not None
        assert report.captured.changed == 1
        left = parts.left(engine.state, [number])[number]
        assert not world.sandbox.rows("SELECT 1 FROM orders WHERE order_id = ?", key)
        assert (left.waiting, before) == (before, before), "the import knows that it is missing"
        done = engine.import_window(Entity.ORDER, EVERYTHING_OF_IT)
        assert done.left is not None
        assert done.left.complete
    assert world.sandbox.rows("SELECT 1 FROM orders WHERE order_id = ?", key)
    assert not world.judge().differences
