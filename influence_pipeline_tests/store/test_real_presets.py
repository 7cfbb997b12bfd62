"""The presets on databases that Medusa, Vendure and Saleor made themselves, all the way to the API.

What the sandbox's ledger must hold was written by hand, from the notes and the raw tables
(`expected/*.toml`). Then the shop's own writes that no `updated_at` shows arrive within one tick.
Where the databases come from: `support.real_stores`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline_tests.sandbox.platform_fixtures import Sandbox
from influence_pipeline_tests.support import databases, store_presets
from influence_pipeline_tests.support.real_writes import WRITES, Write
from influence_pipeline_tests.support.told import Told, differences, told
from influence_pipeline_tests.support.world import World, sandbox_process

__all__ = ["sandbox_process"]

EXPECTED = Path(__file__).parent / "expected"


@dataclass
class Real:
    """A restored store, its preset, and the API's ledger."""

    name: str
    world: World
    expected: Told

    def sync(self) -> dict[Entity, Any]:
        return self.world.sync()

    def differences(self) -> list[str]:
        return differences(self.expected, told(self.world.sandbox))

    def order(self, number: str) -> dict[str, Any]:
        (found,) = (o for o in self.expected["orders"].values() if o["number"] == number)
        return dict(found)


@pytest.fixture(params=store_presets.STORES)
def real(
    postgres: EmbeddedPostgres,
    real_store_template: Callable[[str], str],
    state_url: str,
    sandbox_process: Sandbox,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Real]:
    name = request.param
    expected = tomllib.loads((EXPECTED / f"{name}.toml").read_text(encoding="utf-8"))
    with databases.throw_away_database(postgres, real_store_template(name)) as url:
        world = store_presets.world_of(name, url, state_url, sandbox_process, tmp_path / name)
        yield Real(name, world, expected)


def test_the_ledger_holds_what_a_person_reads_in_the_raw_tables(real: Real) -> None:
    reports = real.sync()
    for entity in STORE_ENTITIES:
        captured = reports[entity].captured
        assert (captured.warnings, captured.unreadable, captured.without_key) == ((), 0, 0)
        assert reports[entity].remaining.parked == reports[entity].remaining.waiting == 0
    assert real.world.parked() == {}
    assert real.differences() == []


def test_what_is_told_is_not_told_again(real: Real) -> None:
    real.sync()
    calls = real.world.sandbox.rows("SELECT count(*) FROM calls")[0][0]
    real.sync()
    full = real.world.sync(full=True)
    assert real.world.sandbox.rows("SELECT count(*) FROM calls")[0][0] == calls
    assert [full[entity].captured.missed for entity in STORE_ENTITIES] == [0, 0, 0]


def test_each_write_of_the_shop_arrives_at_the_ledger_within_one_tick(real: Real) -> None:
    real.sync()
    for write in WRITES[real.name]:
        write.run(real.world)
        reports = real.sync()
        assert not any(reports[entity].captured.full for entity in STORE_ENTITIES), write.what
        expect(real.expected, write)
        assert real.differences() == [], write.what
    assert real.world.sync(full=True)[Entity.ORDER].captured.missed == 0


def expect(expected: Told, write: Write) -> None:
    for entity, key, changes in write.then:
        if isinstance(changes, dict):
            expected[entity].setdefault(key, {}).update(changes)
        else:
            expected[entity][key] = changes
