"""[capture], [delivery]: how changes are looked for, and how they are sent."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from influence_pipeline.settings.section import Section


class Capture(Section):
    """How changes are looked for, and how many may be found before somebody must say that they are
    meant."""

    mass_change_percent: float = Field(default=5.0, gt=0, le=100)
    """More than this share of an entity's known records changed or gone at once, and more than
    mass_change_rows: a restored backup, a migration or a broken mapping looks like that. The sync
    of this entity stops until somebody says that it is meant."""
    mass_change_rows: int = Field(default=50, ge=1)
    """So many records may always change or go at once, whatever share they are."""
    delete_check_percent: float = Field(default=1.0, ge=0, le=100)
    """Rows that are deleted leave no trace in their table. What it takes to see that some are gone
    is measured, and done as often as this share of the time allows; 0: by full compares only."""
    recheck_in_compares: int = Field(default=100, ge=0)
    """Fingerprints of source rows do not show what a function reads, or that a record comes and
    goes with another record's rows. So each full compare computes one part in so many of all
    records, in turn; 0: none."""
    overlap_minutes: float = Field(default=15.0, ge=0)
    """Sources with changed_at are read again from so long before the last look: longer than any
    transaction of the store between writing a row and its commit."""


class Delivery(Section):
    """How calls are made."""

    in_flight: int = Field(default=64, ge=1, le=1024)
    """Calls under way at once. At 50 ms a reply 64 give 1,280 calls a second; more helps only an
    API that is slower than that and allows it."""
    calls_per_second: float | None = Field(default=None, gt=0)
    """The merchant's own ceiling, where one is known. The contract names no limit; without this it
    is found."""
    timeout_seconds: float = Field(default=35.0, gt=0, le=300)
    """Longest wait for a reply. Longer than the 29 s after which the vendor's gateway gives up, so
    that its answer is heard."""
    connect_timeout_seconds: float = Field(default=10.0, gt=0, le=60)
    """Longest wait for a connection."""
    quiet_window_seconds: float = Field(default=120.0, ge=0)
    """How long an uncertain POST of an order is left alone: work behind a gateway's time-out may
    still finish."""
    park_after: int = Field(default=3, ge=1)
    """A record refused (4xx) this often with the same content is parked. Not at once: a refusal may
    come from something just written that the API cannot read yet."""
    give_up_after_hours: float = Field(default=24.0, gt=0)
    """A record that gets no answer for this long, while others do, is parked."""
    backoff_base_seconds: float = Field(default=0.1, gt=0)
    """Waits between attempts: full jitter up to base * 2^n, capped; ten times as long after a
    refusal. Short at first, because one failed answer among many is soon over; a budget keeps an
    API that fails often from being asked often."""
    backoff_cap_seconds: float = Field(default=300.0, gt=0)
    """The most that such a wait may be."""
    linger_seconds: float = Field(default=10.0, ge=0)
    """A run waits for what becomes due within this time; the rest is the next run's."""
    import_linger_seconds: float = Field(default=300.0, ge=0)
    """The same of an import, which nobody repeats by itself: longer than the hold of a worker that
    died, and than the quiet window of an order."""
    order_not_found_pattern: str = r"(?i)\border\b.*\b(not found|unknown|does ?n.t exist)\b"
    """Regular expression: the API's own words for an order that it does not have. A gateway's
    generic 404 says nothing."""

    @field_validator("order_not_found_pattern")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"is not a regular expression: {error}") from None
        return value
