"""`influence-pipeline receiver --workers N`: one address, several processes, one beginning and end."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import requests

from influence_pipeline.postgres import Postgres
from influence_pipeline_tests.webhooks.builders import TOKEN, encoded, redemption
from influence_pipeline_tests.webhooks.conftest import UNVERIFIED, Store
from influence_pipeline_tests.webhooks.receiving import Receiver, all_of, half_sent, lives, receiver
from influence_pipeline_tests.webhooks.test_receiver import _listens, post, stored, until


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
    with receiver(tmp_path, state_url, more) as one:
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
    tmp_path: Path, state_url: str, more: dict[str, str], words: str
) -> None:
    one = Receiver(tmp_path, state_url, more)
    assert one.process.wait(20) == 3
    assert one.log.count(words) == 1
    one.end()
