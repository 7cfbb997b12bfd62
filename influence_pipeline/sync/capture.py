"""Capture: find what differs between the store and the snapshots, and make it work to be done.

Candidates come from the rows' transaction ids (`store.changes`), or are everything (full compare,
first import); then a hash of the canonical row decides. One state transaction holds it all: the
snapshots, the work, and the point up to which the store has been seen.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg2
import sqlalchemy as sa

from influence_pipeline.errors import MassChange
from influence_pipeline.postgres import Postgres, copy_in, driver_cursor
from influence_pipeline.records import Entity
from influence_pipeline.sql import load_queries
from influence_pipeline.state.schema import Lane
from influence_pipeline.store import changes, reader
from influence_pipeline.store.mapping import Described, Mapping, describe
from influence_pipeline.store.reader import EVERYTHING, Window
from influence_pipeline.store.sources import Probed, probe_sources
from influence_pipeline.sync.claims import exclude_results

_QUERIES = load_queries(__file__, "capture.sql")


@dataclass(frozen=True)
class Captured:
    """What a capture found. `full`: everything was compared; `why_full` says why, if not asked.

    `warnings`: what somebody should look at, one line each. `mass_change`: what the guard says of
    it, if it is more than the guard lets pass.
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
    warnings: tuple[str, ...] = ()
    mass_change: str | None = None

    @property
    def unchanged(self) -> int:
        return max(self.looked_at - self.created - self.changed - self.before_go_live, 0)

    def counts(self) -> dict[str, Any]:
        """Give the numbers a person or a plot wants, always under the same names."""
        return {
            "looked_at": self.looked_at,
            "created": self.created,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "deleted": self.deleted,
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
    """What to capture. `window`: only records created then (an import by month). `guard` None: any
    number of changes is meant."""

    mapping: Mapping
    full: bool = False
    window: Window = EVERYTHING
    lane: Lane = Lane.LIVE
    go_live: datetime | None = None
    guard: Guard | None = None


# So many that what the planner knows of the tables no longer holds.
_MANY_CHANGES = 1000


def capture(
    state: Postgres, store: Postgres, job: CaptureJob, at: Callable[[str], None]
) -> Captured:
    """Compare and stage. Raises MassChange, MappingError, StoreError or StateError; nothing is kept
    then."""
    with state.transaction() as into:
        captured = capture_into(into, store, job, at)
        if captured.mass_change is not None:
            raise MassChange(_mass_change_words(job.mapping.entity, captured.mass_change))
        at("capture: before commit")
    at("capture: committed")
    if captured.created + captured.changed >= _MANY_CHANGES:
        # A queue that has just been filled looks empty to the planner, and every batch of a
        # delivery would be planned for that.
        with state.transaction() as connection:
            connection.execute(_QUERIES["analyze"])
    return captured


def capture_into(
    into: sa.Connection, store: Postgres, job: CaptureJob, at: Callable[[str], None]
) -> Captured:
    """Capture inside a state transaction that the caller commits, or rolls back (`plan`)."""
    entity = job.mapping.entity
    last = into.execute(_QUERIES["lock_capture"], {"entity": entity}).one()
    into.execute(_QUERIES["stage"])
    partial = job.window != EVERYTHING
    # The store is looked at after the lock is held, so that a later capture never saves an earlier
    # view.
    with store.transaction() as out:
        described = describe(out, job.mapping)
        probed = probe_sources(out, described)
        now = changes.present(out)
        why_full = _why_full(last, described, now, probed)
        full = job.full or partial or why_full is not None
        if not full:
            try:
                with out.begin_nested():
                    keys = changes.changed_keys(out, job.mapping, _point(last), now)
            except psycopg2.DataError:
                full, why_full = True, "the key of some source row could not be computed"
            else:
                _stage_keys(into, out, described, keys, job.go_live)
        if full:
            _stage_everything(into, out, described, job)
        comparable = not partial and not probed.without_ids
        point = changes.capture_point(out, job.mapping, now) if comparable else None
    at("capture: store read")
    result = _merge(into, entity, job.lane, everything=full and not partial)
    if point is not None:
        into.execute(
            _QUERIES["save_capture_point"],
            {
                "entity": entity,
                "horizon": point.horizon,
                "next_xid": point.next_xid,
                "seen_xids": list(point.seen_xids),
                "server_identity": point.server_identity,
                "mapping_hash": job.mapping.fingerprint,
                "hash_method": described.hash_method,
                "source_tables": probed.tables,
                "everything": full,
            },
        )
    return Captured(
        full=full,
        why_full=None if job.full or partial else why_full,
        warnings=_warnings(probed),
        mass_change=_mass_change(into, job, result),
        **result,
    )


def _mass_change(into: sa.Connection, job: CaptureJob, found: dict[str, int]) -> str | None:
    """Say what is more than the guard lets pass; None: nothing is."""
    moved = found["changed"] + found["deleted"]
    if job.guard is None or moved <= job.guard.rows:
        return None
    now = into.execute(_QUERIES["known"], {"entity": job.mapping.entity}).scalar_one()
    before = now - found["created"] + found["deleted"]
    if moved <= before * job.guard.percent / 100:
        return None
    return (
        f"{found['changed']:,} of the {before:,} {job.mapping.entity.plural} that were known have "
        f"changed and {found['deleted']:,} are gone, all at once; more than "
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


def _warnings(probed: Probed) -> tuple[str, ...]:
    return tuple(
        f"Row-level security on {table} applies to the reader's role: rows that its policies hide "
        "look as if they were not there. Give the role BYPASSRLS or a policy that shows all rows."
        for table in probed.hidden
    )


def _why_full(last: Any, described: Described, now: changes.Moment, probed: Probed) -> str | None:
    if probed.without_ids:
        return (
            f"rows of {', '.join(probed.without_ids)} carry no transaction id "
            "(a view or a foreign table)"
        )
    why = changes.why_not_comparable(_point(last), now)
    if why is not None:
        return why
    if last.mapping_hash != described.mapping.fingerprint:
        return "the mapping has changed"
    if last.source_tables != probed.tables:
        return "other tables stand behind its sources (one was renamed, or a partition attached)"
    if last.hash_method != described.hash_method:
        return "the way rows are hashed has changed (another Postgres version or column types)"
    return None


def _point(last: Any) -> changes.StorePoint:
    """The saved point; one that can be compared with nothing where none was saved."""
    if last.taken_at is None:
        return changes.NO_POINT
    return changes.StorePoint(
        last.server_identity, last.horizon, last.next_xid, tuple(last.seen_xids)
    )


def _stage_everything(
    into: sa.Connection, out: sa.Connection, described: Described, job: CaptureJob
) -> None:
    try:
        with out.begin_nested(), into.begin_nested():
            _pipe(
                lambda sink: reader.copy_hashes(
                    out, described, sink, window=job.window, go_live=job.go_live
                ),
                lambda pipe: driver_cursor(into).copy_expert("COPY staged FROM STDIN", pipe),
            )
    except reader.ROW_FAILURES:
        # Some row cannot be computed. Slower, but it finds which, and takes the rest.
        keys = reader.all_keys(out, described, window=job.window)
        _stage_keys(into, out, described, sorted(set(keys)), job.go_live)


def _stage_keys(
    into: sa.Connection,
    out: sa.Connection,
    described: Described,
    keys: list[str],
    go_live: datetime | None,
) -> None:
    if not keys:
        return
    hashed, poison = reader.hashes_of(out, described, keys, go_live)
    copy_in(into, "candidate (key)", ((key,) for key in keys))
    copy_in(into, "staged (key, hash, eligible)", ((h.key, h.hash, h.eligible) for h in hashed))
    copy_in(into, "poison (key, reason)", ((row.key, row.reason) for row in poison))


def _merge(into: sa.Connection, entity: Entity, lane: Lane, *, everything: bool) -> dict[str, int]:
    exclude_results(into, entity)
    values = {"entity": entity, "lane": lane, "everything": everything}
    into.execute(sa.text("ANALYZE staged"))
    without_key = into.execute(
        _QUERIES["set_aside_unusable"], {"twice": reader.TWICE, "entity": entity}
    ).scalar_one()
    looked_at = into.execute(sa.text("SELECT count(*) FROM staged")).scalar_one()
    merged = into.execute(_QUERIES["merge_staged"], values).one()
    into.execute(_QUERIES["mark_seen_again"], values)
    deleted = into.execute(_QUERIES["mark_gone"], values).scalar_one()
    into.execute(_QUERIES["forget_poison"], values)
    unreadable = into.execute(_QUERIES["park_poison"], values).rowcount
    return {
        "looked_at": looked_at,
        "created": merged.created,
        "changed": merged.changed,
        "deleted": deleted,
        "unreadable": unreadable,
        "before_go_live": merged.before_go_live,
        "without_key": int(without_key),
    }


def _pipe(write: Callable[[Any], None], read: Callable[[Any], None]) -> None:
    """Run a COPY OUT and a COPY IN at once, joined by a pipe: memory stays the same at any size.

    An error of the writer wins: the reader then only sees its end of the pipe closed.
    """
    source, sink = os.pipe()
    failed: list[BaseException] = []

    def writer() -> None:
        try:
            with os.fdopen(sink, "wb") as file:
                write(file)
        except BrokenPipeError:
            pass  # the reader failed, and its error is raised below
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=writer, name="copy-out", daemon=True)
    thread.start()
    try:
        with os.fdopen(source, "rb") as file:
            read(file)
    finally:
        thread.join()
        if failed:
            raise failed[0]
