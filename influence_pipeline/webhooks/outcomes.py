"""How an attempt to work an event off can end, and why it ended so. Words only; no logic."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Why(StrEnum):
    """The `reason_code` of an event that is parked or waits."""

    # Mended by the settings; such events are tried again by themselves once they fit.
    UNKNOWN_RULE = "unknown_rule"
    NO_CURRENCY = "no_currency"
    NO_WRITER = "no_writer"
    STORE_CANNOT = "store_cannot"
    NO_CUSTOMER = "no_customer"
    UNREAD_MINIMUM = "unread_minimum"
    NOT_LISTED = "not_listed"
    TOO_LARGE = "too_large"
    # A person must look.
    NO_CODE = "no_code"
    NO_WORTH = "no_worth"
    NOT_VERIFIED = "not_verified"
    CODE_TAKEN = "code_taken"
    CODE_OF_ANOTHER_EVENT = "code_of_another_event"
    REFUSED_BY_STORE = "refused_by_store"
    INTERNAL_ERROR = "internal_error"
    GAVE_UP = "gave_up"
    OVER_CAP = "over_cap"
    # They pass; the event stays new.
    STORE_AWAY = "store_away"
    API_AWAY = "api_away"


# Looked at again against the settings of now.
MENDED_BY_SETTINGS = (
    Why.UNKNOWN_RULE,
    Why.NO_CURRENCY,
    Why.NO_WRITER,
    Why.STORE_CANNOT,
    Why.NO_CUSTOMER,
    Why.UNREAD_MINIMUM,
    Why.NOT_LISTED,
    Why.TOO_LARGE,
)
# Said by one event about the store or the API as a whole.
TROUBLE_FOR_ALL = (Why.STORE_AWAY, Why.API_AWAY)


@dataclass(frozen=True)
class Park:
    """Set aside for a person. `reason` says what, why and what to do; no personal data."""

    why: Why
    reason: str


@dataclass(frozen=True)
class Retry:
    """Nothing wrong with the event: try again later, after `least_seconds` at the soonest."""

    why: Why
    reason: str
    least_seconds: float = 0.0


@dataclass(frozen=True)
class Done:
    """Everything the event asks for is there; `coupons` is how many of them are its own."""

    coupons: int = 0


@dataclass(frozen=True)
class Quarantine:
    """No usable event after all."""

    code: str
    reason: str


class LostClaim:
    """Another worker has the event now; nothing was changed here."""


Ending = Done | Park | Retry | Quarantine
Outcome = Ending | LostClaim
