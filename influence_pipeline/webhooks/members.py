"""What Influence last said of a member: the row in `loyalty_member`, and where the mapping says so
([members] write) the store's own. Sends nothing anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from influence_pipeline.postgres import Postgres
from influence_pipeline.sql import load_queries
from influence_pipeline.store.statements import Statement
from influence_pipeline.webhooks.events import Member

_SQL = load_queries(__file__, "effects.sql")

# What a merchant's statement may bind. `customer_id` is the store's own id.
MEMBER_VALUES = (
    "customer_id",
    "influence_id",
    "point_balance",
    "tier_id",
    "tier_title",
    "referral_url",
    "updated_at",
)


class MemberWriter:
    """Tells the store of a member, with the merchant's statement and the coupon role."""

    def __init__(self, database: Postgres, statement: Statement) -> None:
        self._database = database
        self._statement = statement

    def close(self) -> None:
        self._database.close()

    def write(self, values: dict[str, object]) -> None:
        """Run the statement. Raises StoreError."""
        bound = {name: values[name] for name in self._statement.names}
        with self._database.transaction() as connection:
            connection.execute(self._statement.clause, bound)


def remember(
    connection: sa.Connection, member: Member | None, event_id: int, writer: MemberWriter | None
) -> None:
    """Keep what an event says of a member, unless something newer is known, and tell the store.

    The member's row stays locked until the caller's transaction ends, so that the store is told of
    two events in the order in which they count. Raises StoreError; then nothing is to be kept.
    """
    if member is None or member.id is None:
        return
    row = connection.execute(
        _SQL["upsert_member"],
        {
            "customer_id": member.id,
            "external_id": member.external_id,
            "point_balance": member.point_balance,
            "tier_known": member.tier_known,
            "tier_id": member.tier_id,
            "tier_title": member.tier_title,
            "referral_url": member.referral_url,
            "updated_at": member.updated_at,
            "event_id": event_id,
        },
    ).first()
    if row is None or writer is None or row.external_id is None:
        return
    values = dict(row._mapping)
    influence_id, customer_id = values.pop("customer_id"), values.pop("external_id")
    writer.write({**values, "customer_id": customer_id, "influence_id": influence_id})


@dataclass(frozen=True)
class Known:
    """A member's points as they were told, and the moment that was told of."""

    point_balance: int
    updated_at: datetime


def known_before(connection: sa.Connection, member: Member | None) -> Known | None:
    """Give what is known of a member from before the moment that `member` tells of."""
    if member is None or member.id is None or member.updated_at is None:
        return None
    row = connection.execute(
        _SQL["member_as_known"], {"customer_id": member.id, "before": member.updated_at}
    ).first()
    if row is None or row.point_balance is None:
        return None
    return Known(row.point_balance, row.updated_at)
