"""One worker's pace, step by step: what it reports, what it makes of a grant and of each answer."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import pytest

from influence_pipeline.platform_api.rate_headers import RateHeaders
from influence_pipeline.sync.pace_control import Grant, Report
from influence_pipeline.sync.pacing import BLOCK_SECONDS, Pace, Ticket

LOOK_AGAIN = 0.002
OPEN = Grant(1, None, chance=True)
# Ten slots, a tenth of a second apart, the first at once.
TEN = Grant(1, 10.0, gap=0.1, count=10)


class Exchange:
    """The shared pace, as far as a test writes it: grants are given in order."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.grants: deque[Grant] = deque()

    def begin(self, report: Report) -> None:
        self.reports.append(report)

    def take(self) -> Grant | None:
        return self.grants.popleft() if self.grants else None


class Worker:
    """A pace with its exchange, and the calls that went out."""

    def __init__(self, in_flight: int = 10, *, live: bool = True) -> None:
        self.exchange = Exchange()
        self.pace = Pace(in_flight, self.exchange, live=live)

    @property
    def reports(self) -> list[Report]:
        return self.exchange.reports

    def granted(self, grant: Grant, now: float = 0.0, ready: int = 0) -> Worker:
        """Let the question that is asked at this moment, or was before, have this answer."""
        asked = len(self.reports)
        self.pace.step(now, ready)
        assert len(self.reports) <= asked + 1
        self.exchange.grants.append(grant)
        self.pace.step(now, 0)
        return self

    def send(self, number: int = 1, now: float = 0.0) -> list[Ticket]:
        tickets = []
        for _ in range(number):
            self.pace.wait(now)
            tickets.append(self.pace.went_out())
        return tickets

    def report(self, now: float, ready: int = 0) -> Report | None:
        """What it reports at this moment; None: nothing."""
        before = len(self.reports)
        self.pace.step(now, ready)
        return self.reports[-1] if len(self.reports) > before else None


def rated(grant: Grant, now: float, in_flight: int = 10) -> Worker:
    """A worker under a rate whose window is wide open, with these slots. Replies took ten seconds,
    so that none comes back within a block."""
    worker = Worker(in_flight).granted(Grant(1, 10.0, gap=0.1, count=1), now - 1)
    (ticket,) = worker.send(1, now - 1)
    worker.pace.good(ticket, now - 1, 10.0)
    return worker.granted(grant, now, ready=1)


def test_before_anything_is_known_one_question_is_asked_and_nothing_sent() -> None:
    worker = Worker()
    assert (worker.pace.window, worker.pace.rate, worker.pace.held(0.0)) == (1, None, 0.0)
    assert worker.pace.wait(5.0) == LOOK_AGAIN
    for now in (5.0, 5.1, 9.0):
        worker.pace.step(now, 3)
    assert worker.reports == [Report()]


@pytest.mark.parametrize("live", [True, False])
def test_a_report_says_of_which_lane_it_is(live: bool) -> None:
    assert Worker(live=live).report(0.0) == Report(live=live)


def test_without_a_rate_a_call_may_go_at_once_and_what_passed_is_reported_every_block() -> None:
    worker = Worker().granted(OPEN, 10.0)
    assert (worker.pace.rate, worker.pace.wait(10.0)) == (None, 0.0)
    first, second = worker.send(2, 10.01)
    assert (first, second) == (Ticket(1, 1, 10.01), Ticket(2, 1, 10.01))
    worker.pace.good(first, 10.1, 0.09)
    worker.pace.good(second, 10.1, 0.09)
    assert worker.report(10.0 + BLOCK_SECONDS - 0.01, ready=5) is None
    said = worker.report(10.0 + BLOCK_SECONDS, ready=5)
    assert said == Report(epoch=1, accepted=2, window=worker.pace.window)
    # Told once; and where nothing was heard there is nothing to tell.
    worker.exchange.grants.append(OPEN)
    assert worker.report(11.0) is None
    assert worker.report(12.0, ready=5) is None


@pytest.mark.parametrize(
    ("in_flight", "grant", "windows"),
    [
        (10, OPEN, [1, 1, 2, 2, 2, 3]),
        (10, replace(OPEN, start=5), [5, 5, 6, 6, 7]),
        (256, OPEN, [6, 11, 16, 21, 27]),
        (6, replace(OPEN, start=5), [5, 5, 6, 6, 6]),
        # Where there is a rate, it is the rate that protects the API.
        (10, TEN, [10, 10]),
    ],
)
def test_the_window_opens_with_each_good_reply(
    in_flight: int, grant: Grant, windows: list[int]
) -> None:
    worker = Worker(in_flight).granted(grant)
    found = []
    for _ in windows:
        (ticket,) = worker.send()
        worker.pace.good(ticket, 0.0, 0.05)
        found.append(worker.pace.window)
    assert found == windows


