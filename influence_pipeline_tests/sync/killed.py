"""A process that syncs and kills itself (kill -9) the n-th time it passes a named point or moment."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

import pytest

from influence_pipeline.platform_api.calls import Transport
from influence_pipeline.records import Entity
from influence_pipeline.settings import load_settings
from influence_pipeline.sync.engine import Engine
from influence_pipeline_tests.support import transports, variants
from influence_pipeline_tests.support.moments import Watched


def sync_until(point: str, number: int, entities: Sequence[Entity], variant: str | None) -> None:
    """Sync by the settings in the environment; `variant`: with one safeguard taken out."""
    passed = 0
    watched: list[Watched] = []
    settings = load_settings()

    def at(here: str) -> None:
        nonlocal passed
        passed += here == point
        if here == point and passed == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch() -> Transport:
        transport = transports.real(settings)
        if variant == variants.ACKNOWLEDGES_FIRST:
            transport = transports.AcknowledgesFirst(transport)
        watched.append(Watched(transport, at))
        return watched[-1]

    def tell(name: str) -> None:
        (watched[-1].point if watched else at)(name)

    if variant is not None:
        variants.apply(variant, pytest.MonkeyPatch())
    with Engine(settings, transport=watch, at=tell) as engine:
        for entity in entities:
            engine.sync(entity)
