"""One worker process of the pipeline, measured by itself: delivers the customers that are due.

python -m benchmarks.worker [--wait SECONDS] [--forever]
(settings from the INFLUENCE_ variables; prints one line of JSON, `--forever` none)
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from contextlib import suppress

from benchmarks.processes import most_memory_mb
from influence_pipeline.errors import ApiError
from influence_pipeline.records import Entity
from influence_pipeline.settings import load_settings
from influence_pipeline.sync.engine import Engine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wait", type=float, help="as `sync --wait`")
    parser.add_argument("--forever", action="store_true", help="one delivery after another")
    given = parser.parse_args()
    with Engine(load_settings(), wait_seconds=given.wait) as engine:
        # Brings the schema up to date, so that this is not measured.
        engine.state  # noqa: B018
        while given.forever:
            # A run that the API brought to its end is started again, as a schedule would.
            with suppress(ApiError):
                engine.deliver(Entity.CUSTOMER)
            time.sleep(0.2)
        before, began = _cpu(), time.time()
        report = engine.deliver(Entity.CUSTOMER)
        ended = time.time()
    said = {
        "began": began,
        "ended": ended,
        "cpu_seconds": _cpu() - before,
        "most_memory_mb": most_memory_mb(),
        **report.counts(),
    }
    print(json.dumps(said))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
