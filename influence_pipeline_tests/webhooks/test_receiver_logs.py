"""No log line of the receiver's process holds the token, whatever is sent and however much is logged."""

from __future__ import annotations

from pathlib import Path

import pytest

from influence_pipeline.postgres import Postgres
from influence_pipeline_tests.webhooks import nasty
from influence_pipeline_tests.webhooks.builders import TOKEN, redemption
from influence_pipeline_tests.webhooks.conftest import reopen, shut
from influence_pipeline_tests.webhooks.receiving import receiver, variant
from influence_pipeline_tests.webhooks.test_bad_input import by_hand
from influence_pipeline_tests.webhooks.test_receiver import post

pytestmark = pytest.mark.proves("T11")


@pytest.mark.parametrize("level", ["DEBUG", "NOTSET"])
def test_no_log_of_any_library_holds_the_token_at_any_level(
    tmp_path: Path, state: Postgres, state_url: str, level: str
) -> None:
    """At NOTSET uvicorn would print whole requests."""
    program = variant(f"import logging\nlogging.basicConfig(level='{level}')")
    with receiver(tmp_path, state_url, workers=1, program=program) as one:
        for sent in nasty.requests_by_hand().values():
            if len(sent) < 100_000:
                by_hand(one.port, sent)
        assert post(one.url, redemption()).status_code == 200
        assert post(one.url, redemption(), token=TOKEN + "x").status_code == 404
        shut(state_url)
        try:
            assert post(one.url, redemption()).status_code == 503
        finally:
            reopen(state_url)
        one.process.terminate()
        one.process.communicate(timeout=30)
    assert "POST /webhooks/influence/{token} 200" in one.log
    assert [line for line in one.log.splitlines() if TOKEN in line] == []
