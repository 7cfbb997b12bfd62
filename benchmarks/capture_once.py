"""One capture of the orders in a fresh process: its seconds, and the memory it takes.

python -m benchmarks.capture_once [--full]
(settings from the INFLUENCE_ variables; prints one line of JSON)

What comes before, imports and connections, is not counted: a worker has them already.
"""

from __future__ import annotations

import argparse
import json
import time

from benchmarks.processes import forget_most_memory, memory_mb, most_memory_mb
from influence_pipeline.postgres import run
from influence_pipeline.records import Entity
from influence_pipeline.settings import load_settings
from influence_pipeline.sync.engine import Engine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="compare everything")
    full = parser.parse_args().full
    with Engine(load_settings()) as engine:
        for database in (engine.store, engine.state):
            with database.transaction() as connection:
                run(connection, "SELECT 1")
        forget_most_memory()
        before, began = memory_mb(), time.perf_counter()
        captured = engine.capture(Entity.ORDER, full=full)
        seconds = time.perf_counter() - began
        said = {
            "seconds": seconds,
            "memory_before_mb": before,
            "most_memory_mb": most_memory_mb(),
            "created": captured.created,
            "changed": captured.changed,
            "deleted": captured.deleted,
            "full": captured.full,
            "why_full": captured.why_full,
        }
    print(json.dumps(said))


if __name__ == "__main__":
    main()
