"""The room's fixtures: the world, shared with the command line's tests, and the same at its worst."""

import pytest

from influence_pipeline.records import Entity
from influence_pipeline_tests.support.world import World, sandbox_process, world

__all__ = ["sandbox_process", "world", "worst"]


@pytest.fixture
def worst(world: World) -> World:
    """The doubling API, with all customers and products there and orders still to come."""
    world.sandbox.set(second_post="award_again", refund_repeat="again")
    with world.engine() as engine:
        engine.sync(Entity.CUSTOMER)
        engine.sync(Entity.PRODUCT)
    return world
