"""The project's own definitions, whose code server or run dies once (see `killed`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from influence_pipeline.automation import sensors
from influence_pipeline.definitions import build_definitions
from influence_pipeline.postgres import Postgres
from influence_pipeline.resources import EngineResource
from influence_pipeline.sync.engine import Engine
from influence_pipeline.webhooks.context import HandlerContext
from influence_pipeline_tests.dagster_face.proof.killed import (
    RUN_AT_WORK,
    SYNC_AT_WORK,
    TICK_AT_WORK,
    Death,
)


class KilledEngines(EngineResource):
    """Opens what the product opens, and lets its process die."""

    @contextmanager
    def inbox(self) -> Iterator[tuple[Postgres, HandlerContext]]:
        with super().inbox() as (state, handlers):
            handlers.at = Death(RUN_AT_WORK if self._in_a_run else TICK_AT_WORK)
            yield state, handlers

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        with super().engine() as engine:
            engine._at = Death(SYNC_AT_WORK)
            yield engine


# Small enough for a run to be started too.
sensors.BACKLOG = 40
sensors._FIRST = 10

defs = build_definitions(engines=KilledEngines())
