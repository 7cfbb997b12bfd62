"""The questions that POST an order twice: the one thing the order protocol is built around."""

from __future__ import annotations

from decimal import Decimal

from influence_pipeline.platform_api.outcomes import Meaning
from influence_pipeline.platform_api.probe.awards import move, move_request, needs_award
from influence_pipeline.platform_api.probe.consent import Request
from influence_pipeline.platform_api.probe.findings import Answer, Confidence, Setting, unclear
from influence_pipeline.platform_api.probe.orders import (
    AWARDS,
    ORDERS,
    needs_order,
    post_request,
)
from influence_pipeline.platform_api.probe.question import Question
from influence_pipeline.platform_api.probe.room import Room
from influence_pipeline.platform_api.probe.wire import Heard
from influence_pipeline.records import FinancialStatus

_PAID = FinancialStatus.PAID
_SECOND = "order-b"
_DIRECT = "order-c"


def _second_request(room: Room) -> Request:
    return post_request(room, _SECOND, "pending (it is then POSTed again, if you allow that)")


def _second(room: Room) -> Answer:
    """POST an order twice as pending, then pay it: a copy shows as a second award."""
    body = room.records.order(_SECOND)
    before = room.start_of_points()
    if not room.post_order(body, "pending").accepted:
        return unclear("The first POST was not plainly taken, so there is no second one.")
    first = room.points_after(before)
    if not room.granted(post_request(room, _SECOND, "the same order again, pending", AWARDS)):
        return unclear("The second POST was not allowed.", value="not_allowed")
    before = room.start_of_points()
    again = room.post_order(body, "pending, the same order again")
    at_once = room.points_after(before)
    said = _said_of_second(again)
    if again.refused and not at_once.by:
        return _second_refused(again, said)
    if not room.granted(move_request(room, _SECOND, _PAID, "Pay the order that was POSTed twice")):
        return unclear(f"{said} Whether it awards twice shows only once it is paid.")
    _, moved = move(room, _SECOND, _PAID)
    parts = [part.by for part in (first, at_once, moved)]
    if None in parts or room.facts.award is None:
        return unclear(f"{said} Whether it awards twice could not be seen.")
    given = sum((part for part in parts if part is not None), Decimal(0))
    if given <= room.facts.award:
        return Answer(
            "no_second_award",
            f"{said} Paid afterwards the order gives {given:f} points, as one order does.",
            "A second POST of a pending order does no harm.",
        )
    room.facts.copies = True
    return Answer(
        "award_again",
        f"{said} Paid afterwards the order gives {given:f} points instead of "
        f"{room.facts.award:f}: each POST is an order of its own.",
        "What the order protocol is built for: a POST is repeated only after two answers, a quiet "
        'window apart, that there is no such order. Keep orders.protocol = "two_step".',
        settings=_keep_two_step(room),
    )


def _said_of_second(again: Heard) -> str:
    if again.accepted:
        return f"A second POST of one order is taken (HTTP {again.status})."
    if again.refused:
        return f"A second POST of one order is refused (HTTP {again.status})."
    return f"A second POST of one order is answered: {again.brief}."


def _second_refused(again: Heard, said: str) -> Answer:
    if again.outcome.meaning is Meaning.EXISTS:
        return Answer("conflict", said, "The pipeline takes that for the order being there.")
    return Answer(
        "refused",
        said,
        "The pipeline does not take these words for the order being there: an order whose POST was "
        "lost, was not found twice and was there all the same is parked.",
        attention=True,
    )


def _keep_two_step(room: Room) -> tuple[Setting, ...]:
    if room.present.protocol == "two_step":
        return ()
    return (Setting("orders", "protocol", "two_step"),)


def _direct_request(room: Room) -> Request:
    return post_request(room, _DIRECT, "paid at once (again, if you allow that)", AWARDS)


def _direct(room: Room) -> Answer:
    """POST an order as paid, twice: what `orders.protocol = "direct"` leans on."""
    body = room.records.order(_DIRECT, _PAID)
    before = room.start_of_points()
    first = room.post_order(body, "paid")
    given = room.points_after(before)
    if not first.accepted:
        return unclear(f"A POST as paid is answered: {first.brief}; {given.words}.")
    if not given.by:
        return Answer(
            "post_awards_nothing",
            f"A POST as paid gives nothing ({given.words}), where a change to paid does.",
            'With orders.protocol = "direct" no points would be given. Keep "two_step".',
            attention=room.present.protocol == "direct",
            settings=_keep_two_step(room),
        )
    if not room.granted(post_request(room, _DIRECT, "the same paid order again", AWARDS)):
        return unclear(f"A POST as paid gives {given.words}; the second was not allowed.")
    before = room.start_of_points()
    again = room.post_order(body, "paid, the same order again")
    moved = room.points_after(before)
    said = _said_of_second(again)
    if moved.by is None:
        return unclear(f"{said} The customer's balance could not be read.")
    if moved.by:
        return Answer(
            "award_again",
            f"{said} It awards a second time: {moved.words}.",
            'Keep orders.protocol = "two_step".',
            settings=_keep_two_step(room),
        )
    if not again.accepted and not again.refused:
        return unclear(f"{said} It awarded nothing a second time.")
    direct = Setting("orders", "protocol", "direct", must=False)
    offered = room.present.protocol != "direct" and not room.facts.copies
    return Answer(
        "no_second_award",
        f"{said} It awards nothing a second time.",
        'orders.protocol = "direct" halves the calls for orders; it is safe only as long as this '
        "answer holds, and a lost POST is looked for all the same.",
        Confidence.MEDIUM,
        settings=(direct,) if offered else (),
    )


QUESTIONS = (
    Question(
        "second-post",
        ORDERS,
        "What does a second POST of one order do?",
        _second,
        _second_request,
        needs_order,
    ),
    Question(
        "second-post-paid",
        ORDERS,
        "Does a second POST of a paid order award again?",
        _direct,
        _direct_request,
        needs_award,
    ),
)
