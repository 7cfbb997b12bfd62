"""Questions that only read: the key, what is said of what is not there, the lists.

They come first, and tell whether there is an API to ask at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from influence_pipeline.errors import ApiError, ApiKeyRejected, ApiUnreachable
from influence_pipeline.platform_api.calls import Call, path
from influence_pipeline.platform_api.outcomes import Meaning
from influence_pipeline.platform_api.probe.findings import (
    Answer,
    Confidence,
    Group,
    Setting,
    unclear,
)
from influence_pipeline.platform_api.probe.question import Question
from influence_pipeline.platform_api.probe.room import Room
from influence_pipeline.platform_api.probe.wire import Heard
from influence_pipeline.words import redact

ABSENT = "absent"
WHERE = "The Platform API at INFLUENCE_API_URL"
# What gateways say when there is no such path; AWS's says it with 403.
_GATEWAY = re.compile(
    r"(?i)^\W*(not found|forbidden|missing authentication token|no route matched.*"
    r"|cannot [a-z]+ /.*)\W*$"
)


def _key(room: Room) -> Answer:
    parts: tuple[str, ...] = ("customers", room.records.id(ABSENT))
    heard = room.get_customer(ABSENT)
    _stop_if_useless(heard)
    if heard.status in {401, 403}:
        # A gateway may say so of a path it does not have; the list of customers is documented.
        parts = ("customers",)
        heard = room.get("customers", *parts)
        _stop_if_refused(heard)
    call = Call("GET with a wrong key", "GET", path(*parts))
    wrong = room.wire.say(call, f"GET {parts[0]} with a wrong key", sender=room.wrong_key)
    checked = wrong.status in {401, 403}
    of_key = (
        f"A wrong key is answered HTTP {wrong.status}."
        if wrong.status is not None
        else "A wrong key got no reply."
    )
    if not checked and wrong.status == heard.status:
        return Answer(
            "key_not_checked",
            f"A wrong key is answered as the right one (HTTP {wrong.status}).",
            "Whether the key is right cannot be told from this call.",
            Confidence.MEDIUM,
            attention=True,
        )
    means = (
        "Three such answers in a row stop a sync, as 401 and 403 are taken to speak of the key."
        if checked
        else "The pipeline takes only 401 and 403 for a refused key."
    )
    return Answer(
        "accepted", f"The key is taken. {of_key}", means, attention=not checked and wrong.refused
    )


def _stop_if_useless(heard: Heard) -> None:
    """Raise ApiError where it makes no sense to go on."""
    if heard.status is None:
        raise ApiUnreachable(f"{WHERE} cannot be reached: {heard.reply.detail}.")
    if 300 <= heard.status < 400:
        raise ApiError(
            f"{WHERE} answers HTTP {heard.status}: a redirect, which is never followed (it would "
            "carry the key elsewhere). Is the URL right?"
        )


def _stop_if_refused(heard: Heard) -> None:
    if heard.status in {401, 403}:
        raise ApiKeyRejected(
            f"{WHERE} answers HTTP {heard.status}: INFLUENCE_API_KEY is wrong, blocked, or meant "
            "for another account."
        )


def _unknown_path(room: Room) -> Answer:
    heard = room.get("a path that does not exist", "influence-pipeline-probe-no-such-path")
    if not heard.refused:
        return unclear(f"A path that does not exist is answered: {heard.brief}.")
    room.facts.gateway_words = heard.message
    said = room.wire.redactor.words(heard.message)
    return Answer(
        str(heard.status),
        f"A path that does not exist is answered HTTP {heard.status}"
        + (f': "{said}".' if said else ", without a message."),
        "These are the gateway's words; they say nothing of a record.",
    )


def _customer_not_found(room: Room) -> Answer:
    heard = room.get_customer(ABSENT)
    if heard.accepted:
        return Answer(
            "found",
            f"A customer nobody has is answered HTTP {heard.status}.",
            "With webhooks.verify_redemptions a redemption of an unknown customer is asked about "
            "again and again, as the answer does not say that there is none.",
            attention=True,
        )
    if heard.status != 404:
        return unclear(f"A customer nobody has is answered: {heard.brief}.")
    said = room.wire.redactor.words(heard.message)
    words = (
        f'A customer nobody has is answered 404: "{said}".'
        if said
        else ("A customer nobody has is answered 404, without a message.")
    )
    if room.customer_not_found.search(redact(heard.message)):
        return Answer("understood", words, "The webhooks' verification understands it.")
    return Answer(
        "not_understood",
        words,
        "The webhooks' verification does not take these words for an answer: it never turns a "
        "forged redemption away for good, and asks again until it gives up. No coupon is made.",
        attention=True,
    )


def _order_not_found(room: Room) -> Answer:
    heard = room.get_order(ABSENT)
    return judge_absent(room, heard, "GET")


def judge_absent(room: Room, heard: Heard, method: str) -> Answer:
    """Say how an order that nobody has is answered, and which pattern would understand it."""
    if heard.accepted:
        return Answer(
            "found",
            f"{method} of an order nobody has is answered HTTP {heard.status}.",
            "After an uncertain POST the pipeline takes such an answer for the order being there.",
            attention=True,
        )
    if not heard.refused:
        return unclear(f"{method} of an order nobody has is answered: {heard.brief}.")
    said = room.wire.redactor.words(heard.message)
    words = f"{method} of an order nobody has is answered HTTP {heard.status}" + (
        f': "{said}".' if said else ", without a message the pipeline reads."
    )
    if heard.outcome.meaning is Meaning.ABSENT:
        room.facts.order_words[method] = heard.message
        return Answer("understood", words, "delivery.order_not_found_pattern fits.")
    if _is_gateways(room, heard):
        return Answer(
            "gateway",
            words,
            "These are a gateway's words for a path that does not exist: this call is not there. "
            + _WITHOUT[method],
            Confidence.MEDIUM,
            attention=method == "PATCH",
        )
    if heard.status != 404 or not heard.message:
        return Answer(
            "not_understood",
            words,
            'The pipeline takes only a 404 with a text under `message` or `error` for "no such '
            'order". ' + _WITHOUT[method],
            attention=True,
        )
    room.facts.order_words[method] = heard.message
    pattern = pattern_for(room)
    if pattern is None:
        return Answer(
            "not_understood",
            words,
            "No pattern can tell these words from a gateway's. " + _WITHOUT[method],
            attention=True,
        )
    return Answer(
        "other_words",
        words,
        "delivery.order_not_found_pattern does not fit; with it an order whose POST was lost is "
        "never POSTed again.",
        settings=(Setting("delivery", "order_not_found_pattern", pattern),),
    )


_WITHOUT = {
    "GET": "The order protocol then repeats an uncertain refund (docs/order-protocol.md).",
    "PATCH": "An order whose POST was lost is then never POSTed again, but parked after "
    "delivery.give_up_after_hours.",
}


def _is_gateways(room: Room, heard: Heard) -> bool:
    words = heard.message.strip()
    return bool(words) and (words == room.facts.gateway_words or _GATEWAY.match(words) is not None)


def pattern_for(room: Room) -> str | None:
    """Give a regular expression for all words met for an order that is not there; None: it would
    also fit a gateway's."""
    alternatives = dict.fromkeys(_pattern(room, words) for words in room.facts.order_words.values())
    if None in alternatives or not alternatives:
        return None
    pattern = "(?i)" + "|".join(str(one) for one in alternatives)
    others = (room.facts.gateway_words or "", "Not Found", "Forbidden", "Internal server error")
    return None if any(re.search(pattern, one) for one in others) else pattern


