"""Our own PUT makes Influence say `customers/updated`; what that writes into the store is not sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from influence_pipeline.platform_api.single import SingleCalls
from influence_pipeline.records import Entity
from influence_pipeline.sandbox import sample_store
from influence_pipeline.state.database import open_state
from influence_pipeline.webhooks.receiver import create_app
from influence_pipeline.webhooks.subscriptions import register
from influence_pipeline_tests.sandbox.platform_fixtures import KEY
from influence_pipeline_tests.support.world import World
from influence_pipeline_tests.webhooks.builders import TOKEN
from influence_pipeline_tests.webhooks.test_receiver import running, until

WRITE = "UPDATE customers SET loyalty_points = :point_balance WHERE id = :customer_id\n"


@contextmanager
def listening(world: World) -> Iterator[None]:
    """The receiver at work, subscribed to everything, telling the store of its members."""
    world.shop("ALTER TABLE customers ADD loyalty_points bigint")
    (world.config.parent / "member.sql").write_text(WRITE)
    world.config.write_text(world.config.read_text() + '\n[members]\nwrite = "member.sql"\n')
    settings = world.settings(webhook_token=TOKEN, coupon_url=world.store_url)
    state = open_state(world.state_url, pool_size=12)
    try:
        with running(create_app(settings, state)) as url:
            api = SingleCalls(world.sandbox.url, KEY)
            register(api, f"{url}/webhooks/influence/{TOKEN}")
            api.close()
            yield
    finally:
        state.close()


def _told(world: World) -> bool:
    """Whether the inbox has worked off everything that the sandbox had to say."""
    pending = world.sandbox.rows("SELECT 1 FROM deliveries WHERE state = 'pending'")
    waiting = world.ask_state("SELECT 1 FROM influence.inbox WHERE state = 'new'")
    return not pending and not waiting


def _sent(world: World) -> int:
    return len(
        world.sandbox.rows("SELECT 1 FROM calls WHERE entity = 'customer' AND method = 'PUT'")
    )


@pytest.mark.parametrize("mapped", [False, True])
def test_what_influence_tells_the_store_is_not_told_back(world: World, mapped: bool) -> None:
    """With its control: a SELECT that gives the column sends each customer again."""
    with listening(world):
        buyer = sample_store.add_customers(world.store_url).customers[0]
        world.sync()
        sample_store.place_order(world.store_url, buyer, paid=True)
        world.sync()
        until(lambda: _told(world), 60)
        ((points,),) = world.ask_store(f"SELECT loyalty_points FROM customers WHERE id = '{buyer}'")
        assert points and points > 0, "the store was told"
        if mapped:
            file = world.config.parent / "customers.sql"
            file.write_text(
                file.read_text().replace("c.phone,", "concat(c.phone, c.loyalty_points) AS phone,")
            )
            world.sync(full=True)
        before = _sent(world)
        for _ in range(3):
            report = world.sync()[Entity.CUSTOMER]
            until(lambda: _told(world), 60)
            if not mapped:
                assert report.delivered.sent == 0
        if mapped:
            world.sandbox.good("POST", f"/v1/customers/{buyer}/points", {"points": 5})
            until(lambda: _told(world), 60)
            world.sync()
        assert (_sent(world) > before) == mapped
