"""Storing deliveries durably and fast: those that wait at the same time share one transaction.

A commit costs the same for one delivery and for fifty. Nobody is waited for: a group is what came
while the last one was being stored, so at little load it is a single delivery. Each delivery has
its own outcome; where the server refuses a group, every one in it is stored alone.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from sqlalchemy.exc import DBAPIError

from influence_pipeline.postgres import Postgres
from influence_pipeline.webhooks import inbox
from influence_pipeline.webhooks.inbox import Delivery, Stored
from influence_pipeline.webhooks.threads import DaemonThreads

# Two at a time: one is being put together while the other waits for the disk.
_GROUPS = 2
_ALONE = 4
# How many connections are used at most.
CONNECTIONS = _GROUPS + _ALONE
_MOST_IN_A_GROUP = 100
_MOST_BYTES_IN_A_GROUP = 2 * 1024 * 1024
# Groups begin so far apart, which saves half the work at a few hundred deliveries a second. What
# comes after a quiet moment is not kept waiting.
_APART_SECONDS = 0.01
# SQLSTATE classes that say nothing about a delivery: a session that may not write, no room, being
# stopped or out of time, the disk. Each one alone would only meet the same.
_OF_THE_SERVER = ("25", "53", "57", "58")

# Where a test may stop the process.
BEFORE_COMMIT = "receiver.before_commit"
AFTER_COMMIT = "receiver.after_commit"


class _RefusedError(Exception):
    """A group was refused, and one of its deliveries may be why."""


@dataclass
class _Waiting:
    """A delivery, who waits for its outcome, and what to call when nothing of it is held."""

    delivery: Delivery
    gone: Callable[[], None]
    outcome: Future[Stored] = field(default_factory=Future)

    def end(self, result: Stored | BaseException) -> None:
        if isinstance(result, Stored):
            self.outcome.set_result(result)
        else:
            self.outcome.set_exception(result)
        self.gone()


class GroupedStore:
    """Stores deliveries into the state that `open_state` gives (it may raise StateError). `at` is
    called around each commit, `BEFORE_COMMIT` inside the transaction."""

    def __init__(self, open_state: Callable[[], Postgres], at: Callable[[str], None]) -> None:
        self._open_state = open_state
        self._at = at
        self._waiting: deque[_Waiting] = deque()
        self._lock = threading.Lock()
        self._at_work = 0
        self._next_begin = 0.0
        self._groups = DaemonThreads(_GROUPS, "store")
        self._alone = DaemonThreads(_ALONE, "store-alone")

    def submit(self, delivery: Delivery, gone: Callable[[], None]) -> Future[Stored]:
        """Have it stored; the future ends when it is on disk, or with why it may not be.

        `gone` is called once nothing of the delivery is held any more. One whose future is
        cancelled while it waits is thrown away.
        """
        waiting = _Waiting(delivery, gone)
        with self._lock:
            self._waiting.append(waiting)
            if self._at_work == _GROUPS:
                return waiting.outcome
            self._at_work += 1
        self._groups.submit(self._work)
        return waiting.outcome

    def waiting(self) -> int:
        """Tell how many deliveries no thread has begun with."""
        return len(self._waiting)

    def shutdown(self) -> None:
        """Let each thread end after what it does; waits for none."""
        self._groups.shutdown()
        self._alone.shutdown()

    def _work(self) -> None:
        self._wait_for_more()
        while group := self._next_group():
            self._store(group)
            del group
            self._wait_for_more()

    def _wait_for_more(self) -> None:
        now = time.monotonic()
        with self._lock:
            begins = max(now, self._next_begin)
            self._next_begin = begins + _APART_SECONDS
        if begins > now:
            time.sleep(begins - now)

    def _next_group(self) -> list[_Waiting]:
        """Take what waits, the oldest first; without any this thread is at work no more."""
        group: list[_Waiting] = []
        size = 0
        with self._lock:
            while self._waiting and len(group) < _MOST_IN_A_GROUP and size < _MOST_BYTES_IN_A_GROUP:
                one = self._waiting.popleft()
                if one.outcome.set_running_or_notify_cancel():
                    group.append(one)
                    size += len(one.delivery.body)
                else:
                    one.gone()
            if not group:
                self._at_work -= 1
        return group

    def _store(self, group: list[_Waiting]) -> None:
        try:
            found = self._store_new([one.delivery for one in group])
        except _RefusedError:
            found = [None] * len(group)
        except BaseException as error:  # who waits for it is told
            for one in group:
                one.end(error)
            return
        for one, stored in zip(group, found, strict=True):
            if stored is not None:
                one.end(stored)
            else:
                self._alone.submit(lambda one=one: self._store_alone(one))  # type: ignore[misc]

    def _store_new(self, deliveries: list[Delivery]) -> list[Stored | None]:
        """Store those whose keys are new, in one transaction."""
        with self._open_state().transaction() as connection:
            try:
                found = inbox.store_new(connection, deliveries)
            except Exception as error:
                if _is_of_the_server(error):
                    raise
                raise _RefusedError from None
            self._at(BEFORE_COMMIT)
        self._at(AFTER_COMMIT)
        return found

    def _store_alone(self, one: _Waiting) -> None:
        try:
            with self._open_state().transaction() as connection:
                stored = inbox.store(connection, one.delivery)
                self._at(BEFORE_COMMIT)
            self._at(AFTER_COMMIT)
        except BaseException as error:  # who waits for it is told
            one.end(error)
        else:
            one.end(stored)


def _is_of_the_server(error: Exception) -> bool:
    """Tell whether each delivery alone would only meet the same."""
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "pgcode", None) or ""
    return error.connection_invalidated or code.startswith(_OF_THE_SERVER)
