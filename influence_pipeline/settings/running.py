"""[members], [webhooks], [retention], [check], [schedule]: how the pipeline itself runs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from influence_pipeline.settings.section import Section


class Members(Section):
    """Members: when a balance that does not add up is flagged, and what the store is told of them
    (balance, tier, referral link), beside what the state database keeps."""

    write: str | None = None
    """File with a statement that the coupon role runs for each change of a member; without it
    nothing is written."""
    grace_minutes: float = Field(default=15.0, ge=0)
    """A balance that does not add up is flagged when nothing more was told of it for so long:
    events come late and out of order."""
    list_everyone_hours: float = Field(default=24.0, ge=0)
    """A cycle asks for the members that changed since the last one; as often as this, for all. 0:
    always for all."""


class Webhooks(Section):
    """How stored events are worked off."""

    sensor_deadline_seconds: float = Field(default=19.0, gt=0, le=50)
    """How long a tick of the sensor waits for events: a wait that ends inside Dagster's 5 s loop,
    so that the next tick follows at once."""
    poll_seconds: float = Field(default=0.25, gt=0)
    """How often a tick looks into the inbox."""
    between_ticks_seconds: float = Field(default=8.0, ge=0, le=60)
    """Between two ticks a thread of Dagster's code server goes on, at most so long: a look that was
    just missed comes again 5 s later. 0: nobody does."""
    alert_after_minutes: float = Field(default=10.0, gt=0)
    """Somebody has spent points and stands at the checkout: after so long a person is told."""
    fast_path: bool = True
    """The receiver's process works an event off right after its reply; the sensor is the safety
    net."""
    verify_redemptions: bool = True
    """Before a coupon is made, the API must know its customer: a URL with a secret is all that
    tells Influence's webhooks from forged ones (contract: Webhook deliveries, no signature)."""
    workers: int = Field(default=4, ge=1, le=32)
    """Events worked off at once by one process. Most of the time goes into waiting for
    databases."""
    lease_seconds: float = Field(default=30.0, ge=5, le=600)
    """After so long an event is free for another worker; the fence keeps a slow one from harm."""
    give_up_after_hours: float = Field(default=24.0, gt=0)
    """An event that cannot be worked off for this long, while later ones are, is parked."""
    retry_base_seconds: float = Field(default=1.0, gt=0)
    """Wait before the next attempt while the store's database or the API is away. It doubles with
    each attempt, up to the cap."""
    retry_cap_seconds: float = Field(default=30.0, gt=0)
    """The longest such wait."""


class Retention(Section):
    """How many days history is kept; the pipeline prunes it by itself (`sync.housekeeping`)."""

    attempts_days: int = Field(default=30, ge=1, le=36500)
    """The log of calls, which `why` shows: long enough to look into last month's complaint."""
    runs_days: int = Field(default=90, ge=1, le=36500)
    """The runs. The last one of each entity always stays."""


class Check(Section):
    """What `influence-pipeline check` lets pass."""

    accept: list[Annotated[str, Field(min_length=1)]] = []
    """Names of checks whose findings a person has looked at and takes as they are."""


class Schedule(Section):
    """When Dagster starts what, as cron lines in `timezone`."""

    sync: str = "*/5 * * * *"
    """The incremental sync."""
    full_compare: str = "17 3 * * *"
    """The full compare: it finds what looks for changed rows have missed, and deletes."""
    members: str = "7 * * * *"
    """The reconcile of members' balances."""
    timezone: str = "UTC"
    """Time zone of all these lines."""
    import_from: str = Field(default="2015-01", pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    """Where the partitions of the first import begin: a month (YYYY-MM), before the store's oldest
    record."""
