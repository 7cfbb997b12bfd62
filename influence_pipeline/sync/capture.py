"""Capture: find what differs between the store and the snapshots, and make it work to be done.

Three ways lead to it. A *look* asks for the rows written since the last one (`store.changes`) and
computes their records. A *compare* holds fingerprints of all source rows against those kept beside
the snapshots (`sync.compare`) and computes what moved. A compare of *every record* computes them
all (`sync.every_record`): the first time, and wherever fingerprints cannot tell. In each the hash
of the canonical row decides, and one state transaction holds it all: the snapshots, the work, and
the point up to which the store has been seen.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import psycopg2
import sqlalchemy as sa

from influence_pipeline.errors import MassChange
from influence_pipeline.postgres import Postgres
from influence_pipeline.records import Entity
from influence_pipeline.sql import load_queries
from influence_pipeline.state.schema import Lane
from influence_pipeline.store import changes, stamps
from influence_pipeline.store.fingerprints import Fingerprinting, describe_sources, key_sums
from influence_pipeline.store.mapping import Described, Mapping, describe
from influence_pipeline.store.reader import EVERYTHING, Window, can_hash
from influence_pipeline.store.sources import Probed, probe_sources
from influence_pipeline.sync import compare, every_record
from influence_pipeline.sync.staging import Merged, Reading, Staging, known_records

_QUERIES = load_queries(__file__, "capture.sql")


@dataclass(frozen=True)
class Captured:
    """What a capture found. `full`: everything was compared; `why_full` says why, if not asked.

    `missed`: records that only the compare found and a look should have named; `misses`: the keys
    of some. `warnings`: what somebody should look at, one line each. `mass_change`: what the guard
    says of it, if it is more than the guard lets pass.
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


@dataclass(frozen=True)
class Guard:
    """How much may change or go at once: up to so many rows, or this share of those known."""

    percent: float
    rows: int


@dataclass(frozen=True)
class CaptureJob:
    """What to capture. `full`: compare everything; `every_record`: computing each. `window`: only
    records created then (an import by month). `guard` None: any number of changes is meant.

    `overlap`: how far sources that are followed by a timestamp are read again. `check_percent`: the
    share of the time that may go into searching for rows gone without a trace. `park_deleted`:
    records that were sent and are gone are parked.
    """

    mapping: Mapping
    full: bool = False
    every_record: bool = False
    window: Window = EVERYTHING
    lane: Lane = Lane.LIVE
    go_live: datetime | None = None
    guard: Guard | None = None
    overlap: timedelta = timedelta(minutes=15)
    check_percent: float = 1.0
    park_deleted: bool = False


# So many that what the planner knows of the tables no longer holds.
_MANY_CHANGES = 1000


def capture(
    state: Postgres, store: Postgres, job: CaptureJob, at: Callable[[str], None]
) -> Captured:
    """Look or compare, and stage. Raises MassChange, MappingError, StoreError or StateError; of the
    step that raised nothing is kept then."""

    def kept(step: Callable[[sa.Connection], tuple[Captured, bool]]) -> tuple[Captured, bool]:
        with state.transaction() as into:
            found, more = step(into)
            if found.mass_change is not None:
                raise MassChange(_mass_change_words(job.mapping.entity, found.mass_change))
            at("capture: before commit")
        at("capture: committed")
        return found, more

    captured, more = kept(lambda into: _first_step(into, store, job, at))
    if more:
        compared, _ = kept(lambda into: (_compare_step(into, store, job, at), False))
        captured = _together(captured, compared)
    if captured.created + captured.changed >= _MANY_CHANGES:
        # A queue that has just been filled looks empty to the planner, and every batch of a
        # delivery would be planned for that.
        with state.transaction() as connection:
            connection.execute(_QUERIES["analyze"])
    return captured


def capture_into(
    into: sa.Connection, store: Postgres, job: CaptureJob, at: Callable[[str], None]
) -> Captured:
    """Capture inside one state transaction, which the caller rolls back (`plan`)."""
    captured, more = _first_step(into, store, job, at)
    return _together(captured, _compare_step(into, store, job, at)) if more else captured


def _together(first: Captured, second: Captured) -> Captured:
    """Add what a compare found to what the look before it found."""
    return replace(
        second,
        why_full=second.why_full or first.why_full,
        created=first.created + second.created,
        changed=first.changed + second.changed,
        deleted=first.deleted + second.deleted,
        mass_change=first.mass_change or second.mass_change,
    )


