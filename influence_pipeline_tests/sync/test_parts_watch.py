"""Parts of an import are told of as soon as they are complete, also when the state was away then."""

from __future__ import annotations

import pytest

from influence_pipeline.errors import StateError
from influence_pipeline.records import Entity
from influence_pipeline.sync import parts
from influence_pipeline.sync.parts import PartLeft, PartsWatch
from influence_pipeline_tests.support.world import World


class Listener:
    """Who is told; the state is away the first time that it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.told: list[int] = []

    def __call__(self, number: int, found: PartLeft) -> None:
        self.asked += 1
        if self.asked == 1:
            raise StateError("The state is away.")
        self.told.append(number)


@pytest.mark.parametrize("again", ["by a look", "in the end"])
def test_who_could_not_be_told_is_told_again(world: World, again: str) -> None:
    now = [0.0]
    listener = Listener()
    with world.engine() as engine:
        number = parts.begin(engine.state, Entity.CUSTOMER)
        watch = PartsWatch(engine.state, [number], listener, lambda: now[0])
        watch.look()
        assert not listener.told
        now[0] += parts.LOOK_SECONDS
        if again == "by a look":
            watch.look()
        assert watch.end() == {}
    assert listener.told == [number]
