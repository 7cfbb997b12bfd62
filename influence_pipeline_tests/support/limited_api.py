"""An API with a limit, and workers that send to it as fast as their pace lets them.

Time is the simulation's own: two minutes of four workers take about a second. What is not in it:
the database (an exchange takes 3 ms and always succeeds, unless a test says otherwise) and HTTP.
"""

from __future__ import annotations

import heapq
import json
import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from influence_pipeline.platform_api.rate_headers import RateHeaders
from influence_pipeline.sync import pace_control
from influence_pipeline.sync.pace_control import Control, Grant, Report, exchange
from influence_pipeline.sync.pacing import BLOCK_SECONDS, Pace, Ticket

_STEP_SECONDS = 0.001
_EXCHANGE_SECONDS = 0.003


class Limiter(Protocol):
    """What decides on a call that arrives at `now`."""

    def status(self, now: float) -> int: ...


class TokenBucket:
    """Saves up a second's worth for a burst, as the project's sandbox does."""

    def __init__(self, limit: float, burst: float | None = None) -> None:
        self.change(limit, burst)
        self._filled_at = 0.0

    def change(self, limit: float, burst: float | None = None) -> None:
        self._limit = limit
        self._tokens = self._size = burst or max(1, math.ceil(limit))

    def headers(self) -> RateHeaders:
        return RateHeaders(int(self._tokens), None)

    def status(self, now: float) -> int:
        filled = self._tokens + (now - self._filled_at) * self._limit
        self._tokens, self._filled_at = min(self._size, filled), now
        if self._tokens < 1:
            return 429
        self._tokens -= 1
        return 200


class FixedWindow:
    """Counts the calls of each second of the clock."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._second = self._passed = 0

    def change(self, limit: float) -> None:
        self._limit = limit

    def status(self, now: float) -> int:
        if math.floor(now) != self._second:
            self._second, self._passed = math.floor(now), 0
        if self._passed + 1 > self._limit:
            return 429
        self._passed += 1
        return 200


class SlidingLog:
    """Counts the calls of the last second."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._passed: deque[float] = deque()

    def change(self, limit: float) -> None:
        self._limit = limit

    def status(self, now: float) -> int:
        while self._passed and self._passed[0] <= now - 1.0:
            self._passed.popleft()
        if len(self._passed) + 1 > self._limit:
            return 429
        self._passed.append(now)
        return 200


class Chance:
    """Answers a share of the calls with `other`, whatever their rate."""

    def __init__(self, share: float, other: int) -> None:
        self._share = share
        self._other = other

    def status(self, now: float) -> int:
        return self._other if random.random() < self._share else 200


@dataclass
class Sent:
    """A call: when it went out, what the API said, and since when it had been waiting."""

    at: float
    status: int
    live: bool
    waited: float


@dataclass
class Worker:
    """One worker. `waiting`: since when each call waits. `endless`: there are always more."""

    pace: Pace
    live: bool = True
    endless: bool = True
    waiting: deque[float] = field(default_factory=deque)
    under_way: list[tuple[float, int, Ticket, int, float, RateHeaders | None]] = field(
        default_factory=list
    )


class LimitedApi:
    """Workers before an API with a limit. Calls take `latency` to 1.3 x `latency` seconds."""

    def __init__(
        self,
        limiter: Limiter,
        *,
        workers: int = 4,
        in_flight: int = 64,
        latency: float = 0.05,
        ceiling: float | None = None,
        retry_after: float | None = None,
        live: tuple[bool, ...] = (),
        control: Control | None = None,
        endless: bool = True,
        now: float = 0.0,
        decide: Callable[..., Grant] = exchange,
        headers: Callable[[], RateHeaders] | None = None,
    ) -> None:
        self.limiter = limiter
        self.latency = latency
        self.ceiling = ceiling
        self.retry_after = retry_after
        self.control = control or Control()
        self.now = now
        self.sent: list[Sent] = []
        self.decide = decide
        self.headers = headers
        self.workers = [
            Worker(Pace(in_flight, _Exchange(self), live=lane), lane, endless)
            for lane in (live or (True,) * workers)
        ]

    def run(self, until: float, *, each: Callable[[], None] | None = None) -> None:
        """Let time pass. `each` is called at each step of it."""
        while self.now < until:
            if each:
                each()
            for worker in self.workers:
                self._answers(worker)
                worker.pace.step(self.now, 1000 if worker.endless else len(worker.waiting))
                self._send(worker)
            self.now += _STEP_SECONDS

    def run_all(self, records: int, *, at_most: float = 600.0) -> float:
        """Send so many records, one worker; give the seconds that it took."""
        start, worker = self.now, self.workers[0]
        worker.endless, worker.waiting = False, deque([start] * records)
        while (worker.waiting or worker.under_way) and self.now < start + at_most:
            self.run(self.now + _STEP_SECONDS)
        return self.now - start

    def passed(self, start: float, end: float) -> int:
        return sum(1 for call in self.sent if start <= call.at < end and call.status == 200)

    def refused(self, start: float, end: float) -> int:
        return sum(1 for call in self.sent if start <= call.at < end and call.status == 429)

    def share_refused(self, start: float, end: float) -> float:
        refused = self.refused(start, end)
        return refused / max(refused + self.passed(start, end), 1)

    def _answers(self, worker: Worker) -> None:
        while worker.under_way and worker.under_way[0][0] <= self.now:
            _, _, ticket, status, seconds, headers = heapq.heappop(worker.under_way)
            if status == 200:
                worker.pace.good(ticket, self.now, seconds, headers)
                continue
            if status == 429:
                worker.pace.refused(ticket, self.now, self.retry_after)
            else:
                worker.pace.failed(self.now, None)
            if not worker.endless:
                worker.waiting.append(self.now)

    def _send(self, worker: Worker) -> None:
        pace = worker.pace
        while (
            len(worker.under_way) < pace.window
            and (worker.endless or worker.waiting)
            and pace.wait(self.now) <= 0
        ):
            since = self.now if worker.endless else worker.waiting.popleft()
            ticket = pace.went_out()
            status = self.limiter.status(self.now + self.latency * random.uniform(0.1, 0.2))
            seconds = self.latency * random.uniform(1.0, 1.3)
            self.sent.append(Sent(self.now, status, worker.live, self.now - since))
            headers = self.headers() if self.headers else None
            number = len(self.sent)
            answer = (self.now + seconds, number, ticket, status, seconds, headers)
            heapq.heappush(worker.under_way, answer)


class _Exchange:
    """The row that all workers share, a few milliseconds away."""

    def __init__(self, api: LimitedApi) -> None:
        self._api = api
        self._report: Report | None = None
        self._there_at = 0.0

    def begin(self, report: Report) -> None:
        self._report, self._there_at = report, self._api.now + _EXCHANGE_SECONDS

    def take(self) -> Grant | None:
        api, report = self._api, self._report
        if report is None or api.now < self._there_at:
            return None
        self._report = None
        # As it is kept in the database, from one question to the next.
        api.control = pace_control.read(json.loads(pace_control.written(api.control)))
        return api.decide(
            api.control, report, api.now, ceiling=api.ceiling, most_seconds=BLOCK_SECONDS
        )