@dataclass(frozen=True)
class _Survey:
    """What the store is like now, and what the last capture saved."""

    last: Any
    described: Described
    prints: Fingerprinting
    probed: Probed
    now: changes.Moment
    warnings: tuple[str, ...]

    @property
    def point(self) -> changes.StorePoint:
        """The saved point; one that can be compared with nothing where none was saved."""
        if self.last.taken_at is None:
            return changes.NO_POINT
        return changes.StorePoint(
            self.last.server_identity,
            self.last.horizon,
            self.last.next_xid,
            tuple(self.last.seen_xids),
            self.last.store_clock,
        )

    def why_every_record(self, job: CaptureJob) -> str | None:
        """Say why neither a look nor fingerprints can tell what has changed; None: they can."""
        why = changes.why_not_comparable(self.point, self.now)
        if why is not None:
            return why
        if self.last.mapping_hash != job.mapping.fingerprint:
            return "the mapping has changed"
        if self.last.go_live != job.go_live:
            return "the go-live of orders has changed"
        if self.last.source_tables != self.probed.tables:
            return (
                "other tables stand behind its sources (one was renamed, or a partition attached)"
            )
        if self.last.hash_method != self.described.hash_method:
            return "the way rows are hashed has changed (another Postgres version or column types)"
        return None

    @property
    def why_no_look(self) -> str | None:
        """Say why changed rows cannot be asked for; None: they can."""
        if not self.probed.without_ids:
            return None
        return (
            f"rows of {', '.join(self.probed.without_ids)} carry no transaction id "
            "(a view or a foreign table)"
        )

    @property
    def why_no_fingerprints(self) -> str | None:
        """Say why a compare must compute every record; None: fingerprints tell."""
        if self.probed.uncovered:
            return (
                f"the SELECT reads {', '.join(self.probed.uncovered)}, which no source names: a "
                "change there is only found by computing every record"
            )
        if self.prints is None or self.last.source_method != self.prints.method:
            return (
                "no fingerprints of its source rows are known yet, or they are made otherwise now"
            )
        return None


_NO_KEY = "the key of some source row could not be computed"


def _first_step(
    into: sa.Connection, store: Postgres, job: CaptureJob, at: Callable[[str], None]
) -> tuple[Captured, bool]:
    """Look, or compute every record; say whether a compare of fingerprints is to follow."""
    last = _lock(into, job)
    with store.transaction() as out:
        survey = _survey(out, last, job)
        why = survey.why_every_record(job)
        partial = job.window != EVERYTHING
        wants_every = job.every_record or partial
        no_prints = survey.why_no_fingerprints
        if why is None and not wants_every and not (job.full and no_prints):
            if survey.why_no_look is None:
                looked = _look(into, store, out, survey, job, at)
                if looked is not None:
                    return looked
                why = _NO_KEY
            elif no_prints is None:
                return replace(NOTHING_CAPTURED, why_full=survey.why_no_look), True
            else:
                why = survey.why_no_look
        comparable = not partial and survey.why_no_look is None
        point = changes.capture_point(out, job.mapping, survey.now) if comparable else None
    why = None if wants_every or job.full else why
    return _every_record(into, store, survey, point, job, why, at), False


def _lock(into: sa.Connection, job: CaptureJob) -> Any:
    return into.execute(
        _QUERIES["lock_capture"], {"entity": job.mapping.entity, "percent": job.check_percent}
    ).one()


def _survey(out: sa.Connection, last: Any, job: CaptureJob) -> _Survey:
    described = describe(out, job.mapping)
    probed = probe_sources(out, described)
    prints = describe_sources(out, described)
    return _Survey(
        last, described, prints, probed, changes.present(out), _warnings(out, probed, job)
    )


def _warnings(out: sa.Connection, probed: Probed, job: CaptureJob) -> tuple[str, ...]:
    warnings = [
        f"Row-level security on {table} applies to the reader's role: rows that its policies hide "
        "look as if they were not there. Give the role BYPASSRLS or a policy that shows all rows."
        for table in probed.hidden
    ]
    if any(source.changed_at for source in job.mapping.sources):
        age = stamps.longer_than(out, job.overlap)
        if age is not None:
            warnings.append(
                f"A transaction has been open for {age.total_seconds() / 60:,.0f} minutes in the "
                f"store, and sources with changed_at are read again for "
                f"{job.overlap.total_seconds() / 60:,.0f}: what it commits is found by the next "
                "full compare only. End it, or raise capture.overlap_minutes."
            )
    return tuple(warnings)


# -- a look ----------------------------------------------------------------------------------------


