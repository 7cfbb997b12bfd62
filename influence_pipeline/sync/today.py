"""What the API says today of one record, beside what the store has: for `why --live`.

The contract documents GET of a customer; GET of an order is inferred; products and rewards cannot
be asked for. Replies are read by the contract's names, or by the account's own (`api_names`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

from influence_pipeline.errors import InfluencePipelineError
from influence_pipeline.platform_api import payloads
from influence_pipeline.platform_api.payloads import RecordError
from influence_pipeline.platform_api.single import SingleCalls
from influence_pipeline.records import Entity

# What may be shown without being asked for: nothing that says who somebody is, no address, no code.
_SHOWN = {
    Entity.CUSTOMER: (
        "id",
        "externalId",
        "customerType",
        "pointBalance",
        "currentLoyaltyTierId",
        "currentLoyaltyTierProgress",
        "lifetimeStampsEarned",
        "referralsCompleted",
        "createdAt",
        "updatedAt",
        "lastSeenAt",
    ),
    Entity.ORDER: (
        "id",
        "orderNumber",
        "customerId",
        "currency",
        "subtotalPrice",
        "totalPrice",
        "financialStatus",
        "createdAt",
        "updatedAt",
    ),
}
_MONEY = frozenset({"subtotalPrice", "totalPrice"})
# Compared, and their values shown only with everything else.
_COMPARED = {
    Entity.CUSTOMER: (
        "email",
        "name",
        "firstName",
        "lastName",
        "phone",
        "birthdayMonth",
        "birthdayDay",
    ),
    Entity.ORDER: (
        "financialStatus",
        "totalPrice",
        "subtotalPrice",
        "currency",
        "customerId",
        "orderNumber",
        "email",
    ),
}
# Above it a JSON reader may lose digits.
_SAFE_WHOLE = 2**53
_PERSONAL = frozenset(_COMPARED[Entity.CUSTOMER])


@dataclass(frozen=True)
class Difference:
    """A field in which store and API differ; None: one of the two has none. `shown`: whether the
    values may be seen without being asked for."""

    field: str
    in_store: Any
    at_api: Any
    shown: bool


@dataclass(frozen=True)
class Today:
    """What the API says. `known`: whether it has the record; None: it did not say.

    `words`: why it did not, or its own words. `values`: of the record, redacted unless everything
    was asked for. `same`: the fields that were compared and are the same.
    """

    known: bool | None
    words: str = ""
    http_status: int | None = None
    values: dict[str, Any] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()
    same: tuple[str, ...] = ()


def ask(
    api: SingleCalls,
    entity: Entity,
    key: str,
    row: Mapping[str, Any] | None,
    names: Mapping[str, Mapping[str, str]],
    *,
    everything: bool,
) -> Today:
    """Ask for one record and compare it with the store's `row` (canonical values; None: there is
    none). Never raises for trouble: it is said in the result."""
    if entity not in _SHOWN:
        return Today(None, f"the API has no documented way to ask for a {entity}")
    try:
        answer = api.get_customer(key) if entity is Entity.CUSTOMER else api.get_order(key)
    except InfluencePipelineError as error:
        return Today(None, str(error).rstrip("."))
    if answer.status == 404:
        return Today(False, answer.words, answer.status)
    if not answer.found:
        if entity is Entity.ORDER and answer.status in {405, 501}:
            return Today(None, "the API does not let orders be asked for", answer.status)
        return Today(None, answer.words or "it refuses to say", answer.status)
    reply = _record(answer.body, entity)
    if reply is None:
        return Today(None, f"its answer holds no {entity}", answer.status)
    differences, same = _compare(entity, row, reply, names.get(entity, {}))
    return Today(
        True,
        http_status=answer.status,
        values=_values(entity, reply, everything=everything),
        differences=differences,
        same=same,
    )


def _record(body: Any, entity: Entity) -> dict[str, Any] | None:
    """Find the record in a reply: under its name, or the reply itself."""
    found = body.get(entity.value, body) if isinstance(body, dict) else None
    return found if isinstance(found, dict) else None


def _values(entity: Entity, reply: dict[str, Any], *, everything: bool) -> dict[str, Any]:
    if everything:
        return {name: _plain(value) for name, value in reply.items()}
    values = {name: _plain(reply[name]) for name in _SHOWN[entity] if name in reply}
    for name, value in reply.items():
        if isinstance(value, list):
            values[name] = len(value)
    return {name: value for name, value in values.items() if not isinstance(value, dict)}


def _compare(
    entity: Entity,
    row: Mapping[str, Any] | None,
    reply: dict[str, Any],
    names: Mapping[str, str],
) -> tuple[tuple[Difference, ...], tuple[str, ...]]:
    """Compare what would be sent with what the API says; what it does not say is left out."""
    sent = _would_be_sent(entity, row)
    differences, same = [], []
    for name in _COMPARED[entity] if sent is not None else ():
        theirs = name if name in reply else names.get(name, name)
        if theirs not in reply:
            continue
        ours, said = getattr(sent, name), _plain(reply[theirs])
        if ours is None:
            # What is unknown is not sent, so the API may well have something there.
            continue
        if _equal(name, str(ours), said):
            same.append(name)
        else:
            differences.append(Difference(name, str(ours), said, name not in _PERSONAL))
    return tuple(differences), tuple(same)


def _would_be_sent(entity: Entity, row: Mapping[str, Any] | None) -> Any:
    if row is None:
        return None
    try:
        if entity is Entity.CUSTOMER:
            return payloads.customer_body(row)
        return payloads.order_body(row)
    except (RecordError, ValueError, OverflowError, RecursionError):
        # Why it cannot be told is what the record is parked for.
        return None


def _equal(name: str, ours: str, said: Any) -> bool:
    if name in _MONEY:
        try:
            return Decimal(ours) == Decimal(str(said))
        except InvalidOperation:
            return False
    if name == "email":
        return ours.lower() == str(said).lower()
    return ours == str(said)


def _plain(value: Any) -> Any:
    """Make values that JSON has; numbers come from the reply as Decimal."""
    if isinstance(value, Decimal):
        whole = abs(value) < _SAFE_WHOLE and value == value.to_integral_value()
        return int(value) if whole else str(value)
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
