"""How many coupons may be made before a person must look ([coupons.caps]).

Verified or not, a redemption that should not be is money. The caps are counted in the state, by the
rows of `coupon` of the last 24 hours, in the transaction that adds one; who counts a member holds
that member meanwhile, so that two at once cannot both be the last.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import sqlalchemy as sa

from influence_pipeline.settings import Caps
from influence_pipeline.sql import load_queries
from influence_pipeline.webhooks.outcomes import Park, Why

_SQL = load_queries(__file__, "effects.sql")
_LOCK = sa.text("SELECT pg_advisory_xact_lock(:lock)")
# As long as there is room for so many more today, nobody waits to be counted one after another.
_ROOM = 500


@dataclass(frozen=True)
class CapCheck:
    """The caps as they stand for one coupon. `member_id`: Influence's id of the member it counts
    for. `allowed`: a person said that it is made in any case."""

    caps: Caps
    member_id: str | None
    allowed: bool = False

    @property
    def lock(self) -> int | None:
        """The advisory lock under which the member's coupons are counted."""
        return None if self.member_id is None else _lock(f"influence member {self.member_id}")

    def hold(self, connection: sa.Connection) -> None:
        """Keep others from adding to this member's coupons until the transaction ends."""
        if self.lock is not None and not self.allowed:
            connection.execute(_LOCK, {"lock": self.lock})

    def over(self, connection: sa.Connection) -> Park | None:
        """Say which cap one more coupon would break, or None. Call `hold` before."""
        if self.allowed:
            return None
        most = self.caps.per_customer_per_day
        if self.member_id is not None and self._of_member(connection) >= most:
            return _over("this customer has", most, "per_customer_per_day")
        most = self.caps.per_day
        made = self._of_all(connection)
        if made >= most - _ROOM:
            connection.execute(_LOCK, {"lock": _lock("influence coupons")})
            made = self._of_all(connection)
        return _over("there are", most, "per_day") if made >= most else None

    def _of_member(self, connection: sa.Connection) -> int:
        values = {"member_id": self.member_id, "most": self.caps.per_customer_per_day}
        return int(connection.execute(_SQL["coupons_of_member"], values).scalar_one())

    def _of_all(self, connection: sa.Connection) -> int:
        values = {"most": self.caps.per_day}
        return int(connection.execute(_SQL["coupons_of_all"], values).scalar_one())


def _over(who: str, most: int, cap: str) -> Park:
    return Park(
        Why.OVER_CAP,
        f"In the last 24 hours {who} had {most} coupons made, which is the cap ([coupons.caps] "
        f"{cap} in influence.toml), so this one was not. Look at the events before it; if they are "
        "right, make it in any case: influence-pipeline events replay ID --over-cap. If not, "
        "somebody knows the webhooks' address: change INFLUENCE_WEBHOOK_TOKEN.",
    )


def _lock(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