def test_each_call_uses_a_slot_and_the_next_is_waited_for() -> None:
    worker = Worker().granted(Grant(7, 10.0, first_in=0.3, gap=0.1, count=2), 5.0)
    assert (worker.pace.rate, worker.pace.wait(5.0)) == (10.0, pytest.approx(0.3))
    assert worker.pace.wait(5.1) == pytest.approx(0.2)
    assert worker.send(1, 5.3) == [Ticket(1, 7, 5.3)]
    assert worker.pace.wait(5.3) == pytest.approx(0.1)
    assert worker.pace.wait(5.45) == 0.0
    worker.send(1, 5.45)
    # None is left: it is asked for more at once.
    assert worker.pace.wait(5.45) == LOOK_AGAIN


def test_slots_that_could_not_be_used_are_void_and_the_report_says_the_rate_is_no_bound() -> None:
    two = Grant(1, 10.0, gap=0.1, count=2)
    # The slots of 5.0 and 5.1: the first is forty milliseconds old, and good.
    worker = rated(two, 5.0)
    assert worker.report(5.04, ready=3) is None
    assert worker.pace.wait(5.04) == 0.0
    worker.send(1, 5.04)
    said = worker.report(5.06, ready=3)
    assert said is not None
    assert (said.used, said.wanted) == (True, 2)
    # Sixty, and void; so is the second one then.
    worker = rated(two, 5.0)
    said = worker.report(5.06, ready=3)
    assert said is not None
    assert (said.used, said.wanted) == (False, 2)
    assert worker.pace.wait(5.06) == pytest.approx(0.04)


@pytest.mark.parametrize(("ready", "wanted"), [(0, 0), (1, 1), (4, 4), (9, 9), (50, 9)])
def test_no_more_slots_are_asked_for_than_calls_are_ready_and_the_window_has_room(
    ready: int, wanted: int
) -> None:
    worker = rated(Grant(1, 10.0, gap=0.1, count=1), 5.0)
    worker.send(1, 5.0)
    said = worker.report(5.0, ready=ready)
    assert (said.wanted, said.used) == (wanted, True) if said else wanted == 0


def test_the_end_of_a_call_that_says_nothing_makes_room() -> None:
    worker = rated(Grant(1, 10.0, gap=0.1, count=1), 5.0)
    worker.send(1, 5.0)
    worker.pace.over()
    said = worker.report(5.0, ready=50)
    assert said is not None
    assert (said.wanted, said.accepted) == (10, 0)


def test_a_room_that_comes_back_within_a_block_is_counted() -> None:
    worker = Worker(10).granted(Grant(1, 100.0, count=1, gap=0.01))
    (ticket,) = worker.send()
    worker.pace.good(ticket, 0.0, 0.5)
    # The usual time is a tenth of the first reply's: 50 ms, four times in a block.
    said = worker.report(0.0, ready=1000)
    assert said is not None
    assert said.wanted == 10 + 40


def test_while_slots_are_left_for_a_while_none_are_asked_for() -> None:
    worker = rated(Grant(1, 10.0, first_in=BLOCK_SECONDS / 4 + 0.001, count=1), 5.0)
    assert worker.report(5.0, ready=5) is None
    said = worker.report(5.002, ready=5)
    assert said is not None
    assert said.wanted == 4, "one of the five has a slot"


@pytest.mark.parametrize(
    ("first_in", "times", "asks_after"),
    [
        (0.3, 1, 0.2),
        (0.3, 2, 0.15),
        (0.3, 3, 0.125),
        (0.01, 1, 0.02),
        (9.0, 1, 0.5),
    ],
)
def test_who_got_no_slot_asks_again_in_time_and_the_earlier_the_more_often(
    first_in: float, times: int, asks_after: float
) -> None:
    worker = Worker()
    for second in range(times):
        worker.granted(Grant(1, 10.0, first_in=first_in, gap=0.1), float(second), ready=1)
    last = times - 1.0
    assert worker.pace.wait(last) == pytest.approx(asks_after)
    assert worker.report(last + asks_after - 0.001, ready=1) is None
    assert worker.report(last + asks_after + 0.001, ready=1) is not None


