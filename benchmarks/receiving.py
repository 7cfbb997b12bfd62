"""Receivers that are measured, each on a table of its own in one Postgres, and one measurement."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from benchmarks.peers.naive_receiver import TABLE
from benchmarks.processes import cpu_seconds_of, run_module
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.state import database

TOKEN = "Zk3vQ0m8Xw5T1rYb7LsN2cHd9UeJ4gAf"  # noqa: S105  # of nothing but these receivers
_PATIENCE_SECONDS = 300


@dataclass(frozen=True)
class Receiver:
    """What is measured. `naive`: the peer; `durable`: it waits for the disk."""

    name: str
    workers: int
    naive: bool = False
    durable: bool = True


OURS = Receiver("influence-pipeline receiver --workers 2", 2)
OURS_ALONE = Receiver("influence-pipeline receiver", 1)
NAIVE = Receiver("naive Starlette, 2 workers", 2, naive=True)
NAIVE_ALONE = Receiver("naive Starlette", 1, naive=True)
NAIVE_RELAXED = Receiver(
    "naive Starlette, 2 workers, synchronous_commit = off: loses deliveries in a crash",
    2,
    naive=True,
    durable=False,
)


@dataclass(frozen=True)
class Measured:
    """`lost`: answered 200 and not in the table. CPU in milliseconds a delivery."""

    per_second: float
    p50_ms: float
    p99_ms: float
    most_ms: float
    seconds: float
    not_200: int
    lost: int
    cpu_ms: float
    postgres_cpu_ms: float


@contextmanager
def running(server: EmbeddedPostgres, kind: Receiver) -> Iterator[tuple[int, int, str]]:
    """Run a receiver on an empty table; give its process id, its port and its database."""
    name = f"receiver_{time.monotonic_ns()}"
    url = server.create_database(name)
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        if kind.naive:
            with closing(psycopg2.connect(url)) as connection, connection:
                connection.cursor().execute(TABLE)
            environment |= {"DATABASE_URL": url, "COMMIT": "on" if kind.durable else "off"}
            command = ["uvicorn", "benchmarks.peers.naive_receiver:app", "--no-access-log"]
        else:
            database.upgrade(url)
            environment |= {"INFLUENCE_STATE_URL": url, "INFLUENCE_WEBHOOK_TOKEN": TOKEN}
            command = ["influence_pipeline.cli", "receiver"]
        process = subprocess.Popen(
            [sys.executable, "-m", *command, "--port", str(port), "--workers", str(kind.workers)],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(port, process)
            yield process.pid, port, url
        finally:
            process.terminate()
            process.wait()
    server.drop_database(name)


def measure(
    server: EmbeddedPostgres, kind: Receiver, *, rate: float, seconds: float, connections: int
) -> Measured:
    """Send at a rate (0: as fast as it goes) for so long, after two seconds to warm up."""
    with running(server, kind) as (pid, port, url):
        warm_up = _load(port, 0, 2, 16, first=0)
        receiver_before, server_before = cpu_seconds_of(pid), cpu_seconds_of(server.pid)
        said = _load(port, rate, seconds, connections, first=10**8)
        receiver_cpu = cpu_seconds_of(pid) - receiver_before
        server_cpu = cpu_seconds_of(server.pid) - server_before
        good = said["statuses"].get("200", 0)
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {'naive' if kind.naive else 'influence.inbox'}")
            row = cursor.fetchone()
        assert row is not None
        return Measured(
            per_second=good / said["seconds"],
            p50_ms=said["p50_ms"],
            p99_ms=said["p99_ms"],
            most_ms=said["most_ms"],
            seconds=said["seconds"],
            not_200=said["sent"] - good,
            lost=warm_up["statuses"].get("200", 0) + good - int(row[0]),
            cpu_ms=receiver_cpu / said["sent"] * 1000,
            postgres_cpu_ms=server_cpu / said["sent"] * 1000,
        )


def _load(port: int, rate: float, seconds: float, connections: int, *, first: int) -> dict:  # type: ignore[type-arg]
    given = ["--port", port, "--token", TOKEN, "--rate", rate, "--seconds", seconds]
    return run_module(
        "benchmarks.webhook_load", *given, "--connections", connections, "--first", first
    ).said


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            # With several workers the socket listens before all of them are there.
            time.sleep(5)
            return
    if process.returncode is not None:
        raise RuntimeError(f"The receiver ended with {process.returncode} at its start.")
    raise RuntimeError(f"no receiver at port {port} after {_PATIENCE_SECONDS} s")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
