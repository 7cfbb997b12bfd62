"""The pace against limits that the API does not announce, on a clock of the test's own.

What is asserted is what was measured over ten seeds, with a margin; docs/pacing.md has the table.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import replace

import pytest

from influence_pipeline.platform_api.rate_headers import RateHeaders
from influence_pipeline.sync import pace_control
from influence_pipeline.sync.pace_control import Control, Grant, Mode, Report, exchange
from influence_pipeline.sync.pacing import Pace
from influence_pipeline_tests.support.limited_api import (
    Chance,
    FixedWindow,
    LimitedApi,
    Limiter,
    SlidingLog,
    TokenBucket,
)

KINDS = [TokenBucket, FixedWindow, SlidingLog]
HALF = 60.0


@pytest.fixture(autouse=True, params=[20], ids=lambda seed: f"seed {seed}")
def _seed(request: pytest.FixtureRequest) -> None:
    random.seed(request.param)


def _halved(kind: type, limit: float, ceiling: float | None) -> LimitedApi:
    """A minute under a limit, and a minute under half of it, with four workers."""
    limiter = kind(limit)
    api = LimitedApi(limiter, ceiling=ceiling)
    api.run(HALF)
    limiter.change(limit / 2)
    api.run(2 * HALF)
    return api


def _settled(api: LimitedApi, limit: float) -> list[tuple[float, float]]:
    """What share of the limit was used and refused, from ten seconds after each change on."""
    spans = [(10.0, HALF, limit), (HALF + 10.0, 2 * HALF, limit / 2)]
    return [
        (api.passed(start, end) / (end - start) / allowed, api.share_refused(start, end))
        for start, end, allowed in spans
    ]


@pytest.mark.parametrize("known", [False, True], ids=["unknown", "known"])
@pytest.mark.parametrize("limit", [50, 500])
@pytest.mark.parametrize("kind", KINDS)
def test_a_limit_is_found_and_used_and_found_again_when_it_halves(
    kind: type, limit: int, known: bool
) -> None:
    api = _halved(kind, limit, float(limit) if known else None)
    for used, refused in _settled(api, limit):
        assert used >= 0.93
        assert refused <= 0.005
    assert api.share_refused(0, 2 * HALF) <= 0.011


@pytest.mark.parametrize("known", [False, True], ids=["unknown", "known"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_limit_of_five_a_second_costs_a_dozen_refusals(kind: type, known: bool) -> None:
    # Half of five is 2.5, which no window of whole calls has: only the whole is judged.
    api = _halved(kind, 5, 5.0 if known else None)
    assert api.passed(10, HALF) >= 0.9 * 5 * (HALF - 10)
    assert api.passed(HALF, 2 * HALF) >= 0.6 * 2.5 * HALF
    assert api.refused(0, 2 * HALF) <= (8 if known else 18)


def _without_epochs(control: Control, report: Report, now: float, **given: object) -> Grant:
    """The control: every refusal is taken for news, also of calls from before the last change."""
    return exchange(control, replace(report, epoch=control.epoch), now, **given)  # type: ignore[arg-type]


def _without_memory(control: Control, report: Report, now: float, **given: object) -> Grant:
    """The control: additive increase and multiplicative decrease, and nothing else."""
    if control.rate is None:
        control.rate = 50.0
    control.rate *= 0.5 if report.refused else 1.02
    control.mode, report = Mode.HOLD, replace(report, refused=0)
    return exchange(control, report, now, **given)  # type: ignore[arg-type]


def test_control_without_memory_of_the_limit_the_bounds_are_not_kept() -> None:
    api = LimitedApi(TokenBucket(50), decide=_without_memory)
    api.run(HALF)
    used = api.passed(10, HALF) / (HALF - 10) / 50
    assert used < 0.93 or api.share_refused(10, HALF) > 0.005


def test_control_without_epochs_one_limit_is_cut_for_many_times() -> None:
    changes = {}
    for name, decide in (("with", exchange), ("without", _without_epochs)):
        random.seed(20)
        api = LimitedApi(TokenBucket(100), latency=0.4, decide=decide)
        api.run(HALF)
        changes[name] = api.control.epoch
    assert changes["without"] > changes["with"]


@pytest.mark.parametrize("status", [429, 500])
@pytest.mark.parametrize("in_flight", [64, 256])
def test_answers_that_fail_by_chance_are_not_taken_for_a_limit(in_flight: int, status: int) -> None:
    clean = LimitedApi(Chance(0.0, status), workers=1, in_flight=in_flight).run_all(20_000)
    api = LimitedApi(Chance(0.05, status), workers=1, in_flight=in_flight)
    assert api.run_all(20_000) <= 1.25 * clean
    assert api.control.rate is None
    assert api.workers[0].pace.window == in_flight


def test_refusals_by_chance_under_a_ceiling_are_found_out_in_half_a_minute() -> None:
    api = LimitedApi(Chance(0.05, 429), ceiling=200.0)
    api.run(120)
    assert api.passed(40, 120) >= 0.9 * 200 * 80


@pytest.mark.parametrize("in_flight", [64, 256])
def test_an_api_without_a_limit_is_used_in_full_from_the_start(in_flight: int) -> None:
    api = LimitedApi(Chance(0.0, 429), workers=1, in_flight=in_flight)
    # Answers take 1.15 x the latency on average, and up to a millisecond of the simulation's step.
    ideal = 20_000 / in_flight * (0.05 * 1.15 + 0.0005)
    assert api.run_all(20_000) <= ideal / 0.945


def test_control_a_window_that_opens_by_one_in_ten_replies_is_too_slow() -> None:
    api = LimitedApi(Chance(0.0, 429), workers=1, in_flight=256)
    api.workers[0].pace._opens_by = 0.1
    assert api.run_all(20_000) > 20_000 / 256 * 0.058 / 0.945


def test_what_went_well_is_remembered_for_the_next_run() -> None:
    first = LimitedApi(Chance(0.0, 429), workers=1, in_flight=256)
    slow = first.run_all(20_000)
    again = LimitedApi(
        Chance(0.0, 429), workers=1, in_flight=256, control=first.control, now=first.now
    )
    assert again.run_all(20_000) < slow - 0.05
    much_later = first.now + 2 * 86_400
    later = LimitedApi(
        Chance(0.0, 429), workers=1, in_flight=256, control=first.control, now=much_later
    )
    later.run(much_later + 0.1)
    assert len(later.sent) < 20


@pytest.mark.parametrize("latency", [0.001, 0.4])
def test_fast_and_slow_apis_are_both_used(latency: float) -> None:
    api = LimitedApi(TokenBucket(50), latency=latency)
    api.run(120)
    assert api.passed(30, 120) >= 0.93 * 50 * 90
    assert api.share_refused(30, 120) <= 0.005


def test_an_api_that_answers_at_once_is_not_slowed_down_for_our_own_queueing() -> None:
    api = LimitedApi(Chance(0.0, 429), workers=1, in_flight=256, latency=0.001)
    api.run(0.5)
    assert api.workers[0].pace.window == 256


def test_replies_that_take_ever_longer_close_the_window() -> None:
    api = LimitedApi(Chance(0.0, 429), workers=1, in_flight=64)
    api.run(5)
    assert api.workers[0].pace.window == 64
    api.latency = 2.0
    api.run(30)
    assert api.workers[0].pace.window < 40


def test_an_api_that_only_fails_closes_the_window() -> None:
    api = LimitedApi(Chance(0.0, 500), workers=1)
    api.run(5)
    api.limiter = Chance(1.0, 500)
    api.run(15)
    assert api.workers[0].pace.window == 1


def test_a_wrong_key_costs_one_call() -> None:
    class Silent:
        def status(self, now: float) -> int:
            return 200

    api = LimitedApi(Silent(), latency=0.5)
    api.run(0.45)
    assert len(api.sent) == 1


@pytest.mark.parametrize("limiter", [Chance(0.0, 429), TokenBucket(5)])
def test_a_ceiling_is_never_passed(limiter: Limiter) -> None:
    api = LimitedApi(limiter, latency=0.001, ceiling=25.0)
    api.run(60)
    times = [call.at for call in api.sent]
    for first, last in zip(times, times[26:], strict=False):
        assert last - first >= 1.0
    if isinstance(limiter, Chance):
        assert len(times) >= 0.95 * 25 * 60


def test_live_changes_pass_before_an_import() -> None:
    api = LimitedApi(Chance(0.0, 429), ceiling=20.0, live=(True, False, False))
    live = api.workers[0]
    live.endless, arrivals = False, deque(sorted(random.uniform(5, 120) for _ in range(230)))

    def arrive() -> None:
        while arrivals and arrivals[0] <= api.now:
            live.waiting.append(arrivals.popleft())

    api.run(120, each=arrive)
    waits = sorted(call.waited for call in api.sent if call.live)
    assert len(waits) >= 225
    assert waits[int(len(waits) * 0.95)] < 1.0
    imported = sum(1 for call in api.sent if not call.live)
    assert imported >= 0.85 * (20 * 0.97 * 120 - len(waits))


def test_an_import_gets_nothing_while_live_changes_use_all() -> None:
    api = LimitedApi(Chance(0.0, 429), ceiling=20.0, live=(True, False, False))
    api.run(60)
    assert not [call for call in api.sent if not call.live and call.at > 1.0]


def _without_lanes(control: Control, report: Report, now: float, **given: object) -> Grant:
    """The control: an import is taken for a live change."""
    return exchange(control, replace(report, live=True), now, **given)  # type: ignore[arg-type]


def test_control_without_lanes_an_import_takes_its_share() -> None:
    lanes = (True, False, False)
    api = LimitedApi(Chance(0.0, 429), ceiling=20.0, live=lanes, decide=_without_lanes)
    api.run(60)
    assert len([call for call in api.sent if not call.live]) > 300


def test_a_wait_that_the_api_asks_for_is_kept_by_all_workers() -> None:
    limiter = TokenBucket(50)
    api = LimitedApi(limiter, retry_after=20.0)
    api.run(30)
    refused = min(call.at for call in api.sent if call.status == 429)
    # Half a second: who holds slots learns of it when it asks for the next ones.
    assert not [call for call in api.sent if refused + 0.5 < call.at < refused + 19.9]
    assert [call for call in api.sent if call.at > refused + 20.0]


@pytest.mark.parametrize("limit", [5, 50, 500])
def test_a_limit_that_is_lifted_is_found_out_in_two_minutes(limit: int) -> None:
    limiter = TokenBucket(limit)
    api = LimitedApi(limiter)
    api.run(60)
    limiter.change(1_000_000)
    api.run(190)
    assert api.passed(180, 190) >= 0.9 * 10 * 4 * 64 / (0.05 * 1.15)


def test_control_a_mode_that_is_no_mode_after_it_was_kept_holds_a_lifted_limit_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As it was: of the database came a text, which is no member, so a held rate never grew."""
    monkeypatch.setattr(pace_control, "read", lambda values: Control(**values))
    limiter = TokenBucket(50)
    api = LimitedApi(limiter)
    api.run(60)
    limiter.change(1_000_000)
    api.run(400)
    assert api.passed(390, 400) <= 10 * 50


