"""Questions that give and take points, each on a throw-away order, each call allowed by itself.

What a call did is read from customer A's balance, so every question waits for it to rest.
"""

from __future__ import annotations

from decimal import Decimal

from influence_pipeline.platform_api.outcomes import Meaning
from influence_pipeline.platform_api.probe.consent import Request
from influence_pipeline.platform_api.probe.findings import (
    Answer,
    Confidence,
    Setting,
    unclear,
)
from influence_pipeline.platform_api.probe.orders import (
    AWARDS,
    ORDERS,
    needs_order,
    post_request,
    the_order,
)
from influence_pipeline.platform_api.probe.question import Question
from influence_pipeline.platform_api.probe.room import Moved, Room
from influence_pipeline.platform_api.probe.wire import Heard
from influence_pipeline.records import FinancialStatus

_PAID = FinancialStatus.PAID
_REFUNDED = FinancialStatus.REFUNDED
_SECOND = "order-b"
_DIRECT = "order-c"


def move_request(room: Room, what: str, status: FinancialStatus, words: str) -> Request:
    """Ask for one change of an order's status."""
    records = room.records
    call = f"PATCH order {records.id(what)}: {status}, {records.total} {records.currency}"
    takes = status in {_REFUNDED, FinancialStatus.PARTIALLY_REFUNDED, FinancialStatus.VOIDED}
    cost = "points are taken back from the throw-away customer" if takes else AWARDS
    return Request(f"{words}: {status}", (call,), cost, awards=True)


def move(room: Room, what: str, status: FinancialStatus) -> tuple[Heard, Moved]:
    """PATCH an order to a status and wait for the points."""
    before = room.start_of_points()
    heard = room.move_order(room.records.order(what, status))
    return heard, room.points_after(before)


def needs_award(room: Room) -> str | None:
    if room.facts.award is None:
        return "it needs a paid order that was seen to give points, and there is none"
    return None


def _trouble(heard: Heard, moved: Moved, what: str) -> Answer | None:
    """Give the answer where the call was not simply taken; None: it was."""
    if heard.accepted:
        return None
    if heard.refused:
        return Answer(
            "refused", f"{what} is refused (HTTP {heard.status}); {moved.words}.",
            "Orders that come to this status are parked.", attention=True,
        )  # fmt: skip
    return unclear(f"{what} is answered: {heard.shown}; {moved.words}.")


def _blind(moved: Moved, what: str) -> Answer | None:
    """Give the answer where the balance cannot be seen; None: it can."""
    if moved.by is not None:
        return None
    return unclear(f"{what} is taken; the customer's balance could not be read.")


# --- one order through its life


def _award_request(room: Room) -> Request:
    return move_request(room, the_order(room), _PAID, "Change the order's status")


def _award(room: Room) -> Answer:
    heard, moved = move(room, the_order(room), _PAID)
    stopped = _trouble(heard, moved, "A change to paid") or _blind(moved, "A change to paid")
    if stopped:
        return stopped
    by = moved.by or Decimal(0)
    records = room.records
    order = f"{records.total} {records.currency} ({records.subtotal} without the rest)"
    if by <= 0 and room.facts.award is not None:
        return Answer(
            "awarded_before",
            "A change to paid gives nothing more: the points were given when it was pending.",
            "See order-create.",
        )
    if by <= 0:
        waited = f"{room.wire.patience.settle:g} s"
        return Answer(
            "no_award",
            f"A change to paid of an order of {order} gave no points within {waited}.",
            "Either the account has no rule for orders, or awards on another status, or later, or "
            "the amount is called otherwise (see order-create). Nothing can be said of second "
            "awards. Look at the customer in the dashboard; --settle waits longer.",
            Confidence.LOW,
            attention=True,
        )
    room.facts.award = by
    rates = " or ".join(
        f"{(by / Decimal(amount)).normalize():f} for each {records.currency} of the {which}"
        for amount, which in ((records.total, "total"), (records.subtotal, "subtotal"))
    )
    return Answer(
        "awards",
        f"A change to paid of an order of {order} gives {by:f} points: {rates}.",
        "The status and the amount are read under the names in force.",
    )


def _again_request(room: Room) -> Request:
    return move_request(room, the_order(room), _PAID, "Repeat the change of status")


def _award_again(room: Room) -> Answer:
    heard, moved = move(room, the_order(room), _PAID)
    stopped = _trouble(heard, moved, "A second change to paid") or _blind(moved, "It")
    if stopped:
        return stopped
    if moved.by:
        return Answer(
            "again",
            f"A second change to paid moves points again: {moved.words}.",
            "The vendor documents that an order is awarded once. The order protocol repeats a "
            "PATCH whose answer is lost, and would award twice. Do not go live; ask Influence.",
            attention=True,
        )
    return Answer(
        "once",
        "A second change to paid gives nothing.",
        "As documented: a PATCH whose answer is lost may be repeated.",
    )


