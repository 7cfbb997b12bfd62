"""Points of Dagster's own processes at which one of them dies (kill -9), once: KILLED_POINT names it,
KILLED_NUMBER the passing, and the file KILLED_MARK is there when it has happened.

As a module (`python -m`) this is the daemon. `killed_code` is the code server, and its runs.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dagster._core.launcher.default_run_launcher import DefaultRunLauncher
from dagster._core.run_coordinator.queued_run_coordinator import QueuedRunCoordinator

# In the daemon.
RUN_CREATED = "a run is created, and not in the queue"
RUN_TAKEN = "a run is taken from the queue, and not launched"
RUN_LAUNCHED = "a run is launched, and the daemon has not noted it"
# In the code server, and in the process of a run.
TICK_AT_WORK = "the sensor's tick is at work"
RUN_AT_WORK = "a run makes coupons"
SYNC_AT_WORK = "a run sends orders"
# Passed many times.
AT_WORK = (TICK_AT_WORK, RUN_AT_WORK, SYNC_AT_WORK)
POINTS = (RUN_CREATED, RUN_TAKEN, RUN_LAUNCHED, *AT_WORK)


class Death:
    """Comes when its point is passed for the n-th time in this process, unless it has come before."""

    def __init__(self, point: str) -> None:
        self._waits = os.environ["KILLED_POINT"] == point
        self._left = int(os.environ["KILLED_NUMBER"])
        self._lock = threading.Lock()

    def __call__(self, *_: object) -> None:
        with self._lock:
            self._left -= 1
            if not self._waits or self._left > 0:
                return
            mark = Path(os.environ["KILLED_MARK"])
            try:
                mark.touch(exist_ok=False)
            except FileExistsError:
                return
            os.kill(os.getpid(), signal.SIGKILL)


def _dies_around(method: Callable[..., Any], before: Death, after: Death) -> Callable[..., Any]:
    def called(*given: Any, **named: Any) -> Any:
        before()
        result = method(*given, **named)
        after()
        return result

    return called


def _daemon() -> None:
    from dagster._daemon.cli import main

    never = Death("")
    QueuedRunCoordinator.submit_run = _dies_around(  # type: ignore[method-assign]
        QueuedRunCoordinator.submit_run, Death(RUN_CREATED), never
    )
    DefaultRunLauncher.launch_run = _dies_around(  # type: ignore[method-assign]
        DefaultRunLauncher.launch_run, Death(RUN_TAKEN), Death(RUN_LAUNCHED)
    )
    main()


if __name__ == "__main__":
    _daemon()
