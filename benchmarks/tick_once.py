"""One run of a job as a launcher makes it: a process that loads a code location and runs a
job of it on the instance. For `tick`.

python -m benchmarks.tick_once MODULE JOB
"""

from __future__ import annotations

import importlib
import json
import sys
import time

import dagster as dg


def main() -> None:
    module, job = sys.argv[1:]
    began = time.perf_counter()
    defs = importlib.import_module(module).defs
    with dg.DagsterInstance.get() as instance:
        done = defs.resolve_job_def(job).execute_in_process(instance=instance)
    assert done.success
    print(json.dumps({"seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main()
