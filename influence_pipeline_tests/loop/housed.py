"""Opens a house around a world, and closes all that belongs to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from influence_pipeline.platform_api.single import SingleCalls
from influence_pipeline.state.database import open_state
from influence_pipeline.webhooks.context import handler_context
from influence_pipeline.webhooks.intake import create_app
from influence_pipeline_tests.loop.house import House
from influence_pipeline_tests.loop.shop import Shop
from influence_pipeline_tests.sandbox.platform_fixtures import KEY
from influence_pipeline_tests.support.proxied import FaultProxy
from influence_pipeline_tests.support.world import World
from influence_pipeline_tests.webhooks.builders import TOKEN
from influence_pipeline_tests.webhooks.test_receiver import running


@contextmanager
def housed(world: World, proxy: FaultProxy) -> Iterator[House]:
    """A house around a world behind the proxy; its receiver runs in a thread of this process."""
    with ExitStack() as stack:
        state = open_state(world.state_url, pool_size=12)
        stack.callback(state.close)
        settings = world.settings(api_url=world.sandbox.url, webhook_token=TOKEN)
        context = handler_context(settings)
        stack.callback(context.close)
        shop = Shop(world.store_url)
        stack.callback(shop.close)
        api = SingleCalls(world.sandbox.url, KEY)
        stack.callback(api.close)
        receiver = stack.enter_context(running(create_app(settings, state)))
        made = House(world, proxy, receiver, state, context, shop, api)
        stack.callback(made.http.close)
        stack.callback(made.close)
        yield made
