"""The order protocol: each transition by itself, and all of them against an API that doubles."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influence_pipeline.platform_api.outcomes import Meaning
from influence_pipeline.records import FinancialStatus
from influence_pipeline.state.schema import Phase
from influence_pipeline.sync import orders
from influence_pipeline.sync.orders import Known, Step

PENDING, PAID = FinancialStatus.PENDING, FinancialStatus.PAID
REFUNDED, PARTLY = FinancialStatus.REFUNDED, FinancialStatus.PARTIALLY_REFUNDED


@pytest.mark.parametrize(
    ("known", "wanted", "content_acknowledged", "step"),
    [
        (Known(), PAID, False, Step.CREATE),
        (Known(Phase.IDLE, PENDING), PAID, True, Step.UPDATE),
        (Known(Phase.IDLE, PAID), PAID, True, Step.DONE),
        (Known(Phase.IDLE, PAID), PAID, False, Step.CONTENT),
        (Known(Phase.IDLE, REFUNDED), REFUNDED, False, Step.CONTENT),
        (Known(Phase.IDLE, REFUNDED), PAID, False, Step.CONFLICT),
        (Known(Phase.IDLE, REFUNDED), FinancialStatus.VOIDED, False, Step.CONFLICT),
        (Known(Phase.UNKNOWN), PAID, False, Step.UPDATE),
        (Known(Phase.UNKNOWN), REFUNDED, False, Step.CONTENT),
        (Known(Phase.REFUNDING, PAID), REFUNDED, False, Step.ASK),
    ],
)
def test_the_next_call_follows_from_what_is_known(
    known: Known, wanted: FinancialStatus, content_acknowledged: bool, step: Step
) -> None:
    assert orders.next_step(known, wanted, content_acknowledged=content_acknowledged) is step


def test_a_lost_update_from_partially_refunded_is_asked_for_before_anything_is_said_again() -> None:
    known = Known(Phase.IDLE, PARTLY)
    asked = orders.next_step(known, PARTLY, content_acknowledged=False, unsure=True)
    assert asked is Step.ASK
    moved, _ = orders.answered(known, asked, Meaning.ACCEPTED, PARTLY, "paid")
    assert orders.next_step(moved, PARTLY, content_acknowledged=False) is Step.UPDATE
    same, _ = orders.answered(known, asked, Meaning.ACCEPTED, PARTLY, "partially_refunded")
    assert orders.next_step(same, PARTLY, content_acknowledged=False) is Step.CONTENT
    cannot, _ = orders.answered(known, asked, Meaning.REJECTED, PARTLY)
    assert orders.next_step(cannot, PARTLY, content_acknowledged=False) is Step.CONTENT


def test_answers_no_such_order_to_a_question_do_not_count_against_a_later_call() -> None:
    """Else one more of them, after months, would let a POST be made again."""
    known = Known(Phase.IDLE, PARTLY, absent_answers=1)
    assert orders.intends(known, Step.CONTENT, PARTLY) == Known(Phase.IDLE, PARTLY)
    assert orders.intends(known, Step.UPDATE, PAID) == Known(Phase.IDLE, PARTLY)
    assert orders.intends(known, Step.ASK, PARTLY) == known
    uncertain = Known(Phase.UNKNOWN, None, absent_answers=1)
    assert orders.intends(uncertain, Step.UPDATE, PAID) == uncertain


@pytest.mark.parametrize("wanted", [REFUNDED, PARTLY])
@pytest.mark.parametrize("two_step", [True, False])
def test_no_post_takes_points_back(wanted: FinancialStatus, two_step: bool) -> None:
    assert orders.created_as(wanted, two_step=two_step) is PENDING


def test_direct_creates_with_the_real_status() -> None:
    assert orders.created_as(PAID, two_step=False) is PAID
    assert orders.created_as(PAID, two_step=True) is PENDING


@pytest.mark.parametrize(
    ("known", "step", "meaning", "sent", "after", "waits"),
    [
        (Known(Phase.CREATING), Step.CREATE, Meaning.ACCEPTED, PENDING, Known(Phase.IDLE, PENDING), False),
        (Known(Phase.CREATING), Step.CREATE, Meaning.EXISTS, PENDING, Known(Phase.UNKNOWN), False),
        (Known(Phase.CREATING), Step.CREATE, Meaning.UNCERTAIN, PENDING, Known(Phase.UNKNOWN), True),
        (Known(Phase.CREATING), Step.CREATE, Meaning.UNREACHABLE, PENDING, Known(), True),
        (Known(Phase.CREATING), Step.CREATE, Meaning.REJECTED, PENDING, Known(), True),
        (Known(Phase.UNKNOWN), Step.UPDATE, Meaning.ACCEPTED, PAID, Known(Phase.IDLE, PAID), False),
        (Known(Phase.UNKNOWN), Step.CONTENT, Meaning.ACCEPTED, REFUNDED, Known(Phase.IDLE, PENDING), False),
        (Known(Phase.UNKNOWN), Step.UPDATE, Meaning.ABSENT, PAID, Known(Phase.UNKNOWN, None, 1), True),
        (Known(Phase.UNKNOWN, None, 1), Step.UPDATE, Meaning.ABSENT, PAID, Known(), False),
        (Known(Phase.UNKNOWN, None, 1), Step.UPDATE, Meaning.LATER, PAID, Known(Phase.UNKNOWN, None, 1), True),
        (Known(Phase.IDLE, PENDING), Step.UPDATE, Meaning.LATER, PAID, Known(Phase.IDLE, PENDING), True),
        (Known(Phase.REFUNDING, PAID), Step.UPDATE, Meaning.LATER, REFUNDED, Known(Phase.REFUNDING, PAID), True),
        (Known(Phase.REFUNDING, PAID), Step.UPDATE, Meaning.REJECTED, REFUNDED, Known(Phase.IDLE, PAID), True),
        (Known(Phase.REFUNDING, PAID), Step.UPDATE, Meaning.UNREACHABLE, REFUNDED, Known(Phase.IDLE, PAID), True),
        (Known(Phase.REFUNDING, PAID), Step.ASK, Meaning.LATER, REFUNDED, Known(Phase.REFUNDING, PAID), True),
        (Known(Phase.REFUNDING, PAID), Step.ASK, Meaning.REJECTED, REFUNDED, Known(Phase.IDLE, PAID), False),
    ],
)  # fmt: skip
def test_an_answer_makes_exactly_this_of_an_order(
    known: Known,
    step: Step,
    meaning: Meaning,
    sent: FinancialStatus,
    after: Known,
    waits: bool,
) -> None:
    assert orders.answered(known, step, meaning, sent) == (after, waits)


def test_a_refund_that_already_happened_is_learned_by_asking_and_not_sent_again() -> None:
    known = Known(Phase.REFUNDING, PAID)
    assert orders.answered(known, Step.ASK, Meaning.ACCEPTED, REFUNDED, "refunded") == (
        Known(Phase.IDLE, REFUNDED),
        False,
    )
    assert orders.answered(known, Step.ASK, Meaning.ACCEPTED, REFUNDED, "paid") == (
        Known(Phase.IDLE, PAID),
        False,
    )


def test_a_post_and_a_move_that_takes_points_back_are_intended_before_they_are_made() -> None:
    assert orders.intends(Known(), Step.CREATE, PAID) == Known(Phase.CREATING)
    paid = Known(Phase.IDLE, PAID)
    assert orders.intends(paid, Step.UPDATE, REFUNDED) == Known(Phase.REFUNDING, PAID)
    assert orders.intends(paid, Step.UPDATE, PARTLY) == Known(Phase.REFUNDING, PAID)
    assert orders.intends(Known(Phase.IDLE, PENDING), Step.UPDATE, PAID) == Known(
        Phase.IDLE, PENDING
    )


def test_an_order_left_behind_by_a_killed_process_is_asked_for_not_posted() -> None:
    left_behind = orders.claimed(Known(Phase.CREATING))
    assert orders.next_step(left_behind, PAID, content_acknowledged=False) is Step.UPDATE


@dataclass
class DoublingApi:
    """The worst API: each POST that lands awards once it is paid, each `refunded` takes back."""

    copies: int = 0
    status: FinancialStatus | None = None
    deductions: int = 0

    def apply(self, step: Step, sent: FinancialStatus) -> Meaning:
        if step is Step.CREATE:
            self.copies += 1
            self.status = sent
            return Meaning.ACCEPTED
        if self.status is None:
            return Meaning.ABSENT
        if step is Step.UPDATE:
            self.deductions += sent is REFUNDED
            self.status = sent
        return Meaning.ACCEPTED


# What can happen to a call: (is it applied, is its answer seen). None: the process dies, applied or
# not, and its memory with it.
FAULTS = {
    "clean": (True, True),
    "answer lost": (True, False),
    "call lost": (False, False),
    "killed before": (False, None),
    "killed after": (True, None),
}


def drive(
    api: DoublingApi,
    history: list[FinancialStatus],
    faults: list[str],
    protocol=orders,  # type: ignore[no-untyped-def]
) -> Known:
    """Run one order through `history` with a fault per call; then let it settle without faults."""
    known, committed, content = Known(), Known(), False
    happens = itertools.chain(faults, itertools.repeat("clean"))
    for wanted in history:
        content = False
        for _ in range(50):
            known = protocol.claimed(known)
            step = protocol.next_step(known, wanted, content_acknowledged=content)
            if step in {Step.DONE, Step.CONFLICT}:
                break
            known = protocol.intends(known, step, wanted)
            committed = known
            sent = PENDING if step is Step.CREATE else wanted
            applied, seen = FAULTS[next(happens)]
            meaning, told = Meaning.UNCERTAIN, None
            if applied:
                meaning = api.apply(step, sent) if step is not Step.ASK else Meaning.ACCEPTED
                told = str(api.status) if step is Step.ASK else None
            if seen is None:
                known = committed
                continue
            if not seen:
                meaning = Meaning.UNCERTAIN if step is Step.CREATE else Meaning.LATER
            known, _waits = protocol.answered(known, step, meaning, sent, told)
            content = content or (meaning is Meaning.ACCEPTED and step is not Step.ASK)
    return known


histories = st.sampled_from(
    [[PAID], [PENDING, PAID], [PAID, REFUNDED], [PENDING, PAID, REFUNDED], [REFUNDED]]
)


@given(history=histories, faults=st.lists(st.sampled_from(sorted(FAULTS)), max_size=12))
def test_whatever_is_lost_or_killed_an_order_lands_once_and_is_refunded_once(
    history: list[FinancialStatus], faults: list[str]
) -> None:
    api = DoublingApi()
    known = drive(api, history, faults)
    assert api.copies == 1
    assert api.deductions <= 1
    assert api.status is history[-1]
    assert known == Known(Phase.IDLE, history[-1])


class PostsAgain:
    """Control: a protocol that posts again after an uncertain answer, as most retries do."""

    next_step = staticmethod(orders.next_step)
    intends = staticmethod(orders.intends)

    @staticmethod
    def claimed(known: Known) -> Known:
        return Known() if known.phase is Phase.CREATING else known

    @staticmethod
    def answered(known, step, meaning, sent, told):  # type: ignore[no-untyped-def]
        if step is Step.CREATE and meaning is Meaning.UNCERTAIN:
            return Known(), True
        return orders.answered(known, step, meaning, sent, told)


class ForgetsTheRefund(PostsAgain):
    """Control: a protocol that does not note a refund before it sends it."""

    claimed = staticmethod(orders.claimed)
    answered = staticmethod(orders.answered)

    @staticmethod
    def intends(known: Known, step: Step, wanted: FinancialStatus) -> Known:
        return Known(Phase.CREATING) if step is Step.CREATE else known


@pytest.mark.parametrize("fault", ["answer lost", "killed after"])
def test_control_a_protocol_that_posts_again_is_caught(fault: str) -> None:
    api = DoublingApi()
    drive(api, [PAID], [fault], PostsAgain)
    assert api.copies == 2


@pytest.mark.parametrize("fault", ["answer lost", "killed after"])
def test_control_a_protocol_that_forgets_a_refund_is_caught(fault: str) -> None:
    api = DoublingApi()
    drive(api, [PAID, REFUNDED], ["clean", "clean", fault], ForgetsTheRefund)
    assert api.deductions == 2
