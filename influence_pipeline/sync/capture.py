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
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import psycopg2
import sqlalchemy as sa

from influence_pipeline.errors import MassChange
from influence_pipeline.postgres import Postgres
from influence_pipeline.records import Entity
from influence_pipeline.sql import load_queries
from influence_pipeline.state.schema import Lane
from influence_pipeline.store import changes
from influence_pipeline.store.fingerprints import key_sums
from influence_pipeline.store.reader import EVERYTHING
from influence_pipeline.sync import compare, every_record
from influence_pipeline.sync.captured import (
    NOTHING_CAPTURED,
    Captured,
    CaptureJob,
    mass_change,
    mass_change_words,
    missed_words,
)
from influence_pipeline.sync.staging import Merged, Reading, Staging, known_records
from influence_pipeline.sync.survey import Survey, Way, former_hash, take_survey, way_to_go

_QUERIES = load_queries(__file__, "capture.sql")


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
                raise MassChange(mass_change_words(job.mapping.entity, found.mass_change))
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
        gone=first.gone + second.gone,
        mass_change=first.mass_change or second.mass_change,
    )


_NO_KEY = "the key of some source row could not be computed"


def _first_step(
    into: sa.Connection, store: Postgres, job: CaptureJob, at: Callable[[str], None]
) -> tuple[Captured, bool]:
    """Look, or compute every record; say whether a compare of fingerprints is to follow."""
    last = _lock(into, job)
    with Staging(into, job.mapping.entity) as staging:
        looked: _Looked | None = None
        point: changes.StorePoint | None = None
        with store.transaction() as out:
            survey = take_survey(out, last, job)
            way, why = way_to_go(survey, job)
            if way is Way.LOOK:
                looked = _look(out, staging, store, survey, job)
                if looked is None:
                    way, why = Way.EVERY_RECORD, None if job.full else _NO_KEY
            whole = job.window == EVERYTHING
            if way is Way.EVERY_RECORD and whole and survey.why_no_look is None:
                point = changes.capture_point(out, job.mapping, survey.now)
        if looked is not None:
            return _merge_look(into, staging, looked, survey, job, at)
        if way is Way.COMPARE:
            return replace(NOTHING_CAPTURED, why_full=why), True
        return _every_record(into, staging, store, survey, point, job, why, at), False


def _lock(into: sa.Connection, job: CaptureJob) -> Any:
    return into.execute(
        _QUERIES["lock_capture"], {"entity": job.mapping.entity, "percent": job.check_percent}
    ).one()


# -- a look ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Sums:
    rows: int
    weight: int
    seconds: float


@dataclass(frozen=True)
class _Looked:
    """Where a look has got to. `sums`: over the keys of all source rows, where they were due."""

    point: changes.StorePoint
    sums: _Sums | None


def _look(
    out: sa.Connection, staging: Staging, store: Postgres, survey: Survey, job: CaptureJob
) -> _Looked | None:
    """Stage the records that have rows written since the last capture. None: it cannot be told
    which."""
    try:
        with out.begin_nested():
            keys, point = changes.look(out, job.mapping, survey.point, survey.now, job.overlap)
    except psycopg2.DataError:
        return None
    staging.stage_keys(Reading(store, survey.described, survey.prints, job.go_live), keys, out)
    return _Looked(point, None if job.full else _sums_if_due(out, survey))


def _merge_look(
    into: sa.Connection,
    staging: Staging,
    looked: _Looked,
    survey: Survey,
    job: CaptureJob,
    at: Callable[[str], None],
) -> tuple[Captured, bool]:
    """Keep what a look has staged. A compare is to follow where it was asked for, or rows are
    gone."""
    at("capture: store read")
    merged = staging.merge(
        job.lane, everything=False, fingerprinted=True, park_deleted=job.park_deleted
    )
    _save(into, survey, looked.point, job, fingerprinted=False, everything=False)
    captured = _captured(into, survey, job, merged, full=False, why=None)
    why = None if looked.sums is None else _why_compare(into, survey, job, looked.sums)
    return (captured, job.full) if why is None else (replace(captured, why_full=why), True)


def _sums_if_due(out: sa.Connection, survey: Survey) -> _Sums | None:
    if not survey.last.check_is_due or survey.why_no_fingerprints is not None:
        return None
    began = time.monotonic()
    try:
        with out.begin_nested():
            rows, weight = key_sums(out, survey.prints)
    except psycopg2.DataError:
        return None
    return _Sums(rows, weight, time.monotonic() - began)


