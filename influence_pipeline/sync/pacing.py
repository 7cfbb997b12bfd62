"""How fast one worker may send: a window of calls in flight of its own, and slots that all share.

The window opens with each good reply; it starts at one, so that a wrong key or a dead address costs
one call, not hundreds, and so that never more is in flight than half of what was let through: that
is the most a limit nobody announced can refuse before it is seen. It halves where the API fails
call after call, and closes a little where replies take much longer than they need.

The rate is the same for all workers and processes: `pace_control` decides it from what all of them
report, and slots come from there in blocks.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple, Protocol

from influence_pipeline.platform_api.rate_headers import RateHeaders
from influence_pipeline.sync.pace_control import Grant, Report

# Slots are taken for this long ahead; a report is at most this old.
BLOCK_SECONDS = 0.2
# A slot that could not be used for so long is void: a burst of old slots would break the limit.
_STALE_SECONDS = 0.05
# Answers to calls that went out after a refused one, which tell a limit from a passing refusal.
_FEWEST_ANSWERS, _LATER_ANSWERS, _MOST_ANSWERS = 2, 8, 16
_LATER_REFUSED = 0.6
# The share of refusals, over about so many answers, that is no chance.
_SHARE_OF, _MOST_BY_CHANCE = 50, 0.25
# Headers that once spoke of so many remaining calls are believed when they say that none remains.
_BELIEVED_FROM = 3
# Refusals found to be passing ones, after which they no longer keep the window from opening.
_USED_TO_IT = 3
# How much the window opens with each good reply. Where many calls in flight are asked for, it opens
# faster: within about four round trips to 256, within twelve to 64. At a limit, this is the share
# of the calls before it that is refused before anybody knows.
_OPENS_BY = 0.4
# Replies that take this many times the shortest of late, and this much longer, are slow.
_SLOW_TIMES = 3.0
_SLOW_SECONDS = 0.5
_FLOOR_SECONDS = 60.0
# Failures (5xx, no reply) within a second or two that mean the API as a whole.
_TROUBLE = 5
_LOOK_AGAIN_SECONDS = 0.002
# When a worker that got no slots asks again.
_SOONEST_SECONDS, _LATEST_SECONDS = 0.02, 0.5


class Ticket(NamedTuple):
    """A call that went out: its number, the `epoch` of the pace it went out under, and when."""

    number: int
    epoch: int
    at: float


class Exchange(Protocol):
    """The way to the shared pace: one question at a time, answered a little later."""

    def begin(self, report: Report) -> None: ...
    def take(self) -> Grant | None:
        """Give the answer once, when it is there. Raises StateError."""


class Pace:
    """One worker's pace. Times are seconds of a monotonic clock, handed in by the caller."""

    def __init__(self, in_flight: int, exchange: Exchange, *, live: bool = True) -> None:
        self._most_in_flight = in_flight
        self._exchange = exchange
        self._live = live
        self._now = 0.0
        self._window = 1.0
        self._opens_by = max(in_flight / 40 - 1.2, _OPENS_BY)
        self._started = False
        self._number = self._under_way = 0
        self._grant: Grant | None = None
        self._slots: deque[float] = deque()
        self._held_until = 0.0
        self._asking = False
        self._urgent = False
        self._empty_handed = 0
        self._ask_at = float("-inf")
        self._accepted = self._refused = 0
        self._refused_at = 0.0
        self._limited = self._late = False
        self._retry_after: float | None = None
        self._suspicion: _Suspicion | None = None
        self._passing_refusals = 0
        self._share = 0.0
        self._announced: float | None = None
        self._remained = 0
        self._used_up = False
        self._trouble = _Trouble()
        self._latency = _Latency()

    @property
    def window(self) -> int:
        """How many calls may be under way."""
        return int(self._window)

    @property
    def rate(self) -> float | None:
        """Calls a second of all workers together, None where nothing bounds them."""
        return self._grant.rate if self._grant else None

    def held(self, now: float) -> float:
        """Seconds that the API asked to be left alone for."""
        return max(self._held_until - now, 0.0)

    def wait(self, now: float) -> float:
        """Seconds until the next call may go out, or until it is worth to ask again; 0: now."""
        self._now = now
        if now < self._held_until:
            return self._held_until - now
        if self._grant is None or self._urgent:
            return _LOOK_AGAIN_SECONDS
        if self._grant.rate is None:
            return _LOOK_AGAIN_SECONDS if self._looks_back() else 0.0
        if not self._slots:
            return max(self._ask_at - now, _LOOK_AGAIN_SECONDS)
        return max(self._slots[0] - now, 0.0)

    def went_out(self) -> Ticket:
        """Note that a call was made, at the time of the last `wait`; give its ticket."""
        if self._slots:
            self._slots.popleft()
        self._number += 1
        self._under_way += 1
        return Ticket(self._number, self._grant.epoch if self._grant else 0, self._now)

    def good(
        self, ticket: Ticket, now: float, seconds: float, headers: RateHeaders | None = None
    ) -> None:
        """Note a reply, after `seconds`, that shows an API that keeps up, and what its rate-limit
        headers said."""
        self._under_way -= 1
        self._accepted += 1
        self._trouble.add(now, failed=False)
        self._look_back(ticket, refused=False)
        self._weigh(ticket, refused=False)
        if headers is not None:
            self._hear(ticket, headers)
        if self._latency.add(now, seconds):
            self._window = max(self._window * 0.8, 1.0)
        elif not self._latency.slow and (
            self._suspicion is None or self._passing_refusals >= _USED_TO_IT
        ):
            self._open()

    def refused(self, ticket: Ticket, now: float, retry_after: float | None) -> None:
        """Note a 429. `retry_after`: seconds it asked to wait."""
        self._under_way -= 1
        self._take_hold(now, retry_after)
        if self._grant is None or ticket.epoch != self._grant.epoch:
            return
        self._refused += 1
        if self._refused == 1:
            self._refused_at = ticket.at
        if not self._grant.chance or retry_after is not None:
            self._limited = self._urgent = True
            return
        if self._suspicion is None:
            enough = min(max(self._number - ticket.number, _FEWEST_ANSWERS), _LATER_ANSWERS)
            if self._passing_refusals:
                enough = _MOST_ANSWERS
            self._suspicion = _Suspicion(ticket.number, enough)
        self._look_back(ticket, refused=True)
        self._weigh(ticket, refused=True)

    def failed(self, now: float, retry_after: float | None) -> None:
        """Note a 5xx or a reply that never came: one among many good ones is a record's trouble,
        where they are most the API as a whole has too much to do."""
        self._under_way -= 1
        self._take_hold(now, retry_after)
        if self._trouble.add(now, failed=True):
            self._window = max(self._window / 2, 1.0)

    def over(self) -> None:
        """Note the end of a call that says nothing of the pace."""
        self._under_way -= 1

    def step(self, now: float, ready: int) -> None:
        """Report, and take slots for `ready` calls that wait. Raises StateError."""
        if self._asking:
            grant = self._exchange.take()
            if grant is None:
                return
            self._asking = False
            self._adopt(grant, now)
        wanted = self._wanted(now, ready)
        due = now >= self._ask_at and (wanted or self._accepted or self._refused)
        if self._grant is None or self._urgent or due:
            self._ask(now, wanted)

    def close(self, now: float) -> None:
        """Report what has not been reported. Raises StateError."""
        if self._accepted or self._refused:
            self.step(now, 0)
            if not self._asking:
                self._ask(now, 0)

    def _open(self) -> None:
        if not self._started:
            self._started = True
            # Where there is a rate, it is the rate that protects the API.
            bound = self._grant is not None and self._grant.rate is not None
            start = self._most_in_flight if bound else self._grant.start if self._grant else 1
            self._window = max(self._window, float(start))
        self._window = min(self._window + self._opens_by, float(self._most_in_flight))

    def _wanted(self, now: float, ready: int) -> int:
        while self._slots and now - self._slots[0] > _STALE_SECONDS:
            self._slots.popleft()
            self._late = True
        if self._grant is None or self._grant.rate is None:
            return 0
        if self._slots and self._slots[-1] - now > BLOCK_SECONDS / 4:
            return 0
        # No more than the window has room for: slots that nobody uses are lost to all.
        room = self.window - self._under_way
        if self._started and self._latency.usual < BLOCK_SECONDS:
            room += int(self.window * BLOCK_SECONDS / max(self._latency.usual, 0.001))
        return max(min(ready, room) - len(self._slots), 0)

    def _ask(self, now: float, wanted: int) -> None:
        opened = self._grant is not None and self._grant.rate is None
        report = Report(
            epoch=self._grant.epoch if self._grant else 0,
            accepted=self._accepted,
            refused=self._refused,
            refused_ago=now - self._refused_at if self._refused or self._used_up else 0.0,
            limited=self._limited,
            used_up=self._used_up,
            announced=self._announced,
            used=wanted > 0 and not self._late,
            retry_after=self._retry_after,
            window=self.window if opened else 0,
            wanted=wanted,
            live=self._live,
        )
        self._accepted = self._refused = 0
        self._limited = self._late = self._used_up = False
        self._retry_after = None
        self._asking = True
        self._exchange.begin(report)

    def _adopt(self, grant: Grant, now: float) -> None:
        known = self._grant
        if (
            known is None
            or grant.epoch != known.epoch
            or (grant.rate is None) != (known.rate is None)
        ):
            self._slots.clear()
            self._suspicion = None
            self._refused = 0
            self._limited = self._used_up = False
        self._grant = grant
        self._urgent = False
        self._held_until = max(self._held_until, now + grant.held)
        self._slots.extend(now + grant.first_in + grant.gap * n for n in range(grant.count))
        # Where none were to be had, it is asked again in time for the next ones: the earlier the
        # more often it went away empty, and always before one who has slots.
        self._empty_handed = 0 if grant.count else self._empty_handed + 1
        early = BLOCK_SECONDS * (1 - 0.5**self._empty_handed)
        soon = min(max(grant.first_in - early, _SOONEST_SECONDS), _LATEST_SECONDS)
        self._ask_at = now if grant.count else now + soon
        if grant.rate is None:
            self._ask_at = now + BLOCK_SECONDS

    def _take_hold(self, now: float, retry_after: float | None) -> None:
        if retry_after is not None:
            self._held_until = max(self._held_until, now + retry_after)
            self._retry_after = max(self._retry_after or 0.0, retry_after)
            self._urgent = self._urgent or self._grant is not None

    def _looks_back(self) -> bool:
        """Whether answers that are under way should be heard before more is sent."""
        suspicion = self._suspicion
        if suspicion is None or self._passing_refusals >= _USED_TO_IT:
            return False
        return self._under_way >= suspicion.enough - suspicion.answers

    def _hear(self, ticket: Ticket, headers: RateHeaders) -> None:
        """Where no call remains, that is a refusal that cost nothing. Headers that never say
        anything else are not believed, nor those after which calls pass all the same."""
        self._announced = headers.per_second or self._announced
        if headers.remaining is None or self._grant is None or ticket.epoch != self._grant.epoch:
            return
        self._remained = max(self._remained, headers.remaining)
        if headers.remaining > 0 or self._remained < _BELIEVED_FROM:
            return
        later = self._number - ticket.number
        if self._grant.rate is None and later:
            if self._suspicion is None and self._passing_refusals < _USED_TO_IT:
                self._suspicion = _Suspicion(ticket.number, min(later, _LATER_ANSWERS))
            return
        self._remained = 0
        self._used_up = self._urgent = True
        self._refused_at = self._refused_at if self._refused else ticket.at

    def _weigh(self, ticket: Ticket, *, refused: bool) -> None:
        """Many more refusals than chance brings, though not one after another."""
        if self._grant is not None and ticket.epoch == self._grant.epoch:
            self._share += (refused - self._share) / _SHARE_OF
            if self._share > _MOST_BY_CHANCE:
                self._share = 0.0
                self._limited = self._urgent = True

    def _look_back(self, ticket: Ticket, *, refused: bool) -> None:
        """After a refusal that may be chance: are later calls refused too?"""
        suspicion = self._suspicion
        if suspicion is None or ticket.number <= suspicion.number:
            return
        suspicion.answers += 1
        suspicion.refused += refused
        if suspicion.answers < suspicion.enough:
            return
        self._suspicion = None
        if suspicion.refused >= _LATER_REFUSED * suspicion.answers:
            self._limited = self._urgent = True
        else:
            self._passing_refusals += 1


