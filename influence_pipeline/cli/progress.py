"""How far a long delivery is: a line that is redrawn on a terminal, else a plain line now and then.

It goes to standard error, so that a command's result stays alone on standard output. The drawing is
tqdm's: no thread, no hidden cursor, nothing to mend on a terminal when the process is killed.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from influence_pipeline.sync.headway import Gauge, Headway, headway_words, troubles

if TYPE_CHECKING:
    from influence_pipeline.sync.deliver import Delivered

# How often the line on a terminal is redrawn, and a plain one is written.
_REDRAW_SECONDS = 0.25
_LINE_SECONDS = 20.0
_FORM = "{desc}: {percentage:3.0f}%|{bar}| {n:,}/{total:,} [{rate_fmt}, {remaining} left{postfix}]"
# Any height will do for one line; left out, tqdm asks the terminal, which may say 0.
_ROWS = 24


class Progress:
    """A context manager; called with what a delivery has done so far, as often as it likes.

    `due`: counts the records that are still to be sent, those under way among them. `quiet`: says
    nothing. `stream` and `now` (seconds of a monotonic clock) are seams for tests.
    """

    def __init__(
        self,
        words: str,
        due: Callable[[], int],
        *,
        quiet: bool = False,
        stream: TextIO | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._words = words
        self._due = due
        self._quiet = quiet
        self._stream = stream or sys.stderr
        self._on_terminal = not quiet and self._stream.isatty()
        self._now = now
        self._gauge: Gauge | None = None
        self._said = 0.0
        self._bar: Any = None
        self._looking = False

    def __enter__(self) -> Progress:
        if self._on_terminal:
            self._looking = True
            self._stream.write(f"{self._words}: looking for changes …")
            self._stream.flush()
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()
        if self._bar is not None:
            self._bar.close()

    def __call__(self, done: Delivered) -> None:
        if self._quiet:
            return
        now = self._now()
        if self._gauge is None:
            # The delivery begins: what the capture found is due by now.
            self._gauge, self._said = Gauge(self._due, self._now), now
            if self._on_terminal:
                self._begin_bar(self._gauge(done).total)
        if now - self._said < (_REDRAW_SECONDS if self._on_terminal else _LINE_SECONDS):
            return
        self._said = now
        headway = self._gauge(done)
        if self._bar is None:
            self._write_line(headway, done)
        else:
            self._draw(headway, done)

    def _begin_bar(self, total: int) -> None:
        # Imported by who shows one (0.05 s).
        from tqdm import tqdm

        class Bar(tqdm):  # type: ignore[type-arg]
            """tqdm without its watching thread."""

            monitor_interval = 0

        # Its default is a lock between processes, which not every machine lets one have.
        Bar.set_lock(threading.RLock())
        self._clear()
        self._bar = Bar(
            total=total,
            desc=self._words,
            unit="",
            bar_format=_FORM,
            file=self._stream,
            ncols=_width(self._stream),
            nrows=_ROWS,
            leave=False,
            mininterval=0,
            miniters=0,
        )

    def _draw(self, headway: Headway, done: Delivered) -> None:
        self._bar.total = headway.total
        self._bar.ncols = _width(self._stream)
        self._bar.set_postfix_str(", ".join(troubles(done)), refresh=False)
        self._bar.update(headway.settled - self._bar.n)

    def _write_line(self, headway: Headway, done: Delivered) -> None:
        self._stream.write(f"{self._words}: {headway_words(headway, done)}\n")
        self._stream.flush()

    def _clear(self) -> None:
        if self._looking:
            self._stream.write(f"\r{'':<{len(self._words) + 24}}\r")
            self._stream.flush()
            self._looking = False


def _width(stream: TextIO) -> int:
    """Give a terminal's width. Some (of containers and CI) say that it is 0; tqdm would draw
    nothing there."""
    columns = 0
    with suppress(OSError, ValueError):
        columns = os.get_terminal_size(stream.fileno()).columns
    return columns - 1 if columns > 1 else 79
