"""Before a capture: what the store is like now, what the last capture saved, and so which way to
go."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import sqlalchemy as sa

from influence_pipeline.postgres import Postgres
from influence_pipeline.store import changes, stamps
from influence_pipeline.store.fingerprints import Fingerprinting, describe_sources
from influence_pipeline.store.mapping import Described, describe
from influence_pipeline.store.reader import EVERYTHING, can_hash
from influence_pipeline.store.sources import Probed, probe_sources
from influence_pipeline.sync.captured import CaptureJob


@dataclass(frozen=True)
class Survey:
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
        if self.last.source_method != self.prints.method:
            return "the columns of its sources have changed, or no fingerprints are known yet"
        return None


class Way(Enum):
    LOOK = auto()
    COMPARE = auto()
    EVERY_RECORD = auto()


def way_to_go(survey: Survey, job: CaptureJob) -> tuple[Way, str | None]:
    """Choose how to begin, and say why everything is compared where nobody asked for it."""
    if job.every_record or job.window != EVERYTHING:
        return Way.EVERY_RECORD, None
    why = survey.why_every_record(job)
    if why is not None:
        return Way.EVERY_RECORD, None if job.full else why
    no_look, no_fingerprints = survey.why_no_look, survey.why_no_fingerprints
    if no_look is None and not (job.full and no_fingerprints):
        # A compare follows where one was asked for.
        return Way.LOOK, None
    if no_fingerprints is None:
        return Way.COMPARE, no_look
    return Way.EVERY_RECORD, no_fingerprints if job.full else no_look


def take_survey(out: sa.Connection, last: Any, job: CaptureJob) -> Survey:
    described = describe(out, job.mapping)
    probed = probe_sources(out, described)
    prints = describe_sources(out, described)
    return Survey(
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


def former_hash(store: Postgres, survey: Survey, job: CaptureJob) -> str | None:
    """Give the SQL by which rows were hashed before, if only that has changed and it still runs."""
    former = survey.last.hash_expression or survey.described.first_expression
    if (
        survey.last.taken_at is None
        or former == survey.described.hash_expression
        or survey.last.mapping_hash != job.mapping.fingerprint
    ):
        return None
    with store.transaction() as out:
        return former if can_hash(out, survey.described, former) else None
