"""Reading a webhook: its topic, its de-duplication key, and what our handlers need of the body.

Pure: no database, no network. What cannot be read becomes a `Reading` without an event and with a
reason; nothing here raises, whatever the bytes. No e-mail, name or birthday leaves this module.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any


class Topic(StrEnum):
    """The topics of the contract (Webhook deliveries)."""

    CUSTOMER_UPDATED = "customers/updated"
    TIER_CHANGED = "customers/tier_changed"
    TIER_REWARD_EARNED = "customers/tier_entry_reward_earned"
    POINTS_EARNED = "points/earned"
    POINTS_REDEEMED = "points/redeemed"
    REFERRAL_STARTED = "referrals/started"
    REFERRAL_COMPLETED = "referrals/completed"


class Unusable(StrEnum):
    """Why a delivery is quarantined: kept as it came, but it is no event that can be acted on.

    `conflict`: its key came before with another body; `changed`: that one asked for the same
    coupons, so nobody has lost anything.
    """

    NO_TOPIC = "no_topic"
    UNKNOWN_TOPIC = "unknown_topic"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    NO_ID = "no_id"
    CONFLICT = "conflict"
    CHANGED = "changed"


# What costs somebody money if it is not acted on.
MONEY_TOPICS = (
    Topic.POINTS_REDEEMED,
    Topic.TIER_REWARD_EARNED,
    Topic.REFERRAL_STARTED,
    Topic.REFERRAL_COMPLETED,
)


@dataclass(frozen=True)
class Member:
    """Influence's customer object without its personal fields; any of it may be missing.

    `id` is Influence's, `external_id` the store's. `tier_known`: the object said which tier, be it
    none.
    """

    id: str | None
    external_id: str | None
    point_balance: int | None = None
    tier_known: bool = False
    tier_id: str | None = None
    tier_title: str | None = None
    referral_url: str | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True)
class Event:
    """A delivery that can be acted on. `body` is the parsed JSON, numbers as Decimal."""

    topic: Topic
    id: str | None
    member: Member | None
    friend: Member | None
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Reading:
    """What a delivery is. Either `event` is there, or `unusable` and `reason` say why not."""

    key: str
    topic: str | None
    event: Event | None = None
    unusable: Unusable | None = None
    reason: str | None = None


# Room for any real id, and three of them fit a Postgres index entry (2,704 bytes) in any script.
LONGEST_ID = 200
_LONGEST_TEXT = 500
# Longer or larger than any number the API has a use for; guards the arithmetic that follows.
_LONGEST_NUMBER = 100
_BIGINT = 2**63


def read(topic: str | None, body: bytes) -> Reading:
    """Read one delivery. The key is the contract's for its topic, else the hash of the body.

    `topic` is the X-Webhook-Topic header. Never raises.
    """
    name = clean_text(topic, limit=100)
    by_body = _hashed(body)

    def unusable(why: Unusable, reason: str) -> Reading:
        # With the topic: one body may come under two that are not known, and is two events then.
        return Reading(_hashed((name or "").encode() + b"\0" + body), name, None, why, reason)

    if name is None:
        return unusable(Unusable.NO_TOPIC, "The delivery has no X-Webhook-Topic header.")
    known = _TOPICS.get(name.casefold())
    if known is None:
        return unusable(
            Unusable.UNKNOWN_TOPIC, "Its topic is none that this version knows what to do with."
        )
    try:
        content = _parse(body)
    except _NotJsonError as error:
        return unusable(Unusable.NOT_JSON, f"The body is not usable JSON: {error}.")
    if not isinstance(content, dict):
        return unusable(Unusable.NOT_AN_OBJECT, "The body is JSON, but not an object.")
    event = _event(known, content)
    parts = _key_parts(event, by_body)
    if parts is None:
        return unusable(
            Unusable.NO_ID,
            f"The body lacks {_NEEDED[known]} (text of 1 to {LONGEST_ID} printable characters).",
        )
    return Reading("|".join((known.value, *map(_escaped, parts))), known.value, event=event)


def _hashed(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


_TOPICS = {topic.value: topic for topic in Topic}

_NEEDED = {
    Topic.CUSTOMER_UPDATED: "the customer's id",
    Topic.TIER_CHANGED: "customer.id",
    Topic.TIER_REWARD_EARNED: "an id",
    Topic.POINTS_EARNED: "an id",
    Topic.POINTS_REDEEMED: "an id or a couponCode",
    Topic.REFERRAL_STARTED: "an id or a reward's couponCode",
    Topic.REFERRAL_COMPLETED: "an id or a reward's couponCode",
}


def _event(topic: Topic, content: dict[str, Any]) -> Event:
    if topic is Topic.CUSTOMER_UPDATED:
        # The one topic whose body is the bare customer (contract: Webhook deliveries).
        member: Member | None = _member(content)
    else:
        member = _member(content.get("customer"))
    if topic is Topic.TIER_CHANGED and member is not None and "newTier" in content:
        # The event itself says the new tier; the customer beside it may still show the old one.
        member = _with_tier(member, content["newTier"])
    return Event(
        topic=topic,
        id=identifier(content.get("id")),
        member=member,
        friend=_member(content.get("friendCustomer")),
        body=content,
    )


def _key_parts(event: Event, by_body: str) -> tuple[str, ...] | None:
    """Give what makes the delivery the same as another (contract: the table's last column)."""
    member = event.member
    if event.topic is Topic.CUSTOMER_UPDATED or event.topic is Topic.TIER_CHANGED:
        if member is None or member.id is None:
            return None
        source = event.body if event.topic is Topic.CUSTOMER_UPDATED else event.body["customer"]
        when = _when(identifier(source.get("updatedAt")), by_body)
        if event.topic is Topic.CUSTOMER_UPDATED:
            return (member.id, *when)
        return (member.id, member.tier_id or "", *when)
    if event.id is not None:
        return (event.id,)
    codes = coupon_codes(event)
    if codes:
        # Hashed, because a key is shown to people and a code is money.
        return (KEYED_BY_CODE, hashlib.sha256("\n".join(sorted(codes)).encode()).hexdigest())
    return (by_body,) if event.topic is Topic.TIER_REWARD_EARNED else None


# Stands in a key in the place of an id where the body has none (it may be null).
KEYED_BY_CODE = "code"


def _when(updated_at: str | None, by_body: str) -> tuple[str, ...]:
    """Give what tells two states of a customer apart. The field may be null, and is documented only
    as a date: without a time of day, two deliveries are the same if their bodies are."""
    if updated_at is None:
        return (by_body,)
    return (updated_at,) if len(updated_at) > len("2026-05-01") else (updated_at, by_body)


def _escaped(part: str) -> str:
    """Keep a `|` inside an id from looking like the border between two."""
    return part.replace("%", "%25").replace("|", "%7C")


def _member(value: object) -> Member | None:
    if not isinstance(value, dict):
        return None
    member = Member(
        id=identifier(value.get("id")),
        external_id=identifier(value.get("externalId")),
        point_balance=whole_number(value.get("pointBalance")),
        referral_url=clean_text(value.get("referralUrl")),
        updated_at=moment(value.get("updatedAt")),
    )
    if "currentLoyaltyTier" in value:
        return _with_tier(member, value["currentLoyaltyTier"])
    return member


def _with_tier(member: Member, tier: object) -> Member:
    shape = tier if isinstance(tier, dict) else {}
    return Member(
        id=member.id,
        external_id=member.external_id,
        point_balance=member.point_balance,
        tier_known=True,
        tier_id=identifier(shape.get("id")),
        tier_title=clean_text(shape.get("title")),
        referral_url=member.referral_url,
        updated_at=member.updated_at,
    )


def coupon_code(holder: Mapping[str, Any]) -> str | None:
    """Give a `couponCode` exactly as it was issued, or None if none (usable) is there."""
    return identifier(holder.get("couponCode"))


def coupon_codes(event: Event) -> frozenset[str]:
    """Give every code that an event asks a coupon for, as far as they are usable."""
    if event.topic not in MONEY_TOPICS:
        return frozenset()
    if event.topic in (Topic.REFERRAL_STARTED, Topic.REFERRAL_COMPLETED):
        holders = [event.body.get("customerReward"), event.body.get("friendReward")]
    elif event.topic is Topic.TIER_REWARD_EARNED and coupon_code(event.body) is None:
        holders = [event.body.get("reward")]
    else:
        holders = [event.body]
    codes = (coupon_code(holder) for holder in holders if isinstance(holder, dict))
    return frozenset(code for code in codes if code is not None)


def identifier(value: object) -> str | None:
    """Give an id as text: a string as it is, a whole number in digits. None if it is no usable id.

    An id with control characters or lone surrogates could not be stored or shown as it is.
    """
    if isinstance(value, Decimal):
        value = str(int(value)) if value == value.to_integral_value() else ""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID or not value.strip():
        return None
    return value if _storable(value) and not any(_is_control(c) for c in value) else None


def clean_text(value: object, limit: int = _LONGEST_TEXT) -> str | None:
    """Give a text for showing: shortened, without what a text column or a terminal cannot take."""
    if not isinstance(value, str):
        return None
    head = "".join(" " if _is_control(c) else c for c in value[:limit])
    return head.encode("utf-8", "replace").decode("utf-8").strip() or None


def whole_number(value: object) -> int | None:
    """Give a number of points as an int that fits a bigint; a fraction is cut off."""
    number = decimal_number(value)
    if number is None or abs(number) >= _BIGINT:
        return None
    return int(number)


def decimal_number(value: object) -> Decimal | None:
    """Give a JSON number, or a number written as a string, as a finite Decimal."""
    if isinstance(value, str):
        return _usable_number(value.strip()) if value.isascii() else None
    return value if isinstance(value, Decimal) else None


def moment(value: object) -> datetime | None:
    """Give an ISO 8601 time in UTC (without a zone it is taken as UTC), or None.

    The contract documents these fields "only as a date"; a number is read as seconds, or as
    milliseconds where seconds would lie beyond the year 5000.
    """
    try:
        if isinstance(value, Decimal):
            seconds = float(value)
            return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
        if not isinstance(value, str) or len(value) > 64:
            return None
        parsed = datetime.fromisoformat(value.strip())
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _is_control(character: str) -> bool:
    return character < " " or "\x7f" <= character <= "\x9f" or character in "\u2028\u2029"


def _storable(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


class _NotJsonError(ValueError):
    """The words say why, without the content."""


def _parse(body: bytes) -> Any:
    try:
        # RFC 8259, 8.1: UTF-8; a byte order mark may be ignored. UTF-16 is not JSON on a network.
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _NotJsonError("it is not UTF-8") from None
    if not text.strip():
        raise _NotJsonError("it is empty")
    try:
        return json.loads(
            text,
            parse_int=_number,
            parse_float=_number,
            parse_constant=_no_constant,
            object_pairs_hook=_unique,
        )
    except _NotJsonError:
        raise
    except RecursionError:
        raise _NotJsonError("it is nested too deeply") from None
    except ValueError as error:
        place = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise _NotJsonError(f"a syntax error{place}") from None


class _AbsurdNumber:
    """A JSON number that no member of ours can hold. As good as unreadable where somebody reads it;
    where nobody does, it must not cost a customer their coupon."""


def _number(text: str) -> Decimal | _AbsurdNumber:
    number = _usable_number(text)
    return _AbsurdNumber() if number is None else number


def _usable_number(text: str) -> Decimal | None:
    if len(text) > _LONGEST_NUMBER:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= _LONGEST_NUMBER else None


def _no_constant(name: str) -> Any:
    raise _NotJsonError(f"it holds {name}, which JSON does not have")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        # Two readers would see two different events.
        raise _NotJsonError("a name stands twice in one object")
    return result