def _look(
    into: sa.Connection,
    store: Postgres,
    out: sa.Connection,
    survey: _Survey,
    job: CaptureJob,
    at: Callable[[str], None],
) -> tuple[Captured, bool] | None:
    """Compute the records that have rows written since the last capture. None: it cannot be told
    which. Gives also whether a compare is to follow: asked for, or because rows are gone."""
    try:
        with out.begin_nested():
            keys, point = changes.look(out, job.mapping, survey.point, survey.now, job.overlap)
    except psycopg2.DataError:
        return None
    reading = Reading(store, survey.described, survey.prints, job.go_live)
    with Staging(into, job.mapping.entity) as staging:
        if keys:
            staging.stage_keys(reading, keys, out)
        sums = None if job.full else _sums_if_due(out, survey)
        at("capture: store read")
        merged = staging.merge(
            job.lane, everything=False, fingerprinted=True, park_deleted=job.park_deleted
        )
    _save(into, survey, point, job, fingerprinted=False, everything=False)
    captured = _captured(into, survey, job, merged, full=False, why=None)
    why = None if sums is None else _why_compare(into, survey, job, sums)
    return (captured, job.full) if why is None else (replace(captured, why_full=why), True)


@dataclass(frozen=True)
class _Sums:
    rows: int
    weight: int
    seconds: float


def _sums_if_due(out: sa.Connection, survey: _Survey) -> _Sums | None:
    if not survey.last.check_is_due or survey.why_no_fingerprints is not None:
        return None
    began = time.monotonic()
    try:
        with out.begin_nested():
            rows, weight = key_sums(out, survey.prints)
    except psycopg2.DataError:
        return None
    return _Sums(rows, weight, time.monotonic() - began)


def _why_compare(into: sa.Connection, survey: _Survey, job: CaptureJob, sums: _Sums) -> str | None:
    """Hold the sums over the store's keys, of the look's own snapshot, against what is known after
    it; they differ where a source row has gone without a trace."""
    began = time.monotonic()
    known = into.execute(
        _QUERIES["key_sums"],
        {"entity": job.mapping.entity, "integer_keys": survey.described.key_is_integer},
    ).one()
    _note_check(into, job, sums.seconds + time.monotonic() - began)
    if (int(known.source_rows), int(known.weight)) != (sums.rows, sums.weight):
        return "source rows are gone that left no trace"
    if known.unknown:
        return "records were read between two captures, of source rows that the second did not see"
    return None


def _note_check(into: sa.Connection, job: CaptureJob, seconds: float) -> None:
    into.execute(_QUERIES["note_check"], {"entity": job.mapping.entity, "seconds": seconds})


# -- a compare of fingerprints ---------------------------------------------------------------------


def _compare_step(
    into: sa.Connection, store: Postgres, job: CaptureJob, at: Callable[[str], None]
) -> Captured:
    """Find what no look could: rows gone, and changes without a trace."""
    began = time.monotonic()
    last = _lock(into, job)
    with store.transaction() as out:
        survey = _survey(out, last, job)
    why_no_look = survey.why_no_look
    entity = job.mapping.entity
    with Staging(into, entity) as staging:
        told = compare.stage_moved(into, store, survey.prints, staging, entity)
        if told:
            at("capture: compared")
            reading = Reading(store, survey.described, survey.prints, job.go_live)
            with store.transaction() as out:
                # What has been written meanwhile a look finds too, and is no miss.
                now = changes.present(out)
                point = None
                if why_no_look is None:
                    keys, point = changes.look(out, job.mapping, survey.point, now, job.overlap)
                    staging.note_looked(keys)
                compare.stage_candidates(into, staging, reading, out, entity)
            at("capture: store read")
            merged = staging.merge(
                job.lane, everything=False, fingerprinted=True, park_deleted=job.park_deleted
            )
    if not told:
        return _by_every_record(into, store, survey, job, at)
    _save(into, survey, point, job, fingerprinted=True, everything=True)
    _note_check(into, job, time.monotonic() - began)
    if why_no_look is not None:
        # A look could not have named anything.
        merged = replace(merged, missed=0, misses=())
    merged = replace(merged, looked_at=known_records(into, entity) + merged.before_go_live)
    return _captured(into, survey, job, merged, full=True, why=None)


def _by_every_record(
    into: sa.Connection,
    store: Postgres,
    survey: _Survey,
    job: CaptureJob,
    at: Callable[[str], None],
) -> Captured:
    point = None
    if survey.why_no_look is None:
        with store.transaction() as out:
            point = changes.capture_point(out, job.mapping, changes.present(out))
    return _every_record(into, store, survey, point, job, _NO_KEY, at)


# -- every record ----------------------------------------------------------------------------------


def _every_record(
    into: sa.Connection,
    store: Postgres,
    survey: _Survey,
    point: changes.StorePoint | None,
    job: CaptureJob,
    why: str | None,
    at: Callable[[str], None],
) -> Captured:
    partial = job.window != EVERYTHING
    former = _former_hash(store, survey, job)
    reading = Reading(store, survey.described, survey.prints, job.go_live, former)
    with Staging(into, job.mapping.entity) as staging:
        fingerprinted = every_record.stage(staging, reading, job.window)
        if fingerprinted and survey.why_every_record(job) is None and survey.why_no_look is None:
            with store.transaction() as out:
                _note_misses(out, staging, survey, job)
        at("capture: store read")
        merged = staging.merge(
            job.lane,
            everything=not partial,
            fingerprinted=fingerprinted,
            park_deleted=job.park_deleted,
            adopt=former is not None,
        )
    if not partial:
        _save(into, survey, point, job, fingerprinted=fingerprinted, everything=True)
    return _captured(into, survey, job, merged, full=True, why=why)


