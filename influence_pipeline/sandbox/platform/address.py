"""Which record a call is about, and whether its body is JSON at all.

Read before anything else is done with a call, so that faults, the reject list and the log of calls
speak of records, also when the call goes no further.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from pydantic_core import PydanticCustomError

from influence_pipeline.sandbox.platform.fields import decode_segment, has_broken_text
from influence_pipeline.sandbox.platform.refusal import Refused

_ENTITIES = {
    "customers": "customer",
    "orders": "order",
    "products": "product",
    "rewards": "reward",
    "webhooks": "webhook",
}
# Deeper than any record, and far from what would exhaust a parser.
MAX_DEPTH = 32
_PATH = re.compile(r"/v1/([a-z]+)(?:/([^/]+).*)?")


def of_call(method: str, path: str, body: bytes) -> tuple[str | None, str | None]:
    """The entity and the id of the record a call is about; None where it names none.

    `path` is the path as it travelled, `body` empty or what `parse` has taken.
    """
    match = _PATH.fullmatch(path)
    entity = _ENTITIES.get(match[1]) if match else None
    if match is None or entity is None:
        return None, None
    if match[2] is not None:
        try:
            return entity, decode_segment(match[2])
        except PydanticCustomError:
            return entity, None
    if entity == "order" and method == "POST" and body:
        document = parse(body)
        key = document.get("id") if isinstance(document, dict) else None
        return entity, key if isinstance(key, str) else None
    return entity, None


def shown_path(path: str) -> str:
    """A path for logs: a coupon code is worth money, so it is left out."""
    return re.sub(r"^/v1/rewards/[^/]+", "/v1/rewards/...", path)


def _depth(document: Any) -> int:
    """How many arrays and objects lie inside each other."""
    deepest, waiting = 0, [(document, 1)]
    while waiting:
        part, depth = waiting.pop()
        if isinstance(part, dict | list):
            deepest = max(deepest, depth)
            inside = part.values() if isinstance(part, dict) else part
            waiting.extend((inner, depth + 1) for inner in inside)
    return deepest


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError


def parse(body: bytes) -> Any:
    """The document in a body. Raises Refused (400) when it is not plain JSON in UTF-8."""
    try:
        document = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise Refused(400, "Body is not UTF-8") from None
    except (ValueError, RecursionError):
        raise Refused(400, "Body is not valid JSON") from None
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _depth(document) > MAX_DEPTH:
        raise Refused(400, f"Body is nested deeper than {MAX_DEPTH}")
    if b"\\u" in body and has_broken_text(document):
        raise Refused(400, "Body holds half of a surrogate pair")
    return document