class _Suspicion:
    """A refused call, and what became of those that went out after it."""

    def __init__(self, number: int, enough: int) -> None:
        self.number = number
        self.enough = enough
        self.answers = self.refused = 0


class _Trouble:
    """Tells a failing API from a failing record, by the answers of the last one to two seconds."""

    def __init__(self) -> None:
        self._half = float("-inf")
        self._before = self._now = (0, 0)
        self._told_at = float("-inf")

    def add(self, now: float, *, failed: bool) -> bool:
        """Note an answer; True: the API as a whole fails, and that was not said this second."""
        if now - self._half >= 1.0:
            self._before = self._now if now - self._half < 2.0 else (0, 0)
            self._half, self._now = now, (0, 0)
        self._now = (self._now[0] + (not failed), self._now[1] + failed)
        failures = self._before[1] + self._now[1]
        if not failed or failures < _TROUBLE or failures <= self._before[0] + self._now[0]:
            return False
        if now - self._told_at < 1.0:
            return False
        self._told_at = now
        return True


class _Latency:
    """Tells replies that take much longer than they need. `slow`: they do; `usual`: seconds."""

    def __init__(self) -> None:
        self.usual = 0.0
        self.slow = False
        self._floor = self._next_floor = float("inf")
        self._floor_at = float("-inf")
        self._told_at = float("-inf")

    def add(self, now: float, seconds: float) -> bool:
        """Note a reply; True: they are slow, and that was not said for as long as one takes."""
        if now - self._floor_at >= _FLOOR_SECONDS:
            self._floor, self._next_floor, self._floor_at = self._next_floor, float("inf"), now
        self._next_floor = min(self._next_floor, seconds)
        self._floor = min(self._floor, seconds)
        self.usual += (seconds - self.usual) * 0.1
        self.slow = self.usual > max(self._floor * _SLOW_TIMES, self._floor + _SLOW_SECONDS)
        if not self.slow or now - self._told_at < max(self.usual, 1.0):
            return False
        self._told_at = now
        return True
