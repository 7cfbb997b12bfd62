"""The project's own definitions, whose ticks and runs fail by chance: 30 % of them, somewhere between
an event's claim and the report. Loaded by a code server; SHAKEN_… say how.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from influence_pipeline.automation import sensors
from influence_pipeline.definitions import build_definitions
from influence_pipeline.postgres import Postgres
from influence_pipeline.resources import EngineResource
from influence_pipeline.webhooks.context import HandlerContext

SHARE = 0.3
# A failing tick or run gets so far: in passings of crash points, of which an event has six.
_FARTHEST = 60


class _Crash(BaseException):
    """Not an Exception, so that nothing on the way takes it for an event's trouble."""


class _Bomb:
    """Goes off when a crash point is passed for the `at`-th time, else at the end; None: never."""

    def __init__(self, at: int | None) -> None:
        self._left = at
        self._lock = threading.Lock()

    def __call__(self, point: str) -> None:
        with self._lock:
            if self._left is None:
                return
            self._left -= 1
            if self._left != 0:
                return
        raise _Crash

    def end(self) -> None:
        if self._left is not None:
            raise _Crash


class ShakenEngines(EngineResource):
    """Opens the inbox of the product, and lets it fail."""

    @contextmanager
    def inbox(self) -> Iterator[tuple[Postgres, HandlerContext]]:
        bomb = _next_bomb()
        try:
            with super().inbox() as (state, handlers):
                handlers.at = bomb
                yield state, handlers
                bomb.end()
        except _Crash:
            raise RuntimeError("shaken") from None


def _next_bomb() -> _Bomb:
    """Decide by how many were opened before, in all processes, so that a seed says it all."""
    file = os.open(os.environ["SHAKEN_FILE"], os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    try:
        os.write(file, b".")
        number = os.fstat(file).st_size
    finally:
        os.close(file)
    chance = random.Random(f"{os.environ['SHAKEN_SEED']} {number}")
    if chance.random() >= SHARE:
        return _Bomb(None)
    with Path(os.environ["SHAKEN_FILE"] + ".failed").open("a") as failed:
        failed.write(".")
    return _Bomb(chance.randrange(1, _FARTHEST))


# Small enough for a run to be started too.
sensors.BACKLOG = 40
sensors._FIRST = 10

defs = build_definitions(engines=ShakenEngines())