@pytest.mark.parametrize("retry_after", [None, 20.0])
def test_a_quota_that_is_used_up_is_asked_for_rarely_and_used_again(
    retry_after: float | None,
) -> None:
    limiter = TokenBucket(50)
    api = LimitedApi(limiter, retry_after=retry_after)
    api.run(20)
    limiter.change(1e-9, burst=1)
    api.run(200)
    assert api.refused(30, 200) <= 60
    limiter.change(50)
    api.retry_after = None
    api.run(280)
    assert api.passed(250, 280) >= 0.8 * 50 * 30


def test_a_worker_that_dies_loses_no_more_than_its_block() -> None:
    api = LimitedApi(TokenBucket(50))
    api.run(30)
    api.workers.pop()
    api.run(60)
    assert api.passed(31, 60) >= 0.9 * 50 * 29


def test_without_an_answer_from_the_database_a_worker_waits() -> None:
    class Mute:
        def begin(self, report: Report) -> None: ...
        def take(self) -> Grant | None:
            return None

    pace = Pace(64, Mute())
    for tenth in range(600):
        pace.step(tenth / 10, 10)
        assert pace.wait(tenth / 10) > 0


def test_a_late_refusal_says_nothing_about_a_rate_that_was_changed_since() -> None:
    control = Control(rate=50.0, mode=Mode.HOLD, epoch=7, hold_until=1e9, slots=100, next_at=10.0)
    pace_control.learn(control, Report(epoch=6, refused=5, limited=True), 10.0)
    assert (control.rate, control.epoch) == (50.0, 7)
    pace_control.learn(control, Report(epoch=7, refused=1, limited=True), 10.0)
    assert control.epoch == 8


