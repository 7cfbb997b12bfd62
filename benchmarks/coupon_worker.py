"""One worker process on a backlog of stored events, measured by itself.

python -m benchmarks.coupon_worker [--profile FILE]
(settings from the INFLUENCE_ variables; prints one line of JSON)
"""

from __future__ import annotations

import argparse
import cProfile
import json
import threading
import time
from contextlib import closing

from benchmarks.processes import most_memory_mb
from influence_pipeline.settings import load_settings
from influence_pipeline.state.database import open_state
from influence_pipeline.webhooks.context import handler_context
from influence_pipeline.webhooks.handlers import WorkedOff, work_off


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", help="write what all threads did, by function, for pstats")
    given = parser.parse_args()
    settings = load_settings()
    with closing(handler_context(settings)) as context:
        workers = context.webhooks.workers
        with closing(open_state(settings.secret("state_url"), pool_size=workers + 1)) as state:
            if given.profile:
                _profile_threads(given.profile)
            began, cpu = time.time(), time.process_time()
            done = WorkedOff()
            while True:
                round_ = work_off(state, context)
                done.add(round_)
                if not round_.settled:
                    break
            said = {
                "seconds": time.time() - began,
                "cpu_seconds": time.process_time() - cpu,
                "done": done.count("done"),
                "coupons": done.coupons,
                "most_memory_mb": most_memory_mb(),
            }
    print(json.dumps(said))


def _profile_threads(file: str) -> None:
    """Profile each of the threads to come, into a file of its own beside this name."""
    inner = threading.Thread.run

    def run(thread: threading.Thread) -> None:
        profile = cProfile.Profile()
        profile.enable()
        try:
            inner(thread)
        finally:
            profile.disable()
            profile.dump_stats(f"{file}.{thread.name}")

    threading.Thread.run = run  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
