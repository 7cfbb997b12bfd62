"""The pace as the state database keeps it, from one question to the next."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from influence_pipeline.postgres import Postgres
from influence_pipeline.state.database import open_state
from influence_pipeline.sync import pace_control
from influence_pipeline.sync.pace_control import Control, Grant, Mode, Report
from influence_pipeline.sync.shared_pace import SharedPace, pace_found


@pytest.fixture
def state(state_url: str) -> Iterator[Postgres]:
    opened = open_state(state_url)
    yield opened
    opened.close()


def keep(state_url: str, control: Control) -> None:
    """Put it there, its moments as seconds from now."""
    with psycopg2.connect(state_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        (now,) = cursor.fetchone() or (0.0,)
        control.hold_until += now
        control.since = control.next_at = now
        cursor.execute(
            "INSERT INTO influence.pace (account, control) VALUES (1, %s)",
            [pace_control.written(control)],
        )
    connection.close()


def ask(state: Postgres, report: Report) -> Grant:
    with ThreadPoolExecutor(1) as executor:
        shared = SharedPace(state, executor, None)
        shared.begin(report)
    # Its end waited for the answer.
    grant = shared.take()
    assert grant is not None
    return grant


def test_a_rate_held_long_enough_is_searched_again_by_whoever_asks_next(
    state: Postgres, state_url: str
) -> None:
    """An API that has lifted its limit is not asked slowly for ever."""
    keep(state_url, Control(rate=4.0, mode=Mode.HOLD, hold_until=-90.0))
    ask(state, Report(used=True, wanted=10))
    assert pace_found(state) == {"mode": "search", "calls_per_second": 4.0, "held_seconds": 0.0}


def test_a_rate_is_held_until_its_time_is_over(state: Postgres, state_url: str) -> None:
    keep(state_url, Control(rate=4.0, mode=Mode.HOLD, hold_until=90.0))
    ask(state, Report(used=True, wanted=10))
    assert pace_found(state) == {"mode": "hold", "calls_per_second": 4.0, "held_seconds": 0.0}


def test_what_another_version_wrote_is_read_as_far_as_it_is_known() -> None:
    control = pace_control.read({"mode": "search", "rate": 7.5, "colour": "blue"})
    assert control == Control(rate=7.5, mode=Mode.SEARCH)
    assert control.mode is Mode.SEARCH
    assert pace_control.read({}) == Control()
