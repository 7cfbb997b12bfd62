"""A process that syncs and kills itself (kill -9) the n-th time it passes a named point.

`python -m influence_pipeline_tests.sync.killed POINT N`. Ends with -9 if it got there, else with 0.
"""

from __future__ import annotations

import os
import signal
import sys

from influence_pipeline.records import STORE_ENTITIES
from influence_pipeline.settings import load_settings
from influence_pipeline.sync.engine import Engine


def main(point: str, number: int) -> None:
    passed = 0

    def at(here: str) -> None:
        nonlocal passed
        passed += here == point
        if here == point and passed == number:
            os.kill(os.getpid(), signal.SIGKILL)

    with Engine(load_settings(), at=at) as engine:
        for entity in STORE_ENTITIES:
            engine.sync(entity)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
