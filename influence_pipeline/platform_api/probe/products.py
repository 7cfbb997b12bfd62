"""Questions about a throw-away product and its variants; nothing here can award points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from influence_pipeline.platform_api.calls import Call, path
from influence_pipeline.platform_api.payloads import encode
from influence_pipeline.platform_api.probe import fields
from influence_pipeline.platform_api.probe.consent import Request
from influence_pipeline.platform_api.probe.findings import (
    Answer,
    Confidence,
    Group,
    Setting,
    unclear,
)
from influence_pipeline.platform_api.probe.naming import CANDIDATES, fields_of, renamed
from influence_pipeline.platform_api.probe.question import Question
from influence_pipeline.platform_api.probe.room import Room
from influence_pipeline.platform_api.probe.wire import Heard

_PRODUCT = "product"
_FORMS = ("wrapped", "bare")
_MOST_ROUNDS = 4


def _fields_request(room: Room) -> Request:
    return Request(
        "Create a throw-away product and send its fields, one name at a time",
        (f"up to 20 x PUT product {room.records.id(_PRODUCT)}",),
        "a product in your Influence account; your store is not touched",
        awards=False,
    )


def _fields(room: Room) -> Answer:
    body = room.records.product()

    def put(more: Mapping[str, Any], words: str) -> Heard:
        return _put(room, {room.name("product", "title"): body.title, **more}, words)

    first = _first(room, body.title)
    if not first.accepted:
        return unclear(f"A product with a title alone is answered: {first.brief}.")
    before = fields_of(first.body, "product") or fields_of(_read(room).body, "product")
    values = body.model_dump(exclude={"title"})
    attempt = fields.Try("product", "product", values, put, lambda: _read(room))
    found = fields.learn(room, attempt, before)
    found.how = {"title": _how_title(room, body.title, before), **found.how}
    found.called["title"] = room.name("product", "title")
    room.facts.unknown_fields = found.unknown
    refused = [ours for ours, how in found.how.items() if how == "refused"]
    means = fields.UNKNOWN_WORDS[found.unknown]
    if refused:
        means += f" No setting leaves {', '.join(refused)} out."
    return Answer(
        "fields",
        found.words(),
        means,
        Confidence.HIGH if set(found.how.values()) <= {"known"} else Confidence.MEDIUM,
        attention=bool(refused),
        settings=fields.settings_for(room, "product"),
    )


def _first(room: Room, title: str) -> Heard:
    """PUT the title under the first of its names that is not refused."""
    names = [room.name("product", "title"), "title", *CANDIDATES["product"]["title"]]
    for name in dict.fromkeys(names):
        heard = _put(room, {name: title}, f"{name} only")
        if not heard.refused:
            room.names["product"].pop("title", None)
            if name != "title":
                room.names["product"]["title"] = name
            break
    return heard


def _how_title(room: Room, title: str, before: Mapping[str, Any]) -> str:
    return "known" if before.get(room.name("product", "title")) == title else "taken"


def _put(room: Room, body: Mapping[str, Any], words: str) -> Heard:
    where = path("products", room.records.id(_PRODUCT))
    call = Call("PUT product", "PUT", where, encode(body))
    heard = room.wire.say(call, f"PUT product …-{_PRODUCT}: {words}")
    if not heard.refused:
        room.records.leave("product", room.records.id(_PRODUCT), perhaps=not heard.accepted)
    return heard


def _read(room: Room) -> Heard:
    return room.get(f"product …-{_PRODUCT}", "products", room.records.id(_PRODUCT))


def _variants_request(room: Room) -> Request:
    return Request(
        "Send the throw-away product's variants in both forms",
        (f"up to 8 x POST variants of product {room.records.id(_PRODUCT)}",),
        "variants of the throw-away product",
        awards=False,
    )


def _needs_product(room: Room) -> str | None:
    there = any(one.kind == "product" for one in room.records.left)
    return None if there else "it needs a throw-away product, and there is none"


def _variants(room: Room) -> Answer:
    """Send other variants in each form, so that what is shown tells which of them counted."""
    heard = {form: _post(room, form) for form in _FORMS}
    shown = {form: _has_variant(room, form, heard[form]) for form in _FORMS}
    # The last list counts: what the first one brought must have been looked at before.
    works = {form: heard[form].accepted and shown[form] is not False for form in _FORMS}
    sure = all(shown[form] is not None or heard[form].refused for form in _FORMS)
    confidence = Confidence.HIGH if sure else Confidence.MEDIUM
    names = fields.settings_for(room, "variant")
    if not any(works.values()):
        return unclear(
            f"Wrapped: {heard['wrapped'].brief}. Bare: {heard['bare'].brief}.",
            "Variants cannot be sent; products are sent without them only if they have none.",
        )
    if all(works.values()):
        return Answer(
            "either",
            "Both forms of the list of variants are taken.",
            "",
            confidence,
            settings=names,
        )
    form = "wrapped" if works["wrapped"] else "bare"
    what = "under `variants`" if form == "wrapped" else "as a bare list"
    needed = form != room.present.variants_body
    return Answer(
        form,
        f"The list of variants is taken {what} only.",
        "",
        confidence,
        settings=(*names, *((Setting("api_names", "variants_body", form),) if needed else ())),
    )


def _post(room: Room, form: str) -> Heard:
    """POST one variant in a form; where its names are refused, again with others."""
    tried: dict[str, set[str]] = {}
    for _ in range(_MOST_ROUNDS):
        variant = room.values("variant", room.records.variant(f"variant-{form}", 1))
        body: Any = {"variants": [variant]} if form == "wrapped" else [variant]
        where = path("products", room.records.id(_PRODUCT), "variants")
        call = Call("POST variants", "POST", where, encode(body))
        heard = room.wire.say(call, f"POST variants of …-{_PRODUCT}, {form}: {', '.join(variant)}")
        if not heard.refused:
            break
        inside = "variants" if form == "wrapped" else None
        names = {ours: room.name("variant", ours) for ours in CANDIDATES["variant"]}
        changes = renamed("variant", heard.body, names, tried, inside)
        if not changes:
            break
        for ours, name in changes.items():
            tried.setdefault(ours, set()).add(names[ours])
            room.rename("variant", ours, name)
    return heard


def _has_variant(room: Room, form: str, heard: Heard) -> bool | None:
    """Tell whether the product shows the form's variant; None: it shows none at all."""
    if not heard.accepted:
        return None
    wanted = room.records.id(f"variant-{form}")
    listed = fields_of(heard.body, "product").get("variants")
    if isinstance(listed, list):
        return wanted in str(listed)
    shows: list[bool] = []

    def look() -> bool | None:
        listed = fields_of(_read(room).body, "product").get("variants")
        shows.append(isinstance(listed, list))
        return True if wanted in str(listed) else None

    return room.until(look) or (False if any(shows) else None)


QUESTIONS = (
    Question(
        "product-fields",
        (Group.PRODUCTS,),
        "Which fields of a product are taken?",
        _fields,
        _fields_request,
    ),
    Question(
        "variants-body",
        (Group.PRODUCTS,),
        "In which form is the list of variants taken?",
        _variants,
        _variants_request,
        _needs_product,
    ),
)
