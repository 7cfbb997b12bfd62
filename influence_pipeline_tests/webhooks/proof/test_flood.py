"""T13: 600 clients that never end their headers. Behind the shipped nginx a good call is answered
within a second all the while; the receiver alone gives out."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from influence_pipeline.postgres import Postgres
from influence_pipeline_tests.support.nginx import nginx
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.webhooks.builders import TOKEN, encoded, redemption
from influence_pipeline_tests.webhooks.receiving import receiver
from influence_pipeline_tests.webhooks.test_receiver import stored

pytestmark = [pytest.mark.slow, pytest.mark.proves("T13"), pytest.mark.alone]

CLIENTS = 600
# What a service may open where nobody has raised it is 1,024 files; half of it for half the flood
# that would use those up.
FILES = 512
SECONDS = 30.0


@contextmanager
def slow_clients(port: int, *, tls: bool) -> Iterator[None]:
    """A flood that is there from the beginning of the block to its end."""
    module = "influence_pipeline_tests.support.slow_clients"
    process = subprocess.Popen(
        [sys.executable, "-m", module, str(port), str(CLIENTS), "tls" if tls else "plain"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if int(line.split()[0]) > CLIENTS * 0.9:
                break
        yield
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


def good_calls(url: str, certificate: Path | None, seconds: float) -> list[str]:
    """Make ten good calls a second, each on a connection of its own; give what was wrong."""
    wrong = []
    until = time.monotonic() + seconds
    number = 0
    while time.monotonic() < until:
        number += 1
        began = time.monotonic()
        try:
            reply = requests.post(
                f"{url}/webhooks/influence/{TOKEN}",
                data=encoded(redemption(number)),
                headers={"x-webhook-topic": "points/redeemed"},
                timeout=1,
                verify=str(certificate) if certificate else True,
            )
            words = f"{reply.status_code} after {time.monotonic() - began:.2f} s"
            good = reply.status_code == 200 and time.monotonic() - began < 1
        except requests.RequestException as error:
            words, good = type(error).__name__, False
        if not good:
            wrong.append(f"call {number}: {words}")
        time.sleep(max(0.0, 0.1 - (time.monotonic() - began)))
    assert number >= seconds / 1.2, "calls were made"
    return wrong


def test_behind_nginx_every_good_call_is_answered_within_a_second_during_the_flood(
    tmp_path: Path, state: Postgres, state_url: str, tally: Tally
) -> None:
    with receiver(tmp_path, state_url, files=FILES) as one:
        with nginx(tmp_path / "nginx", one.port, install=True) as proxy:
            with slow_clients(proxy.port, tls=True):
                wrong = good_calls(proxy.url, proxy.certificate, SECONDS)
            assert TOKEN not in proxy.logs() + one.log
    tally(len(stored(state)), "good calls", lost=len(wrong))
    assert wrong == []
    assert len(stored(state)) > 0


def test_control_the_receiver_alone_does_not_answer_during_the_flood(
    tmp_path: Path, state: Postgres, state_url: str
) -> None:
    with receiver(tmp_path, state_url, workers=1, files=FILES) as one:
        assert good_calls(one.url, None, 2) == []
        with slow_clients(one.port, tls=False):
            time.sleep(1)  # the kernel takes what the receiver cannot; now it can no more
            assert good_calls(one.url, None, 5) != []
