"""T4: 500 deliveries a second for two minutes, and 3,000 in two seconds. None is lost, none answered
otherwise than 200. How fast it is, benchmarks/receiver.py measures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.webhook_load import Deliveries
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.webhooks.builders import TOKEN
from influence_pipeline_tests.webhooks.receiving import COMMAND, receiver, variant
from influence_pipeline_tests.webhooks.senders import Verdict, judge

pytestmark = [pytest.mark.slow, pytest.mark.proves("T4"), pytest.mark.alone]

# Whoever answers first and stores afterwards, and throws away what is too much.
ANSWERS_FIRST = variant(
    "from concurrent.futures import Future\n"
    "from influence_pipeline.webhooks.inbox import Result, Stored\n"
    "from influence_pipeline.webhooks.storing import GroupedStore\n"
    "submit = GroupedStore.submit\n"
    "def answers_first(self, delivery, gone):\n"
    "    if self.waiting() < 20:\n"
    "        submit(self, delivery, gone)\n"
    "    done = Future()\n"
    "    done.set_result(Stored(0, Result.NEW))\n"
    "    return done\n"
    "GroupedStore.submit = answers_first\n"
)


def load(port: int, rate: float, seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.webhook_load", "--port", str(port)]
    command += ["--token", TOKEN, "--rate", str(rate), "--seconds", str(seconds)]
    done = subprocess.run(
        [*command, "--connections", "500"], capture_output=True, text=True, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def sent(count: int) -> dict[str, bytes]:
    """The load's first so many deliveries."""
    deliveries = Deliveries("127.0.0.1", TOKEN)
    bodies = (deliveries.next().split(b"\r\n\r\n", 1)[1] for _ in range(count))
    return {str(number): body for number, body in enumerate(bodies)}


@pytest.mark.parametrize(
    ("rate", "seconds"), [(500, 120), (1500, 2)], ids=["500/s for 120 s", "3,000 in 2 s"]
)
def test_every_delivery_of_a_busy_time_is_answered_200_and_stored(
    tmp_path: Path, state_url: str, tally: Tally, rate: float, seconds: float
) -> None:
    with receiver(tmp_path, state_url, workers=2) as one:
        result = load(one.port, rate, seconds)
        assert "Traceback" not in one.log
    count = round(rate * seconds)
    verdict = judge(state_url, sent(count))
    tally(count, "deliveries", lost=len(verdict.lost), doubled=len(verdict.doubled))
    assert result["statuses"] == {"200": count}
    assert verdict == Verdict(lost=[], doubled=[], stored=count)


def test_control_a_receiver_that_answers_before_it_stores_loses_deliveries(
    tmp_path: Path, state_url: str
) -> None:
    assert ANSWERS_FIRST != COMMAND
    with receiver(tmp_path, state_url, workers=1, program=ANSWERS_FIRST) as one:
        result = load(one.port, 1500, 2)
    assert set(result["statuses"]) == {"200"}
    assert judge(state_url, sent(3000)).lost != []
