"""Asks the questions one after the other and keeps what was found, whatever happens in between."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from influence_pipeline.errors import ApiError
from influence_pipeline.platform_api.probe import access
from influence_pipeline.platform_api.probe.consent import NotGranted, Stop
from influence_pipeline.platform_api.probe.findings import (
    Answer,
    Confidence,
    Finding,
    Group,
    Standing,
)
from influence_pipeline.platform_api.probe.question import Question
from influence_pipeline.platform_api.probe.questions import QUESTIONS
from influence_pipeline.platform_api.probe.room import Room

# The last question before anything is written; the one after all calls is asked at the end.
_READING_ENDS = access.QUESTIONS[-1].id


@dataclass
class Probed:
    """What a run came to. `stopped`: why it ended before its last question, if it did."""

    room: Room
    findings: list[Finding] = field(default_factory=list)
    interrupted: bool = False
    stopped: str | None = None
    error: ApiError | None = None


def probe(
    probed: Probed,
    groups: Collection[Group],
    report: Callable[[Finding, int, int], None],
) -> None:
    """Ask every question of these groups; ACCESS is always among them.

    `report` is told each finding with its number and how many there are. Fills `probed`. Raises
    ApiError, with nothing found, if there is no API to ask. An API that goes away later ends the
    run (`error`), and so do Ctrl-C (`interrupted`) and a Stop.
    """
    wanted = {Group.ACCESS, *groups}
    questions = [one for one in QUESTIONS if wanted & set(one.groups)]
    for number, question in enumerate(questions, start=1):
        finding = _find(probed, question)
        probed.findings.append(finding)
        if question.id == _READING_ENDS and not probed.room.wire.usable and not probed.stopped:
            last = finding.seen[-1].result.partition(" {")[0]
            raise ApiError(
                f"{access.WHERE} gives no answer that could be the API's (the last: {last}). "
                "Nothing was written. Is the URL right?"
            )
        try:
            report(finding, number, len(questions))
        except KeyboardInterrupt:
            _interrupt(probed)


def _interrupt(probed: Probed) -> None:
    probed.interrupted = True
    probed.stopped = "it was interrupted (Ctrl-C)"


def _find(probed: Probed, question: Question) -> Finding:
    wire = probed.room.wire
    first = len(wire.seen)
    try:
        answer = _answer(probed, question)
    except NotGranted as refused:
        answer = _not_made(question, refused.standing)
    except Stop:
        probed.stopped = "it was stopped by the person who was asked"
        answer = _not_made(question, Standing.DECLINED)
    except KeyboardInterrupt:
        _interrupt(probed)
        answer = Answer(
            "interrupted",
            "Interrupted. A call that was under way may have been worked off.",
            standing=Standing.INTERRUPTED,
        )
    except ApiError as error:
        if not probed.findings:
            raise
        probed.error, probed.stopped = error, str(error)
        answer = Answer("no_api", str(error), standing=Standing.UNCLEAR)
    seen = tuple(wire.seen[first:])
    return Finding(question.id, question.groups[0], question.title, answer, seen)


def _answer(probed: Probed, question: Question) -> Answer:
    if probed.stopped is not None:
        return Answer(
            "skipped", f"Not asked: {probed.stopped.rstrip('.')}.", standing=Standing.SKIPPED
        )
    missing = question.needs(probed.room)
    if missing is not None:
        return Answer("skipped", f"Not asked: {missing}.", standing=Standing.SKIPPED)
    if question.request is not None:
        probed.room.ask(question.request(probed.room))
    return question.answer(probed.room)


def _not_made(question: Question, standing: Standing) -> Answer:
    words = (
        "Not allowed by the person who was asked."
        if standing is Standing.DECLINED
        else "Not asked: it writes, and nobody was there to allow it (a terminal, or --yes)."
    )
    return Answer(standing.value, words, "", Confidence.LOW, standing=standing)
