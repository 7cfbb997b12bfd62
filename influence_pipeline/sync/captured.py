"""What is to be captured, what a capture found, and in which words that is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from influence_pipeline.records import Entity
from influence_pipeline.state.schema import Lane
from influence_pipeline.store.mapping import Mapping
from influence_pipeline.store.reader import EVERYTHING, Window


@dataclass(frozen=True)
class Captured:
    """What a capture found. `full`: everything was compared; `why_full` says why, if not asked.

    `missed`: records that only the compare found and a look should have named; `misses`: the keys
    of some. `gone`: the keys of those deleted, a thousand at most. `warnings`: what somebody should
    look at, one line each. `mass_change`: what the guard says of it, if it is more than the guard
    lets pass.
    """

    full: bool
    why_full: str | None
    looked_at: int
    created: int
    changed: int
    deleted: int
    unreadable: int
    before_go_live: int
    without_key: int
    missed: int = 0
    misses: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    mass_change: str | None = None

    @property
    def unchanged(self) -> int:
        return max(self.looked_at - self.created - self.changed - self.before_go_live, 0)

    def counts(self) -> dict[str, Any]:
        """Give the numbers a person or a plot wants, always under the same names; and the keys of
        misses, if there are any."""
        return {
            **({"misses": list(self.misses)} if self.misses else {}),
            "looked_at": self.looked_at,
            "created": self.created,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "deleted": self.deleted,
            "missed": self.missed,
            "before_go_live": self.before_go_live,
            "full_compare": self.full,
        }


NOTHING_CAPTURED = Captured(False, None, 0, 0, 0, 0, 0, 0, 0)


def added_up(several: Sequence[Captured]) -> Captured:
    """Add up what captures of several parts of one entity found."""
    return Captured(
        full=all(one.full for one in several),
        why_full=None,
        looked_at=sum(one.looked_at for one in several),
        created=sum(one.created for one in several),
        changed=sum(one.changed for one in several),
        deleted=sum(one.deleted for one in several),
        unreadable=sum(one.unreadable for one in several),
        before_go_live=sum(one.before_go_live for one in several),
        without_key=sum(one.without_key for one in several),
        warnings=tuple(dict.fromkeys(line for one in several for line in one.warnings)),
    )


@dataclass(frozen=True)
class Guard:
    """How much may change or go at once: up to so many rows, or this share of those known."""

    percent: float
    rows: int


@dataclass(frozen=True)
class CaptureJob:
    """What to capture. `full`: compare everything; `every_record`: computing each. `window`: only
    records created then, or with such keys, for the import of that number (`import_id`). `guard`
    None: any number of changes is meant.

    `overlap`: how far sources that are followed by a timestamp are read again. `check_percent`: the
    share of the time that may go into searching for rows gone without a trace.
    `recheck_in_compares`: in how many compares every record is computed once. `park_deleted`:
    records that were sent and are gone are parked.
    """

    mapping: Mapping
    full: bool = False
    every_record: bool = False
    window: Window = EVERYTHING
    lane: Lane = Lane.LIVE
    import_id: int | None = None
    go_live: datetime | None = None
    guard: Guard | None = None
    overlap: timedelta = timedelta(minutes=15)
    check_percent: float = 1.0
    recheck_in_compares: int = 100
    park_deleted: bool = False


def missed_words(entity: Entity, missed: int, misses: Sequence[str]) -> str:
    """Say what a compare found that a look should have named, and what to look into."""
    are = f"{entity} has" if missed == 1 else f"{entity.plural} have"
    return (
        f"{missed:,} {are} changed and no look for changed rows had found it; the full compare did "
        f"(for example {', '.join(misses[:3])}). What it found is sent. Does a table behind a join "
        "change that stands in no rows of a source? Does changed_at move with every change? Was "
        "the store restored? See docs/mapping.md, Sources."
    )


def mass_change(
    job: CaptureJob, known_now: int, *, created: int, changed: int, deleted: int
) -> str | None:
    """Say what is more than the guard lets pass; None: nothing is. `known_now`: the records that
    the store gives, after this capture."""
    moved = changed + deleted
    if job.guard is None or moved <= job.guard.rows:
        return None
    before = known_now - created + deleted
    if moved <= before * job.guard.percent / 100:
        return None
    return (
        f"{changed:,} of the {before:,} {job.mapping.entity.plural} that were known have changed "
        f"and {deleted:,} are gone, all at once; more than {job.guard.percent:g} % must be "
        "allowed (capture.mass_change_percent in influence.toml). A restored backup, a migration "
        "or a changed mapping looks like that"
    )


def mass_change_words(entity: Entity, found: str) -> str:
    name = entity.plural
    return (
        f"{found}. Nothing was kept, and nothing of it is sent. See "
        f"`influence-pipeline plan --entity {name}`; if it is meant: "
        f"`influence-pipeline sync --entity {name} --allow-mass-change`, or in Dagster's launchpad "
        "allow_mass_change: true."
    )
