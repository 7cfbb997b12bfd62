"""`influence-pipeline receiver --workers N`: one address, several processes, one beginning and end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from influence_pipeline.postgres import Postgres
from influence_pipeline_tests.webhooks.builders import TOKEN, encoded, redemption
from influence_pipeline_tests.webhooks.conftest import UNVERIFIED, Store
from influence_pipeline_tests.webhooks.test_receiver import _listens, post, stored, until


class Receiver:
    """The command as a process of its own process group."""

    def __init__(self, folder: Path, state_url: str, workers: int, **environment: str) -> None:
        self._port_file = folder / "port"
        self._log = folder / "log"
        command = ["-W", "error", "-m", "influence_pipeline.cli", "receiver", "--port", "0"]
        command += ["--port-file", str(self._port_file), "--workers", str(workers)]
        variables = {"INFLUENCE_STATE_URL": state_url, "INFLUENCE_WEBHOOK_TOKEN": TOKEN}
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                cwd=folder,
                env={**os.environ, **variables, **environment},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )

    def wait_until_it_answers(self) -> None:
        until(lambda: self._port_file.exists() or self.process.poll() is not None, seconds=60)
        assert self._port_file.exists(), self.log

    @property
    def port(self) -> int:
        return int(self._port_file.read_text())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self._log.read_text()

    def workers(self) -> list[int]:
        """The process ids of the workers."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in children if b"spawn_main" in _command(int(child))]

    def end(self) -> None:
        """kill -9 to what is left."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def lives(pid: int) -> bool:
    """A process that has ended and is not collected yet has no command any more."""
    return _command(pid) != b""


@contextmanager
def receiver(folder: Path, state_url: str, **more: str) -> Iterator[Receiver]:
    started = Receiver(folder, state_url, 2, **more)
    try:
        started.wait_until_it_answers()
        yield started
    finally:
        started.end()


@contextmanager
def half_sent(port: int, body: bytes) -> Iterator[socket.socket]:
    """A delivery of which the receiver has the head and ten bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        head = (
            f"POST /webhooks/influence/{TOKEN} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            f"X-Webhook-Topic: points/redeemed\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body[:10])
        time.sleep(0.3)
        yield connection


def all_of(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(4096), b""))


def test_two_workers_answer_at_one_address_and_end_together(
    tmp_path: Path, state: Postgres, state_url: str
) -> None:
    with receiver(tmp_path, state_url) as one:
        url, workers = one.url, one.workers()
        assert len(workers) == 2
        for number in range(40):  # each on a connection of its own
            assert post(url, redemption(number)).status_code == 200
        one.process.terminate()
        out, _ = one.process.communicate(timeout=20)
        assert (out, one.process.returncode) == (f"receiver listening on {url}, 2 workers\n", 0)
        assert not [pid for pid in workers if lives(pid)]
    assert len(stored(state)) == 40
    assert one.log.count("only stored here") == 1
    assert TOKEN not in one.log
    assert "Traceback" not in one.log


def test_a_worker_that_was_killed_is_started_again_and_the_log_says_so(
    tmp_path: Path, state: Postgres, state_url: str
) -> None:
    with receiver(tmp_path, state_url) as one:
        killed, other = one.workers()
        os.kill(killed, signal.SIGKILL)
        until(lambda: "SIGKILL" in one.log)
        assert post(one.url, redemption(1)).status_code == 200, "the other one goes on"
        until(lambda: len(one.workers()) == 2)
        assert other in one.workers()
        os.kill(other, signal.SIGKILL)
        until(lambda: f"(process {other})" in one.log)
        until(lambda: requests.get(f"{one.url}/readyz", timeout=10).status_code == 200)
    (line,) = [line for line in one.log.splitlines() if f"(process {killed})" in line]
    assert "has ended by SIGKILL; it is started again" in line


def test_workers_do_not_outlive_the_first_process(
    tmp_path: Path, state: Postgres, state_url: str
) -> None:
    with receiver(tmp_path, state_url) as one:
        workers, port = one.workers(), one.port
        with half_sent(port, body := encoded(redemption(1))) as connection:
            one.process.kill()
            until(lambda: not _listens("127.0.0.1", port), seconds=5)
            connection.sendall(body[10:])
            assert b" 200 " in all_of(connection).split(b"\r\n")[0]
        until(lambda: not [pid for pid in workers if lives(pid)], seconds=12)
    assert len(stored(state)) == 1


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_what_workers_had_accepted_is_finished(
    tmp_path: Path, state: Postgres, state_url: str, kind: signal.Signals
) -> None:
    """Ctrl-C and a service manager signal the whole group."""
    body = encoded(redemption(1))
    with receiver(tmp_path, state_url) as one, half_sent(one.port, body) as connection:
        os.killpg(one.process.pid, kind)
        until(lambda: not _listens("127.0.0.1", one.port))
        connection.sendall(body[10:])
        assert b" 200 " in all_of(connection).split(b"\r\n")[0]
        assert one.process.wait(15) == 0
    assert [bytes(row.body) for row in stored(state)] == [body]
    assert "Traceback" not in one.log


def test_a_second_signal_does_not_wait(tmp_path: Path, state: Postgres, state_url: str) -> None:
    with receiver(tmp_path, state_url) as one, half_sent(one.port, encoded(redemption(1))):
        one.process.terminate()
        until(lambda: not _listens("127.0.0.1", one.port))
        one.process.terminate()
        assert one.process.wait(3) == 0


def test_each_worker_has_the_fast_path_and_an_event_is_worked_off_once(
    tmp_path: Path, state: Postgres, state_url: str, store: Store, toml: Path
) -> None:
    toml.write_text(UNVERIFIED)
    more = {"INFLUENCE_CONFIG": str(toml), "INFLUENCE_COUPON_URL": store.url}
    with receiver(tmp_path, state_url, **more) as one:
        for number in range(1, 41):
            assert post(one.url, redemption(number)).status_code == 200
        until(lambda: {row.state for row in stored(state)} == {"done"})
    assert sorted(store.codes()) == [f"LOYAL-{number:04d}" for number in range(1, 41)]
    assert one.log.count("verify_redemptions is off") == 1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"INFLUENCE_WEBHOOK_TOKEN": "short"}, "128 random bits"),
        ({"INFLUENCE_CONFIG": "/no/such/file.toml"}, "/no/such/file.toml"),
    ],
)
def test_wrong_settings_are_said_once_and_nothing_starts(
    tmp_path: Path, state_url: str, more: dict[str, Any], words: str
) -> None:
    one = Receiver(tmp_path, state_url, 2, **more)
    assert one.process.wait(20) == 3
    assert one.log.count(words) == 1
    one.end()
