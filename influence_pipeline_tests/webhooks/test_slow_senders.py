"""Requests that do not come to an end, and the parser that bounds how long a head may be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from influence_pipeline_tests.webhooks.receiving import all_of, half_sent, receiver, variant

pytestmark = pytest.mark.proves("T20")

IMPATIENT = variant("from influence_pipeline.webhooks import intake\nintake._BODY_SECONDS = 0.2")


def test_a_body_that_does_not_come_in_time_is_answered_408(tmp_path: Path, state_url: str) -> None:
    with receiver(tmp_path, state_url, workers=1, program=IMPATIENT) as started:
        with half_sent(started.port, b'{"a": "a body of which the end never comes"}') as connection:
            answer = all_of(connection)
        started.process.terminate()  # not killed, so that `make coverage` hears of what it has run
        started.process.wait(60)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert answer.endswith(b"the body did not come in time\n")


def test_without_the_fast_parser_the_one_with_a_bound_of_its_own_is_used() -> None:
    asked = (
        "import sys; sys.modules['httptools'] = None\n"
        "from influence_pipeline.webhooks.heads import HttpProtocol; print(HttpProtocol.__name__)"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", asked], capture_output=True, text=True, check=True
    )

    assert ran.stdout == "H11Protocol\n"