def test_who_got_slots_again_begins_anew() -> None:
    none, one = Grant(1, 10.0, first_in=0.3, gap=0.1), Grant(1, 10.0, count=1, gap=0.1)
    worker = rated(none, 5.0).granted(none, 6.0, ready=1).granted(one, 7.0, ready=1)
    worker.send(1, 7.0)
    worker.granted(none, 8.0, ready=1)
    assert worker.pace.wait(8.0) == pytest.approx(0.2)


def test_a_wait_that_the_api_asks_for_is_kept_and_told_at_once() -> None:
    worker = Worker().granted(OPEN, 10.0)
    _, second, third = worker.send(3, 10.0)
    worker.pace.failed(10.1, 3.0)
    worker.pace.refused(second, 10.1, 2.0)
    assert worker.pace.held(10.1) == pytest.approx(3.0)
    assert worker.pace.wait(10.2) == pytest.approx(2.9)
    said = worker.report(10.1)
    assert said is not None
    assert (said.retry_after, said.refused, said.limited) == (3.0, 1, True)
    worker.exchange.grants.append(OPEN)
    assert worker.report(10.2) is None
    worker.pace.good(third, 13.2, 0.1)
    said = worker.report(13.3)
    assert said is not None
    assert (said.retry_after, said.refused, said.limited, said.accepted) == (None, 0, False, 1)
    assert worker.pace.held(14.0) == 0.0


def test_a_wait_in_a_grant_holds_this_worker_too_and_never_gets_shorter() -> None:
    worker = Worker().granted(replace(OPEN, held=5.0), 10.0)
    assert (worker.pace.held(11.0), worker.pace.wait(11.0)) == (4.0, 4.0)
    worker.pace.failed(11.0, 1.0)
    assert worker.pace.held(11.0) == 4.0


def test_a_refusal_under_a_rate_is_reported_at_once_with_its_age() -> None:
    worker = Worker().granted(TEN, 10.0)
    first, second = worker.send(2, 10.0)
    worker.pace.refused(first, 10.4, None)
    worker.pace.refused(second, 10.5, None)
    assert worker.pace.wait(10.5) == LOOK_AGAIN
    said = worker.report(10.5, ready=0)
    assert said is not None
    assert (said.refused, said.limited, said.used_up) == (2, True, False)
    assert said.refused_ago == pytest.approx(0.5)


def test_the_refusal_of_a_call_from_before_the_last_change_says_nothing() -> None:
    worker = Worker().granted(TEN, 10.0)
    old, good, later = worker.send(3, 10.0)
    worker.pace.good(good, 10.3, 0.1)
    worker.granted(replace(TEN, epoch=2), 10.3)
    worker.pace.refused(old, 10.4, None)
    worker.pace.good(later, 10.4, 0.1)
    said = worker.report(11.0, ready=1)
    assert said is not None
    assert (said.epoch, said.refused, said.limited, said.accepted) == (2, 0, False, 1)


def test_a_new_epoch_voids_slots_and_what_was_refused_before() -> None:
    worker = Worker().granted(TEN, 10.0)
    (first,) = worker.send(1, 10.0)
    worker.pace.refused(first, 10.0, None)
    worker.pace.step(10.0, 0)
    worker.exchange.grants.append(Grant(2, 5.0, first_in=1.0, gap=0.2, count=1))
    worker.pace.step(10.0, 0)
    # None of the old slots is left.
    assert worker.pace.wait(10.0) == pytest.approx(1.0)
    assert worker.pace.rate == 5.0


def test_slots_of_the_same_epoch_come_behind_those_that_are_left() -> None:
    worker = rated(Grant(1, 10.0, gap=0.1, count=1), 10.0)
    worker.granted(Grant(1, 10.0, first_in=0.1, gap=0.1, count=1), 10.0, ready=9)
    worker.send(1, 10.0)
    assert worker.pace.wait(10.0) == pytest.approx(0.1)


# -- refusals that may be chance -------------------------------------------------------------------


def many(worker: Worker, number: int) -> list[Ticket]:
    """So many calls at once, in a window that is wide open."""
    return worker.send(number, 0.0)


