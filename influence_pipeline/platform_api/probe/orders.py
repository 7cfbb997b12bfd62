"""Questions about orders that should award nothing: a wrong body, creating one as pending, reading
it, PATCH of one that is not there, orders without a known customer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from influence_pipeline.platform_api.calls import Call, path
from influence_pipeline.platform_api.payloads import OrderBody, encode
from influence_pipeline.platform_api.probe.access import ABSENT, judge_absent
from influence_pipeline.platform_api.probe.consent import Request
from influence_pipeline.platform_api.probe.customers import told_error
from influence_pipeline.platform_api.probe.fields import settings_for
from influence_pipeline.platform_api.probe.findings import (
    Answer,
    Confidence,
    Group,
    Setting,
    unclear,
)
from influence_pipeline.platform_api.probe.naming import CANDIDATES, fields_of, renamed, shown_as
from influence_pipeline.platform_api.probe.question import Question
from influence_pipeline.platform_api.probe.room import Room
from influence_pipeline.platform_api.probe.wire import Heard
from influence_pipeline.records import FinancialStatus

ORDER = "order-a"
ORDERS = (Group.ORDERS,)
_MOST_ROUNDS = 6
AWARDS = (
    "points for the throw-away customer, which nobody can spend; it counts as an order in the "
    "program's figures, and may count in your plan"
)
_PENDING = (
    "an order that waits for its money; as a rule no points. Where an account awards it all the "
    f"same: {AWARDS}"
)
# The lists of an order, and what their items are.
_LISTS = (("order", None), ("line_item", "lineItems"), ("discount_code", "discountCodes"))


def needs_customer(room: Room) -> str | None:
    return None if room.facts.customer else "it needs a throw-away customer, and there is none"


def needs_order(room: Room) -> str | None:
    return None if room.facts.order else "it needs a throw-away order, and none was created"


def the_order(room: Room) -> str:
    """Give the label of the order that most questions are about; `needs_order` has seen it."""
    return room.facts.order or ORDER


def post_request(room: Room, what: str, words: str, cost: str = _PENDING) -> Request:
    """Ask for the POST of one order."""
    records = room.records
    call = f"POST order {records.id(what)}: {words}, {records.total} {records.currency}"
    return Request(f"Create an order: {words}", (call,), cost, awards=True)


# --- PATCH of an order that is not there


def _absent_request(room: Room) -> Request:
    return Request(
        "PATCH an order that is not there",
        (f"PATCH order {room.records.id(ABSENT)}: pending",),
        f"nothing, as documented; where it makes the order, {_PENDING}",
        awards=True,
    )


def _patch_absent(room: Room) -> Answer:
    heard = room.move_order(room.records.order(ABSENT))
    if heard.accepted:
        return Answer(
            "creates",
            f"A PATCH of an order that is not there is answered HTTP {heard.status}.",
            "After a lost POST the PATCH of the order protocol finds the order, whether it is "
            "there or not: such an order lacks what only the POST sends (createdAt).",
            attention=True,
        )
    return judge_absent(room, heard, "PATCH")


# --- a wrong body


def _errors_request(room: Room) -> Request:
    return Request(
        "Send an order with a wrong body",
        (f"POST order {room.records.id('order-wrong')}: an unknown status, nobody's",),
        "nothing, if it is refused; else an order of nobody, who can be given no points",
        awards=False,
    )


def _errors(room: Room) -> Answer:
    body = room.records.order("order-wrong", customer=None)
    values = room.order_values(body) | {room.name("order", "financialStatus"): "no-such-status"}
    values.pop(room.name("order", "email"), None)
    call = Call("POST order", "POST", path("orders"), encode(values), repeatable=False)
    heard = room.wire.say(call, "POST order …-order-wrong: an unknown status, nobody's")
    if heard.accepted:
        room.records.leave("order", body.id, "with an unknown status")
        return Answer(
            "accepted",
            "An order with an unknown status is taken.",
            "A mistake in an order is not told.",
            attention=True,
        )
    if not heard.refused:
        room.records.leave("order", body.id, perhaps=True)
    return told_error(room, heard)


# --- creating one


def _create_request(room: Room) -> Request:
    request = post_request(room, ORDER, "pending")
    look = "if its answer is lost: GET and PATCH of the same order, to see whether it landed"
    return replace(request, calls=(*request.calls, look))


def _create(room: Room) -> Answer:
    """POST an order as the pipeline does; where its names are refused, another one with others."""
    # A customer written just now may not be readable for a moment.
    before = room.until(room.start_of_points)
    body, heard = until_taken(room, ORDER)
    if heard.refused:
        asked_for = order_settings(room)
        return Answer(
            "refused",
            f"A pending order is refused (HTTP {heard.status}).",
            "No order can be sent. The reply says what is missing; name it in [api_names]."
            + (
                " The names proposed are those it asks for; no order was taken yet."
                * bool(asked_for)
            ),
            Confidence.LOW if asked_for else Confidence.HIGH,
            attention=True,
            settings=asked_for,
        )
    if not heard.accepted and not room.look_for(body):
        return unclear(
            f"A pending order was answered: {heard.brief}; it did not show afterwards.",
            "It is not POSTed again.",
            value="uncertain",
        )
    room.facts.order = room.label(body.id)
    moved = room.points_after(before)
    uncertain = "" if heard.accepted else f" The POST was answered: {heard.brief}; it had landed."
    if moved.by:
        room.facts.award = room.facts.given = moved.by
        return Answer(
            "pending_awards",
            f"A pending order is taken, and gives {moved.words}.{uncertain}",
            "Creating as pending protects from nothing here: the POST itself awards. Take "
            "`pending` out of the awarding statuses in the Influence dashboard.",
            attention=True,
            settings=order_settings(room),
        )
    return _taken(room, body, heard, uncertain)


def until_taken(room: Room, first: str, *, code: bool = False) -> tuple[OrderBody, Heard]:
    """POST pending orders, each under an id of its own, until the names are right or nothing tells
    them. The first is allowed already, every other is asked for."""
    tried: dict[str, dict[str, set[str]]] = {}
    what = first
    for number in range(2, _MOST_ROUNDS + 2):
        body = room.records.order(what, code=code)
        heard = room.post_order(body, f"pending; {', '.join(room.order_values(body))}")
        if not heard.refused or not _rename(room, heard, tried):
            break
        what = f"{first}{number}"
        if not room.granted(post_request(room, what, "pending, with other names")):
            break
    return body, heard


def _rename(room: Room, heard: Heard, tried: dict[str, dict[str, set[str]]]) -> bool:
    """Take from a refusal what to call otherwise; tell whether anything changed."""
    changed = False
    for model, inside in _LISTS:
        names = {ours: room.name(model, ours) for ours in CANDIDATES[model]}
        names = {o: n for o, n in names.items() if o not in room.left_out[model]}
        under = None if inside is None else room.name("order", inside)
        before = tried.setdefault(model, {})
        for ours, name in renamed(model, heard.body, names, before, under).items():
            before.setdefault(ours, set()).add(names[ours])
            room.rename(model, ours, name)
            changed = True
    return changed


def order_settings(room: Room) -> tuple[Setting, ...]:
    models = ("order", "line_item", "discount_code")
    return tuple(one for model in models for one in settings_for(room, model))


def _taken(room: Room, body: OrderBody, heard: Heard, uncertain: str) -> Answer:
    values = room.order_values(body)
    record = fields_of(heard.body, "order") if heard.accepted else {}
    if not record:
        record = fields_of(_read_order(room).body, "order")
    shown = {name: shown_as(value, name, record) for name, value in values.items()}
    listed = _how_shown(shown, values, record)
    left_out = sorted(room.left_out["order"].union(room.left_out["line_item"]))
    words = f"A pending order is taken and gives no points.{uncertain} {listed}"
    if left_out:
        words += f" Refused: {', '.join(left_out)}."
    proves = room.facts.unknown_fields
    means = {
        "keep": "This API shows names that it does not know, too; that one is shown proves little.",
        "drop": "What is shown is known.",
        "refuse": "Unknown names are refused, so every name that was taken is known.",
    }.get(proves or "", "What becomes of unknown names was not asked (group customers).")
    if left_out:
        means += " No setting leaves a field out."
    known = proves == "refuse" or (proves == "drop" and all(shown.values()))
    return Answer(
        "taken",
        words,
        means,
        Confidence.HIGH if known else Confidence.MEDIUM if any(shown.values()) else Confidence.LOW,
        attention=bool(left_out),
        settings=order_settings(room),
    )


def _how_shown(shown: dict[str, str | None], values: dict[str, Any], record: dict[str, Any]) -> str:
    if not record:
        return "No reply shows the order, so which names count is not told."
    same = [name for name, to in shown.items() if to == name or _same_list(name, values, record)]
    other = [f"{name} (as {to})" for name, to in shown.items() if to not in {name, None}]
    hidden = [name for name in shown if name not in same and shown[name] is None]
    parts = [
        f"{what}: {', '.join(names)}."
        for what, names in (("Shown", same), ("Shown otherwise", other), ("Not shown", hidden))
        if names
    ]
    return " ".join(parts)


def _same_list(name: str, values: dict[str, Any], record: dict[str, Any]) -> bool:
    sent, shown = values.get(name), record.get(name)
    return isinstance(sent, list) and isinstance(shown, list) and len(sent) == len(shown)


# --- reading it


def _read_order(room: Room) -> Heard:
    return room.until_there(lambda: room.get_order(the_order(room)))


def _read(room: Room) -> Answer:
    heard = _read_order(room)
    without = (
        "After an uncertain refund the order protocol cannot ask, and makes the PATCH again "
        "(docs/order-protocol.md, ASK)."
    )
    if heard.refused:
        room.facts.get_order = False
        return Answer(
            "no",
            f"An order that is there is answered HTTP {heard.status}: it cannot be read.",
            without,
            Confidence.MEDIUM,
            attention=True,
        )
    if not heard.accepted:
        return unclear(f"Reading an order is answered: {heard.brief}.", without)
    room.facts.get_order = True
    record = fields_of(heard.body, "order")
    expected = room.facts.orders[the_order(room)]
    if record.get("financialStatus") == expected:
        return Answer(
            "yes",
            "An order can be read, and shows its `financialStatus`.",
            "After an uncertain refund the pipeline asks instead of repeating it.",
        )
    name = shown_as(expected, "financialStatus", record)
    where = f"under `{room.wire.redactor.name(name)}`" if name else "nowhere"
    return Answer(
        "no_status",
        f"An order can be read, and shows its status {where}.",
        "The pipeline looks for it under `order` as `financialStatus`. " + without,
        attention=True,
    )


# --- a PATCH without a status


def _content_request(room: Room) -> Request:
    return Request(
        "PATCH an order without its status",
        (f"PATCH order {room.records.id(the_order(room))}: everything but the status",),
        "an update of the throw-away order",
        awards=True,
    )


def _content(room: Room) -> Answer:
    what = the_order(room)
    status = FinancialStatus(room.facts.orders[what])
    before = room.start_of_points()
    heard = room.move_order(
        room.records.order(what, status), without=frozenset({"financialStatus"})
    )
    if not heard.accepted:
        return Answer(
            "refused",
            f"A PATCH without a status is answered: {heard.brief}.",
            "The pipeline sends one when only the content of an order changed, and to look for an "
            "order that is to be refunded; these orders are parked.",
            attention=True,
        )
    moved = room.points_after(before)
    read = room.get_order(what) if room.facts.get_order else None
    now = fields_of(read.body, "order").get("financialStatus") if read else None
    if moved.by or now not in {None, status.value}:
        return Answer(
            "changes_status",
            f"A PATCH without a status changes the order: {moved.words}.",
            "An update of the content alone is not harmless here.",
            attention=True,
        )
    return Answer(
        "taken",
        f"A PATCH without a status is taken; {moved.words}.",
        "An update of the content alone changes nothing else.",
        Confidence.HIGH if now else Confidence.MEDIUM,
    )


QUESTIONS = (
    Question(
        "order-create",
        ORDERS,
        "Is an order taken as pending, and by which names?",
        _create,
        _create_request,
        needs_customer,
    ),
    Question("get-order", ORDERS, "Can an order be read?", _read, None, needs_order),
    Question(
        "patch-absent",
        ORDERS,
        "How is a PATCH of a missing order told?",
        _patch_absent,
        _absent_request,
        needs_customer,
    ),
    Question("order-errors", ORDERS, "How is a wrong order refused?", _errors, _errors_request),
    Question(
        "patch-content",
        ORDERS,
        "May a PATCH leave the status out?",
        _content,
        _content_request,
        needs_order,
    ),
)
