"""[members], [webhooks], [retention], [check], [schedule], [watch], [dagster]: how the pipeline
itself runs, and how Dagster shows it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

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
    tells Influence's webhooks from forged ones (docs/contract.md: they carry no signature)."""
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
    events_days: int = Field(default=90, ge=0, le=36500)
    """What was sent in webhook events, which holds names and e-mails: it is emptied so long after
    the event was done. Nobody asks for it after a quarter, and personal data is not to be kept for
    nothing. The event stays, so that a repeated delivery is known. Parked and quarantined ones wait
    for a person and are never emptied. 0: kept for ever."""
    runs_days: int = Field(default=90, ge=1, le=36500)
    """The runs. The last one of each entity always stays."""
    dagster_runs_days: int = Field(default=30, ge=0, le=36500)
    """Finished runs of the scheduled jobs in Dagster's own storage, with their events; failed ones
    three times as long. 0: none is deleted. Imports and what was started by hand always stay."""


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
    coupon_sensor_seconds: int = Field(default=5, ge=5, le=3600)
    """How often Dagster starts a tick of the coupon sensor, at most; it looks every 5 s. A tick
    works on to webhooks.sensor_deadline_seconds."""
    failed_ticks_seconds: int = Field(default=60, ge=30, le=3600)
    """How often the other schedules and sensors are looked at for ticks that failed or do not
    come."""
    old_runs_seconds: int = Field(default=3600, ge=60, le=86400)
    """How often finished runs are looked at for those that are too old (retention)."""
    import_from: str = Field(default="2015-01", pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    """Where the partitions of the first import begin: a month (YYYY-MM), before the store's oldest
    record."""


class Watch(Section):
    """When Dagster's asset checks warn or fail, and when an asset counts as late."""

    parked_warn_above: int = Field(default=0, ge=0)
    """More parked records of one entity than this are a warning."""
    parked_error_above: int = Field(default=100, ge=0)
    """More than this are an error: not a few bad records, but a mapping or an account."""
    oldest_pending_minutes: float = Field(default=30.0, gt=0)
    """A live change that has waited for so long to be sent fails the check; imports do not
    count."""
    fresh_minutes: float | None = Field(default=None, ge=0)
    """After so many minutes without a run an asset counts as late. Unset: three times the longest
    pause of its schedule and half an hour; it warns after two times and ten minutes. 0: never."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.parked_error_above < self.parked_warn_above:
            raise ValueError("parked_error_above must not be less than parked_warn_above")
        return self


class DagsterFace(Section):
    """How Dagster shows the pipeline."""

    owner: str = Field(default="team:data", pattern=r"^(team:[\w.-]+|[^@\s]+@[^@\s]+)$")
    """Who owns the assets: a team ("team:data") or an e-mail address."""
    repository_url: str | None = Field(default=None, pattern=r"^https://\S+[^/\s]$")
    """Where this project's code is kept, as in https://github.com/you/loyalty: assets link to their
    code and docs there."""
    repository_branch: str = Field(default="main", min_length=1)
    """The branch or tag of it that runs."""
    docs_url: str | None = Field(default=None, pattern=r"^https?://\S+[^/\s]$")
    """Where the pages of docs/ are read, if it is elsewhere. Without both, their paths are told."""
    report_minutes: float = Field(default=5.0, ge=0, le=1440)
    """How often the coupon sensor reports what it did as a materialization; at once where an event
    was parked or a check changes. What it reports is kept by Dagster for ever."""
