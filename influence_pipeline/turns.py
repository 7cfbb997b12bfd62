"""Long loops in a background thread that let the other threads of the process have their turns."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

_Item = TypeVar("_Item")

# So many items take well under a millisecond.
_ITEMS = 20
_PAUSE_SECONDS = 0.0001


def in_turns(items: Iterable[_Item]) -> Iterator[_Item]:
    """Give the items, pausing for a moment after some of them.

    Only one thread of a process runs Python at a time, and one that computes gives way only every
    5 ms. A thread that makes one short call after another (libcurl's, each of which lets others
    run) would get to make one of them in that time.
    """
    for number, item in enumerate(items, 1):
        yield item
        if number % _ITEMS == 0:
            time.sleep(_PAUSE_SECONDS)
