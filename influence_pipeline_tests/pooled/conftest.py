"""A world whose two databases are reached through a pgbouncer of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline_tests.support import pgbouncer
from influence_pipeline_tests.support.pgbouncer import Pgbouncer
from influence_pipeline_tests.support.world import World, sandbox_process, world

__all__ = ["sandbox_process", "world"]


@pytest.fixture
def bouncer(postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[Pgbouncer]:
    with pgbouncer.pooling(postgres, tmp_path / "pgbouncer") as started:
        yield started


@pytest.fixture
def pooled(world: World, bouncer: Pgbouncer) -> World:
    """The world, through pgbouncer."""
    return replace(
        world,
        store_url=bouncer.through(world.store_url),
        state_url=bouncer.through(world.state_url),
    )
