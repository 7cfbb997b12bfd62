"""What readers still see for a moment after a write (switch `read_after_write_delay_ms`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from influence_pipeline.sandbox.platform.ledger import Ledger
from influence_pipeline.sandbox.platform.models import Answer

Record = TypeVar("Record", bound=Answer)
Read = Callable[[Ledger, str], Record | None]


class RecentWrites:
    """The records that were written just now, as they were before.

    In memory only: a restart makes every write visible.
    """

    def __init__(self, ledger: Ledger, clock: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._clock = clock
        self._before: dict[tuple[Read[Answer], str], tuple[float, Answer | None]] = {}

    def read(self, read: Read[Record], key: str) -> Record | None:
        """The record as a reader sees it now, by its module's `read`."""
        hidden = self._before.get((read, key))
        if hidden is not None:
            until, before = hidden
            if self._clock() < until:
                return before  # type: ignore[return-value]  # what this same `read` gave
            del self._before[(read, key)]
        return read(self._ledger, key)

    @contextmanager
    def writing(self, read: Read[Record], key: str, delay_ms: int) -> Iterator[None]:
        """Around a write of the record: hides it for `delay_ms`, unless the write is refused."""
        if not delay_ms:
            yield
            return
        before = self.read(read, key)
        yield
        self._before[(read, key)] = (self._clock() + delay_ms / 1000, before)

    def forget(self) -> None:
        self._before.clear()