def _pattern(room: Room, words: str) -> str | None:
    """Turn a message into a pattern: ids and whatever may be a value become gaps."""
    shown = room.wire.redactor.words(words.replace(room.records.id(ABSENT), "<id>"))
    parts = [part.strip(" .:;,!'\"()") for part in re.split(r"<[^>]*>|…|[\"']", shown)]
    escaped = [re.escape(part).replace(r"\ ", " ") for part in parts if part]
    if not any(re.search(r"[A-Za-z]{3}", part) for part in parts):
        return None
    return ".*".join(escaped)


def _customers(room: Room) -> Answer:
    heard = room.get("customers", "customers")
    if heard.status == 404:
        return Answer("empty", "The list of customers is answered 404: none are there.", "")
    if not heard.accepted or not isinstance(heard.body, dict):
        return unclear(f"The list of customers is answered: {heard.brief}.")
    key, items = _list_in(heard.body)
    if key is None:
        return unclear("The list of customers holds no list.")
    cursor = _cursor_in(heard.body)
    words = f"The customers are under `{room.wire.redactor.name(key)}`, {len(items):,} on a page."
    if cursor is None:
        return Answer(
            "no_cursor",
            f"{words} No cursor is shown.",
            "It shows once there is a second page.",
            Confidence.MEDIUM,
        )
    name, value = cursor
    shown = room.wire.redactor.name(name)
    if not isinstance(value, str) or not value:
        return Answer(shown, f"{words} The cursor is called `{shown}`; there is one page.", "")
    second = room.get("customers, the next page", "customers", query={"cursor": value})
    _, others = _list_in(second.body)
    moved = second.accepted and others[:1] != items[:1]
    return Answer(
        shown,
        f"{words} The cursor is called `{shown}`; sent back as `cursor` it "
        + ("gives the next page." if moved else "does not give another page."),
        "",
        Confidence.HIGH if moved else Confidence.MEDIUM,
        attention=not moved,
    )


