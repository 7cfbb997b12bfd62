"""Python's search for reference cycles, made seldom while records pass through by the thousand.

A delivery's records are freed by their reference counts. Each is a dozen small objects, and so many
new ones make Python look for cycles again and again, each time through all that the program holds:
an eighth of a delivery's CPU, and pauses in which no call goes out (measured; benchmarks.delivery).
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# How many more objects than were freed bring a search. A worker holds about 30,000 at once.
_SELDOM = 200_000


class _Collection:
    """The collector's threshold, which is the whole process's: who wants another is counted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._within = 0
        self._usual = gc.get_threshold()

    @contextmanager
    def seldom(self) -> Iterator[None]:
        """Search for cycles seldom inside the block. Blocks of several threads may overlap; the
        last to end restores what was set before the first. Where it is off it stays off."""
        with self._lock:
            self._within += 1
            if self._within == 1:
                self._usual = gc.get_threshold()
                if self._usual[0]:
                    gc.set_threshold(max(_SELDOM, self._usual[0]), *self._usual[1:])
        try:
            yield
        finally:
            with self._lock:
                self._within -= 1
                if self._within == 0:
                    gc.set_threshold(*self._usual)


collected_seldom = _Collection().seldom
