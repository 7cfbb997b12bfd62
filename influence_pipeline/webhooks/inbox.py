"""The inbox: every delivery that was answered 2xx, stored once, and who is working on it.

What a delivery means is read in `events`, what it brings about in `handlers`. Uniqueness is decided
by the table's constraints, never by looking first. Every change by a worker is guarded by the fence
of its claim: False means that the claim was lost and nothing was changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from influence_pipeline.postgres import Postgres
from influence_pipeline.sql import load_queries
from influence_pipeline.state.schema import InboxState
from influence_pipeline.webhooks import events
from influence_pipeline.webhooks.events import MONEY_TOPICS, Reading, Unusable

_SQL = load_queries(__file__, "inbox.sql")


class Result(StrEnum):
    """What became of a delivery."""

    NEW = "new"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    QUARANTINED = "quarantined"


@dataclass(frozen=True)
class Delivery:
    """A webhook as it came: raw body, the two headers that name it, and those kept for a person."""

    body: bytes
    topic: str | None
    webhook_id: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stored:
    id: int
    state: Result


@dataclass(frozen=True)
class Claimed:
    """One event and the claim on it. `attempts` counts this one, and those right before it that
    ended for `reason_code`. `over_cap`: its coupons are made whatever the caps say.
    `some_are_erased`: whether anybody ever was (`state.erased`)."""

    id: int
    fence: int
    attempts: int
    topic: str | None
    body: bytes
    dedupe_key: str
    received_at: datetime
    reason_code: str | None
    over_cap: bool = False
    some_are_erased: bool = False


def store(connection: sa.Connection, delivery: Delivery) -> Stored:
    """Put a delivery into the inbox; it is kept when the caller's transaction commits.

    Repeated deliveries are counted, the same key with another body is kept and flagged, and what is
    no usable event is quarantined. Where the first body with a key names no coupon code and this
    one does, this one counts. Never refuses: whatever the bytes, they are stored as they came.
    """
    reading = events.read(delivery.topic, delivery.body)
    values = _values(reading, delivery)
    connection.execute(_SQL["commit_durably"])
    new = connection.execute(_SQL["insert"], values).scalar()
    if new is not None:
        return Stored(new, _result(reading))
    known = connection.execute(_SQL["count_duplicate"], values).scalar()
    if known is not None:
        return Stored(known, Result.DUPLICATE)
    return _store_beside(connection, reading, values)


def store_new(connection: sa.Connection, deliveries: Sequence[Delivery]) -> list[Stored | None]:
    """Put those deliveries into the inbox whose keys are not in it, by one statement.

    None, at its place, for each that has to go through `store` afterwards: its key is known, or an
    earlier one of these has it. Waits for nobody's lock longer than half a second.
    """
    read = [(one, events.read(one.topic, one.body)) for one in deliveries]
    # All in one order, so that two groups with the same keys cannot wait for each other.
    places = sorted(range(len(read)), key=lambda place: read[place][1].key)
    rows = [_values(read[place][1], read[place][0]) for place in places]
    columns = {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}
    inserted = {
        (row.dedupe_key, bytes(row.body_sha256)): row.id
        for row in connection.execute(_SQL["insert_new"], columns)
    }
    found: list[Stored | None] = [None] * len(read)
    for place, row in zip(places, rows, strict=True):
        # Of several with one key and body the first one got the row.
        new = inserted.pop((row["dedupe_key"], row["body_sha256"]), None)
        if new is not None:
            found[place] = Stored(new, _result(read[place][1]))
    return found


def _values(reading: Reading, delivery: Delivery) -> dict[str, Any]:
    return {
        "topic": reading.topic,
        "webhook_id": events.clean_text(delivery.webhook_id, limit=200),
        "dedupe_key": reading.key,
        "body_sha256": hashlib.sha256(delivery.body).digest(),
        "body": delivery.body,
        "headers": json.dumps(_clean(delivery.headers)),
        "state": InboxState.NEW if reading.event else InboxState.QUARANTINED,
        "reason_code": reading.unusable,
        "reason": reading.reason,
    }


def _result(reading: Reading) -> Result:
    return Result.NEW if reading.event else Result.QUARANTINED


def _store_beside(connection: sa.Connection, reading: Reading, values: Mapping[str, Any]) -> Stored:
    """Keep another body of a key that is taken."""
    first = connection.execute(_SQL["first_of_key"], values).first()
    before = events.read(first.topic, bytes(first.body)).event if first is not None else None
    had = events.coupon_codes(before) if before is not None else frozenset()
    asked = events.coupon_codes(reading.event) if reading.event is not None else frozenset()
    changed = reading.event is not None and reading.event.topic in MONEY_TOPICS and asked <= had
    kept = connection.execute(
        _SQL["insert_conflicting"],
        {
            **values,
            "reason_code": Unusable.CHANGED if changed else Unusable.CONFLICT,
            "reason": _CHANGED if changed else _CONFLICT,
        },
    ).scalar_one()
    if first is not None and asked and not had and _take_instead(connection, first, kept):
        return Stored(kept, Result.NEW)
    return Stored(kept, Result.CONFLICT)


_CHANGED = (
    "An event with this key came before with another body; it asks for the same coupons, so that "
    "nothing is missing."
)
_CONFLICT = (
    "An event with this key came before with another body. If that one was never acted on, this "
    "one can be taken instead (influence-pipeline events replay)."
)


def _take_instead(connection: sa.Connection, first: sa.Row[Any], second_id: int) -> bool:
    """Let the second event of a key count, unless the first one (locked) was acted on."""
    if first.state == InboxState.DONE:
        return False
    if connection.execute(_SQL["has_coupon"], {"id": first.id}).scalar_one():
        return False
    words = f"Event {second_id}, with the same key and another body, was taken instead."
    connection.execute(_SQL["set_aside"], {"id": first.id, "reason": words})
    connection.execute(_SQL["take"], {"id": second_id})
    return True


def _clean(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: events.clean_text(value, limit=200) or "" for name, value in headers.items()}


def claim(state: Postgres, limit: int, lease_seconds: float) -> list[Claimed]:
    """Take up to `limit` events that are due, oldest first. Others leave them alone meanwhile."""
    with state.transaction() as connection:
        rows = connection.execute(
            _SQL["claim"], {"limit": limit, "lease_seconds": lease_seconds}
        ).all()
    claimed = [Claimed(**{**row._mapping, "body": bytes(row.body)}) for row in rows]
    return sorted(claimed, key=lambda event: event.id)


def hold(connection: sa.Connection, claimed: Claimed) -> bool:
    """Tell whether the claim still stands, and keep it so to the end of the transaction."""
    found = connection.execute(_SQL["hold"], {"id": claimed.id, "fence": claimed.fence})
    return found.scalar() is not None


def finish(connection: sa.Connection, claimed: Claimed) -> float | None:
    """Mark it done. Gives the seconds from the delivery to now, or None if the claim was lost."""
    return _settle(connection, claimed, InboxState.DONE, None, None)


def park(connection: sa.Connection, claimed: Claimed, code: str, reason: str) -> bool:
    """Set it aside until a person, or a changed setting, makes it new again."""
    return _settle(connection, claimed, InboxState.PARKED, code, reason) is not None


def quarantine(connection: sa.Connection, claimed: Claimed, code: str, reason: str) -> bool:
    """Set it aside as no usable event (it was one for the version that stored it)."""
    return _settle(connection, claimed, InboxState.QUARANTINED, code, reason) is not None


def retry_later(
    connection: sa.Connection, claimed: Claimed, delay_seconds: float, code: str, reason: str
) -> bool:
    """Leave it new, to be tried again after a while."""
    row = connection.execute(
        _SQL["retry_later"],
        {
            "id": claimed.id,
            "fence": claimed.fence,
            "delay_seconds": delay_seconds,
            "reason_code": code,
            "reason": reason,
        },
    ).first()
    return row is not None


def release(state: Postgres, claimed: Sequence[Claimed]) -> None:
    """Give back what was claimed and not begun."""
    if not claimed:
        return
    with state.transaction() as connection:
        for event in claimed:
            connection.execute(_SQL["release"], {"id": event.id, "fence": event.fence})


def _settle(
    connection: sa.Connection,
    claimed: Claimed,
    state: InboxState,
    code: str | None,
    reason: str | None,
) -> float | None:
    seconds = connection.execute(
        _SQL["settle"],
        {
            "id": claimed.id,
            "fence": claimed.fence,
            "state": state,
            "reason_code": code,
            "reason": reason,
        },
    ).scalar()
    return None if seconds is None else float(seconds)


@dataclass(frozen=True)
class EventLine:
    """One event for a list: states and reasons, nothing of its content."""

    id: int
    received_at: datetime
    topic: str | None
    state: str
    reason_code: str | None
    reason: str | None
    attempts: int
    deliveries: int
    conflicts: bool
    next_at: datetime
    done_at: datetime | None


@dataclass(frozen=True)
class CouponLine:
    """A coupon of an event. `code` shows its first two characters only: a code is money."""

    code: str
    state: str
    kind: str
    value: Decimal | None
    currency: str | None
    expires_at: datetime | None
    issued_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True)
class EventDetail:
    """One event in full. `body` holds personal data and is None unless it was asked for."""

    line: EventLine
    webhook_id: str | None
    dedupe_key: str
    size: int
    coupons: tuple[CouponLine, ...]
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Count:
    events: int
    oldest: datetime


def list_events(
    state: Postgres,
    *,
    states: Sequence[InboxState] | None = None,
    topic: str | None = None,
    reason_code: str | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[EventLine]:
    """Give events, newest first; `before_id` is the last id of the page before."""
    with state.transaction() as connection:
        rows = connection.execute(
            _SQL["list"],
            {
                "states": None if states is None else [str(s) for s in states],
                "topic": topic,
                "reason_code": reason_code,
                "before_id": before_id,
                "limit": limit,
            },
        ).all()
    return [EventLine(**row._mapping) for row in rows]


def show_event(state: Postgres, event_id: int, *, with_body: bool = False) -> EventDetail | None:
    """Give one event, or None. Its body (personal data) only when asked for."""
    with state.transaction() as connection:
        found = connection.execute(_SQL["show"], {"id": event_id, "with_body": with_body}).first()
        if found is None:
            return None
        coupons = connection.execute(_SQL["coupons_of"], {"id": event_id}).all()
    values: dict[str, Any] = dict(found._mapping)
    body = values.pop("body")
    own = {name: values.pop(name) for name in ("webhook_id", "dedupe_key", "size")}
    return EventDetail(
        line=EventLine(**values),
        **own,
        coupons=tuple(CouponLine(**{**row._mapping, "code": _masked(row.code)}) for row in coupons),
        body=None if body is None else bytes(body),
    )


def count_events(state: Postgres) -> dict[InboxState, Count]:
    """Give how many events are in each state, and when the oldest of them came."""
    with state.transaction() as connection:
        rows = connection.execute(_SQL["counts"]).all()
    return {InboxState(row.state): Count(row.events, row.oldest) for row in rows}


def replay(
    state: Postgres,
    *,
    ids: Sequence[int] | None = None,
    reason_code: str | None = None,
    states: Sequence[InboxState] = (InboxState.PARKED,),
    over_cap: bool = False,
) -> list[int]:
    """Make events new again, so that they are worked off from the start; gives their ids.
    `over_cap`: their coupons are made whatever the caps say.

    Without `ids` all in `states` (with that reason). Safe for what was already done: a coupon that
    is there is found again, not made again. An event whose key came before with another body is
    taken in the place of the first one when it is asked for by its id, unless the first one was
    acted on or is about to be.
    """
    values = {
        "ids": None if ids is None else list(ids),
        "states": [str(s) for s in states],
        "reason_code": reason_code,
        "over_cap": over_cap,
    }
    with state.transaction() as connection:
        again = list(connection.execute(_SQL["replay"], values).scalars())
        for row in connection.execute(_SQL["conflicting"], values).all() if ids else ():
            first = connection.execute(_SQL["first_of_key"], {"dedupe_key": row.dedupe_key}).first()
            if first is None or first.state == InboxState.NEW:
                continue
            if _take_instead(connection, first, row.id):
                again.append(row.id)
        return sorted(again)


def settle_by_hand(state: Postgres, ids: Sequence[int], note: str) -> list[int]:
    """Put parked or quarantined events away as done, with what a person did; gives their ids."""
    values = {
        "ids": list(ids),
        "states": [str(InboxState.PARKED), str(InboxState.QUARANTINED)],
        "note": events.clean_text(note),
    }
    with state.transaction() as connection:
        return sorted(connection.execute(_SQL["settle_by_hand"], values).scalars())


@dataclass(frozen=True)
class Parked:
    id: int
    topic: str | None
    body: bytes
    received_at: datetime


def parked_for(
    state: Postgres, reason_codes: Sequence[str], *, but: Collection[int] = (), limit: int = 1000
) -> list[Parked]:
    """Give events parked for one of these reasons, oldest first, `but` those."""
    with state.transaction() as connection:
        rows = connection.execute(
            _SQL["parked_for"],
            {"reason_codes": list(reason_codes), "but": list(but), "limit": limit},
        ).all()
    return [Parked(**{**row._mapping, "body": bytes(row.body)}) for row in rows]


def parked_with_key(connection: sa.Connection, dedupe_key: str) -> Parked | None:
    """Give the event with this key if it is parked, held to the end of the transaction."""
    row = connection.execute(_SQL["parked_with_key"], {"dedupe_key": dedupe_key}).first()
    return None if row is None else Parked(**{**row._mapping, "body": bytes(row.body)})


def finish_parked(connection: sa.Connection, parked: Parked) -> None:
    """Mark a parked event done: what it asks for is there by another event's doing."""
    connection.execute(_SQL["finish_parked"], {"id": parked.id})


def left_behind(state: Postgres, claimed: Claimed) -> bool:
    """Tell whether events that came later were worked off lately, and this one still waits."""
    values = {"id": claimed.id, "topics": [str(topic) for topic in MONEY_TOPICS]}
    with state.transaction() as connection:
        return bool(connection.execute(_SQL["left_behind"], values).scalar_one())


def _masked(code: str) -> str:
    return f"{code[:2]}…" if len(code) > 4 else "…"
