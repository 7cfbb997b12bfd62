"""Field names as an account may call them, and what becomes of fields it does not know.

The endpoints speak the contract's working names. With the switches `names` and `unknown_fields` a
body is put into these on its way in, and what is answered into the account's names on its way out.
"""

from __future__ import annotations

import json
import re
from typing import Any

from influence_pipeline.sandbox.platform import models
from influence_pipeline.sandbox.platform.refusal import Refused
from influence_pipeline.sandbox.platform.switches import Named, Switches

_MODELS: dict[Named, type[models.Sent]] = {
    "customer": models.CustomerInput,
    "product": models.ProductInput,
    "variant": models.VariantInput,
    "order": models.OrderCreate,
    "line_item": models.LineItem,
    "discount_code": models.DiscountCode,
}
_KNOWN: dict[Named, frozenset[str]] = {
    model: frozenset(field.alias or name for name, field in sent.model_fields.items())
    for model, sent in _MODELS.items()
}
# The lists inside an object, by the contract's name, and what their items are.
_LISTS: dict[Named, dict[str, Named]] = {
    "order": {"lineItems": "line_item", "discountCodes": "discount_code"},
    "product": {"variants": "variant"},
}
# Where a body or an answer has its objects.
_PLACES: dict[str, Named] = {
    "customer": "customer",
    "customers": "customer",
    "order": "order",
    "product": "product",
    "variants": "variant",
}
# A field that is called as the contract calls another one; it must not be taken for that.
_OTHER = "~"


def is_plain(switches: Switches) -> bool:
    """Whether the account speaks as the contract does, so that there is nothing to translate."""
    return not switches.names and switches.unknown_fields == "keep"


def taken_in(switches: Switches, method: str, path: str, body: bytes) -> bytes:
    """A body in the contract's names. Raises Refused (400) for an unknown field, if they are."""
    model = _model_of(method, path)
    if model is None or not body:
        return body
    document = json.loads(body)
    if model == "variant" and isinstance(document, dict):
        document = {
            name: _list_in(switches, model, value, "variants.") if name == "variants" else value
            for name, value in document.items()
        }
    elif isinstance(document, list):
        document = _list_in(switches, model, document)
    elif isinstance(document, dict):
        document = _object_in(switches, model, document)
    return json.dumps(document).encode()


def given_out(switches: Switches, status: int, body: bytes) -> bytes:
    """An answer in the account's names: its objects, or the words of a refusal."""
    try:
        document = json.loads(body)
    except ValueError:
        return body
    if not isinstance(document, dict):
        return body
    if status >= 400:
        message = document.get("message")
        return json.dumps(document | {"message": _words(switches, str(message))}).encode()
    for place, model in _PLACES.items():
        if place in document:
            document[place] = _part_out(switches, model, document[place])
    return json.dumps(document).encode()


def _model_of(method: str, path: str) -> Named | None:
    if method not in ("PUT", "POST", "PATCH"):
        return None
    if re.fullmatch("/v1/customers/[^/]+", path):
        return "customer"
    if re.fullmatch("/v1/orders(/[^/]+)?", path):
        return "order"
    if re.fullmatch("/v1/products/[^/]+", path):
        return "product"
    return "variant" if re.fullmatch("/v1/products/[^/]+/variants", path) else None


def _object_in(
    switches: Switches, model: Named, sent: dict[str, Any], place: str = ""
) -> dict[str, Any]:
    renamed = switches.names.get(model, {})
    ours = {theirs: name for name, theirs in renamed.items()}
    result: dict[str, Any] = {}
    for name, value in sent.items():
        known = ours.get(name, name if name not in renamed else None)
        if known in _KNOWN[model]:
            item = _LISTS.get(model, {}).get(known)
            result[known] = _list_in(switches, item, value, f"{name}.") if item else value
        elif switches.unknown_fields == "refuse":
            shown = re.sub(r"[^A-Za-z0-9_]", "?", name)[:60]
            raise Refused(400, f"{place}{shown}: is not a known field")
        elif switches.unknown_fields == "keep":
            result[f"{_OTHER}{name}" if name in renamed else name] = value
    return result


def _list_in(switches: Switches, model: Named, sent: Any, place: str = "") -> Any:
    if not isinstance(sent, list):
        return sent
    return [
        _object_in(switches, model, one, f"{place}{number}.") if isinstance(one, dict) else one
        for number, one in enumerate(sent)
    ]


def _part_out(switches: Switches, model: Named, part: Any) -> Any:
    if isinstance(part, list):
        return [_part_out(switches, model, one) for one in part]
    if not isinstance(part, dict):
        return part
    renamed = switches.names.get(model, {})
    result: dict[str, Any] = {}
    for name, value in part.items():
        item = _LISTS.get(model, {}).get(name)
        shown = _part_out(switches, item, value) if item else value
        result[renamed.get(name, name.removeprefix(_OTHER))] = shown
    return result


def _words(switches: Switches, message: str) -> str:
    """A message that speaks of the account's names."""
    for renamed in switches.names.values():
        for ours, theirs in renamed.items():
            message = re.sub(rf"(?<![\w~]){ours}\b", theirs, message)
    return message
