"""The question which of the financial statuses an order may come to, and which move points."""

from __future__ import annotations

from influence_pipeline.platform_api.probe.awards import move, move_request
from influence_pipeline.platform_api.probe.consent import Request
from influence_pipeline.platform_api.probe.findings import Answer, Confidence, unclear
from influence_pipeline.platform_api.probe.orders import ORDERS, needs_order, post_request
from influence_pipeline.platform_api.probe.question import Question
from influence_pipeline.platform_api.probe.room import Room
from influence_pipeline.records import FinancialStatus

_ORDER = "order-d"
# In the order in which money moves; what awards comes once, and what takes back after it.
_MOVES = (
    FinancialStatus.AUTHORIZED,
    FinancialStatus.PARTIALLY_PAID,
    FinancialStatus.PAID,
    FinancialStatus.PARTIALLY_REFUNDED,
    FinancialStatus.VOIDED,
    FinancialStatus.EXPIRED,
)


def _request(room: Room) -> Request:
    return post_request(room, _ORDER, "pending (each change of its status is asked for then)")


def _statuses(room: Room) -> Answer:
    first = room.post_order(room.records.order(_ORDER), "pending")
    if not first.accepted:
        return unclear(f"Creating the order was answered: {first.brief}.")
    # A PATCH may not see at once what was just POSTed.
    room.wire.sleep(room.wire.patience.settle)
    said: list[str] = []
    refused: list[str] = []
    awarding: list[str] = []
    for status in _MOVES:
        if not room.granted(move_request(room, _ORDER, status, "Change an order's status")):
            said.append(f"{status}: not allowed")
            continue
        heard, moved = move(room, _ORDER, status)
        if heard.refused:
            refused.append(status)
            said.append(f"{status}: refused (HTTP {heard.status})")
            continue
        taken = "taken" if heard.accepted else f"answered {heard.brief}"
        said.append(f"{status}: {taken}, {moved.words}")
        if moved.by is not None and moved.by > 0:
            awarding.append(status)
    return Answer(
        "statuses",
        "pending: taken; " + "; ".join(said) + ".",
        _means(refused, awarding),
        Confidence.HIGH if all("not allowed" not in one for one in said) else Confidence.MEDIUM,
        attention=bool(refused) or bool(set(awarding) - {FinancialStatus.PAID}),
    )


def _means(refused: list[str], awarding: list[str]) -> str:
    parts = []
    if refused:
        parts.append(f"Orders that come to {', '.join(refused)} are parked.")
    if awarding and awarding != [FinancialStatus.PAID]:
        parts.append(
            f"Points are given at {', '.join(awarding)}: is that meant? It is set in the Influence "
            "dashboard."
        )
    return " ".join(parts) or "All statuses that a store can give may be sent."


QUESTIONS = (
    Question(
        "statuses",
        ORDERS,
        "Which changes of status are taken, and what do they award?",
        _statuses,
        _request,
        needs_order,
    ),
)
