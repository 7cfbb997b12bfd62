"""How far a long delivery is: redrawn on a terminal, a line now and then elsewhere, or nothing."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from influence_pipeline.cli.progress import Progress
from influence_pipeline.errors import StateError
from influence_pipeline.sync.deliver import Delivered
from influence_pipeline_tests.cli.conftest import CommandLine
from influence_pipeline_tests.support.world import World


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Watch:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@contextmanager
def shown(
    stream: io.StringIO, watch: Watch, due: int = 1000, *, quiet: bool = False
) -> Iterator[Progress]:
    with Progress("orders", lambda: due, quiet=quiet, stream=stream, now=watch) as progress:
        yield progress


def test_in_a_log_a_line_comes_now_and_then_with_what_is_left_and_the_time_it_takes() -> None:
    log, watch = io.StringIO(), Watch()
    with shown(log, watch, due=900) as progress:
        progress(Delivered())
        watch.time += 19
        progress(Delivered(sent=50))
        assert log.getvalue() == ""
        watch.time += 1
        progress(Delivered(sent=80, unchanged=10, skipped=6, parked=4, throttled=2))
        watch.time += 19
        progress(Delivered(sent=150))
    assert log.getvalue() == (
        "orders: 100 of 1,000 records, 5.0 records/s, about 3 min more, 4 parked, 2 throttled\n"
    )


def test_a_short_delivery_writes_nothing_into_a_log() -> None:
    log, watch = io.StringIO(), Watch()
    with shown(log, watch) as progress:
        for sent in range(100):
            watch.time += 0.1
            progress(Delivered(sent=sent))
    assert log.getvalue() == ""


def test_what_others_send_and_what_is_found_meanwhile_changes_what_is_left() -> None:
    log, watch = io.StringIO(), Watch()
    due = [900, 500]
    with Progress("orders", lambda: due.pop(0), stream=log, now=watch) as progress:
        progress(Delivered())
        for sent in (100, 200):
            watch.time += 20
            progress(Delivered(sent=sent))
    assert [line.split(" records, ")[0] for line in log.getvalue().splitlines()] == [
        "orders: 100 of 1,000",
        "orders: 200 of 700",
    ]


def test_on_a_terminal_one_line_is_redrawn_and_wiped_in_the_end() -> None:
    terminal, watch = Terminal(), Watch()
    with shown(terminal, watch, due=200) as progress:
        assert terminal.getvalue() == "orders: looking for changes …"
        progress(Delivered())
        for sent in (50, 100):
            watch.time += 1
            progress(Delivered(sent=sent, parked=3, throttled=1))
        drawn = terminal.getvalue()
    assert re.search(
        r"\rorders:  52%\|[^\r]*\| 103/200 \[\S+/s, 00:00 left, 3 parked, 1 throttled\]", drawn
    )
    assert "\n" not in terminal.getvalue()
    # Nothing of it is left: the last thing drawn is blanks, and the cursor is at the line's start.
    assert terminal.getvalue().endswith("\r")
    assert terminal.getvalue().split("\r")[-2].strip() == ""


def test_the_line_on_a_terminal_is_not_redrawn_at_every_answer() -> None:
    terminal, watch = Terminal(), Watch()
    with shown(terminal, watch) as progress:
        progress(Delivered())
        before = terminal.getvalue()
        for sent in range(100):
            watch.time += 0.001
            progress(Delivered(sent=sent))
        assert terminal.getvalue() == before


def test_a_terminal_is_wiped_when_the_run_fails_before_the_delivery() -> None:
    terminal = Terminal()
    with pytest.raises(KeyError), shown(terminal, Watch()):
        raise KeyError
    assert terminal.getvalue().split("\r")[-2].strip() == ""


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_a_quiet_run_says_nothing(stream: type[io.StringIO]) -> None:
    said, watch = stream(), Watch()
    with shown(said, watch, quiet=True) as progress:
        for sent in range(3):
            watch.time += 60
            progress(Delivered(sent=sent))
    assert said.getvalue() == ""


def test_a_state_that_does_not_answer_the_count_stops_no_delivery() -> None:
    log, watch = io.StringIO(), Watch()

    def away() -> int:
        raise StateError("away")

    with Progress("orders", away, stream=log, now=watch) as progress:
        progress(Delivered())
        watch.time += 20
        progress(Delivered(sent=40))
    assert log.getvalue() == "orders: 40 of 40 records, 2.0 records/s\n"


def test_a_sync_on_a_real_terminal_shows_how_far_it_is(world: World) -> None:
    world.sandbox.set(latency_ms=30)
    world.configure(("timeout_seconds = 2", "timeout_seconds = 2\nin_flight = 2"))
    drawn, out = run_on_a_terminal(world, "sync", "--entity", "customers")
    assert re.search(r"\rcustomers: +\d+%\|.*/58 \[", drawn)
    assert "sent 58 in 58 calls" in out
    quiet, out = run_on_a_terminal(world, "sync", "--entity", "products", "--quiet")
    assert (quiet, "sent 19 in 38 calls" in out) == ("", True)


def run_on_a_terminal(world: World, *arguments: str) -> tuple[str, str]:
    """What a command draws on its standard error, which is a terminal, and what it prints."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "influence_pipeline.cli", *arguments],
        env={**world.environment(), "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    os.close(theirs)
    drawn = b""
    try:
        while part := os.read(ours, 4096):
            drawn += part
    except OSError:  # Linux says so when the other side is closed
        pass
    os.close(ours)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return drawn.decode(), out


def test_an_import_may_be_quiet_too(cli: CommandLine) -> None:
    ran = cli("import", "--entity", "products", "--quiet")
    assert (ran.code, ran.err) == (0, "")