def _subscriptions(room: Room) -> Answer:
    heard = room.get("webhooks", "webhooks")
    by_hand = "`webhooks register` cannot be used: add the topics in the Influence dashboard."
    if heard.refused:
        return Answer(
            "no_endpoint",
            f"The list is answered HTTP {heard.status}.",
            by_hand,
            Confidence.MEDIUM,
            attention=True,
        )
    if not heard.accepted:
        return unclear(f"The list of webhooks is answered: {heard.brief}.", by_hand)
    key, items = _list_in(heard.body)
    if key is None:
        return unclear("The list of webhooks holds no list.", by_hand)
    first = items[0] if items and isinstance(items[0], dict) else {}
    fits = not items or ({"topic"} <= set(first) and {"url", "address"} & set(first))
    under = f"under `{room.wire.redactor.name(key)}`" if key else "as a bare list"
    return Answer(
        "listed",
        f"{len(items)} subscriptions are listed {under}.",
        "`webhooks status` reads them."
        if fits
        else "`webhooks status` reads `topic` and `url`; these are called otherwise.",
        Confidence.HIGH if items else Confidence.MEDIUM,
        attention=not fits,
    )


def _list_in(body: Any) -> tuple[str | None, list[Any]]:
    """Give the list in a reply and its name, "" for a bare one; None: there is none."""
    if isinstance(body, list):
        return "", body
    if isinstance(body, Mapping):
        for key, value in body.items():
            if isinstance(value, list):
                return str(key), value
    return None, []


def _cursor_in(body: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Give the cursor of a page with its name, also from an object beside the list."""
    for place in (body, *(part for part in body.values() if isinstance(part, dict))):
        for name, value in place.items():
            plain = value is None or isinstance(value, str)
            if plain and re.search(r"(?i)cursor|next|token", str(name)):
                return str(name), value
    return None


QUESTIONS = (
    Question("key", (Group.ACCESS,), "Is the key taken, and a wrong one refused?", _key),
    Question("unknown-path", (Group.ACCESS,), "What does the gateway say?", _unknown_path),
    Question(
        "customer-not-found",
        (Group.ACCESS,),
        "How is a missing customer told?",
        _customer_not_found,
    ),
    Question("order-not-found", (Group.ACCESS,), "How is a missing order told?", _order_not_found),
    Question(
        "list-customers", (Group.ACCESS,), "What does a page of customers look like?", _customers
    ),
    Question("list-webhooks", (Group.ACCESS,), "Can subscriptions be listed?", _subscriptions),
)