@pytest.mark.parametrize(
    ("refused_later", "limited"),
    [(0, False), (4, False), (5, True), (8, True)],
)
def test_calls_after_a_refused_one_tell_a_limit_from_chance(
    refused_later: int, limited: bool
) -> None:
    worker = Worker(100).granted(replace(OPEN, start=50))
    (warm,) = worker.send()
    worker.pace.good(warm, 0.0, 0.05)
    # Before it so many went well that a share of refusals is none.
    first, *later = many(worker, 20)
    worker.pace.refused(first, 0.0, None)
    for number, ticket in enumerate(later[:8]):
        assert not worker.pace._limited
        if number < refused_later:
            worker.pace.refused(ticket, 0.0, None)
        else:
            worker.pace.good(ticket, 0.0, 0.05)
    assert worker.pace._limited == limited
    assert (worker.pace.wait(0.0) == LOOK_AGAIN) == limited


def test_while_it_is_not_known_the_window_does_not_open_and_answers_are_waited_for() -> None:
    worker = Worker(100).granted(replace(OPEN, start=20))
    (warm,) = worker.send()
    worker.pace.good(warm, 0.0, 0.05)
    window = worker.pace.window
    first, *later = many(worker, 9)
    assert worker.pace.wait(0.0) == 0.0
    worker.pace.refused(first, 0.0, None)
    # Eight are under way, eight answers are wanted.
    assert worker.pace.wait(0.0) == LOOK_AGAIN
    for ticket in later[:7]:
        worker.pace.good(ticket, 0.0, 0.05)
        assert worker.pace.window == window
    worker.pace.good(later[7], 0.0, 0.05)
    worker.pace.good(warm, 0.0, 0.05)
    worker.pace.good(warm, 0.0, 0.05)
    assert worker.pace.window > window
    assert worker.pace.wait(0.0) == 0.0


def test_a_second_time_more_answers_are_asked_for_and_after_three_none() -> None:
    worker = Worker(1000).granted(replace(OPEN, start=60))
    (warm,) = worker.send()
    worker.pace.good(warm, 0.0, 0.05)
    for enough in (8, 16, 16):
        first, *later = many(worker, enough + 1)
        worker.pace.refused(first, 0.0, None)
        assert worker.pace._suspicion is not None
        assert worker.pace._suspicion.enough == enough
        for ticket in later:
            worker.pace.good(ticket, 0.0, 0.05)
        assert worker.pace._suspicion is None
    window = worker.pace.window
    first, *later = many(worker, 30)
    worker.pace.refused(first, 0.0, None)
    assert worker.pace.wait(0.0) == 0.0
    for ticket in later[:4]:
        worker.pace.good(ticket, 0.0, 0.05)
    assert worker.pace.window > window


def test_few_answers_are_enough_where_few_calls_went_out_since() -> None:
    worker = Worker(100).granted(OPEN)
    worker.pace.refused(many(worker, 4)[0], 0.0, None)
    assert worker.pace._suspicion is not None
    assert worker.pace._suspicion.enough == 3
    lonely = Worker(100).granted(OPEN)
    lonely.pace.refused(lonely.send()[0], 0.0, None)
    assert lonely.pace._suspicion is not None
    assert lonely.pace._suspicion.enough == 2


def test_more_refusals_than_chance_brings_show_a_limit_though_never_many_in_a_row() -> None:
    worker = Worker(100).granted(replace(OPEN, start=60))
    worker.pace._passing_refusals = 3
    for number in range(200):
        (ticket,) = worker.send()
        if number % 3 == 0:
            worker.pace.refused(ticket, 0.0, None)
        else:
            worker.pace.good(ticket, 0.0, 0.05)
        if worker.pace._limited:
            break
    # A third are refused: over about fifty answers that is no chance.
    assert 40 < number < 110
    calm = Worker(100).granted(replace(OPEN, start=60))
    calm.pace._passing_refusals = 3
    for number in range(600):
        (ticket,) = calm.send()
        if number % 8 == 0:
            calm.pace.refused(ticket, 0.0, None)
        else:
            calm.pace.good(ticket, 0.0, 0.05)
    assert not calm.pace._limited


# -- an API that fails or is slow ------------------------------------------------------------------


def opened(in_flight: int = 64, start: int = 40) -> Worker:
    worker = Worker(in_flight).granted(replace(OPEN, start=start))
    (ticket,) = worker.send()
    worker.pace.good(ticket, 0.0, 0.05)
    return worker


def test_failures_close_the_window_by_half_once_a_second() -> None:
    worker = opened()
    window = worker.pace.window
    for _ in range(4):
        worker.pace.failed(10.0, None)
    assert worker.pace.window == window
    worker.pace.failed(10.0, None)
    assert worker.pace.window == window // 2
    worker.pace.failed(10.5, None)
    assert worker.pace.window == window // 2
    worker.pace.failed(11.1, None)
    assert worker.pace.window == window // 4
    for second in range(12, 30):
        worker.pace.failed(float(second), None)
        worker.pace.failed(float(second), None)
        worker.pace.failed(float(second), None)
    assert worker.pace.window == 1


