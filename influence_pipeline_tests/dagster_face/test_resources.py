"""The steps of a run share one engine; a step that fails leaves the next one a new one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from influence_pipeline import resources
from influence_pipeline.errors import StoreError
from influence_pipeline.resources import resource_for
from influence_pipeline.settings import Settings
from influence_pipeline.sync.engine import Engine
from influence_pipeline_tests.dagster_face.conftest import House, retries_of


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Notes each engine that is opened, and closed."""
    noted: list[str] = []

    class Noting(Engine):
        def __init__(self, settings: Settings) -> None:
            super().__init__(settings)
            noted.append("opened")

        def close(self) -> None:
            super().close()
            noted.append("closed")

    monkeypatch.setattr(resources, "Engine", Noting)
    yield noted


def test_the_steps_of_a_run_share_one_engine(house: House, opened: list[str]) -> None:
    assert house.job("incremental_sync").success
    assert opened == ["opened", "closed"]
    assert house.job("incremental_sync").success
    assert opened == ["opened", "closed"] * 2, "the next run reads the settings anew"


def test_outside_of_a_run_each_has_its_own(house: House, opened: list[str]) -> None:
    engines = resource_for(house.settings)
    for _ in range(2):
        with engines.engine() as engine:
            engine.state.close()
    assert opened == ["opened", "closed"] * 2


def test_what_follows_a_failure_gets_a_new_engine(
    house: House, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = Engine.capture
    failing = [True]

    def once(engine: Engine, *given: object, **more: object) -> object:
        if failing.pop() if failing else False:
            raise StoreError("The store went away.")
        return capture(engine, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Engine, "capture", once)
    run = replace(house).job("incremental_sync")
    assert run.success
    assert retries_of(run) == 1
    assert opened == ["opened", "closed"] * 2