def _why_compare(into: sa.Connection, survey: Survey, job: CaptureJob, sums: _Sums) -> str | None:
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
        survey = take_survey(out, last, job)
    why_no_look = survey.why_no_look
    entity = job.mapping.entity
    with Staging(into, entity) as staging:
        told = compare.stage_moved(into, store, survey.prints, staging, entity)
        point: changes.StorePoint | None = None
        if told:
            at("capture: compared")
            with store.transaction() as out:
                if why_no_look is None:
                    point = _note_looked(out, staging, survey, job)
                    told = point is not None
                if told:
                    if job.recheck_in_compares:
                        compare.note_turn(into, entity, job.recheck_in_compares, last.compares)
                    reading = Reading(store, survey.described, survey.prints, job.go_live)
                    compare.stage_candidates(into, staging, reading, out, entity)
        if not told:
            staging.start_over()
            staging.forget_fingerprints()
            return _by_every_record(into, staging, store, survey, job, at)
        at("capture: store read")
        merged = staging.merge(
            job.lane, everything=False, fingerprinted=True, park_deleted=job.park_deleted
        )
    _save(into, survey, point, job, fingerprinted=True, everything=True)
    _note_check(into, job, time.monotonic() - began)
    if why_no_look is not None:
        # A look could not have named anything.
        merged = replace(merged, missed=0, misses=())
    merged = replace(merged, looked_at=known_records(into, entity) + merged.before_go_live)
    return _captured(into, survey, job, merged, full=True, why=None)


def _by_every_record(
    into: sa.Connection,
    staging: Staging,
    store: Postgres,
    survey: Survey,
    job: CaptureJob,
    at: Callable[[str], None],
) -> Captured:
    point = None
    if survey.why_no_look is None:
        with store.transaction() as out:
            point = changes.capture_point(out, job.mapping, changes.present(out))
    return _every_record(into, staging, store, survey, point, job, _NO_KEY, at)


# -- every record ----------------------------------------------------------------------------------


def _every_record(
    into: sa.Connection,
    staging: Staging,
    store: Postgres,
    survey: Survey,
    point: changes.StorePoint | None,
    job: CaptureJob,
    why: str | None,
    at: Callable[[str], None],
) -> Captured:
    partial = job.window != EVERYTHING
    former = former_hash(store, survey, job)
    reading = Reading(store, survey.described, survey.prints, job.go_live, former)
    fingerprinted = every_record.stage(staging, reading, job.window)
    if fingerprinted and survey.why_every_record(job) is None and survey.why_no_look is None:
        with store.transaction() as out:
            looked = _note_looked(out, staging, survey, job)
        if looked is not None:
            staging.note_silent()
    left = not partial and _stage_older(into, staging, reading, survey, job)
    at("capture: store read")
    merged = staging.merge(
        job.lane,
        everything=not partial,
        fingerprinted=fingerprinted,
        park_deleted=job.park_deleted,
        adopt=former is not None,
    )
    if job.import_id is not None:
        staging.note_import(job.import_id)
    if left and (records := staging.leave_to_import()):
        survey = replace(survey, warnings=(*survey.warnings, _left_words(job, records)))
    if not partial:
        _save(into, survey, point, job, fingerprinted=fingerprinted, everything=True)
    return _captured(into, survey, job, merged, full=True, why=why)


def _stage_older(
    into: sa.Connection, staging: Staging, reading: Reading, survey: Survey, job: CaptureJob
) -> bool:
    """At the first compare of a sync, note what an import that has begun is to send. Says whether
    there is one."""
    if survey.last.taken_at is not None or job.lane is Lane.IMPORT:
        return False
    if job.mapping.entity is Entity.ORDER or not survey.described.has_created_at:
        return False
    began = into.execute(_QUERIES["import_began"], {"entity": job.mapping.entity}).scalar()
    if began is None:
        return False
    every_record.stage_older(staging, reading, began)
    return True


def _left_words(job: CaptureJob, left: int) -> str:
    name = job.mapping.entity.plural
    return (
        f"{left:,} {name} of before the first import are not sent as live changes: they are left "
        f"to it. Let its partitions run, or send them all with `influence-pipeline import --entity "
        f"{name}`."
    )


def _note_looked(
    out: sa.Connection, staging: Staging, survey: Survey, job: CaptureJob
) -> changes.StorePoint | None:
    """Add what a look would name now to the candidates: what has been written meanwhile is no miss.
    Gives the point of that look; None: it cannot be told."""
    try:
        with out.begin_nested():
            now = changes.present(out)
            keys, point = changes.look(out, job.mapping, survey.point, now, job.overlap)
    except psycopg2.DataError:
        return None
    staging.note_looked(keys)
    return point


# -- what is kept and said -------------------------------------------------------------------------


def _save(
    into: sa.Connection,
    survey: Survey,
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
    survey: Survey,
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
        gone=merged.gone,
        warnings=survey.warnings + _of_misses(job, merged),
        mass_change=_more_than_allowed(into, survey, job, merged),
    )


def _of_misses(job: CaptureJob, merged: Merged) -> tuple[str, ...]:
    if not merged.missed:
        return ()
    return (missed_words(job.mapping.entity, merged.missed, merged.misses),)


def _more_than_allowed(
    into: sa.Connection, survey: Survey, job: CaptureJob, merged: Merged
) -> str | None:
    """Say what is more than the guard lets pass; None: nothing is."""
    if job.guard is None:
        return None
    before, now = survey.last.go_live, job.go_live
    if merged.created and before is not None and now is not None and now < before:
        return (
            f"The go-live of orders has moved back from {before} to {now}: {merged.created:,} "
            "orders would be sent that were to be left out, and each may award points"
        )
    if not (merged.changed or merged.deleted):
        return None
    known = known_records(into, job.mapping.entity)
    return mass_change(
        job, known, created=merged.created, changed=merged.changed, deleted=merged.deleted
    )