def test_a_failure_among_as_many_good_ones_is_a_records_trouble() -> None:
    worker = opened()
    tickets = worker.send(5)
    for ticket in tickets:
        worker.pace.good(ticket, 10.0, 0.05)
    window = worker.pace.window
    for _ in range(5):
        worker.pace.failed(10.5, None)
    assert worker.pace.window == window
    worker.pace.failed(10.6, None)
    assert worker.pace.window < window


def test_failures_of_two_seconds_ago_are_forgotten() -> None:
    worker = opened()
    window = worker.pace.window
    for _ in range(4):
        worker.pace.failed(10.0, None)
    worker.pace.failed(12.1, None)
    assert worker.pace.window == window


def test_replies_that_take_ever_longer_close_the_window_by_a_fifth() -> None:
    worker = opened()
    for ticket in worker.send(20):
        worker.pace.good(ticket, 1.0, 0.1)
    window = worker.pace.window
    for ticket in worker.send(3):
        worker.pace.good(ticket, 2.0, 3.0)
    # The usual time is 0.9 s now: more than three times, and than half a second more than 0.05 s.
    # The first of the three still opened it.
    assert worker.pace.window == int((window + 0.8) * 0.8)
    for ticket in worker.send(5):
        worker.pace.good(ticket, 2.5, 3.0)
    assert worker.pace.window == int((window + 0.8) * 0.8), "once in as long as a reply takes"


# -- what headers say ------------------------------------------------------------------------------


def test_a_limit_that_headers_name_is_reported_and_stays_so() -> None:
    worker = Worker().granted(OPEN, 10.0)
    first, second = worker.send(2, 10.0)
    worker.pace.good(first, 10.0, 0.05, RateHeaders(per_second=7.0, remaining=None))
    worker.pace.good(second, 10.0, 0.05, RateHeaders(per_second=None, remaining=None))
    said = worker.report(10.3)
    assert said is not None
    assert (said.announced, said.used_up) == (7.0, False)


@pytest.mark.parametrize(
    ("remaining", "believed"),
    [([3, 0], True), ([2, 0], False), ([9, 1], False), ([0], False), ([5, 4, 0], True)],
)
def test_that_no_call_remains_is_a_refusal_that_cost_nothing(
    remaining: list[int], believed: bool
) -> None:
    worker = Worker().granted(TEN, 10.0)
    for number in remaining:
        (ticket,) = worker.send(1, 10.0)
        worker.pace.good(ticket, 10.2, 0.05, RateHeaders(per_second=None, remaining=number))
    said = worker.report(10.2)
    if believed:
        assert said is not None
        assert (said.used_up, said.limited, said.refused) == (True, False, 0)
        assert said.refused_ago == pytest.approx(0.2)
    else:
        assert said is None or not said.used_up


def test_where_later_calls_are_under_way_it_is_seen_first_whether_they_pass() -> None:
    worker = Worker(100).granted(replace(OPEN, start=50))
    (warm,) = worker.send()
    worker.pace.good(warm, 0.0, 0.05, RateHeaders(per_second=None, remaining=20))
    first, *later = worker.send(5)
    worker.pace.good(first, 0.0, 0.05, RateHeaders(per_second=None, remaining=0))
    assert worker.pace._suspicion is not None
    assert (worker.pace._suspicion.number, worker.pace._suspicion.enough) == (first.number, 4)
    for ticket in later:
        worker.pace.refused(ticket, 0.0, None)
    said = worker.report(0.1)
    assert said is not None
    assert said.limited


# -- the end ---------------------------------------------------------------------------------------


def test_at_the_end_what_was_not_reported_is() -> None:
    worker = Worker().granted(OPEN, 10.0)
    (ticket,) = worker.send(1, 10.0)
    worker.pace.close(10.05)
    asked = len(worker.reports)
    worker.pace.good(ticket, 10.1, 0.05)
    worker.pace.close(10.11)
    assert len(worker.reports) == asked + 1
    assert worker.reports[-1] == Report(epoch=1, accepted=1, window=worker.pace.window)
    # While that is on its way, nothing is asked twice.
    worker.pace.close(10.12)
    assert len(worker.reports) == asked + 1