def _refund_request(room: Room) -> Request:
    return move_request(room, the_order(room), _REFUNDED, "Change the order's status")


def _refund(room: Room) -> Answer:
    heard, moved = move(room, the_order(room), _REFUNDED)
    stopped = _trouble(heard, moved, "A change to refunded") or _blind(moved, "It")
    if stopped:
        return stopped
    if not moved.by:
        return Answer(
            "keeps", "A change to refunded takes no points back.",
            "That is set in the account (financial statuses). Whether a second one would is not "
            "told then.", Confidence.MEDIUM, attention=True,
        )  # fmt: skip
    if moved.by == -(room.facts.award or 0):
        return Answer("takes_back", "A change to refunded takes back what was given.", "")
    return Answer(
        "takes_other",
        f"A change to refunded moves {moved.words}; {room.facts.award or 0:f} had been given.",
        "",
        attention=True,
    )


def _refund_again_request(room: Room) -> Request:
    return move_request(room, the_order(room), _REFUNDED, "Repeat the change of status")


def _refund_again(room: Room) -> Answer:
    heard, moved = move(room, the_order(room), _REFUNDED)
    stopped = _trouble(heard, moved, "A second change to refunded") or _blind(moved, "It")
    if stopped:
        return stopped
    if not moved.by:
        return Answer(
            "once", "A second change to refunded takes nothing.",
            "A refund whose answer is lost may be repeated.",
        )  # fmt: skip
    asked = room.facts.get_order
    return Answer(
        "again",
        f"A second change to refunded takes points again: {moved.words}.",
        "The pipeline sends a refund once, and asks with GET after an uncertain one"
        + ("." if asked else ", which is not possible here: such a refund may take points twice."),
        attention=not asked,
    )


def _needs_refunded(room: Room) -> str | None:
    if room.facts.orders.get(the_order(room)) != _REFUNDED:
        return "it needs a refunded order, and there is none"
    return needs_award(room)


def _late_request(room: Room) -> Request:
    return move_request(room, the_order(room), _PAID, "Change the refunded order's status")


def _late(room: Room) -> Answer:
    heard, moved = move(room, the_order(room), _PAID)
    means = "The pipeline never sends it: such an order is parked (after_refund)."
    if heard.refused:
        return Answer("refused", f"paid after refunded is refused (HTTP {heard.status}).", means)
    stopped = _trouble(heard, moved, "paid after refunded") or _blind(moved, "It")
    if stopped:
        return stopped
    if moved.by:
        return Answer("again", f"paid after refunded awards again: {moved.words}.", means)
    return Answer("nothing", "paid after refunded gives nothing.", means)


# --- a second POST of one order


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
    return f"A second POST of one order is answered: {again.shown}."


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
        return unclear(f"A POST as paid is answered: {first.shown}; {given.words}.")
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


LIFE = (
    Question("award", ORDERS, "Does a change to paid give points?", _award, _award_request,
             needs_order),
    Question("award-again", ORDERS, "Does a second change to paid give points again?",
             _award_again, _again_request, needs_award),
    Question("refund", ORDERS, "Does a change to refunded take points back?", _refund,
             _refund_request, needs_award),
    Question("refund-again", ORDERS, "Does a second change to refunded take points again?",
             _refund_again, _refund_again_request, _needs_refunded),
    Question("late-paid", ORDERS, "Does paid after refunded give points?", _late, _late_request,
             _needs_refunded),
)  # fmt: skip
SECOND_POSTS = (
    Question("second-post", ORDERS, "What does a second POST of one order do?", _second,
             _second_request, needs_order),
    Question("second-post-paid", ORDERS, "Does a second POST of a paid order award again?",
             _direct, _direct_request, needs_award),
)  # fmt: skip
QUESTIONS = (*LIFE, *SECOND_POSTS)


# --- at the very end


def _late_points(room: Room) -> Answer:
    room.wire.sleep(room.wire.patience.settle)
    room.start_of_points()
    late = room.facts.late_points
    if not late:
        return Answer(
            "no", "No points moved after the question that moved them.",
            "What is said of points above holds, as far as this run could see.",
        )  # fmt: skip
    moved = ", ".join(f"{by:+f}" for by in late)
    return Answer(
        "yes",
        f"Points moved after the question that moved them was over ({moved}).",
        "What is said of points above may be wrong. Run the probe again with a longer --settle.",
        attention=True,
    )


LATE = (
    Question("late-points", ORDERS, "Did points come later than was waited for?", _late_points,
             None, needs_award),
)  # fmt: skip
