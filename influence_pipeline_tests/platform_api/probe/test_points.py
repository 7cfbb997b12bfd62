"""Reading what a call did to a balance, where points come late: by a clock of the test's own."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest

from influence_pipeline.platform_api.calls import Call, Failure, Reply
from influence_pipeline.platform_api.outcomes import Judge
from influence_pipeline.platform_api.probe import room as rooms
from influence_pipeline.platform_api.probe.awards import LATE
from influence_pipeline.platform_api.probe.consent import always
from influence_pipeline.platform_api.probe.records import Records
from influence_pipeline.platform_api.probe.redaction import Redactor
from influence_pipeline.platform_api.probe.room import Present, Room
from influence_pipeline.platform_api.probe.wire import Patience, Wire


class Account:
    """Knows one balance, which moves at set moments of a clock that only sleeping moves on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.moves: list[tuple[float, int]] = []
        self.silent: list[float] = []

    def send(self, call: Call, query: dict[str, str] | None = None) -> Reply:
        self.now += 0.01
        if any(at <= self.now < at + 1 for at in self.silent):
            return Reply(503, b"{}")
        balance = sum(by for at, by in self.moves if at <= self.now)
        return Reply(200, json.dumps({"customer": {"pointBalance": balance}}).encode())

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    made = Account()
    monkeypatch.setattr(rooms, "time", made)
    return made


@pytest.fixture
def room(account: Account) -> Room:
    records = Records("influence-pipeline-probe-20261125-abcdef")
    wire = Wire(account, Judge("x"), Redactor(records.stem), Patience(10.0), account.sleep)
    return Room(wire, records, Present.of(None), always, re.compile("x"), account)


def test_points_that_come_within_the_wait_are_seen(room: Room, account: Account) -> None:
    before = room.start_of_points()
    account.moves = [(9.0, 10)]
    assert room.points_after(before).by == 10


def test_a_second_award_that_follows_the_first_is_seen_too(room: Room, account: Account) -> None:
    before = room.start_of_points()
    account.moves = [(1.0, 10), (4.0, 10)]
    assert room.points_after(before).by == 20


def test_no_points_are_said_to_be_none_only_after_the_whole_wait(
    room: Room, account: Account
) -> None:
    before = room.start_of_points()
    assert room.points_after(before).by == 0
    assert account.now >= 10


def test_once_points_were_seen_to_come_at_once_the_waits_are_shorter_but_not_nothing(
    room: Room, account: Account
) -> None:
    account.moves = [(0.02, 10)]
    room.points_after(room.start_of_points())
    account.now = 100.0
    assert room.points_after(room.start_of_points()).by == 0
    assert 102 <= account.now < 105


def test_points_that_come_after_their_question_are_noted_and_the_waits_grow_again(
    room: Room, account: Account
) -> None:
    account.moves = [(0.02, 10)]
    room.points_after(room.start_of_points())
    account.now, account.moves = 100.0, [(0.0, 10), (104.0, 10)]
    assert room.points_after(room.start_of_points()).by == 0
    account.now = 110.0
    before = room.start_of_points()
    assert room.facts.late_points == [10]
    assert room.points_after(before).by == 0
    assert account.now >= 120


def test_the_last_question_says_that_points_came_late(room: Room, account: Account) -> None:
    (late,) = LATE
    room.points_after(room.start_of_points())
    assert late.answer(room).value == "no"
    account.moves = [(account.now + 1, 10)]
    answer = late.answer(room)
    assert (answer.value, answer.attention) == ("yes", True)
    assert "(+10)" in answer.words


def test_a_look_that_fails_says_nothing_of_the_points(room: Room, account: Account) -> None:
    before = room.start_of_points()
    account.moves, account.silent = [(1.0, 10)], [2.0, 4.0]
    assert room.points_after(before).by == 10
    account.silent = [0.0 + second for second in range(1000)]
    assert room.start_of_points() is None
    assert room.points_after(None).words == "the balance could not be read"


def test_a_balance_by_another_name_is_found(room: Room) -> None:
    class Other:
        def send(self, call: Call, query: dict[str, str] | None = None) -> Reply:
            return Reply(200, b'{"customer": {"id": "1", "points": 7, "referralsCompleted": 3}}')

    room.wire.api = Other()
    assert room.balance() == Decimal(7)
    assert room.facts.balance_name == "points"


def test_a_failure_to_connect_three_times_is_the_end_of_the_api(room: Room) -> None:
    class Gone:
        def send(self, call: Call, query: dict[str, str] | None = None) -> Reply:
            return Reply(None, failure=Failure.NOT_SENT, detail="nothing listens")

    room.wire.api = Gone()
    with pytest.raises(Exception, match="The Platform API has gone: nothing listens"):
        for _ in range(3):
            room.balance()
    assert room.wire.calls == 3
