"""The real definitions on a store that lets each step wait: runs that would overlap are seen to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from influence_pipeline.definitions import build_definitions
from influence_pipeline.resources import EngineResource
from influence_pipeline.sync.engine import Engine

SECONDS = 1.0


class SlowEngines(EngineResource):
    """Opens the engine a while later."""

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        time.sleep(SECONDS)
        with super().engine() as engine:
            yield engine


defs = build_definitions(engines=SlowEngines())
