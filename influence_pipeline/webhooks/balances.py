"""What events and the API's list tell of members' balances: rows of `balance_seen`.

Here is what is written down; whether it adds up is found out in `gaps`. Ids, points and times only.
Which assumptions are made of `updatedAt` stands there too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from influence_pipeline.postgres import Postgres
from influence_pipeline.sql import load_queries
from influence_pipeline.state import erased
from influence_pipeline.state.schema import BalanceSource
from influence_pipeline.webhooks import events, forgotten
from influence_pipeline.webhooks.events import Event, Topic
from influence_pipeline.webhooks.outcomes import Why
from influence_pipeline.webhooks.people import Person, Role, names_of

_SQL = load_queries(__file__, "balances.sql")

# What events tell is written down so long after the last cycle; a later one begins anew.
KEPT_DAYS = 7
# The sign of `points` is not documented (contract: Webhook deliveries), the topic says it.
_SIGNS = {Topic.POINTS_EARNED: 1, Topic.POINTS_REDEEMED: -1}
_EVENTS_AT_ONCE = 500
# Events parked so may be no events of this member's at all.
_TELLS_NOTHING = (Why.NOT_VERIFIED, Why.CODE_OF_ANOTHER_EVENT)
# No clock is further ahead; a state of another year would be the newest one for ever.
_AHEAD = timedelta(days=1)
# Beyond any real number of points; sums of those below stay numbers, whoever sends them.
_MOST_POINTS = 10**15


@dataclass(frozen=True, order=True)
class Seen:
    """A member's balance at a time (`updatedAt`), or points that moved then (signed).

    `moved` is None in an event of points where how many, or when, cannot be read; `at` is then when
    it came.
    """

    member_id: str
    at: datetime
    source: BalanceSource
    event_id: int
    balance: int | None = None
    moved: int | None = None


def seen_in(event: Event, event_id: int, received_at: datetime) -> list[Seen]:
    """Give what an event tells of balances, in the order in which rows are locked."""
    sign = _SIGNS.get(event.topic)
    member = event.member
    if sign is not None:
        if member is None or member.id is None:
            return []
        moved = points(event.body.get("points"))
        at = possible_time(member.updated_at, received_at)
        known = moved is not None and at is not None
        return [
            Seen(
                member.id,
                at or received_at,
                BalanceSource.MOVED,
                event_id,
                _possible(member.point_balance),
                sign * abs(moved) if moved is not None and known else None,
            )
        ]
    found = {
        Seen(
            shown.id, shown.updated_at, BalanceSource.TOLD, event_id, _possible(shown.point_balance)
        )
        for shown in (member, event.friend)
        if shown is not None
        and shown.id is not None
        and shown.updated_at is not None
        and possible_time(shown.updated_at, received_at) is not None
        and _possible(shown.point_balance) is not None
    }
    return sorted(found, key=lambda seen: (seen.member_id, seen.at))


def possible_time(at: datetime | None, now: datetime) -> datetime | None:
    """Give a time that a state can have; None for one that lies in the future."""
    return at if at is not None and at <= now + _AHEAD else None


def points(value: object) -> int | None:
    """Read a number of points, or a balance; None for what can be none."""
    return _possible(events.whole_number(value))


def _possible(number: int | None) -> int | None:
    return number if number is not None and abs(number) <= _MOST_POINTS else None


def observe(connection: sa.Connection, event: Event, event_id: int, received_at: datetime) -> None:
    """Write down what an event tells of balances, while there are cycles (`KEPT_DAYS`); an event
    that was observed changes nothing."""
    _insert(connection, seen_in(event, event_id, received_at))


def _insert(connection: sa.Connection, seen: Iterable[Seen]) -> None:
    rows = list(seen)
    if rows:
        connection.execute(_SQL["observe"], columns(rows))


def columns(rows: Sequence[Seen]) -> dict[str, Any]:
    """Give rows as the columns that the statements take."""
    return {
        "members": [row.member_id for row in rows],
        "ats": [row.at for row in rows],
        "sources": [row.source for row in rows],
        "events": [row.event_id for row in rows],
        "balances": [row.balance for row in rows],
        "moved": [row.moved for row in rows],
        "kept_days": KEPT_DAYS,
    }


def observe_unsettled(state: Postgres) -> int:
    """Write down what events tell that are not done: that a coupon waits, or is parked, does not
    mean that its event never came. Not those that the API does not vouch for, nor a redemption that
    came under another id before. Gives how many.

    Raises StateError.
    """
    with state.transaction() as connection:
        connection.execute(_SQL["forget_set_aside"])
        ids = list(
            connection.execute(
                _SQL["unsettled"],
                {"but": list(map(str, _TELLS_NOTHING)), "topics": list(map(str, Topic))},
            ).scalars()
        )
    for start in range(0, len(ids), _EVENTS_AT_ONCE):
        with state.transaction() as connection:
            connection.execute(_SQL["write_beside_erasures"])
            rows = connection.execute(
                _SQL["bodies"], {"ids": ids[start : start + _EVENTS_AT_ONCE]}
            ).all()
            seen: list[Seen] = []
            keys = erased.keys_of(connection)
            for row in rows:
                body = bytes(row.body)
                event = events.read(row.topic, body).event
                if keys is not None and forgotten.erased_in(connection, row.topic, body, keys):
                    continue
                if event is not None:
                    seen += seen_in(event, row.id, row.received_at)
            _insert(connection, sorted(seen, key=_lock_order))
    return len(ids)


def _lock_order(seen: Seen) -> tuple[str, datetime, str, int]:
    return seen.member_id, seen.at, str(seen.source), seen.event_id


@dataclass(frozen=True)
class Listed:
    """A member as the API's list shows it, without personal fields."""

    id: str
    external_id: str | None
    balance: int | None
    tier_known: bool
    tier_id: str | None
    tier_title: str | None
    referral_url: str | None
    created_at: datetime | None
    updated_at: datetime | None


