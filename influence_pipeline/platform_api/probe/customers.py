"""Questions that enrol a throw-away customer: what it is given, which fields are taken, one e-mail
under two ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from influence_pipeline.platform_api.probe import fields
from influence_pipeline.platform_api.probe.consent import Request
from influence_pipeline.platform_api.probe.findings import (
    Answer,
    Confidence,
    Group,
    unclear,
)
from influence_pipeline.platform_api.probe.naming import fields_of, renamed
from influence_pipeline.platform_api.probe.question import Question
from influence_pipeline.platform_api.probe.room import CUSTOMER, Room
from influence_pipeline.platform_api.probe.wire import Heard

_SECOND = "customer-b"
_ENROLS = (
    "enrols a customer whom nobody is (mail to example.com reaches nobody): sign-up points if your "
    "account gives them, a welcome mail, a place in your customer list and its figures"
)


def _enrol_request(room: Room) -> Request:
    call = f"PUT customer {room.records.id(CUSTOMER)} (until its names are taken, at most 5 times)"
    return Request("Enrol a throw-away customer", (call,), _ENROLS, awards=True)


def _enrol(room: Room) -> Answer:
    heard = _until_taken(room)
    if heard.refused:
        return Answer(
            "refused",
            f"A customer is refused (HTTP {heard.status}).",
            "No customer can be sent. The reply says what is missing; name it in [api_names].",
            attention=True,
        )
    if not heard.accepted:
        if not room.until_there(lambda: room.get_customer(CUSTOMER)).accepted:
            return unclear(f"Enrolling was answered: {heard.brief}; the customer is not there.")
        room.records.leave("customer", room.records.id(CUSTOMER), room.records.email(CUSTOMER))
    room.facts.customer = True
    balance = room.until(room.start_of_points)
    if balance is None:
        return Answer(
            "no_balance",
            "The customer is enrolled; the reply to GET shows no balance of points.",
            "What calls award cannot be seen by this probe.",
            attention=True,
        )
    moved = room.points_after(balance) if not balance else None
    points = (moved.now if moved else balance) or 0
    if points:
        return Answer(
            "sign_up_points",
            f"A new customer is given {points:f} points.",
            "An import gives them to every imported customer. Ask Influence, or switch the rule "
            "off while importing.",
            attention=True,
            settings=fields.settings_for(room, "customer"),
        )
    return Answer(
        "no_points",
        "A new customer is given no points.",
        "An import gives nothing away, as far as this one customer shows.",
        Confidence.MEDIUM,
        settings=fields.settings_for(room, "customer"),
    )


def _until_taken(room: Room) -> Heard:
    """PUT the customer by its e-mail alone, under other names where a refusal asks for them; in the
    end with everything, as the pipeline does."""
    tried: dict[str, set[str]] = {}
    for _ in range(4):
        heard = room.put_customer(CUSTOMER, _only_email(room, CUSTOMER), "email only")
        name = room.name("customer", "email")
        change = renamed("customer", heard.body, {"email": name}, tried) if heard.refused else {}
        if not change.get("email"):
            break
        tried.setdefault("email", set()).add(name)
        room.rename("customer", "email", change["email"])
    if heard.refused:
        room.facts.email_alone = False
        whole = room.values("customer", room.records.customer(CUSTOMER))
        heard = room.put_customer(CUSTOMER, whole, ", ".join(whole))
    return heard


def _only_email(room: Room, what: str) -> dict[str, Any]:
    body = room.records.customer(what)
    return {room.name("customer", "email"): body.email}


def _needs_customer(room: Room) -> str | None:
    return None if room.facts.customer else "it needs a throw-away customer, and there is none"


def _needs_email_alone(room: Room) -> str | None:
    if not room.facts.email_alone:
        return "a customer is not taken by an e-mail alone, so no field can be tried by itself"
    return _needs_customer(room)


def _fields_request(room: Room) -> Request:
    return Request(
        "Send the customer's fields, one name at a time",
        (f"up to 30 x PUT customer {room.records.id(CUSTOMER)}",),
        "updates of the throw-away customer; points only if your account rewards a full profile",
        awards=True,
    )


def _fields(room: Room) -> Answer:
    body = room.records.customer(CUSTOMER)
    values = body.model_dump(exclude={"email"})
    email = _only_email(room, CUSTOMER)

    def put(more: Mapping[str, Any], words: str) -> Heard:
        return room.put_customer(CUSTOMER, {**email, **more}, f"email and {words}")

    def read() -> Heard:
        return room.get_customer(CUSTOMER)

    before = fields_of(read().body, "customer")
    found = fields.learn(room, fields.Try("customer", "customer", values, put, read), before)
    room.facts.unknown_fields = found.unknown
    refused = [ours for ours, how in found.how.items() if how == "refused"]
    means = fields.UNKNOWN_WORDS[found.unknown]
    if refused:
        means += f" No setting leaves {', '.join(refused)} out: a customer who has them is refused."
    return Answer(
        "fields",
        found.words(),
        means,
        Confidence.HIGH if set(found.how.values()) <= {"known"} else Confidence.MEDIUM,
        attention=bool(refused),
        settings=fields.settings_for(room, "customer"),
    )


def _merge(room: Room) -> Answer:
    """PUT two fields, then one of them anew; see whether the other is still there."""
    whole = room.values("customer", room.records.customer(CUSTOMER))
    email = _only_email(room, CUSTOMER)
    shown = _names_shown(room, whole)
    if len(shown) < 2:
        return unclear("Too few fields are shown to tell.")
    kept, changed = shown[:2]
    marked = f"{whole[changed]} (changed)"
    heard = room.put_customer(CUSTOMER, {**email, changed: marked}, f"email and a new {changed}")
    if not heard.accepted:
        return unclear(f"The second PUT was answered: {heard.brief}.")

    def look() -> dict[str, Any] | None:
        record = fields_of(room.get_customer(CUSTOMER).body, "customer")
        return record if record.get(changed) == marked else None

    record = room.until(look)
    room.put_customer(CUSTOMER, whole, "everything again")
    if record is None:
        return unclear("The second PUT was taken, and what it changed did not show.")
    if record.get(kept) == whole[kept]:
        return Answer(
            "merge",
            "A PUT keeps the fields that it leaves out.",
            "A field that is emptied in the store keeps its old value at Influence.",
        )
    return Answer(
        "replace",
        "A PUT clears the fields that it leaves out.",
        "The pipeline sends the whole known record each time, so nothing is lost by it.",
    )


def _names_shown(room: Room, whole: Mapping[str, Any]) -> list[str]:
    """PUT everything; give the texts that are shown under the name they were sent by."""
    room.put_customer(CUSTOMER, whole, "everything")
    # A full name may be made of its parts there, and a telephone number is not any text.
    ours = ("lastName", "firstName", "name", "phone")
    names = [room.name("customer", one) for one in ours]

    def look() -> list[str] | None:
        record = fields_of(room.get_customer(CUSTOMER).body, "customer")
        found = [name for name in names if name in whole and record.get(name) == whole[name]]
        return found if len(found) > 1 else None

    return room.until(look) or []


def _errors_request(room: Room) -> Request:
    return Request(
        "Send the customer a wrong body",
        (f"PUT customer {room.records.id(CUSTOMER)}: an e-mail that is a number",),
        "nothing, if it is refused; else the throw-away customer's e-mail is wrong until the next "
        "question",
        awards=False,
    )


def _errors(room: Room) -> Answer:
    wrong = {room.name("customer", "email"): 12345}
    heard = room.put_customer(CUSTOMER, wrong, "an e-mail that is a number")
    if heard.accepted:
        room.put_customer(CUSTOMER, _only_email(room, CUSTOMER), "email only")
        return Answer(
            "accepted",
            f"A wrong body is answered HTTP {heard.status}.",
            "A mistake in a body is not told.",
            attention=True,
        )
    return told_error(room, heard)


def told_error(room: Room, heard: Heard) -> Answer:
    """Say how a wrong body is refused, and whether the pipeline can show its reason."""
    if not heard.refused:
        return unclear(
            f"A wrong body is answered: {heard.brief}.",
            "The pipeline takes this for a passing trouble and tries again for "
            "delivery.give_up_after_hours.",
            value="trouble",
        )
    words = f"A wrong body is refused with HTTP {heard.status}"
    if heard.message:
        said = room.wire.redactor.words(heard.message)
        return Answer("told", f'{words}: "{said}".', "The reason shows in `parked` and `why`.")
    return Answer(
        "not_told",
        f"{words}, without a text under `message` or `error`.",
        "`parked` and `why` show the status and not the reason.",
        attention=True,
    )


def _same_email_request(room: Room) -> Request:
    return Request(
        "Enrol a second throw-away customer with the first one's e-mail",
        (f"PUT customer {room.records.id(_SECOND)}",),
        _ENROLS,
        awards=True,
    )


def _same_email(room: Room) -> Answer:
    heard = room.put_customer(_SECOND, _only_email(room, CUSTOMER), "the e-mail of …-customer-a")
    if heard.refused:
        return Answer(
            "refused",
            f"One e-mail under two ids is refused (HTTP {heard.status}).",
            "The second of two customers with one e-mail is parked; mend it in the store.",
        )
    if not heard.accepted:
        return unclear(f"One e-mail under two ids is answered: {heard.brief}.")
    first, second = _record(room, CUSTOMER), _record(room, _SECOND)
    ids = [record.get("id") for record in (first, second)]
    own = [room.records.id(what) for what in (CUSTOMER, _SECOND)]
    if not first or first.get("externalId", own[0]) != own[0]:
        room.facts.customer = False
        return Answer(
            "moved",
            "The e-mail went over to the second id; the first one is gone.",
            "Two customers with one e-mail take each other's points. Make e-mails unique in the "
            "store before you import.",
            attention=True,
        )
    if ids[0] is not None and ids[0] == ids[1]:
        return Answer(
            "shared",
            "Both ids lead to one customer of Influence.",
            "Two customers of the store with one e-mail share their points.",
            attention=True,
        )
    return Answer(
        "both",
        "One e-mail is taken under two ids; both customers are there.",
        "Both are sent. Whether Influence pays a referral or a mail twice is not told by this.",
        Confidence.MEDIUM if None in ids else Confidence.HIGH,
    )


def _record(room: Room, what: str) -> dict[str, Any]:
    return fields_of(room.until_there(lambda: room.get_customer(what)).body, "customer")


def _merge_request(room: Room) -> Request:
    return Request(
        "Leave fields out of an update",
        (f"3 x PUT customer {room.records.id(CUSTOMER)}",),
        "updates of the throw-away customer",
        awards=True,
    )


_CUSTOMERS = (Group.CUSTOMERS,)
QUESTIONS = (
    # Orders need a customer, so it is asked for them too.
    Question(
        "enrol",
        (Group.CUSTOMERS, Group.ORDERS),
        "What does enrolling a customer give?",
        _enrol,
        _enrol_request,
    ),
    Question(
        "customer-fields",
        _CUSTOMERS,
        "Which fields of a customer are taken?",
        _fields,
        _fields_request,
        _needs_email_alone,
    ),
    Question(
        "customer-errors",
        _CUSTOMERS,
        "How is a wrong body refused?",
        _errors,
        _errors_request,
        _needs_customer,
    ),
    Question(
        "merge-or-replace",
        _CUSTOMERS,
        "Does a PUT keep what it leaves out?",
        _merge,
        _merge_request,
        _needs_customer,
    ),
    Question(
        "same-email",
        _CUSTOMERS,
        "May two customers have one e-mail?",
        _same_email,
        _same_email_request,
        _needs_customer,
    ),
)
