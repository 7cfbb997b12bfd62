"""Gaps in members' balances: what was lost on the way, found by what does not add up.

Per member, from one state to the next, the balance must have changed by the points that events
told of (`chain` says what else may explain it). Nothing is flagged before a grace has passed, and
an event that comes late closes its gap by itself. What adds up is settled: the chain goes on from
there, and what lies before it is deleted, so that only what is new is looked at.

Assumptions. `updatedAt` moves with the balance. Whether the one in an event of points is that of
before or after its change is not documented: it is told from the steps that add up in one reading
only, counted over all members and remembered; until they say something, it is taken as after. The
balance in such an event is not used, for the same reason.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from influence_pipeline.postgres import Postgres
from influence_pipeline.sql import load_queries
from influence_pipeline.webhooks import chain
from influence_pipeline.webhooks.balances import KEPT_DAYS
from influence_pipeline.webhooks.chain import Judged, Refund, Step

_SQL = load_queries(__file__, "gaps.sql")
# So many times more steps must speak for the other reading before it is believed.
_CLEARLY = 2


@dataclass(frozen=True)
class Gap:
    """Points that no event told of, between two states of a member. `points` below 0: they were
    spent. `external_id`: the store's id, if it is known."""

    member_id: str
    external_id: str | None
    since: datetime
    until: datetime
    points: int
    found_at: datetime


@dataclass(frozen=True)
class GapCount:
    """How many members miss points that nobody told of (`lost`), or have such points (`gained`),
    how many points, and since when the oldest of these states is."""

    lost: int
    gained: int
    points_lost: int
    points_gained: int
    oldest: datetime | None


@dataclass(frozen=True)
class Judgement:
    """What one look at all balances came to. `settled`: members whose chain goes on from a newer
    state; `explained`: steps that a refund of ours explains; `misread`: steps that undo each
    other; `unreadable`: members taken as they are, because an event could not be read."""

    settled: int
    explained: int
    misread: int
    unreadable: int


def judge(state: Postgres, *, grace_seconds: float, past: datetime | None = None) -> Judgement:
    """Look at what was told since the last time, flag what does not add up, settle what does.

    `past`: what refunds before that moment explain was looked at by an earlier cycle. One
    transaction; a second one waits for it. Raises StateError.
    """
    with state.transaction() as connection:
        connection.execute(_SQL["alone"])
        connection.execute(_SQL["make_steps"])
        reading = _reading(connection)
        steps = _open_steps(connection, reading.before, grace_seconds)
        judged = chain.judge(steps, _refunds(connection, steps))
        _keep(connection, judged.gaps)
        settled = connection.execute(
            _SQL["settle"],
            {
                "members": [step.member_id for step in judged.passed],
                "untils": [step.until for step in judged.passed],
                "before": reading.before,
                "all_told": reading.surely_after,
                "grace_seconds": grace_seconds,
            },
        ).one()
        _drop_refunds(connection, steps, judged, past)
        unreadable = connection.execute(_SQL["not_judged"]).scalar_one()
    return Judgement(settled.members, len(judged.explained), len(judged.misread), unreadable)


@dataclass(frozen=True)
class _Reading:
    """Whether events of points show the `updatedAt` of before their change; whether they surely
    show that of after it."""

    before: bool
    surely_after: bool


def _reading(connection: sa.Connection) -> _Reading:
    known = read_fact(connection)
    votes = connection.execute(_SQL["votes"]).one()
    after = int(known.get("after", 0)) + votes.after
    before = int(known.get("before", 0)) + votes.before
    if votes.after or votes.before:
        write_fact(connection, {"after": after, "before": before})
    return _Reading(bool(before > _CLEARLY * after), bool(after > _CLEARLY * before))


def _open_steps(connection: sa.Connection, before: bool, grace_seconds: float) -> list[Step]:
    rows = connection.execute(
        _SQL["open_steps"], {"before": before, "grace_seconds": grace_seconds}
    ).all()
    return [
        Step(**{**row._mapping, "points": int(row.points), "moved": int(row.moved)}) for row in rows
    ]


def _refunds(connection: sa.Connection, steps: Sequence[Step]) -> dict[str, list[Refund]]:
    customers = {step.external_id for step in steps if step.points < 0 and step.external_id}
    found: dict[str, list[Refund]] = {}
    if customers:
        for row in connection.execute(_SQL["refunds_of"], {"customers": sorted(customers)}):
            refund = Refund(row.order_key, row.first_at, row.last_at)
            found.setdefault(row.customer_key, []).append(refund)
    return found


def _keep(connection: sa.Connection, gaps: Sequence[Step]) -> None:
    columns = {
        "members": [gap.member_id for gap in gaps],
        "untils": [gap.until for gap in gaps],
    }
    connection.execute(_SQL["drop_gaps"], columns)
    if gaps:
        more = {"sinces": [gap.since for gap in gaps], "points": [gap.points for gap in gaps]}
        connection.execute(_SQL["keep_gaps"], {**columns, **more})


