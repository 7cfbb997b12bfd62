"""An instrument that measures wrongly proves nothing: the limiters, the API that has one, and what
is read from its log."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import pytest
import requests

from benchmarks.limited import Judged, limited_api
from benchmarks.limiters import FixedWindow, Limiter, SlidingLog, Spacing, TokenBucket
from benchmarks.paced import measure

START = 1_800_000_000.0
# Ten seconds of twice as many calls as are allowed, evenly.
GREEDY = [START + number / 100 for number in range(1000)]


def passed(limiter: Limiter, calls: Sequence[float]) -> list[float]:
    return [at for at in calls if limiter.wait(at) == 0.0]


def most_in_a_second(calls: Sequence[float]) -> int:
    return max(sum(start <= at < start + 0.9999 for at in calls) for start in calls)


@pytest.mark.parametrize("limiter", [FixedWindow(50), TokenBucket(50), Spacing(50), SlidingLog(50)])
def test_a_limiter_lets_what_is_allowed_pass_and_no_more(limiter: Limiter) -> None:
    let_through = len(passed(limiter, GREEDY))
    assert 500 <= let_through <= 550 + 1


def test_no_second_holds_more_than_the_sliding_log_allows() -> None:
    assert most_in_a_second(passed(SlidingLog(50), GREEDY)) == 50


def test_a_fixed_window_lets_twice_the_rate_pass_across_its_edge() -> None:
    # What tells it from a sliding log: the end of one window and the start of the next.
    calls = [START + 0.99 + number / 10_000 for number in range(200)]
    assert len(passed(FixedWindow(50), calls)) == 100
    assert len(passed(SlidingLog(50), calls)) == 50


def test_a_bucket_saves_one_second_up_and_strict_spacing_nothing() -> None:
    burst = [START + number / 100_000 for number in range(100)]
    assert len(passed(TokenBucket(50), burst)) == 50
    assert len(passed(Spacing(50), burst)) == 1


def test_a_refusal_says_when_the_next_call_passes() -> None:
    for limiter in (FixedWindow(2.5), TokenBucket(2.5), Spacing(2.5), SlidingLog(2.5)):
        now = START
        while not (wait := limiter.wait(now)):
            pass
        assert limiter.wait(now + wait * 0.5) > 0, limiter
        assert limiter.wait(now + wait + 1e-6) == 0, limiter


def test_a_changed_rate_holds_from_then_on() -> None:
    limiter = TokenBucket(50)
    before = len(passed(limiter, GREEDY))
    limiter.rate = 25
    after = len(passed(limiter, [at + 10 for at in GREEDY]))
    assert 0.45 < after / before < 0.55


def test_every_call_is_logged_as_it_was_answered() -> None:
    with limited_api("bucket", 3.0, ms=0, retry_after=True, headers=True) as api:
        answers = [
            requests.put(
                f"{api.url}/v1/customers/{n}", json={"name": f"change-{n} Hill"}, timeout=5
            )
            for n in range(8)
        ]
        calls = api.calls()
    assert [call.status for call in calls] == [answer.status_code for answer in answers]
    assert [call.path for call in calls] == [f"/v1/customers/{n}" for n in range(8)]
    assert [call.mark for call in calls] == [f"change-{n}" for n in range(8)]
    assert {200, 429} == {answer.status_code for answer in answers}
    for answer in answers:
        assert ("Retry-After" in answer.headers) == (answer.status_code == 429)
        assert answer.headers["X-RateLimit-Limit"] == "3"


def test_a_request_in_pieces_is_one_call() -> None:
    with limited_api("bucket", 100.0, ms=0) as api:
        host, port = api.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            for piece in (
                b"PUT /v1/customers/1 HT",
                b"TP/1.1\r\ncontent-le",
                b"ngth: 2\r\n\r\n{",
                b"}",
            ):
                connection.sendall(piece)
            assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK")
            connection.sendall(b"PUT /v1/customers/2 HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK")
        assert [call.path for call in api.calls()] == ["/v1/customers/1", "/v1/customers/2"]


def steady(since: float, until: float, rate: float, refused: float = 0.0) -> list[Judged]:
    """So many calls a second, a share of them refused."""
    each = round(1 / refused) if refused else 0
    return [
        Judged(since + n / rate, 429 if each and n % each == 0 else 200, "/", "-")
        for n in range(round((until - since) * rate))
    ]


def test_a_pace_at_the_limit_measures_as_all_used_and_settled_at_once() -> None:
    calls = steady(0, 60, 50) + steady(60, 120, 25)
    found = measure(calls, 50, 0, 60, 120)
    assert found.used_before == pytest.approx(1.0, abs=0.01)
    assert found.used_after == pytest.approx(1.0, abs=0.01)
    assert (found.refused, found.settled_after_change) == (0, 0.0)


def test_the_time_to_settle_is_from_the_change_to_the_first_good_ten_seconds() -> None:
    # Eight seconds of refusals after the change.
    calls = steady(0, 60, 50) + steady(60, 68, 50, refused=0.5) + steady(68, 120, 25)
    found = measure(calls, 50, 0, 60, 120)
    assert found.settled_after_change == pytest.approx(8.0, abs=0.5)
    assert found.refused == 200


def test_a_pace_that_is_refused_or_too_slow_never_settles() -> None:
    before = steady(0, 60, 50)
    assert (
        measure(before + steady(60, 120, 25, refused=0.02), 50, 0, 60, 120).settled_after_change
        is None
    )
    slow = measure(before + steady(60, 120, 20), 50, 0, 60, 120)
    assert slow.settled_after_change is None
    assert slow.used_after == pytest.approx(0.8, abs=0.01)
