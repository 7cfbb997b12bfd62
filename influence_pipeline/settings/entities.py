"""[customers], [products], [orders]: how each is read from the store, and how orders are told."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from influence_pipeline.settings.section import Section

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Source(Section):
    """Tables whose rows make a record up: where a change of the record can show."""

    from_: str = Field(alias="from", min_length=1)
    """A FROM clause, as in `refunds r JOIN payments p ON p.id = r.payment_id`."""
    rows: list[Annotated[str, Field(pattern=r'^(\w+|"[^"]+")$')]] = Field(min_length=1)
    """The aliases in it whose rows count. A plain name, or one in double quotes."""
    key: str = Field(min_length=1)
    """SQL expression: the id of the record that such a row belongs to, of the type of the SELECT's
    own id."""
    changed_at: str | None = Field(default=None, min_length=1)
    """SQL expression: the moment of a row's last change, for a table too large to be scanned for
    its transaction ids. It must move with every change, and have an index."""
    time_zone: str | None = Field(default=None, min_length=1)
    """Of a changed_at without a zone of its own: where its clock stands, as in "UTC"."""

    @model_validator(mode="after")
    def _zone_of_something(self) -> Self:
        if self.time_zone is not None and self.changed_at is None:
            raise ValueError("time_zone goes with changed_at only")
        return self


class EntityMapping(Section):
    """How one entity is read: a SELECT with the canonical columns, and its sources."""

    query: str = Field(min_length=1)
    """File with one SELECT that gives the canonical columns; relative to influence.toml."""
    sources: list[Source] = Field(min_length=1)
    """Where a change of a record can show: every table that the SELECT reads and that can
    change."""
    transform: str | None = Field(default=None, min_length=1)
    """A Python file, or file.py:function, with transform(df) -> df: what SQL cannot say, on the
    rows that changed, before they are told."""
    import_by: Literal["month", "key"] = "month"
    """How a first import is cut into parts: by the month of created_at, or, where the store's rows
    have no usable creation time, into ranges of keys."""
    import_parts: int = Field(default=24, ge=2, le=1000)
    """Into how many ranges of keys, where it is cut by them. Another number cuts anew."""
    deletes: Literal["ignore", "park"] = "ignore"
    """What becomes of a record that was sent and that the store no longer gives: nothing, or it is
    parked for a person to look at."""

    @field_validator("deletes", mode="before")
    @classmethod
    def _has_a_call(cls, value: object) -> object:
        if value == "send":
            raise ValueError(
                'cannot be "send": the API documents no call that deletes a record; "ignore" it, '
                'or "park" it for a person'
            )
        return value


class OrderMapping(EntityMapping):
    """Orders also say how they are told to the API."""

    import_before_go_live: Literal["each of them may award points at today's rules"] | None = None
    """Lifts the rule that orders of before the go-live are never sent, for imports and in so many
    words: with it `orders_import` is there, and `import --entity orders` sends old orders. Syncs go
    on to leave out those that no import has sent."""

    go_live: datetime | None = None
    """Orders placed before this moment are never sent: any old order sent with an awarding status
    must be assumed to award points. With a time zone, as in 2026-11-01T00:00:00Z. Unset: the moment
    of the first sync of orders, kept in the state."""
    protocol: Literal["two_step", "direct"] = "two_step"
    """two_step: POST as pending, then PATCH to the real status, because only the PATCH is
    documented not to award twice. direct: POST with the real status; for merchants who verified
    it."""
    guest_orders: Literal["send_by_email", "skip"] = "send_by_email"
    """Orders without a customer: sent with the e-mail alone (it completes referrals), or not."""

    @field_validator("go_live", mode="before")
    @classmethod
    def _no_number(cls, value: object) -> object:
        # A number would be taken for seconds since 1970, and 20261101 for a day of August 1970.
        if isinstance(value, int | float) or (isinstance(value, str) and not _DAY.match(value)):
            raise ValueError(
                "must be a moment with its time zone, as in 2026-11-01T00:00:00Z, without quotes"
            )
        return value

    @field_validator("go_live")
    @classmethod
    def _with_zone(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("needs a time zone, as in 2026-11-01T00:00:00Z")
        return value
