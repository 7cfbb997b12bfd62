"""Checked types for the fields of a call, and the words for what is wrong with one.

Messages name the field and the reason, never the value: they end up in logs and parked lists.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import unquote_to_bytes, urlsplit

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

# contract: `financialStatus` (client)
FinancialStatus = Literal[
    "authorized",
    "pending",
    "paid",
    "partially_paid",
    "refunded",
    "partially_refunded",
    "voided",
    "expired",
]

# contract: WebhookTopicName (documented)
Topic = Literal[
    "customers/updated",
    "customers/tier_changed",
    "customers/tier_entry_reward_earned",
    "points/earned",
    "points/redeemed",
    "referrals/started",
    "referrals/completed",
]

MAX_ID_LENGTH = 255
MAX_EMAIL_LENGTH = 254

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_MONEY = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# Labels that pydantic puts into the place of an error and that no caller has sent.
_NOT_A_FIELD = frozenset({"body", "query", "path", "wrapped", "bare"})


def _wrong(words: str) -> PydanticCustomError:
    # The braces are pydantic's template signs; our words never carry a value, so none is needed.
    return PydanticCustomError("sandbox", words)


def _not_blank(value: str) -> str:
    if not value.strip():
        raise _wrong("must not be blank; leave the field out when it is unknown")
    return value


def _id(value: str) -> str:
    _not_blank(value)
    if len(value) > MAX_ID_LENGTH:
        raise _wrong(f"must have at most {MAX_ID_LENGTH} characters")
    if _CONTROL.search(value) or _SURROGATE.search(value):
        raise _wrong("must not hold control characters")
    return value


def _path_id(value: str) -> str:
    return _id(decode_segment(value))


def decode_segment(segment: str) -> str:
    """Undo the URL encoding of one path segment, `%2F` included.

    Raises PydanticCustomError when it is not UTF-8.
    """
    if "%" not in segment:
        return segment
    try:
        return unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError:
        raise _wrong("must be URL-encoded UTF-8") from None


def _email(value: str) -> str:
    _not_blank(value)
    if len(value) > MAX_EMAIL_LENGTH or not _EMAIL.fullmatch(value):
        raise _wrong("must be an e-mail address")
    return value


def _money(value: str) -> str:
    if not _MONEY.fullmatch(value):
        raise _wrong(
            "must be an amount of money as a decimal string such as '19.99', not negative, "
            "with at most 15 digits before the point and 6 after it"
        )
    return value


def _currency(value: str) -> str:
    if not _CURRENCY.fullmatch(value):
        raise _wrong("must be an ISO 4217 code such as 'EUR'")
    return value


def _moment(value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise _wrong("must be an ISO 8601 date and time") from None
    if moment.tzinfo is None:
        raise _wrong("must be an ISO 8601 date and time with a zone, such as 'Z'")
    return value


def _http_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or re.search(r"\s", value):
        raise _wrong("must be an http(s) URL")
    return value


Text = Annotated[str, AfterValidator(_not_blank)]
Id = Annotated[str, AfterValidator(_id)]
PathId = Annotated[str, AfterValidator(_path_id)]
Email = Annotated[str, AfterValidator(_email)]
Money = Annotated[str, AfterValidator(_money)]
Currency = Annotated[str, AfterValidator(_currency)]
Moment = Annotated[str, AfterValidator(_moment)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]


def refuse_nulls(value: Any) -> Any:
    """Refuse `null` for any field of an object: what is unknown is left out, not sent as null."""
    if isinstance(value, dict):
        for name, part in value.items():
            if part is None:
                raise _wrong(
                    f"{_plain(name)}: must not be null; leave the field out when it is unknown"
                )
    return value


def describe_errors(errors: Sequence[Mapping[str, Any]]) -> str:
    """Turn pydantic's errors (of a body, a query or a path) into one line: `field: what is wrong`.

    At most five are told; the values stay out of it.
    """
    lines = []
    for error in errors[:5]:
        place = ".".join(
            _plain(str(step))
            for step in error["loc"]
            if not (isinstance(step, str) and step in _NOT_A_FIELD)
        )
        # Errors about the whole body name their field themselves, or speak of the body.
        if place or error["type"] == "sandbox":
            lines.append(f"{place}: {error['msg']}" if place else str(error["msg"]))
        else:
            lines.append(f"body: {error['msg']}")
    return "; ".join(lines)


def _plain(name: str) -> str:
    """A field's name as it may stand in a message: short, one line, printable."""
    return re.sub(r"[^\w.$-]", "?", name)[:60]


def has_broken_text(document: Any) -> bool:
    """Whether a JSON document holds half of a surrogate pair, which no text may hold."""
    if isinstance(document, str):
        return bool(_SURROGATE.search(document))
    if isinstance(document, dict):
        return any(has_broken_text(k) or has_broken_text(v) for k, v in document.items())
    if isinstance(document, list):
        return any(has_broken_text(part) for part in document)
    return False
