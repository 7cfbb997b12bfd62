"""The question about webhook subscriptions: create one that reaches nobody, read it, remove it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from influence_pipeline.platform_api.calls import Call, path
from influence_pipeline.platform_api.payloads import encode
from influence_pipeline.platform_api.probe.consent import Request
from influence_pipeline.platform_api.probe.findings import Answer, Confidence, Group, unclear
from influence_pipeline.platform_api.probe.naming import fields_of
from influence_pipeline.platform_api.probe.question import Question
from influence_pipeline.platform_api.probe.room import Room
from influence_pipeline.platform_api.probe.wire import Heard

# The rarest of the documented topics, and a host that can never exist (RFC 2606): nobody is told.
_TOPIC = "customers/tier_changed"
_BY_HAND = "`webhooks register` cannot be used: add the topics in the Influence dashboard."


def _url(room: Room) -> str:
    return f"https://{room.records.stem}.invalid/webhooks"


def _request(room: Room) -> Request:
    return Request(
        "Create a webhook subscription and remove it again",
        (f"POST webhooks: {_TOPIC} to {_url(room)}", "GET and DELETE of that subscription"),
        "a subscription for a moment, to a host that cannot exist, so that nobody is sent anything",
        awards=False,
    )


def _subscribe(room: Room) -> Answer:
    body = encode({"topic": _TOPIC, "url": _url(room)})
    call = Call("POST webhook", "POST", path("webhooks"), body, repeatable=False)
    heard = room.wire.say(call, f"POST webhooks: {_TOPIC} to a host that cannot exist")
    if heard.status in {404, 405}:
        return Answer(
            "no_endpoint", f"It is refused (HTTP {heard.status}).", _BY_HAND, attention=True
        )
    if heard.refused:
        return Answer(
            "refused",
            f"It is refused (HTTP {heard.status}).",
            "The reply says why; perhaps for its address, which cannot exist. Try `webhooks "
            "register`, and where that is refused too, add the topics in the Influence dashboard.",
            Confidence.LOW,
            attention=True,
        )
    room.records.leave("webhook subscription", _url(room), _TOPIC, perhaps=not heard.accepted)
    record = fields_of(heard.body, "webhook", "subscription") if heard.accepted else {}
    found = _id(record) or _listed(room)
    if found is None and not heard.accepted:
        room.records.gone("webhook subscription", _url(room))
        return unclear(f"It was answered: {heard.brief}; the list does not show it.", _BY_HAND)
    if found is None:
        return unclear("It was created, and neither its reply nor the list shows its id.", _BY_HAND)
    if _removed(room, found):
        room.records.gone("webhook subscription", _url(room))
        return Answer(
            "works", "A subscription was created, read and removed.", "`webhooks register` works."
        )
    return Answer(
        "not_removed",
        "A subscription was created, and could not be removed by a call.",
        "`webhooks register` works. Remove the one that this probe left in the dashboard.",
        attention=True,
    )


def _id(record: Mapping[str, Any]) -> str | None:
    value = record.get("id")
    return str(value) if isinstance(value, str) and value else None


def _listed(room: Room) -> str | None:
    """Find our own subscription in the list, by its address, which no other has."""
    heard = room.get("webhooks", "webhooks")
    body = heard.body if heard.accepted else None
    lists = body.values() if isinstance(body, dict) else [body]
    for one in (item for part in lists if isinstance(part, list) for item in part):
        if isinstance(one, dict) and _url(room) in one.values():
            return _id(one)
    return None


def _removed(room: Room, found: str) -> bool:
    """Read and remove the subscription that was just created; tell whether it is gone."""
    room.get("the new webhook", "webhooks", found)
    call = Call("DELETE webhook", "DELETE", path("webhooks", found))
    heard: Heard = room.wire.say(call, "DELETE the new webhook")
    return heard.accepted and _listed(room) is None


QUESTIONS = (
    Question(
        "subscribe",
        (Group.WEBHOOKS,),
        "Can a subscription be created and removed?",
        _subscribe,
        _request,
    ),
)
