"""What a move of an order's financial status does to its customer's points, as far as the contract
says so: an order that is paid gives points, once; a change to refunded takes them back, as the
account is set. What it leaves open is said to be open. docs/commands.md shows this as a table.
"""

from __future__ import annotations

from enum import StrEnum

from influence_pipeline.records import FinancialStatus as Status


class Effect(StrEnum):
    """What becomes of the points."""

    GIVES = "gives"
    TAKES_BACK = "takes back"
    NEITHER = "neither"
    OPEN = "not documented"


# Before these nothing was given; None: the API does not have the order yet.
_BEFORE_ANY = frozenset({None, Status.PENDING, Status.AUTHORIZED})


def effect(now: Status | None, following: Status) -> Effect:
    """Say what the move from `now` (last acknowledged) to `following` does."""
    if following is Status.PAID:
        # After a partial refund it depends on whether it was ever paid at the API.
        return Effect.OPEN if now is Status.PARTIALLY_REFUNDED else Effect.GIVES
    if following is Status.PARTIALLY_PAID:
        return Effect.OPEN
    if now in _BEFORE_ANY:
        return Effect.NEITHER
    return Effect.TAKES_BACK if following is Status.REFUNDED else Effect.OPEN
