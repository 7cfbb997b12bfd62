"""Four processes on one backlog: each record goes out once, orders too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.settings import load_settings
from influence_pipeline.sync.engine import Engine
from influence_pipeline_tests.sandbox.platform_fixtures import until
from influence_pipeline_tests.support import variants
from influence_pipeline_tests.support.apart import Apart
from influence_pipeline_tests.support.world import World

WORKERS = 4


def work(variant: str | None, entities: Sequence[Entity]) -> None:
    """What each of the processes does: look for changes, and deliver."""
    if variant is not None:
        variants.apply(variant, pytest.MonkeyPatch())
    with Engine(load_settings()) as engine:
        for entity in entities:
            engine.sync(entity)


def start(
    world: World, variant: str | None = None, entities: Sequence[Entity] = STORE_ENTITIES
) -> list[Apart]:
    folder = world.config.parent
    return [
        Apart(work, variant, entities, variables=world.variables(), log=folder / f"{number}.log")
        for number in range(WORKERS)
    ]


def fill(world: World, count: int) -> None:
    """A backlog that no worker can take at once: so many customers, each with a paid order."""
    # A call that is made twice must be the pipeline's doing, not that of a slow machine.
    world.configure(("timeout_seconds = 2", "timeout_seconds = 60"))
    world.shop(
        "INSERT INTO customers (id, email, first_name)"
        " SELECT 'm' || n, 'm' || n || '@example.com', 'M' FROM generate_series(1, %(count)s) n",
        count=count,
    )
    world.shop(
        "INSERT INTO orders (id, customer_id, email, currency_code, status, subtotal, total,"
        " placed_at, updated_at)"
        " SELECT n, 'm' || n, 'm' || n || '@example.com', 'eur', 'pending', 10, 10, now(), now()"
        " FROM generate_series(1, %(count)s) n",
        count=count,
    )
    world.shop(
        "INSERT INTO payments (order_id, status, amount) SELECT id, 'captured', 10 FROM orders"
    )


def sent_by_each(world: World, entity: Entity) -> list[int]:
    """How many records each run of an entity has sent."""
    found = world.ask_state(
        f"SELECT (counts ->> 'sent')::int FROM influence.sync_run WHERE entity = '{entity}'"
        " AND error IS NULL AND (counts ->> 'sent')::int > 0"
    )
    return [sent for (sent,) in found]


def times_called(world: World, entity: Entity) -> Counter[str]:
    """By "method key": how often the API was called."""
    found = world.sandbox.rows("SELECT method, key FROM calls WHERE entity = ?", entity)
    return Counter(f"{row['method']} {row['key']}" for row in found)


def called_more_than_once(world: World) -> list[str]:
    called = times_called(world, Entity.CUSTOMER) + times_called(world, Entity.ORDER)
    return [call for call, times in called.items() if times > 1]


@pytest.mark.parametrize("count", [1100, pytest.param(10_000, marks=pytest.mark.slow)])
def test_four_processes_send_each_record_of_one_backlog_once(worst: World, count: int) -> None:
    fill(worst, count)
    assert [process.ended() for process in start(worst)] == [0] * WORKERS
    assert called_more_than_once(worst) == []
    for entity in (Entity.CUSTOMER, Entity.ORDER):
        sent = sent_by_each(worst, entity)
        # It was really shared.
        assert len(sent) > 1
        known = 4 if entity is Entity.CUSTOMER else 0
        assert sum(sent) == count + known
    assert [str(difference) for difference in worst.judge().differences] == []
    assert worst.parked() == {}


# Not with orders: an intent is committed only while its lease lasts, so without leases none is sent.
@pytest.mark.parametrize("entity", [Entity.CUSTOMER])
def test_control_workers_that_claim_without_a_lease_send_records_twice(
    worst: World, entity: Entity
) -> None:
    fill(worst, 60)
    with worst.engine() as engine:
        if entity is Entity.ORDER:
            engine.sync(Entity.CUSTOMER)
        engine.capture(entity)
    worst.sandbox.set(latency_ms=200)
    processes = start(worst, variants.CLAIMS_WITHOUT_A_LEASE, [entity])
    try:
        # They would take each other's records for ever.
        until(
            lambda: called_more_than_once(worst) or any(process.error for process in processes),
            "a record that is sent twice",
            90,
        )
        assert called_more_than_once(worst) != [], processes[0].error
    finally:
        for process in processes:
            process.kill()
