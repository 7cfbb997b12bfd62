"""Questions that give and take points of one throw-away order, each call allowed by itself.

What a call did is read from customer A's balance, so every question waits for it to rest.
"""

from __future__ import annotations

from decimal import Decimal

from influence_pipeline.platform_api.probe.consent import Request
from influence_pipeline.platform_api.probe.findings import (
    Answer,
    Confidence,
    unclear,
)
from influence_pipeline.platform_api.probe.orders import (
    AWARDS,
    ORDERS,
    needs_order,
    the_order,
)
from influence_pipeline.platform_api.probe.question import Question
from influence_pipeline.platform_api.probe.room import Moved, Room
from influence_pipeline.platform_api.probe.wire import Heard
from influence_pipeline.records import FinancialStatus

_PAID = FinancialStatus.PAID
_REFUNDED = FinancialStatus.REFUNDED


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
            "refused",
            f"{what} is refused (HTTP {heard.status}); {moved.words}.",
            "Orders that come to this status are parked.",
            attention=True,
        )
    return unclear(f"{what} is answered: {heard.brief}; {moved.words}.")


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
    order = f"{records.total} {records.currency} (subtotal {records.subtotal})"
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
    room.facts.given += by
    if room.facts.award is not None:
        return Answer(
            "awards_again",
            f"A change to paid gives {by:f} points more; pending had given {room.facts.award:f}.",
            "The vendor documents that an order is awarded once. Do not go live; ask Influence.",
            attention=True,
        )
    room.facts.award = by
    rates = " or ".join(
        f"{(by / Decimal(amount)).normalize():f} per {records.currency} of the {which}"
        for amount, which in ((records.total, "total"), (records.subtotal, "subtotal"))
    )
    return Answer(
        "awards",
        f"A change to paid of an order of {order} gives {by:f} points, {rates}.",
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
        room.facts.given += moved.by
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
            "keeps",
            "A change to refunded takes no points back.",
            "That is set in the account (financial statuses). Whether a second one would is not "
            "told then.",
            Confidence.MEDIUM,
            attention=True,
        )
    if moved.by == -room.facts.given:
        return Answer("takes_back", "A change to refunded takes back what was given.", "")
    return Answer(
        "takes_other",
        f"A change to refunded moves {moved.words}; {room.facts.given:f} had been given.",
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
            "once",
            "A second change to refunded takes nothing.",
            "A refund whose answer is lost may be repeated.",
        )
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


QUESTIONS = (
    Question(
        "award", ORDERS, "Does a change to paid give points?", _award, _award_request, needs_order
    ),
    Question(
        "award-again",
        ORDERS,
        "Does a second change to paid give points again?",
        _award_again,
        _again_request,
        needs_award,
    ),
    Question(
        "refund",
        ORDERS,
        "Does a change to refunded take points back?",
        _refund,
        _refund_request,
        needs_award,
    ),
    Question(
        "refund-again",
        ORDERS,
        "Does a second change to refunded take points again?",
        _refund_again,
        _refund_again_request,
        _needs_refunded,
    ),
    Question(
        "late-paid",
        ORDERS,
        "Does paid after refunded give points?",
        _late,
        _late_request,
        _needs_refunded,
    ),
)


# --- at the very end


def _late_points(room: Room) -> Answer:
    room.wire.sleep(room.wire.patience.settle)
    room.start_of_points()
    late = room.facts.late_points
    if not late:
        return Answer(
            "no",
            "No points moved after the question that moved them.",
            "What is said of points above holds, as far as this run could see.",
        )
    moved = ", ".join(f"{by:+f}" for by in late)
    return Answer(
        "yes",
        f"Points moved after the question that moved them was over ({moved}).",
        "What is said of points above may be wrong. Run the probe again with a longer --settle.",
        attention=True,
    )


LATE = (
    Question(
        "late-points",
        ORDERS,
        "Did points come later than was waited for?",
        _late_points,
        None,
        needs_award,
    ),
)
