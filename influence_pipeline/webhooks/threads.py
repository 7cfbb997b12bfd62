"""Threads for work that waits on a database: a few, and none that holds up the process's end.

`concurrent.futures` joins its threads when the interpreter ends, so one that waits for a silent
server would keep a stopped receiver alive for ever.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeVar

_Result = TypeVar("_Result")


def _nothing() -> None:
    pass


class DaemonThreads:
    """At most so many threads, started as they are needed. Used as `with`, they end with it."""

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._started = 0
        self._lock = threading.Lock()
        self._queue: SimpleQueue[tuple[Future[Any], Callable[[], Any], Callable[[], None]] | None]
        self._queue = SimpleQueue()

    def submit(
        self, work: Callable[[], _Result], gone: Callable[[], None] = _nothing
    ) -> Future[_Result]:
        """Have `work` done when a thread is free. `gone` is called once nothing of it is held any
        more: after it ended, or after it was taken from the queue where it had been cancelled."""
        future: Future[_Result] = Future()
        self._queue.put((future, work, gone))
        with self._lock:
            if self._started < self._most:
                self._started += 1
                name = f"{self._name}-{self._started}"
                threading.Thread(target=self._run, name=name, daemon=True).start()
        return future

    def shutdown(self) -> None:
        """Let each thread end after what it does; waits for none."""
        with self._lock:
            for _ in range(self._started):
                self._queue.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shutdown()

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            future, work, gone = item
            del item
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except BaseException as error:  # who waits for it is told
                    future.set_exception(error)
            # Held on to, the body of a delivery would stay until the next one comes.
            del future, work
            gone()
            del gone


class ByteCount:
    """How many bytes of bodies are held, all together, by requests and by threads."""

    def __init__(self) -> None:
        self.total = 0
        self._lock = threading.Lock()

    def add(self, number: int) -> None:
        with self._lock:
            self.total += number


class Share:
    """One body's part of the count. Once handed over to a thread, the thread frees it."""

    def __init__(self, count: ByteCount) -> None:
        self._count = count
        self._bytes = 0
        self._lent = False

    def grow(self, number: int) -> None:
        self._bytes += number
        self._count.add(number)

    def hand_over(self) -> Callable[[], None]:
        """Give what frees it; from now on the end of the request does not."""
        self._lent = True
        return self._free

    def request_ended(self) -> None:
        if not self._lent:
            self._free()

    def _free(self) -> None:
        self._count.add(-self._bytes)
        self._bytes = 0