def _not_erased(connection: sa.Connection, members: Sequence[Listed]) -> Sequence[Listed]:
    found = {m.id: Person(Role.MEMBER, m.external_id, m.id) for m in members}
    names = erased.erased_among(connection, names_of(found.values()))
    return [m for m in members if not found[m.id].is_among(names)] if names else members


def observe_listed(
    connection: sa.Connection, members: Sequence[Listed], *, since: datetime | None
) -> int:
    """Write down what a page of the API's list shows that no event has told; gives how many.

    Who was created after `since`, when everybody had been listed once, began with no points.
    Newer is never overwritten by older. Who was erased is left out. `members`: each id once.
    """
    connection.execute(_SQL["write_beside_erasures"])
    members = _not_erased(connection, members)
    placed = sorted(
        (m for m in members if m.updated_at is not None and m.balance is not None),
        key=lambda m: m.id,
    )
    columns = {
        "members": [m.id for m in placed],
        "ats": [m.updated_at for m in placed],
        "balances": [m.balance for m in placed],
    }
    if since is not None:
        created = [m.created_at for m in placed]
        connection.execute(_SQL["observe_created"], {**columns, "created": created, "since": since})
    new = connection.execute(_SQL["observe_asked"], columns).rowcount
    if members:
        ordered = sorted(members, key=lambda m: m.id)
        connection.execute(
            _SQL["keep_members"],
            {
                "members": [m.id for m in ordered],
                "externals": [m.external_id for m in ordered],
                "balances": [m.balance for m in ordered],
                "tiers_known": [m.tier_known for m in ordered],
                "tiers": [m.tier_id for m in ordered],
                "titles": [m.tier_title for m in ordered],
                "links": [m.referral_url for m in ordered],
                "ats": [m.updated_at for m in ordered],
            },
        )
    return int(new)
