"""Several processes that do the same: started, started again when one dies, ended together.

They end with this process, however it goes: by SIGTERM from here, or because they notice that it
is gone (`when_parent_is_gone`).
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe, wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Any

log = logging.getLogger(__name__)

# One that dies sooner than this is not started again at once: it may well die again.
_SHORT_LIFE_SECONDS = 10.0
_LONGEST_PAUSE_SECONDS = 30.0

_SPAWN = multiprocessing.get_context("spawn")


def when_parent_is_gone(do: Callable[[], None]) -> None:
    """Have `do` called, in a thread, when the process that started this one has ended."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        do()

    threading.Thread(target=watch, name="parent", daemon=True).start()


@dataclass
class _Worker:
    number: int
    start_at: float = 0.0
    process: SpawnProcess | None = None
    said_ready: Connection | None = None
    is_ready: bool = False
    started_at: float = 0.0
    short_lives: int = 0


class Workers:
    """`count` processes that call `work(*given, ready)`; each calls `ready()` when it is at work.

    `work` ends well on SIGTERM, within `grace_seconds`; `given` must be picklable. SIGINT does not
    reach them: Ctrl-C in a terminal goes to the whole group, and this process decides.
    """

    def __init__(
        self, work: Callable[..., None], given: tuple[Any, ...], count: int, grace_seconds: float
    ) -> None:
        self._work = work
        self._given = given
        self._grace_seconds = grace_seconds
        self._workers = [_Worker(number + 1) for number in range(count)]
        self._kill_at: float | None = None

    def run(self, ready: Callable[[], None], stopping: Callable[[], None]) -> None:
        """Keep them at work until SIGTERM or SIGINT; return when all have ended.

        `ready` is called once, when each has been at work; `stopping` before they are told to end.
        A second signal kills them. Must be called in the main thread.
        """
        told = False
        with _signals() as signalled:
            try:
                while self._kill_at is None or self._alive():
                    self._start_due()
                    came = set(wait(self._waited_for(signalled), self._patience()))
                    self._look(came)
                    if not told and all(one.is_ready for one in self._workers):
                        told = True
                        ready()
                    if signalled in came:
                        signalled.recv()
                        self._stop(stopping)
                    elif self._kill_at is not None and time.monotonic() > self._kill_at:
                        self._kill()
            finally:
                self._kill()

    def _alive(self) -> list[tuple[_Worker, SpawnProcess]]:
        return [(one, one.process) for one in self._workers if one.process is not None]

    def _start_due(self) -> None:
        now = time.monotonic()
        for one in self._workers:
            if one.process is None and self._kill_at is None and now >= one.start_at:
                self._start(one)

    def _start(self, one: _Worker) -> None:
        one.said_ready, says_ready = Pipe(duplex=False)
        one.started_at = time.monotonic()
        one.process = _SPAWN.Process(
            target=_call,
            args=(self._work, self._given, says_ready),
            name=f"worker-{one.number}",
            daemon=True,
        )
        # A mask is inherited, so that Ctrl-C does not reach the process at any moment of its life.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            one.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            says_ready.close()

    def _waited_for(self, signalled: Connection) -> list[Any]:
        found: list[Any] = [signalled]
        found += [process.sentinel for _, process in self._alive()]
        found += [one.said_ready for one in self._workers if one.said_ready is not None]
        return found

    def _patience(self) -> float | None:
        """Give the seconds until something is to be done by itself."""
        if self._kill_at is not None:
            moments = [self._kill_at]
        else:
            moments = [one.start_at for one in self._workers if one.process is None]
        return max(min(moments) - time.monotonic(), 0.0) if moments else None

    def _look(self, came: set[Any]) -> None:
        for one, process in self._alive():
            if one.said_ready in came and one.said_ready is not None:
                with suppress(EOFError):
                    one.said_ready.recv()
                    one.is_ready = True
                one.said_ready.close()
                one.said_ready = None
            if process.sentinel in came:
                self._ended(one, process)

    def _ended(self, one: _Worker, process: SpawnProcess) -> None:
        process.join()
        code, pid = process.exitcode, process.pid
        process.close()
        one.process = None
        if one.said_ready is not None:
            one.said_ready.close()
            one.said_ready = None
        if self._kill_at is not None:
            return
        now = time.monotonic()
        short = now - one.started_at < _SHORT_LIFE_SECONDS
        one.short_lives = one.short_lives + 1 if short else 0
        pause = min(2.0 ** (one.short_lives - 1), _LONGEST_PAUSE_SECONDS) if short else 0.0
        one.start_at = now + pause
        log.warning(
            "Worker %d (process %s) has ended %s; it is started again %s. What it had not answered "
            "must be sent again.",
            one.number,
            pid,
            _how(code),
            f"in {pause:.0f} s" if pause else "at once",
        )

    def _stop(self, stopping: Callable[[], None]) -> None:
        if self._kill_at is not None:  # asked for a second time
            self._kill()
            return
        self._kill_at = time.monotonic() + self._grace_seconds
        stopping()
        for _, process in self._alive():
            process.terminate()

    def _kill(self) -> None:
        for one, process in self._alive():
            process.kill()
            self._ended(one, process)


def _call(work: Callable[..., None], given: tuple[Any, ...], says_ready: Connection) -> None:
    def ready() -> None:
        with suppress(OSError):  # the first process is gone
            says_ready.send(None)
        says_ready.close()

    work(*given, ready)


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        with suppress(ValueError):
            return f"by {signal.Signals(-code).name}"
    return f"with exit code {code}"


@contextmanager
def _signals() -> Iterator[Connection]:
    """Give what becomes readable when SIGTERM or SIGINT comes."""
    reader, writer = Pipe(duplex=False)

    def note(number: int, frame: FrameType | None) -> None:
        writer.send(number)

    before = {one: signal.signal(one, note) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield reader
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        reader.close()
        writer.close()
