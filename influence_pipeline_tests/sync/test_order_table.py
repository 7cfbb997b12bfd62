"""The order protocol, transition by transition: docs/order-protocol.md and the code say the same of
every state that an order can come into, of every call, and of every answer to it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from influence_pipeline.platform_api.calls import Call, Failure, Reply
from influence_pipeline.platform_api.outcomes import Judge, Meaning
from influence_pipeline.records import FinancialStatus
from influence_pipeline.settings import Delivery
from influence_pipeline.state.schema import Phase
from influence_pipeline.sync import orders
from influence_pipeline.sync.orders import Known, Step
from influence_pipeline_tests.support import variants
from influence_pipeline_tests.support.protocol_table import PAGE, Case, ProtocolTable

TABLE = ProtocolTable()
STATUSES = tuple(FinancialStatus)
YES_AND_NO = (False, True)
# What GET may name: each status, a word nobody knows, and nothing.
TOLD = (*map(str, STATUSES), "on_hold", None)
CALLS = (Step.CREATE, Step.UPDATE, Step.CONTENT, Step.ASK)


def cases_from(found: Known) -> Iterator[Case]:
    """Every call that may be made for an order in this state, with every answer to it."""
    known = orders.claimed(found)
    for wanted, acknowledged, unsure in itertools.product(STATUSES, YES_AND_NO, YES_AND_NO):
        step = orders.next_step(known, wanted, content_acknowledged=acknowledged, unsure=unsure)
        if step not in CALLS:
            continue
        intended = orders.intends(known, step, wanted)
        # In two steps and in `direct`.
        sent = {FinancialStatus.PENDING, wanted} if step is Step.CREATE else {wanted}
        told = TOLD if step is Step.ASK else (None,)
        for meaning, carried, said in itertools.product(Meaning, sorted(sent), told):
            yield Case(intended, step, meaning, carried, said)


def reachable() -> tuple[set[Known], set[Case]]:
    """All states an order can come into from being new, and all that can happen in them."""
    states, cases, todo = {Known()}, set[Case](), [Known()]
    while todo:
        for case in cases_from(todo.pop()):
            cases.add(case)
            after, _ = orders.answered(case.known, case.step, case.meaning, case.sent, case.told)
            # Where the process dies, what was intended is what the next one finds.
            new = {after, case.known} - states
            states |= new
            todo += new
    return states, cases


STATES, CASES = reachable()
TOGETHER = sorted({(case.known.phase, case.step, case.meaning) for case in CASES}, key=str)


def test_every_call_that_can_be_made_has_its_table_and_no_table_is_of_another() -> None:
    assert TABLE.calls_by_phase == {(case.step, case.known.phase) for case in CASES}
    assert len(TOGETHER) == len(TABLE.calls_by_phase) * len(Meaning)


@pytest.mark.parametrize(
    ("phase", "step", "meaning"), TOGETHER, ids=[f"{p}-{s.name}-{m}" for p, s, m in TOGETHER]
)
def test_the_page_and_the_code_make_the_same_of_an_answer(
    phase: Phase, step: Step, meaning: Meaning
) -> None:
    cases = [c for c in CASES if (c.known.phase, c.step, c.meaning) == (phase, step, meaning)]
    assert cases
    for case in cases:
        made = orders.answered(case.known, case.step, case.meaning, case.sent, case.told)
        assert made == TABLE.answered(case), case


@pytest.mark.parametrize("phase", Phase)
def test_the_page_and_the_code_take_an_order_up_alike(phase: Phase) -> None:
    for status, absent in itertools.product((None, *STATUSES), (0, 1)):
        known = Known(phase, status, absent)
        assert orders.claimed(known) == TABLE.claimed(known)


@pytest.mark.parametrize("status", [None, *STATUSES])
@pytest.mark.parametrize("phase", [Phase.IDLE, Phase.UNKNOWN, Phase.REFUNDING])
def test_the_page_and_the_code_make_the_same_call_and_commit_the_same_before(
    phase: Phase, status: FinancialStatus | None
) -> None:
    compare_calls(TABLE, Known(phase, status))


def compare_calls(table: ProtocolTable, known: Known) -> None:
    for wanted, acknowledged, unsure in itertools.product(STATUSES, YES_AND_NO, YES_AND_NO):
        said = {"content_acknowledged": acknowledged, "unsure": unsure}
        step = orders.next_step(known, wanted, **said)
        assert step is table.next_step(known, wanted, **said), (known, wanted, said)
        if step in CALLS:
            assert orders.intends(known, step, wanted) == table.intends(known, step, wanted)


# -- what the states are worth ---------------------------------------------------------------------


def test_an_order_of_which_a_post_may_be_outstanding_is_never_posted_from_there() -> None:
    for case in CASES:
        if case.step is Step.CREATE:
            assert case.known == Known(Phase.CREATING)
        after, _ = orders.answered(case.known, case.step, case.meaning, case.sent, case.told)
        surely_not_there = {Meaning.REJECTED, Meaning.KEY_REJECTED, Meaning.UNREACHABLE}
        if after == Known() and case.step is Step.CREATE:
            assert case.meaning in surely_not_there
        elif after == Known():
            assert (case.known.phase, case.known.absent_answers) == (Phase.UNKNOWN, 1)
            assert case.meaning is Meaning.ABSENT


def test_no_call_takes_points_back_without_an_intent_but_where_the_order_was_never_awarded() -> (
    None
):
    for case in CASES:
        takes_back = case.step is Step.UPDATE and case.sent in {
            FinancialStatus.REFUNDED,
            FinancialStatus.PARTIALLY_REFUNDED,
        }
        assert not takes_back or case.known.phase is Phase.REFUNDING


def test_every_state_has_a_way_to_its_end() -> None:
    """Whatever was lost before: good answers from here on bring every order to what is wanted."""
    for state, wanted in itertools.product(STATES, STATUSES):
        known, acknowledged = orders.claimed(state), False
        for _ in range(6):
            step = orders.next_step(known, wanted, content_acknowledged=acknowledged, unsure=True)
            if step not in CALLS:
                break
            known = orders.intends(known, step, wanted)
            sent = FinancialStatus.PENDING if step is Step.CREATE else wanted
            known, _ = orders.answered(known, step, Meaning.ACCEPTED, sent, "paid")
            acknowledged = acknowledged or step is not Step.ASK
            if known.status is wanted and acknowledged and known.phase is Phase.IDLE:
                break
        conflict = known.status is FinancialStatus.REFUNDED and wanted is not known.status
        assert (known.phase, known.status is wanted or conflict) == (Phase.IDLE, True)


# -- answers that a call never gets ----------------------------------------------------------------

JUDGE = Judge(Delivery().order_not_found_pattern)
BODIES = (
    b"", b"{}", b'{"message": "Order not found"}', b'{"message": "Not Found"}', b"<html>",
    b'{"message": "Order already exists"}', b'{"error": "duplicate"}', b"\xff", b'[1]', b'{"message": 1}',
)  # fmt: skip
REPLIES = [
    *(Reply(status, body) for status, body in itertools.product(range(200, 600), BODIES)),
    *(Reply(None, failure=failure) for failure in Failure),
]


def test_a_post_is_never_said_to_be_absent_or_to_be_made_again_and_nothing_else_to_be_uncertain() -> (
    None
):
    post = Call("POST order", "POST", "/v1/orders", b"{}", repeatable=False)
    others = [
        Call("PATCH order", "PATCH", "/v1/orders/1", b"{}"),
        Call("GET", "GET", "/v1/orders/1"),
    ]
    of_posts = {JUDGE.judge(post, reply).meaning for reply in REPLIES}
    of_others = {JUDGE.judge(call, reply).meaning for call in others for reply in REPLIES}
    assert set(Meaning) - of_posts == {Meaning.LATER, Meaning.ABSENT}
    assert set(Meaning) - of_others == {Meaning.UNCERTAIN, Meaning.EXISTS}


# -- controls --------------------------------------------------------------------------------------


def compare_all(table: ProtocolTable) -> None:
    """All that is compared above. Raises AssertionError where page and code differ."""
    for case in CASES:
        made = orders.answered(case.known, case.step, case.meaning, case.sent, case.told)
        assert made == table.answered(case)
    phases = (Phase.IDLE, Phase.UNKNOWN, Phase.REFUNDING)
    for phase, status in itertools.product(phases, (None, *STATUSES)):
        compare_calls(table, Known(phase, status))
    for state in (*STATES, Known(Phase.CREATING, FinancialStatus.PAID)):
        assert orders.claimed(state) == table.claimed(state)


@pytest.mark.parametrize("variant", variants.OF_THE_PROTOCOL)
def test_control_a_protocol_that_differs_from_the_page_is_noticed(
    variant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare_all(TABLE)
    variants.apply(variant, monkeypatch)
    with pytest.raises(AssertionError):
        compare_all(TABLE)


OTHERWISE = {
    "| on": "| wait", "| wait": "| on", "| as after UPDATE: wait": "| on",
    "| **UPDATE**": "| **CONTENT**", "| **CONTENT**": "| **UPDATE**", "| **ASK**": "| **UPDATE**",
    "| **CREATE**": "| **UPDATE**", "| **CONFLICT**": "| **DONE**", "| **DONE**": "| **CONTENT**",
    "| nothing |": "| `creating`, no status |", "| `creating`, no status, absent answers 0 |": "| nothing |",
    "| `refunding`, the status from before |": "| nothing |",
    "| `unknown`, no status, absent answers 0 |": "| unchanged |",
    "| `idle`, `unknown`, `refunding` | unchanged |": "| `idle`, `unknown`, `refunding` | `idle`, no status |",
}  # fmt: skip


def lines_of_tables() -> list[str]:
    text = PAGE.read_text()
    start, end = text.index("### Taking an order up"), text.index("GET of an order is a guess")
    return [
        line
        for line in text[start:end].splitlines()
        if line.startswith(("| `", "| any other", "| C", "| U", "| A"))
    ]


@pytest.mark.parametrize("line", lines_of_tables())
def test_control_a_line_of_the_page_that_says_otherwise_is_noticed(
    line: str, tmp_path: Path
) -> None:
    changed = next(line.replace(old, new) for old, new in OTHERWISE.items() if old in line)
    page = tmp_path / "page.md"
    page.write_text(PAGE.read_text().replace(line, changed, 1))
    with pytest.raises(AssertionError):
        compare_all(ProtocolTable(page))
