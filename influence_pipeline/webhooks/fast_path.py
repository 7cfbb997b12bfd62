"""The fast path: a thread of the receiver's process that works events off right after the reply.

It calls the same function under the same lease as the sensor, which is the safety net; neither
minds the other. Nothing is lost when this thread, or the process, ends at any moment.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from influence_pipeline.errors import InfluencePipelineError
from influence_pipeline.postgres import Postgres
from influence_pipeline.webhooks.context import HandlerContext
from influence_pipeline.webhooks.handlers import WorkedOff, work_off

log = logging.getLogger(__name__)

# Without a new delivery the inbox is looked at so often, for what became due again.
_IDLE_SECONDS = 1.0
_AFTER_TROUBLE_SECONDS = 2.0


class FastPath:
    """Start it, wake it after each delivery, stop it. `open_state` may raise StateError."""

    def __init__(self, open_state: Callable[[], Postgres], context: HandlerContext) -> None:
        self._open_state = open_state
        self._context = context
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._said: str | None = None
        # A daemon, so that a database that hangs cannot keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="fast-path", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There is something new in the inbox."""
        self._woken.set()

    def stop(self, timeout: float) -> None:
        """Finish the events that were begun, give the others back, and end."""
        self._stopping.set()
        self._woken.set()
        self._thread.join(timeout)
        self._context.close()

    def _run(self) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            if self._stopping.wait(pause):
                break
            self._woken.wait(_IDLE_SECONDS)
            self._woken.clear()
            pause = 0.0 if self._round() else _AFTER_TROUBLE_SECONDS

    def _round(self) -> bool:
        """Work off what is due. Gives False if it should not be tried again at once."""
        began = time.monotonic()
        try:
            result = work_off(self._open_state(), self._context, stop=self._stopping.is_set)
        except InfluencePipelineError as error:
            self._say_once(str(error))
            return False
        except Exception as error:  # the thread must outlive any single round
            self._say_once(f"{type(error).__name__} while working events off; trying again")
            return False
        if result.settled:
            log.info("%s in %.2f s", _summary(result), time.monotonic() - began)
        for trouble in sorted(result.troubles):
            self._say_once(f"Events wait and are tried again: {trouble}")
        if not result.troubles and result.attempted:
            self._said = None
        return not result.broken_off

    def _say_once(self, words: str) -> None:
        if words != self._said:
            log.warning("%s", words)
            self._said = words


def _summary(result: WorkedOff) -> str:
    counts = [
        f"{number} {name}"
        for name in ("done", "parked", "quarantined", "retried")
        if (number := result.count(name))
    ]
    reasons = ", ".join(f"{why} {number}" for why, number in sorted(result.by_reason.items()))
    return f"events worked off: {', '.join(counts)}" + (f" ({reasons})" if reasons else "")
