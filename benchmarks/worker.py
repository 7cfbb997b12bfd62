"""One worker process of the pipeline, measured by itself: delivers the customers that are due.

python -m benchmarks.worker        (settings from the INFLUENCE_ variables; prints one line of JSON)
"""

from __future__ import annotations

import json
import resource
import time

from influence_pipeline.records import Entity
from influence_pipeline.settings import load_settings
from influence_pipeline.sync.engine import Engine


def main() -> None:
    with Engine(load_settings()) as engine:
        # Brings the schema up to date, so that this is not measured.
        engine.state  # noqa: B018
        before, began = _cpu(), time.time()
        report = engine.deliver(Entity.CUSTOMER)
        ended = time.time()
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "began": began,
                "ended": ended,
                "cpu_seconds": _cpu() - before,
                "max_rss_mb": used.ru_maxrss / 1024,
                **report.counts(),
            }
        )
    )


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
