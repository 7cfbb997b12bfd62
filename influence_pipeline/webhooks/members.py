"""What Influence last said of a member: the row in `loyalty_member`. Sends nothing anywhere."""

from __future__ import annotations

import sqlalchemy as sa

from influence_pipeline.sql import load_queries
from influence_pipeline.webhooks.events import Member

_SQL = load_queries(__file__, "effects.sql")


def remember(connection: sa.Connection, member: Member | None, event_id: int) -> None:
    """Keep what an event says of a member, unless something newer is known."""
    if member is None or member.id is None:
        return
    connection.execute(
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
    )
