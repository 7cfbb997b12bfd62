"""How many coupons may be made before a person must look ([coupons.caps]).

Verified or not, a redemption that should not be is money. The caps are counted in the state, by the
rows of `coupon` of the last 24 hours, by the statement that adds one. Who adds one for a member
holds that member to the end of the transaction, so that two at once cannot both be the last.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass

import sqlalchemy as sa

from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import Caps
from influence_pipeline.sql import load_queries
from influence_pipeline.webhooks.outcomes import Park, Why

_SQL = load_queries(__file__, "effects.sql")
_LOCK = sa.text("SELECT pg_advisory_xact_lock(:lock)")
# As long as there is room for so many more today, everybody's coupons are not counted for each one:
# no more than this are made within the time for which a count is good, whoever makes them.
_ROOM = 1000
_GOOD_FOR_SECONDS = 1.0


class DayCount:
    """How many coupons were made today, as it was counted a moment ago; one per process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made = 0
        self._at = float("-inf")

    def leaves_room(self, state: Postgres, cap: int) -> bool:
        """Tell whether the cap is still far away. Raises StateError."""
        if cap <= _ROOM:
            return False
        with self._lock:
            if time.monotonic() - self._at > _GOOD_FOR_SECONDS:
                (found,) = state.once(_SQL["coupons_of_today"], {"member_id": None})
                self._made, self._at = found["for_all"], time.monotonic()
            return self._made < cap - _ROOM


@dataclass(frozen=True)
class CapCheck:
    """The caps as they stand for one coupon. `member_id`: Influence's id of the member it counts
    for. `allowed`: a person said that it is made in any case. `one_by_one`: the cap of all is near,
    so that whoever adds a coupon waits for the others to have added theirs."""

    caps: Caps
    member_id: str | None
    allowed: bool = False
    one_by_one: bool = True

    @property
    def locks(self) -> set[int]:
        """The advisory locks to hold while the member's coupons are counted and one is added."""
        if self.allowed or self.member_id is None:
            return set()
        return {_lock(f"influence member {self.member_id}")}

    def limits(self, connection: sa.Connection) -> dict[str, int | None]:
        """Give what `intend_coupon` holds its counts against; None: it need not count."""
        if self.allowed or not self.one_by_one:
            return {"most_for_member": self.most_for_member, "most_for_all": None}
        connection.execute(_LOCK, {"lock": _lock("influence coupons")})
        return {"most_for_member": self.most_for_member, "most_for_all": self.caps.per_day}

    @property
    def most_for_member(self) -> int | None:
        """How many coupons the member may have; None: any number."""
        if self.allowed or self.member_id is None:
            return None
        return self.caps.per_customer_per_day

    def reason(self, connection: sa.Connection) -> Park | None:
        """Say which cap keeps the coupon from being added, or None."""
        if self.allowed:
            return None
        values = {"member_id": self.member_id}
        made = connection.execute(_SQL["coupons_of_today"], values).one()
        most = self.caps.per_customer_per_day
        if self.member_id is not None and made.for_member >= most:
            return _over("this customer", most, "per_customer_per_day")
        if made.for_all >= self.caps.per_day:
            return _over("all customers together", self.caps.per_day, "per_day")
        return None


def _over(who: str, most: int, cap: str) -> Park:
    return Park(
        Why.OVER_CAP,
        f"In the last 24 hours {most} coupons were made for {who}, which is the cap "
        f"([coupons.caps] {cap} in influence.toml), so this one was not. Look at the events before "
        "it; if they are right, make it in any case: influence-pipeline events replay ID "
        "--over-cap. If not, somebody knows the webhooks' address: change INFLUENCE_WEBHOOK_TOKEN.",
    )


def _lock(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
