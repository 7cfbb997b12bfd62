"""The pace against limits that the API does not announce: token buckets on a clock of the test's
own, so that an hour takes a moment."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from influence_pipeline.sync.pacing import Pace


@dataclass
class Limited:
    """An API that lets `rate` calls a second pass and answers after `latency` seconds."""

    rate: float
    latency: float = 0.02
    burst: float = 1.0
    now: float = 0.0
    tokens: float = 0.0
    passed: int = 0
    refused: int = 0
    under_way: list[tuple[float, bool]] = field(default_factory=list)

    def run(self, pace: Pace, seconds: float) -> None:
        """Send as fast as `pace` lets, for so long."""
        end = self.now + seconds
        while self.now < end:
            while len(self.under_way) < pace.window and pace.wait(self.now) <= 0:
                pace.went_out(self.now)
                passes = self.tokens >= 1
                self.tokens -= passes
                self.under_way.append((self.now + self.latency, passes))
            waits = [at for at, _ in self.under_way]
            if len(self.under_way) < pace.window:
                waits.append(self.now + pace.wait(self.now))
            self._pass_time(max(min(waits), self.now + 0.0005))
            for reply in [reply for reply in self.under_way if reply[0] <= self.now]:
                self.under_way.remove(reply)
                self._answer(pace, passes=reply[1])

    def _pass_time(self, until: float) -> None:
        self.tokens = min(self.tokens + (until - self.now) * self.rate, max(self.burst, 1.0))
        self.now = until

    def _answer(self, pace: Pace, *, passes: bool) -> None:
        if passes:
            self.passed += 1
            pace.good(self.now)
        else:
            self.refused += 1
            pace.refused(self.now, None, throttled=True)


@pytest.mark.parametrize("rate", [2, 10, 60, 400])
@pytest.mark.parametrize("latency", [0.001, 0.05, 0.4])
def test_an_unannounced_limit_is_found_and_used(rate: float, latency: float) -> None:
    api, pace = Limited(rate, latency, burst=rate), Pace(256, None)
    api.run(pace, 30)
    api.passed = api.refused = 0
    api.run(pace, 120)
    possible = min(rate, 256 / latency) * 120
    assert api.passed > 0.8 * possible
    assert api.refused < 0.1 * api.passed + 5


def test_control_a_window_alone_does_not_keep_to_a_limit() -> None:
    class WindowOnly(Pace):
        def _cut(self, now: float) -> None:
            pass

    api, pace = Limited(60, 0.001, burst=5), WindowOnly(64, None)
    api.run(pace, 10)
    assert api.refused > 5 * api.passed


def test_a_limit_that_is_lifted_is_soon_forgotten() -> None:
    api, pace = Limited(20, burst=5), Pace(64, None)
    api.run(pace, 20)
    api.rate = api.burst = 100_000
    api.run(pace, 60)
    api.passed = 0
    api.run(pace, 10)
    assert api.passed > 0.9 * 10 * 64 / api.latency


def test_a_quota_that_is_used_up_is_asked_for_rarely_and_used_again_when_it_is_back() -> None:
    api, pace = Limited(0, burst=5), Pace(64, None)
    api.run(pace, 300)
    assert api.refused < 300
    api.rate = 50
    api.run(pace, 60)
    assert api.passed > 0.5 * 60 * 50


def test_the_merchants_own_ceiling_is_never_passed() -> None:
    api, pace = Limited(100_000, 0.001, burst=100_000), Pace(64, 25)
    api.tokens = api.burst
    api.run(pace, 60)
    assert 24 * 60 <= api.passed <= 25 * 60 + 1


def test_a_wait_the_api_asks_for_is_kept() -> None:
    pace = Pace(64, None)
    pace.refused(10.0, 30.0, throttled=True)
    assert pace.held(10.0) == 30.0
    assert pace.wait(25.0) == 15.0
    assert pace.wait(40.0) == 0.0


def test_one_failing_record_in_a_hundred_does_not_slow_the_others() -> None:
    pace, now = Pace(64, None), 0.0
    for number in range(20_000):
        now += 0.002
        if number % 100 == 99:
            pace.refused(now, None, throttled=False)
        else:
            pace.good(now)
    assert pace.rate == float("inf")
    assert pace.window >= 32


def test_a_wrong_key_costs_one_call() -> None:
    assert Pace(64, None).window == 1