def test_headers_that_count_down_spare_refusals() -> None:
    refused = {}
    for told in (False, True):
        random.seed(20)
        bucket = TokenBucket(5)
        api = LimitedApi(bucket, headers=bucket.headers if told else None)
        api.run(HALF)
        refused[told] = api.refused(0, HALF)
        assert api.passed(10, HALF) >= 0.9 * 5 * (HALF - 10)
    assert refused[True] < refused[False]


def test_a_limit_that_the_headers_name_is_kept_without_a_refusal() -> None:
    api = LimitedApi(TokenBucket(50), headers=lambda: RateHeaders(None, 50.0))
    api.run(HALF)
    assert api.refused(0, HALF) == 0
    assert api.passed(10, HALF) >= 0.95 * 50 * (HALF - 10)


def test_a_limit_that_the_headers_name_wrongly_is_found_out() -> None:
    api = LimitedApi(Chance(0.0, 429), headers=lambda: RateHeaders(None, 50.0))
    api.run(180)
    assert api.passed(170, 180) >= 0.9 * 10 * 4 * 64 / (0.05 * 1.15)


@pytest.mark.parametrize("remaining", [lambda: 0, lambda: 7, lambda: random.randint(0, 50)])
def test_headers_that_mean_something_else_do_no_harm(remaining: Callable[[], int]) -> None:
    api = LimitedApi(Chance(0.0, 429), workers=1, headers=lambda: RateHeaders(remaining(), None))
    clean = LimitedApi(Chance(0.0, 429), workers=1).run_all(20_000)
    assert api.run_all(20_000) <= 1.05 * clean


def test_workers_share_the_slots_fairly() -> None:
    api = LimitedApi(Chance(0.0, 429), ceiling=20.0)
    for worker in api.workers:
        worker.endless = False
        worker.waiting.extend([0.0] * 10_000)
    api.run(60)
    counts = [10_000 - len(worker.waiting) for worker in api.workers]
    assert min(counts) >= 0.7 * max(counts)