def _note_misses(out: sa.Connection, staging: Staging, survey: _Survey, job: CaptureJob) -> None:
    """Note what no look had named, of all that differs; what one would name now is none of it."""
    try:
        with out.begin_nested():
            now = changes.present(out)
            keys, _ = changes.look(out, job.mapping, survey.point, now, job.overlap)
    except psycopg2.DataError:
        return
    staging.note_looked(keys)
    staging.note_silent()


def _former_hash(store: Postgres, survey: _Survey, job: CaptureJob) -> str | None:
    """Give the SQL by which rows were hashed before, if only that has changed and it still runs."""
    former: str | None = survey.last.hash_expression
    if (
        former is None
        or former == survey.described.hash_expression
        or survey.last.mapping_hash != job.mapping.fingerprint
    ):
        return None
    with store.transaction() as out:
        return former if can_hash(out, survey.described, former) else None


# -- what is kept and said -------------------------------------------------------------------------


def _save(
    into: sa.Connection,
    survey: _Survey,
    point: changes.StorePoint | None,
    job: CaptureJob,
    *,
    fingerprinted: bool,
    everything: bool,
) -> None:
    """Save the point, in the transaction that holds what it covers. None: there is none to look
    from, only what was compared."""
    point = point or changes.StorePoint(
        survey.now.server_identity, survey.now.horizon, survey.now.next_xid, (), survey.now.clock
    )
    into.execute(
        _QUERIES["save_capture_point"],
        {
            "entity": job.mapping.entity,
            "horizon": point.horizon,
            "next_xid": point.next_xid,
            "seen_xids": list(point.seen_xids),
            "server_identity": point.server_identity,
            "store_clock": point.clock,
            "mapping_hash": job.mapping.fingerprint,
            "go_live": job.go_live,
            "hash_method": survey.described.hash_method,
            "hash_expression": survey.described.hash_expression,
            "source_tables": survey.probed.tables,
            "source_method": survey.prints.method,
            "fingerprinted": fingerprinted,
            "everything": everything,
        },
    )


def _captured(
    into: sa.Connection,
    survey: _Survey,
    job: CaptureJob,
    merged: Merged,
    *,
    full: bool,
    why: str | None,
) -> Captured:
    return Captured(
        full=full,
        why_full=why,
        looked_at=merged.looked_at,
        created=merged.created,
        changed=merged.changed,
        deleted=merged.deleted,
        unreadable=merged.unreadable,
        before_go_live=merged.before_go_live,
        without_key=merged.without_key,
        missed=merged.missed,
        misses=merged.misses,
        warnings=(
            *survey.warnings,
            *(
                [missed_words(job.mapping.entity, merged.missed, merged.misses)]
                * bool(merged.missed)
            ),
        ),
        mass_change=_mass_change(into, job, merged),
    )


def missed_words(entity: Entity, missed: int, misses: Sequence[str]) -> str:
    """Say what a compare found that a look should have named, and what to look into."""
    are = f"{entity} has" if missed == 1 else f"{entity.plural} have"
    return (
        f"{missed:,} {are} changed and no look for changed rows had found it; the full compare did "
        f"(for example {', '.join(misses[:3])}). What it found is sent. Does a table behind a join "
        "change that stands in no rows of a source? Does changed_at move with every change? Was "
        "the store restored? See docs/mapping.md, Sources."
    )


def _mass_change(into: sa.Connection, job: CaptureJob, found: Merged) -> str | None:
    """Say what is more than the guard lets pass; None: nothing is."""
    moved = found.changed + found.deleted
    if job.guard is None or moved <= job.guard.rows:
        return None
    now = known_records(into, job.mapping.entity)
    before = now - found.created + found.deleted
    if moved <= before * job.guard.percent / 100:
        return None
    return (
        f"{found.changed:,} of the {before:,} {job.mapping.entity.plural} that were known have "
        f"changed and {found.deleted:,} are gone, all at once; more than "
        f"{job.guard.percent:g} % must be allowed"
    )


def _mass_change_words(entity: Entity, found: str) -> str:
    name = entity.plural
    return (
        f"{found}. A restored backup, a migration or a changed mapping looks like that. Nothing "
        f"was kept, and nothing of it is sent. See `influence-pipeline plan --entity {name}`; if "
        f"it is meant: `influence-pipeline sync --entity {name} --allow-mass-change`, or in "
        "Dagster's launchpad allow_mass_change: true. The share is capture.mass_change_percent in "
        "influence.toml."
    )
