"""Going on between two ticks of the coupon sensor.

A tick ends before Dagster's next look, and the next one begins a moment after it: usually a second
later, five when the machine is busy and the look was just missed. Meanwhile a thread of the same
process works events off, by the same function under the same leases. It ends when the next tick
says that it is ready, or by itself, so that a sensor that was switched off soon stops. What it does
is reported by the next tick; where it fails, the next tick meets the same and says so.
"""

from __future__ import annotations

import logging
import threading
import time

from influence_pipeline.resources import EngineResource
from influence_pipeline.webhooks.handlers import work_off_until

log = logging.getLogger(__name__)

THREAD = "between-ticks"
_lock = threading.Lock()
# By store: a tick of one leaves the threads of others alone.
_at_work: set[tuple[str | None, threading.Event]] = set()


def go_on(engines: EngineResource, seconds: float, store: str | None = None) -> None:
    """Work a store's events off in a thread until `end`, or for so many seconds."""
    if seconds <= 0:
        return
    over = threading.Event()
    with _lock:
        _at_work.add((store, over))
    # A daemon, so that a database that hangs cannot keep the process from ending.
    given = (engines, time.monotonic() + seconds, store, over)
    threading.Thread(target=_work, args=given, name=THREAD, daemon=True).start()


def end(store: str | None = None) -> None:
    """Let every such thread of the store finish the events that it has begun, and end."""
    with _lock:
        for of, over in _at_work:
            if of == store:
                over.set()


def _work(
    engines: EngineResource, deadline: float, store: str | None, over: threading.Event
) -> None:
    try:
        with engines.inbox() as (state, handlers):
            work_off_until(state, handlers, deadline=deadline, stop=over.is_set, sleep=over.wait)
    except Exception as error:  # the text of some may hold anything
        log.warning("Between two ticks no event could be worked off: %s", type(error).__name__)
    finally:
        with _lock:
            _at_work.discard((store, over))
