"""A receiver and its Postgres, both of a test's own, that can be killed and come back at their ports."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from influence_pipeline.sandbox.postgres import EmbeddedPostgres, StopMode
from influence_pipeline.state import database
from influence_pipeline_tests.webhooks.receiving import COMMAND, Receiver
from influence_pipeline_tests.webhooks.test_receiver import until


class Site:
    """`state_url` and `port` stay the same for its whole life."""

    def __init__(self, folder: Path, workers: int, program: Sequence[str]) -> None:
        self._folder = folder
        self._workers = workers
        self._program = program
        self._data = folder / "postgres" / "data"
        # fsync is off: what a kill loses does not depend on it, only what a power cut does.
        self._server = EmbeddedPostgres.start(self._data, fast=True)
        self._server_port = self._server.port
        self.state_url = self._server.create_database("state")
        database.upgrade(self.state_url)
        self.port = 0
        self.start_receiver()
        self.port = self.receiver.port

    def start_receiver(self) -> None:
        self.receiver = Receiver(
            self._folder,
            self.state_url,
            workers=self._workers,
            port=self.port,
            program=self._program,
        )
        self.receiver.wait_until_it_answers()

    def kill_receiver(self) -> None:
        """kill -9 to all of its processes."""
        self.receiver.end()

    def stop_receiver(self) -> None:
        """SIGTERM; it must end well."""
        self.receiver.process.terminate()
        self.receiver.process.communicate(timeout=30)
        assert self.receiver.process.returncode == 0, self.receiver.log

    def kill_a_worker(self, chance: random.Random) -> None:
        """kill -9 to one; wait for the one that takes its place."""
        workers = until(lambda: sorted(self.receiver.workers()))
        killed = chance.choice(workers)
        os.kill(killed, signal.SIGKILL)
        until(lambda: killed not in self.receiver.workers(), seconds=30)
        until(lambda: len(self.receiver.workers()) == self._workers, seconds=60)

    def stop_postgres(self, mode: StopMode = "immediate") -> None:
        """`immediate`: nothing is written out any more; the next start recovers from the log."""
        self._server.stop(mode)

    def start_postgres(self) -> None:
        self._server = EmbeddedPostgres.start(self._data, port=self._server_port, fast=True)

    def close(self) -> None:
        self.receiver.end()
        self._server.stop("immediate")


@contextmanager
def site(folder: Path, *, workers: int = 2, program: Sequence[str] = COMMAND) -> Iterator[Site]:
    made = Site(folder, workers, program)
    try:
        yield made
    finally:
        made.close()


def at_random(made: Site, chance: random.Random, kind: str) -> None:
    """Restart the receiver, Postgres, or both."""
    if kind == "receiver" and chance.random() < 0.5:
        made.kill_a_worker(chance)
    elif kind == "receiver":
        chance.choice([made.kill_receiver, made.stop_receiver])()
        made.start_receiver()
    elif kind == "postgres":
        made.stop_postgres(chance.choice(["immediate", "immediate", "fast"]))
        made.start_postgres()
    else:
        for stop in chance.sample([made.kill_receiver, made.stop_postgres], 2):
            stop()
        for start in chance.sample([made.start_receiver, made.start_postgres], 2):
            start()
