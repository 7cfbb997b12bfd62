"""The tables of docs/order-protocol.md as data: what the page says of each case.

A word that the page uses and this does not know is an error: the page is read whole, or not at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import influence_pipeline
from influence_pipeline.platform_api.outcomes import Meaning
from influence_pipeline.records import FinancialStatus
from influence_pipeline.state.schema import Phase
from influence_pipeline.sync.orders import Known, Step

PAGE = Path(influence_pipeline.__file__).parents[1] / "docs" / "order-protocol.md"

_CODE = re.compile(r"`([a-z_]+)`")
_HEADING = re.compile(r"After (CREATE|UPDATE|CONTENT|ASK) in phase `(\w+)`")
_REFUNDS = frozenset({FinancialStatus.REFUNDED, FinancialStatus.PARTIALLY_REFUNDED})


@dataclass(frozen=True)
class Case:
    """One answer to one call: what the call was, and all that decides what is made of it."""

    known: Known
    step: Step
    meaning: Meaning
    sent: FinancialStatus
    told: str | None = None


class ProtocolTable:
    """What the page says. Raises AssertionError where it says nothing of a case, or two things."""

    def __init__(self, page: Path = PAGE) -> None:
        sections = _sections(page.read_text(encoding="utf-8"))
        self._taken_up = sections["Taking an order up"]
        self._calls = sections["Which call comes next"]
        self._intents = sections["What is committed before the call"]
        self._answers = {
            (Step[found[1]], Phase(found[2])): rows
            for heading, rows in sections.items()
            if (found := _HEADING.fullmatch(heading))
        }

    @property
    def calls_by_phase(self) -> set[tuple[Step, Phase]]:
        """Give the calls, with the phase in which each is made, whose answers the page tells."""
        return set(self._answers)

    def claimed(self, known: Known) -> Known:
        for phases, after in self._taken_up:
            if known.phase in _codes(phases):
                return _state(after, known)
        raise AssertionError(f"the page does not say how {known.phase} is taken up")

    def next_step(
        self, known: Known, wanted: FinancialStatus, *, content_acknowledged: bool, unsure: bool
    ) -> Step:
        """Give the call of the first line that fits."""
        for phase, status, wanted_cell, unsure_cell, content, call in self._calls:
            if (
                known.phase in _codes(phase)
                and _fits_status(status, known.status)
                and _fits_wanted(wanted_cell, wanted, known.status)
                and unsure_cell in ("any", "yes" if unsure else "no")
                and content
                in ("any", "acknowledged" if content_acknowledged else "not acknowledged")
            ):
                found = re.match(r"\*\*(\w+)\*\*", call)
                assert found, call
                return Step[found[1]]
        raise AssertionError(f"no line fits {known}, {wanted}")

    def intends(self, known: Known, step: Step, wanted: FinancialStatus) -> Known:
        for calls, phase, wanted_cell, committed in self._intents:
            here = step.name in calls.split(", ") and known.phase in _codes(phase)
            if here and (wanted_cell == "any" or wanted in _codes(wanted_cell)):
                return known if committed == "nothing" else _state(committed, known)
        raise AssertionError(f"no line fits {step.name} in phase {known.phase}")

    def answered(self, case: Case) -> tuple[Known, bool]:
        rows = self._answers[case.step, case.known.phase]
        fitting = [row for row in rows if _fits_answer(row[0], case)]
        if not fitting:
            fitting = [row for row in rows if row[0] == "any other"]
        assert len(fitting) == 1, f"{len(fitting)} lines fit {case}"
        _, state, then = fitting[0]
        return _state(state, case.known, case), _waits(then)


def _sections(text: str) -> dict[str, list[list[str]]]:
    """The rows of the tables under each heading, header rows left out."""
    sections: dict[str, list[list[str]]] = {}
    heading = ""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("#"):
            heading = line.lstrip("# ")
        is_header = number + 1 < len(lines) and lines[number + 1].startswith("|---")
        if line.startswith("| ") and not is_header:
            sections.setdefault(heading, []).append(
                [cell.strip() for cell in line.split("|")[1:-1]]
            )
    return sections


def _codes(cell: str) -> list[str]:
    found = _CODE.findall(cell)
    assert found, f"no word of code in {cell!r}"
    return found


def _fits_status(cell: str, status: FinancialStatus | None) -> bool:
    if cell == "any":
        return True
    return status is None if cell == "none" else status in _codes(cell)


def _fits_wanted(cell: str, wanted: FinancialStatus, status: FinancialStatus | None) -> bool:
    if cell == "any":
        return True
    return wanted is not status if cell == "not as the status" else wanted in _codes(cell)


def _fits_answer(cell: str, case: Case) -> bool:
    if cell == "any other":
        return False
    if "naming" in cell:
        refund = case.told in set(_REFUNDS)
        names_refund = "naming another" not in cell
        return case.meaning is Meaning.ACCEPTED and refund is names_refund
    if cell.endswith((", the first", ", the second")):
        first = case.known.absent_answers == 0
        if first is not cell.endswith(", the first"):
            return False
    return case.meaning in _codes(cell)


def _state(cell: str, before: Known, case: Case | None = None) -> Known:
    if cell == "unchanged":
        return before
    phase, *parts = cell.split(", ")
    after = Known(Phase(_codes(phase)[0]))
    for part in parts:
        after = _with(after, part, before, case)
    return after


def _with(after: Known, part: str, before: Known, case: Case | None) -> Known:
    if part == "no status":
        return after
    if part == "the status from before":
        return replace(after, status=before.status)
    if part == "status as sent" and case:
        return replace(after, status=case.sent)
    if part == "the status it names" and case and case.told:
        return replace(after, status=FinancialStatus(case.told))
    if part == "the status it names if it is one" and case:
        known = case.told in set(FinancialStatus)
        return replace(after, status=FinancialStatus(case.told) if known else before.status)
    if part.startswith("status `"):
        return replace(after, status=FinancialStatus(_codes(part)[0]))
    found = re.fullmatch(r"absent answers (\d)", part)
    assert found, f"unknown words in the table: {part!r}"
    return replace(after, absent_answers=int(found[1]))


def _waits(cell: str) -> bool:
    words = re.split(r"[;:,] ?| the quiet", cell)
    assert words[0] in {"on", "wait", "as after UPDATE"}, f"unknown words in the table: {cell!r}"
    return words[0] != "on"
