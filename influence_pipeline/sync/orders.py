"""The order protocol as a state machine: which call comes next, and what an answer makes of it.

Pure: no database, no clock, no network. `deliver` runs it and stores what it says. The contract's
reasons ("The order protocol") in one line: the POST is not known to be safe to repeat, the PATCH is
documented not to award twice, and what a repeated move to refunded does is not documented.

An order at the API is described by `Known`: which call may be outstanding (`phase`), the last
acknowledged financial status (None: the order is not known to exist there), and how often the API
said "no such order" since a POST became uncertain. docs/order-protocol.md shows this as a table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

from influence_pipeline.platform_api.outcomes import Meaning
from influence_pipeline.records import FinancialStatus
from influence_pipeline.state.schema import Phase

# A call that moves an order here may take points back, each time it is made.
_TAKES_POINTS_BACK = frozenset({FinancialStatus.REFUNDED, FinancialStatus.PARTIALLY_REFUNDED})
# The same, of which it is not documented that they leave points alone: where a balance went down
# after one of them, nobody has to have spent points.
MAY_TAKE_POINTS_BACK = _TAKES_POINTS_BACK | {FinancialStatus.VOIDED}

# Two answers "no such order", a quiet window apart, before a POST may be made again.
_ABSENT_ANSWERS_NEEDED = 2


@dataclass(frozen=True)
class Known:
    """What is known of one order at the API."""

    phase: Phase = Phase.IDLE
    status: FinancialStatus | None = None
    absent_answers: int = 0


class Step(Enum):
    """CREATE: POST. UPDATE: PATCH with status. CONTENT: PATCH without. ASK: GET.

    DONE: nothing is left. CONFLICT: a person must decide.
    """

    CREATE = auto()
    UPDATE = auto()
    CONTENT = auto()
    ASK = auto()
    DONE = auto()
    CONFLICT = auto()


def claimed(known: Known) -> Known:
    """What to make of an order as it is found when nobody holds its lease.

    `creating`: the process that intended the POST is gone, so its outcome is not known. The quiet
    window is over already: the intent carried it (`deliver` sets `next_at` with the intent).
    """
    if known.phase is Phase.CREATING:
        return Known(Phase.UNKNOWN)
    return known


def next_step(
    known: Known, wanted: FinancialStatus, *, content_acknowledged: bool, unsure: bool = False
) -> Step:
    """Say which call comes next so that the API has `wanted` and the present content.

    `unsure`: a PATCH may have been applied without our knowing, so the status is said again.
    """
    if known.phase is Phase.UNKNOWN:
        # The question is a PATCH: documented, harmless if the order is there, 404 if it is not.
        # One that takes points back is no harmless question, so then it carries no status.
        return Step.CONTENT if wanted in _TAKES_POINTS_BACK else Step.UPDATE
    if known.phase is Phase.REFUNDING:
        return Step.ASK
    if known.status is None:
        return Step.CREATE
    if known.status is FinancialStatus.REFUNDED and wanted is not FinancialStatus.REFUNDED:
        # A late `paid` never follows `refunded`, and `refunded` is sent once (contract, item 7):
        # after any other status it would have to be sent again.
        return Step.CONFLICT
    if known.status is not wanted or (unsure and wanted not in _TAKES_POINTS_BACK):
        return Step.UPDATE
    if unsure and wanted is FinancialStatus.PARTIALLY_REFUNDED:
        # An update from it to another status may have been applied without our knowing. Said again
        # it might take points back again, so it is asked for.
        return Step.ASK
    return Step.DONE if content_acknowledged else Step.CONTENT


def created_as(wanted: FinancialStatus, *, two_step: bool) -> FinancialStatus:
    """Say which status the POST of a new order carries.

    Never one that takes points back: should the POST's outcome stay unknown, nobody could tell
    whether points were taken, and whether another status may still follow.
    """
    return FinancialStatus.PENDING if two_step or wanted in _TAKES_POINTS_BACK else wanted


def intends(known: Known, step: Step, wanted: FinancialStatus) -> Known:
    """Give what must be committed before the call of `step` is made."""
    if step is Step.CREATE:
        return Known(Phase.CREATING)
    if known.phase is Phase.IDLE and step is not Step.ASK:
        # What was counted while it was asked for is over.
        known = replace(known, absent_answers=0)
    if step is Step.UPDATE and wanted in _TAKES_POINTS_BACK and known.phase is Phase.IDLE:
        return replace(known, phase=Phase.REFUNDING)
    return known


def answered(
    known: Known,
    step: Step,
    meaning: Meaning,
    sent: FinancialStatus,
    told: str | None = None,
) -> tuple[Known, bool]:
    """Say what an answer makes of an order: what is known now, and whether to wait.

    `sent`: the status the call carried (for CREATE: see `created_as`). `told`: the status that
    the API named in answer to ASK. True: nothing more now; come back after a wait (the quiet window
    where the phase is `unknown`).
    """
    if step is Step.CREATE:
        return _after_create(meaning, sent)
    if step is Step.ASK:
        return _after_ask(known, meaning, told)
    return _after_patch(known, step, meaning, sent)


def _after_create(meaning: Meaning, sent: FinancialStatus) -> tuple[Known, bool]:
    if meaning is Meaning.ACCEPTED:
        return Known(Phase.IDLE, sent), False
    if meaning is Meaning.EXISTS:
        # It landed before; which status it has there is asked for by the update that follows.
        return Known(Phase.UNKNOWN), False
    if meaning in {Meaning.REJECTED, Meaning.KEY_REJECTED, Meaning.UNREACHABLE}:
        # Refused, or never sent: the API has made no order.
        return Known(Phase.IDLE), True
    return Known(Phase.UNKNOWN), True


def _after_patch(
    known: Known, step: Step, meaning: Meaning, sent: FinancialStatus
) -> tuple[Known, bool]:
    if meaning is Meaning.ACCEPTED:
        if step is Step.UPDATE:
            return Known(Phase.IDLE, sent), False
        return Known(Phase.IDLE, known.status or FinancialStatus.PENDING), False
    if meaning is Meaning.ABSENT and known.phase is Phase.UNKNOWN:
        answers = known.absent_answers + 1
        if answers >= _ABSENT_ANSWERS_NEEDED:
            return Known(Phase.IDLE), False
        return replace(known, absent_answers=answers), True
    if known.phase is Phase.REFUNDING and meaning in {
        Meaning.UNREACHABLE,
        Meaning.REJECTED,
        Meaning.KEY_REJECTED,
        Meaning.ABSENT,
    }:
        return replace(known, phase=Phase.IDLE), True
    return known, True


def _after_ask(known: Known, meaning: Meaning, told: str | None) -> tuple[Known, bool]:
    # Who asks knows that the order is there, so it is never taken for a new one.
    status = known.status or FinancialStatus.PENDING
    if meaning is Meaning.ACCEPTED and told is not None:
        if told in set(_TAKES_POINTS_BACK):
            return Known(Phase.IDLE, FinancialStatus(told)), False
        if known.phase is Phase.IDLE and told in set(FinancialStatus):
            return Known(Phase.IDLE, FinancialStatus(told)), False
        # The move has not happened: it may be made again.
        return Known(Phase.IDLE, status), False
    if meaning is Meaning.ABSENT and known.absent_answers + 1 < _ABSENT_ANSWERS_NEEDED:
        # It may be a gateway's answer; the same a quiet window later is the API's.
        return replace(known, absent_answers=known.absent_answers + 1), True
    if meaning in {Meaning.ACCEPTED, Meaning.ABSENT, Meaning.REJECTED}:
        # The API cannot be asked (GET of an order is not documented): a move that was intended is
        # made again; where none was, the status is believed to be as it was acknowledged.
        return Known(Phase.IDLE, status), False
    return known, True
