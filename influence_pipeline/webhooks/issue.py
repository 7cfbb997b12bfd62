"""Making one coupon exactly once. Two ways, by where the coupons live.

In another database than the state (`issue`):

    look     the store is asked for the code, before anything is written
    intend   the coupon's row is committed to the state: from here on the code is this event's
    write    under a lock on the code the store is asked again and the coupon created
    settle   (by the caller) coupon issued and event done, in one transaction

A crash anywhere leaves either no row, and all begins anew, or a row, and the coupon that the store
then has is this event's own. Stale workers are stopped by the fence, late ones by the lock.

In the state's own database (`issue_within`): all of it in the caller's one transaction.

Either way a code that the store had before, or that another event has, is never overwritten: the
event is parked. A referral's start and its end name the same code and are one origin; whichever
comes later takes the row over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from influence_pipeline.postgres import Postgres
from influence_pipeline.sql import load_queries
from influence_pipeline.state.schema import CouponState
from influence_pipeline.store.coupons.interface import (
    Coupon,
    CouponDesk,
    CouponRefused,
    CouponWriter,
    lock_of,
)
from influence_pipeline.webhooks import inbox
from influence_pipeline.webhooks.caps import CapCheck
from influence_pipeline.webhooks.events import KEYED_BY_CODE
from influence_pipeline.webhooks.inbox import Claimed
from influence_pipeline.webhooks.outcomes import LostClaim, Park, Why

_SQL = load_queries(__file__, "effects.sql")
_DURABLY = sa.text(
    "SET LOCAL synchronous_commit = on; "
    "SELECT pg_advisory_xact_lock(one) FROM unnest(CAST(:locks AS bigint[])) AS one"
)
_LOCK = sa.text("SELECT pg_advisory_xact_lock(:lock)")

# Where a test may stop the process.
LOOKED = "coupon.looked"
INTENDED = "coupon.intended"
WRITTEN = "coupon.written"
COMMITTED = "coupon.committed"


@dataclass(frozen=True)
class InStore:
    """The coupon is usable in the store; its row waits to be marked so."""


@dataclass(frozen=True)
class NotOurs:
    """The coupon cannot be made. `forget`: its row must go, because the store has nothing of us."""

    park: Park
    forget: bool


def issue(
    state: Postgres,
    writer: CouponWriter,
    claimed: Claimed,
    coupon: Coupon,
    caps: CapCheck,
    at: Callable[[str], None],
) -> InStore | NotOurs | LostClaim:
    """Make a coupon for a claimed event, or find that an earlier attempt made it.

    Raises StoreError when the store is away or the end of a write is not certain: try again later.
    """
    try:
        known = writer.look(coupon.code)
    except CouponRefused as refusal:
        return NotOurs(refused(refusal), forget=False)
    at(LOOKED)
    any_case = not writer.abilities.case_sensitive
    intention: _Intention | NotOurs | LostClaim | None = None
    if known is None:
        intention = _intend_at_once(state, claimed, coupon, caps, any_case)
    if intention is None:
        intention = _intend_apart(state, claimed, coupon, caps, any_case, known is not None)
    if not isinstance(intention, _Intention):
        return intention
    at(INTENDED)
    if intention.issued:
        return InStore()
    if known is None:
        try:
            with _held(state, writer, coupon.code) as desk:
                known = desk.find()
                if known is None:
                    desk.create(coupon)
                    at(WRITTEN)
        except CouponRefused as refusal:
            return NotOurs(refused(refusal), forget=True)
        if known is None:
            at(COMMITTED)
            return InStore()
    stranger = intention.fresh and not _taken_over(state, claimed, coupon.code)
    if stranger or not _agree(known.customer_id, coupon.customer_id):
        return NotOurs(_TAKEN, forget=True)
    return InStore()


def issue_within(
    connection: sa.Connection,
    desk: CouponDesk,
    claimed: Claimed,
    coupon: Coupon,
    caps: CapCheck,
    any_case: bool,
    at: Callable[[str], None],
) -> InStore | NotOurs:
    """Do the same inside one transaction on the state, whose claim, caps and code the caller holds.
    `any_case`: the store takes the code in any case.

    Raises what `desk` raises; the caller rolls back to before this coupon then.
    """
    known = desk.find()
    intention = _intend(connection, claimed, coupon, caps, any_case, in_store=known is not None)
    if not isinstance(intention, _Intention):
        return intention
    if intention.issued:
        return InStore()
    if known is None:
        desk.create(coupon)
        at(WRITTEN)
    elif not _agree(known.customer_id, coupon.customer_id):
        return NotOurs(_TAKEN, forget=True)
    return InStore()


@contextmanager
def _held(state: Postgres, writer: CouponWriter, code: str) -> Iterator[CouponDesk]:
    """Hold a code; in the state, where the writer has no lock of its own (an API has none)."""
    if writer.holds_codes:
        with writer.hold(code) as desk:
            yield desk
        return
    with state.transaction() as connection:
        connection.execute(_LOCK, {"lock": lock_of(code)})
        with writer.hold(code) as desk:
            yield desk


@dataclass(frozen=True)
class _Intention:
    fresh: bool
    issued: bool = False


def _intend(
    connection: sa.Connection,
    claimed: Claimed,
    coupon: Coupon,
    caps: CapCheck,
    any_case: bool,
    *,
    in_store: bool,
) -> _Intention | NotOurs:
    row = None
    while row is None:
        if not in_store and _inserted(connection, claimed, coupon, caps, any_case):
            return _Intention(fresh=True)
        row = connection.execute(_SQL["find_coupon"], {"code": coupon.code}).first()
        if row is None:
            over = _TAKEN if in_store else caps.reason(connection)
            if over is not None:
                return NotOurs(over, forget=False)
            # Neither: whoever had the code has just given it back.
    same = row.event_id == claimed.id or _same_origin(row.dedupe_key, claimed.dedupe_key)
    if not same or not _agree(row.customer_key, coupon.customer_id):
        return NotOurs(_OF_ANOTHER, forget=False)
    if row.event_id != claimed.id:
        connection.execute(_SQL["take_over"], {"code": coupon.code, "event_id": claimed.id})
    return _Intention(fresh=False, issued=row.state != CouponState.ISSUING)


def _inserted(
    connection: sa.Connection, claimed: Claimed, coupon: Coupon, caps: CapCheck, any_case: bool
) -> bool:
    """Put the intention down, if the code is free and no cap is broken by it."""
    values = {**_row(claimed, coupon, caps, any_case), **caps.limits(connection)}
    return connection.execute(_SQL["intend_coupon"], values).scalar() is not None


def _row(claimed: Claimed, coupon: Coupon, caps: CapCheck, any_case: bool) -> dict[str, Any]:
    return {
        "code": coupon.code,
        "event_id": claimed.id,
        "customer_key": coupon.customer_id,
        "kind": coupon.kind,
        "value": coupon.value,
        "currency": coupon.currency,
        "expires_at": coupon.expires_at,
        "member_id": caps.member_id,
        "any_case": any_case,
    }


def _intend_at_once(
    state: Postgres, claimed: Claimed, coupon: Coupon, caps: CapCheck, any_case: bool
) -> _Intention | LostClaim | None:
    """Intend in one round trip, as it goes on an ordinary day. None: look at it closely."""
    if caps.one_by_one and not caps.allowed:
        return None
    values = {
        **_row(claimed, coupon, caps, any_case),
        "fence": claimed.fence,
        "locks": sorted(caps.locks),
        "most_for_member": caps.most_for_member,
    }
    (row,) = state.once(_SQL["intend_at_once"], values)
    if not row["held"]:
        return LostClaim()
    return _Intention(fresh=True) if row["made"] else None


def _intend_apart(
    state: Postgres,
    claimed: Claimed,
    coupon: Coupon,
    caps: CapCheck,
    any_case: bool,
    in_store: bool,
) -> _Intention | NotOurs | LostClaim:
    with state.transaction() as connection:
        connection.execute(_DURABLY, {"locks": sorted(caps.locks)})
        if not inbox.hold(connection, claimed):
            return LostClaim()
        return _intend(connection, claimed, coupon, caps, any_case, in_store=in_store)


def _taken_over(state: Postgres, claimed: Claimed, code: str) -> bool:
    """Tell whether the other half of the referral went on with what this event intended."""
    with state.transaction() as connection:
        row = connection.execute(_SQL["find_coupon"], {"code": code}).first()
    return row is not None and row.event_id != claimed.id


def mark_issued(connection: sa.Connection, code: str) -> None:
    connection.execute(_SQL["coupon_issued"], {"code": code})


def forget(connection: sa.Connection, claimed: Claimed, code: str) -> None:
    connection.execute(_SQL["forget_coupon"], {"code": code, "event_id": claimed.id})


def _same_origin(one: str, other: str) -> bool:
    """Tell whether two keys of events with one code are of one referral: started and completed
    repeat the same codes. Where both have no id, the code is all there is to know them by."""
    topic, _, id_ = one.partition("|")
    other_topic, _, other_id = other.partition("|")
    if not (topic.startswith("referrals/") and other_topic.startswith("referrals/")):
        return False
    without = f"{KEYED_BY_CODE}|"
    return id_ == other_id or (id_.startswith(without) and other_id.startswith(without))


def _agree(one: str | None, other: str | None) -> bool:
    """Tell whether two customers may be the same: a lookup need not give one, and a referred friend
    has no id in the store when the referral starts and one when it ends."""
    return one is None or other is None or one == other


def refused(refusal: CouponRefused) -> Park:
    """Say what the store said of one coupon."""
    return Park(
        Why.REFUSED_BY_STORE,
        f"The store refuses this coupon: {refusal}. Mend the statement, the store's data or the "
        "shop, then replay the event (influence-pipeline events replay).",
    )


_TAKEN = Park(
    Why.CODE_TAKEN,
    "The store has a coupon with this code that this pipeline did not make, or made before its "
    "state was restored from a backup; it was left as it is. Compare the two; if the customer has "
    "no usable coupon, make one by hand. Then settle the event (influence-pipeline events settle).",
)
_OF_ANOTHER = Park(
    Why.CODE_OF_ANOTHER_EVENT,
    "The code belongs to another redemption already, or to another customer; that coupon was left "
    "as it is. Compare the two events before anything is made by hand.",
)
