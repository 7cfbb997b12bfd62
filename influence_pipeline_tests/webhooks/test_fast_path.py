"""The thread of the receiver that makes coupons right after the reply, when its round fails."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from influence_pipeline.postgres import Postgres
from influence_pipeline.webhooks import fast_path
from influence_pipeline.webhooks.fast_path import FastPath
from influence_pipeline_tests.webhooks.builders import redemption
from influence_pipeline_tests.webhooks.conftest import Desk

pytestmark = pytest.mark.proves("T20")


def until(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alter(desk: Desk, statement: str) -> None:
    with desk.state.transaction() as connection:
        connection.execute(sa.text(statement))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_path, "_AFTER_TROUBLE_SECONDS", 0.05)


def test_a_state_database_that_is_away_is_said_once_and_coupons_come_when_it_is_back(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.deliver("points/redeemed", redemption(1))
    alter(desk, "ALTER TABLE inbox RENAME TO gone")
    asked: list[None] = []

    def open_state() -> Postgres:
        asked.append(None)
        return desk.state

    thread = FastPath(open_state, desk.context)
    with caplog.at_level(logging.WARNING, "influence_pipeline.webhooks.fast_path"):
        thread.start()
        until(lambda: len(asked) > 2)
        alter(desk, "ALTER TABLE gone RENAME TO inbox")
        thread.wake()
        until(lambda: desk.store.codes() == ["LOYAL-0001"])
        thread.stop(60)

    (said,) = caplog.messages
    assert "INFLUENCE_STATE_URL" in said


def test_our_own_mistake_in_a_round_does_not_end_the_thread_and_shows_no_data(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.deliver("points/redeemed", redemption(1))
    asked: list[None] = []

    def open_state() -> Postgres:
        asked.append(None)
        if len(asked) < 3:
            raise ValueError("LOYAL-0001 of ada@example.test")
        return desk.state

    thread = FastPath(open_state, desk.context)
    with caplog.at_level(logging.WARNING, "influence_pipeline.webhooks.fast_path"):
        thread.start()
        until(lambda: desk.store.codes() == ["LOYAL-0001"])
        thread.stop(60)

    assert caplog.messages == ["ValueError while working events off; trying again"]
