"""What a reply means: one taxonomy for every call. The contract names 404 only; the rest is care.

accepted      it is done
exists        a POST of an order that the API already has (409, or its own words)
absent        the API itself says it has no such order; a gateway's 404 does not say that
uncertain     a call that must not be repeated may have been worked off
later         not done; the same call may be made again, after a wait
rejected      not done, and the same content will never be
key_rejected  401 or 403: nothing will be done until the key is mended
unreachable   the API never saw the call: nothing listens, no route, no TLS
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

from pydantic_core import from_json

from influence_pipeline.platform_api.calls import Call, Failure, Reply
from influence_pipeline.words import redact


class Meaning(StrEnum):
    ACCEPTED = "accepted"
    EXISTS = "exists"
    ABSENT = "absent"
    UNCERTAIN = "uncertain"
    LATER = "later"
    REJECTED = "rejected"
    KEY_REJECTED = "key_rejected"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True)
class Outcome:
    """A reply's meaning, and for a person: what the API said, shortened, without personal data.

    `retry_after`: seconds the API asked to wait, where it did. `throttled`: it said "too many".
    """

    meaning: Meaning
    words: str = ""
    retry_after: float | None = None
    throttled: bool = False
    body: Any = None


# Most answers; only who asked for a record looks at the body.
_ACCEPTED = Outcome(Meaning.ACCEPTED)
# Statuses that pass: request timeout, too early, too many requests, and every 5xx.
_PASSING = frozenset({408, 425, 429})
_EXISTS = re.compile(r"(?i)already (exists|been created)|duplicate")
_OF_A_PERSON = re.compile(r"(?i)mail|name|phone|birth|address")
# What an API says of a key may be the key.
_LONG = re.compile(r"\S{12,}")
_LONGEST_RETRY_AFTER = 3600.0


class Judge:
    """Tells what replies mean. `order_not_found`: the API's own words for an order it lacks."""

    def __init__(self, order_not_found: str) -> None:
        self._order_not_found = re.compile(order_not_found)

    def judge(self, call: Call, reply: Reply, *, now: datetime | None = None) -> Outcome:
        if reply.failure is Failure.NOT_SENT:
            return Outcome(Meaning.UNREACHABLE, reply.detail)
        again = Meaning.LATER if call.repeatable else Meaning.UNCERTAIN
        if reply.status is None:
            return Outcome(again, reply.detail)
        return self._by_status(call, reply, reply.status, again, now or datetime.now(UTC))

    def _by_status(
        self, call: Call, reply: Reply, status: int, again: Meaning, now: datetime
    ) -> Outcome:
        if 200 <= status < 300:
            body, readable = _json(reply.body)
            if readable:
                return Outcome(Meaning.ACCEPTED, body=body) if call.method == "GET" else _ACCEPTED
            return Outcome(again, f"HTTP {status} with something that is not JSON")
        words = _words(reply, call)
        if 300 <= status < 400:
            return Outcome(
                again,
                f"HTTP {status}: a redirect, which is never followed (it would carry the key "
                "elsewhere); is INFLUENCE_API_URL right?",
            )
        if status in {401, 403}:
            message = _LONG.sub("<value>", _message(reply) or "")
            words = f": {redact(message, sent=_personal(call.body))}" if message else ""
            return Outcome(Meaning.KEY_REJECTED, f"HTTP {status}{words}")
        if status == 404:
            return self._not_found(call, reply, words, again)
        if status == 409 or (400 <= status < 500 and _EXISTS.search(words)):
            if not call.repeatable:
                return Outcome(Meaning.EXISTS, f"HTTP {status}{words}")
            return Outcome(Meaning.REJECTED, f"HTTP {status}{words}")
        if status in _PASSING or status >= 500:
            return Outcome(
                again,
                f"HTTP {status}{words}",
                retry_after=_retry_after(reply.headers.get("retry-after"), now),
                throttled=status == 429,
            )
        return Outcome(Meaning.REJECTED, f"HTTP {status}{words}")

    def _not_found(self, call: Call, reply: Reply, words: str, again: Meaning) -> Outcome:
        message = _message(reply)
        if message and call.path.startswith("/v1/orders/"):
            if self._order_not_found.search(message):
                return Outcome(Meaning.ABSENT, f"HTTP 404{words}")
        elif message and call.path.startswith("/v1/rewards/"):
            # 404 is final for a reward (contract: Rewards).
            return Outcome(Meaning.REJECTED, f"HTTP 404{words}")
        return Outcome(again, f"HTTP 404{words or ', which does not look like the API itself'}")


def _json(body: bytes) -> tuple[Any, bool]:
    if not body.strip():
        return None, True
    try:
        return from_json(body), True
    except ValueError:
        pass
    try:
        # What the fast reader does not take: a byte order mark, numbers of thousands of digits.
        return json.loads(body.decode("utf-8-sig")), True
    except (ValueError, RecursionError):
        return None, False


def _message(reply: Reply) -> str | None:
    body, _ = _json(reply.body)
    if not isinstance(body, dict):
        return None
    for name in ("message", "error"):
        if isinstance(body.get(name), str):
            return str(body[name])
    return None


def _words(reply: Reply, call: Call) -> str:
    """Give ": what the API said", or nothing; values that may be personal are struck out."""
    message = _message(reply)
    return f": {redact(message, sent=_personal(call.body))}" if message else ""


def _personal(body: bytes | None) -> set[str]:
    """Give what a call says of a person: names, addresses, what its body has under such keys."""
    found: set[str] = set()
    todo: list[tuple[str, Any]] = [("", _json(body)[0])] if body else []
    while todo:
        name, value = todo.pop()
        if isinstance(value, dict):
            todo += value.items()
        elif isinstance(value, list):
            todo += [(name, item) for item in value]
        elif isinstance(value, str) and len(value) > 1 and _OF_A_PERSON.search(name):
            found.add(value)
    return found


def _retry_after(value: str | None, now: datetime) -> float | None:
    """Read Retry-After in both forms (RFC 9110, 10.2.3), capped; nonsense is no answer."""
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return min(float(value), _LONGEST_RETRY_AFTER)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), _LONGEST_RETRY_AFTER)