def _drop_refunds(
    connection: sa.Connection, steps: Sequence[Step], judged: Judged, past: datetime | None
) -> None:
    """Drop the refunds whose step the chain has passed, so that they explain no second one, and
    those of before `past` of which no step is left to be seen."""
    members = sorted({step.member_id for step, _ in judged.explained})
    rows = connection.execute(_SQL["settled_at"], {"members": members}).all()
    settled = {row.member_id: row.at for row in rows}

    def is_past(step: Step) -> bool:
        return step.member_id in settled and step.until <= settled[step.member_id]

    used = [refund.order_key for step, refund in judged.explained if is_past(step)]
    still_open = {step.external_id for step in steps if step.external_id and not is_past(step)}
    connection.execute(
        _SQL["drop_refunds"],
        {
            "used": used,
            "open": sorted(still_open),
            "before": None if past is None else past - 2 * chain.NEAR,
        },
    )


def find(state: Postgres, most: int) -> list[Gap]:
    """Give gaps as they were last found, those with points missing first, the oldest first."""
    with state.transaction() as connection:
        rows = connection.execute(_SQL["gaps"], {"most": most}).all()
    return [Gap(**row._mapping) for row in rows]


def count(state: Postgres) -> GapCount:
    """Count the members with gaps. Raises StateError."""
    with state.transaction() as connection:
        row = connection.execute(_SQL["count_gaps"]).one()
    return GapCount(row.lost, row.gained, int(row.points_lost), int(row.points_gained), row.oldest)


def accept(state: Postgres, external_id: str) -> int | None:
    """Take the newest balance of a customer (the store's id) as it is: the chain goes on from it,
    and the gaps before it are closed. Gives that balance; None: no balance is known.

    Raises StateError.
    """
    balance: int | None = None
    with state.transaction() as connection:
        connection.execute(_SQL["alone"])
        members = connection.execute(_SQL["members_of"], {"external_id": external_id}).scalars()
        for member_id in list(members):
            taken = connection.execute(_SQL["accept"], {"member_id": member_id}).scalar()
            if taken is not None:
                balance = int(taken)
                connection.execute(_SQL["forget_before"], {"member_id": member_id})
                connection.execute(_SQL["close_gaps"], {"member_id": member_id})
    return balance


@dataclass(frozen=True)
class MemberLine:
    """What Influence last said of a member; ids, balance and tier only."""

    customer_id: str
    external_id: str | None
    point_balance: int | None
    tier_id: str | None
    tier_title: str | None
    updated_at: datetime | None


@dataclass(frozen=True)
class Told:
    """One row of what is known of a balance since it last added up."""

    at: datetime
    source: str
    balance: int | None
    moved: int | None
    event_id: int | None
    seen_at: datetime


def members(state: Postgres, most: int) -> list[MemberLine]:
    """Give members, the last changed first. Raises StateError."""
    with state.transaction() as connection:
        rows = connection.execute(_SQL["members"], {"most": most}).all()
    return [MemberLine(**row._mapping) for row in rows]


def history(state: Postgres, external_id: str) -> list[tuple[MemberLine, list[Told]]]:
    """Give a customer (the store's id) as Influence knows them, with the states since the last
    one that added up; more than one where Influence has several under that id."""
    with state.transaction() as connection:
        found = connection.execute(_SQL["member"], {"external_id": external_id}).all()
        return [
            (
                MemberLine(**row._mapping),
                [
                    Told(**told._mapping)
                    for told in connection.execute(
                        _SQL["history"], {"member_id": row.customer_id}
                    ).all()
                ],
            )
            for row in found
        ]


def read_fact(connection: sa.Connection) -> dict[str, Any]:
    """Give what the cycles remember: `since`, `everyone_at`, `cycle_at` (moments as text), and the
    votes `after` and `before`."""
    found = connection.execute(_SQL["fact"]).scalar()
    return dict(found) if found else {}


def write_fact(connection: sa.Connection, values: dict[str, Any]) -> None:
    """Remember these, beside what is remembered already."""
    connection.execute(_SQL["set_fact"], {"value": json.dumps(values)})


def begin(state: Postgres) -> dict[str, Any]:
    """Begin a cycle; gives what the cycles remember. After a pause so long that not all events were
    written down everything begins anew, as with the first cycle. Raises StateError."""
    with state.transaction() as connection:
        connection.execute(_SQL["alone"])
        if connection.execute(_SQL["paused"], {"kept_days": KEPT_DAYS}).scalar_one():
            connection.execute(_SQL["begin_anew"])
            write_fact(connection, dict.fromkeys(("since", "cycle_at", "everyone_at")))
        else:
            write_fact(connection, {})
        return read_fact(connection)


def moment(fact: dict[str, Any], name: str) -> datetime | None:
    """Read a moment that a cycle has remembered."""
    text = fact.get(name)
    return datetime.fromisoformat(text) if isinstance(text, str) else None
