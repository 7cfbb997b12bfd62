"""A process for one mutant: a copy of one that has collected all tests, which runs some of them.

Run as a plugin of pytest (`python -m pytest -p influence_pipeline_tests.strength.forks`), which then
runs no test itself: it takes mutants from a list that several such processes share, one at a time.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import resource
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline_tests.strength.mutant import SWITCH
from influence_pipeline_tests.support import databases

WORK = "MUTANTS_WORK"  # the folder with work.jsonl; results.jsonl and taken are written there
_TOKEN = "MUTANTS_FORK"  # marks the processes that a mutant's tests have started

_KILLED, _SURVIVED, _TIMEOUT = "killed", "survived", "timeout"
_UNSOUND = "no sound test"  # each of its tests fails here without the mutant too
_MEMORY = 4 << 30  # a mutant that only allocates must not take the machine with it
_GOODBYE_SECONDS = 30.0

# Of prctl(2).
_DIE_WITH_PARENT, _SUBREAPER = 1, 36


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Work off the list instead of running the tests."""
    folder = Path(os.environ[WORK])
    # Orphans of a mutant's tests come to this process, which ends them; it ends with its parent.
    _control_process(_SUBREAPER, 1)
    _control_process(_DIE_WITH_PARENT, signal.SIGTERM)
    items = {item.nodeid: item for item in session.items}
    place = Path(session.config.getoption("--postgres"))
    with EmbeddedPostgres.start(place, fast=True) as server:
        for make in (databases.make_store_template, databases.make_state_template):
            make(server)
        Forks(folder, items, server).work_off()
    return True


class Forks:
    """Tries one mutant after the other, each in a fork of its own."""

    def __init__(
        self, folder: Path, items: dict[str, pytest.Item], server: EmbeddedPostgres
    ) -> None:
        self._folder = folder
        self._items = items
        self._server = server
        self._killers: dict[str, list[str]] = {}
        self._sound: dict[str, bool] = {}
        self._names: set[str] = set()

    def work_off(self) -> None:
        for work in self._taken():
            began = time.monotonic()
            outcome = self._outcome(work)
            outcome |= {"key": work["key"], "seconds": round(time.monotonic() - began, 1)}
            with (self._folder / "results.jsonl").open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(outcome) + "\n")

    def _taken(self) -> Any:
        """The next piece of the shared list, until it is at its end."""
        lines = (self._folder / "work.jsonl").read_text(encoding="utf-8").splitlines()
        while True:
            with (self._folder / "taken").open("a+") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                stream.seek(0)
                number = int(stream.read() or 0)
                stream.truncate(0)
                stream.write(str(number + 1))
            if number >= len(lines):
                return
            yield json.loads(lines[number])

    def _outcome(self, work: dict[str, Any]) -> dict[str, Any]:
        """Try a mutant. A test that ends it must pass without it, here and now, or it does not count."""
        seconds = {name: took for name, took in work["tests"] if name in self._items}
        while True:
            tests = self._ordered(work, seconds)
            verdict, killer = (
                self._fork(work["switch"], tests, seconds) if tests else (_SURVIVED, None)
            )
            said = {"verdict": verdict, "tests": len(tests), "of": len(work["tests"])}
            if not tests:
                return said | {"verdict": _UNSOUND}
            if verdict == _SURVIVED or killer is None:
                return said
            if killer not in self._sound:
                alone, _ = self._fork("", [killer], seconds)
                self._sound[killer] = alone == _SURVIVED
            if self._sound[killer]:
                for place in (work["function"], work["file"]):
                    known = self._killers.setdefault(place, [])
                    if killer in known:
                        known.remove(killer)
                    known.insert(0, killer)
                return said | {"by": killer}
            del seconds[killer]

    def _ordered(self, work: dict[str, Any], seconds: dict[str, float]) -> list[str]:
        """Tests that have found something near here, then the quick ones, as far as the time goes."""
        known = [
            *self._killers.get(work["function"], ())[:10],
            *self._killers.get(work["file"], ())[:5],
        ]
        ordered = list(dict.fromkeys([*known, *seconds]))
        chosen: list[str] = []
        spent = 0.0
        for test in ordered:
            if test in seconds and self._sound.get(test, True):
                spent += seconds[test]
                if chosen and spent > work["budget"]:
                    break
                chosen.append(test)
        return chosen

    def _fork(
        self, switch: str, tests: list[str], seconds: dict[str, float]
    ) -> tuple[str, str | None]:
        """Run tests in a fork until one fails: the verdict, and which one it was."""
        reader, writer = os.pipe()
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            os.close(reader)
            with suppress(BaseException):
                self._run(switch, tests, writer)
            os._exit(3)
        os.close(writer)
        said = b""
        verdict = None
        current = None
        ending = False
        limit = time.monotonic() + 60
        while verdict is None:
            ready, _, _ = select.select([reader], [], [], max(0.0, limit - time.monotonic()))
            piece = os.read(reader, 65536) if ready else b""
            if not ready:
                verdict = _KILLED if ending else _TIMEOUT
            elif not piece:
                verdict = _KILLED  # the process itself is gone
            said += piece
            *whole, said = said.split(b"\n")
            for line in whole:
                if line == b"passed":
                    verdict = _SURVIVED
                elif line == b"failed":
                    ending = True
                    limit = time.monotonic() + _GOODBYE_SECONDS
                elif line == b"ended":
                    verdict = _KILLED
                else:
                    current = tests[int(line)]
                    limit = time.monotonic() + 30 + 15 * seconds.get(current, 1.0)
        os.close(reader)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        self._clear_up(child)
        return verdict, None if verdict == _SURVIVED else current

    def _run(self, switch: str, tests: list[str], writer: int) -> None:
        """In the fork: never returns."""
        _control_process(_DIE_WITH_PARENT, signal.SIGKILL)
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
        os.environ[SWITCH] = switch
        os.environ[_TOKEN] = str(os.getpid())
        log = os.dup(2)
        quiet = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(quiet, number)
        items = [self._items[test] for test in tests]
        for number, item in enumerate(items):
            os.write(writer, b"%d\n" % number)
            following = items[number + 1] if number + 1 < len(items) else None
            reports = runtestprotocol(item, log=False, nextitem=following)
            if any(report.failed for report in reports):
                if not switch:  # for whoever asks why a test does not count
                    for report in reports:
                        os.write(log, f"{item.nodeid}\n{report.longreprtext[-3000:]}\n".encode())
                os.write(writer, b"failed\n")
                # Servers and roles of the fixtures go, so that the next mutant finds none of them.
                item.session._setupstate.teardown_exact(None)
                os.write(writer, b"ended\n")
                os._exit(1)
        os.write(writer, b"passed\n")
        os._exit(0)

    def _clear_up(self, child: int) -> None:
        """End what the fork has left running, and drop its databases."""
        token = f"{_TOKEN}={child}".encode()
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdigit() and token in (entry / "environ").read_bytes().split(b"\0"):
                    os.kill(int(entry.name), signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        databases.drop_databases_of(self._server, child)


def _control_process(what: int, value: int) -> None:
    ctypes.CDLL(None).prctl(what, value, 0, 0, 0)
