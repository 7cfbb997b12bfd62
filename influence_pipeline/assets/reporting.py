"""What assets say of a step: numbers under the same names every time, a summary, short tables, and
the checks of parked and missed records (the others are in `checks`).

Keys, states and reasons only: no name, e-mail or phone. A coupon's code is money, so it is masked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import dagster as dg
import sqlalchemy as sa

from influence_pipeline.assets.links import Links
from influence_pipeline.postgres import Postgres
from influence_pipeline.records import Entity
from influence_pipeline.settings import Watch
from influence_pipeline.state.schema import snapshot
from influence_pipeline.sync import status
from influence_pipeline.sync.captured import Captured, missed_words
from influence_pipeline.sync.deliver import Delivered
from influence_pipeline.sync.engine import Report
from influence_pipeline.sync.headway import Gauge, Headway, headway_words

# What an asset returns. Dagster looks at the annotation and knows the class only without a type.
if TYPE_CHECKING:
    Reported: TypeAlias = dg.MaterializeResult[None]
else:
    Reported = dg.MaterializeResult

# Rows of a preview.
MOST = 10
# A long delivery says how far it is this often; `automation.runs` takes silence for the end of it.
PROGRESS_SECONDS = 60.0
# Tags of a run: how far it is, and when it will be done. Followed by the asset's name: a run may
# hold several.
PROGRESS = "influence/progress."
ETA = "influence/eta."
NOTHING_PARKED = "nothing_parked"
NOTHING_MISSED = "nothing_missed"

# What a capture counts. A delivery captures nothing, so zeros here would say something untrue.
_OF_CAPTURE = (
    "looked_at",
    "created",
    "changed",
    "unchanged",
    "deleted",
    "missed",
    "before_go_live",
    "full_compare",
)


def of_capture(
    captured: Captured, preview: Sequence[Mapping[str, Any]], seconds: float
) -> dict[str, Any]:
    """Give the metadata of a capture."""
    metadata: dict[str, Any] = {
        "looked_at": captured.looked_at,
        "created": captured.created,
        "changed": captured.changed,
        "unchanged": captured.unchanged,
        "deleted": captured.deleted,
        "missed": captured.missed,
        "unreadable": captured.unreadable,
        "before_go_live": captured.before_go_live,
        "without_key": captured.without_key,
        "full_compare": captured.full,
        "seconds": round(seconds, 3),
        "summary": dg.MetadataValue.md(_capture_words(captured, seconds)),
    }
    if captured.warnings:
        metadata["warnings"] = "\n".join(captured.warnings)
    if captured.why_full:
        metadata["why everything was compared"] = captured.why_full
    if preview:
        metadata["to be sent, for example"] = _table(preview, ("key", "action", "state"))
    return metadata


def of_delivery(state: Postgres, report: Report) -> dict[str, Any]:
    """Give the metadata of a delivery. Raises StateError."""
    counts = {name: n for name, n in report.counts().items() if name not in _OF_CAPTURE}
    counts["newly_parked"] = report.delivered.parked
    counts["oldest_waiting_seconds"] = round(report.remaining.oldest_seconds or 0.0, 1)
    if report.entity is not Entity.REWARD:
        counts["dagster/row_count"] = _acknowledged(state, report.entity)
    counts["summary"] = dg.MetadataValue.md(_delivery_words(report))
    return counts | _trouble(report)


def _capture_words(captured: Captured, seconds: float) -> str:
    """Say it in a line: what differs, and of how many."""
    how = "all compared" if captured.full else "by what was written since the last look"
    found = ", ".join(
        f"{number:,} {word}"
        for word, number in (
            ("new", captured.created),
            ("changed", captured.changed),
            ("gone", captured.deleted),
            ("unreadable", captured.unreadable),
            ("missed before", captured.missed),
        )
        if number
    )
    return (
        f"**{found or 'Nothing changed'}** among {captured.looked_at:,} looked at ({how}), "
        f"in {seconds:,.1f} s."
    )


def _delivery_words(report: Report) -> str:
    """Say it in two lines: what was sent and how fast, and what is left."""
    done, left = report.delivered, report.remaining
    pace = done.calls / max(report.seconds, 0.001)
    sent = (
        f"**{done.sent:,} sent** in {done.calls:,} calls and {report.seconds:,.1f} s "
        f"({pace:,.1f} calls/s, {done.throttled:,} of them answered 429)."
        if done.calls
        else "**Nothing to send.**"
    )
    waits = [
        f"{number:,} {word}"
        for word, number in (
            ("waiting", left.waiting),
            ("left to an import", left.importing),
            ("blocked", left.blocked),
            ("parked", left.parked),
        )
        if number
    ]
    oldest = f", the oldest for {left.oldest_seconds:,.0f} s" if left.oldest_seconds else ""
    return (
        f"{sent}\n\nLeft: {', '.join(waits)}{oldest}." if waits else f"{sent}\n\nNothing is left."
    )


def _trouble(report: Report) -> dict[str, Any]:
    # The key in it may be a coupon's code.
    trouble = report.delivered.last_trouble
    return {"last trouble": trouble} if trouble and report.entity is not Entity.REWARD else {}


def _acknowledged(state: Postgres, entity: Entity) -> int:
    """Count the records whose state in the store is the one Influence has acknowledged."""
    query = sa.select(sa.func.count()).where(
        snapshot.c.entity == entity, snapshot.c.store_hash == snapshot.c.synced_hash
    )
    with state.transaction() as connection:
        return connection.execute(query).scalar_one()


def nothing_parked(
    asset: dg.AssetKey, parts: dg.PartitionsDefinition[str] | None = None
) -> dg.AssetCheckSpec:
    """Give the check that every delivery and import carries. `parts`: of an import, which has a
    result for each."""
    return dg.AssetCheckSpec(
        NOTHING_PARKED,
        asset=asset,
        partitions_def=parts,
        description=(
            "A parked record is one that needs a person: the store's row cannot be read, or the "
            "API refuses it. The rest goes on without it. `influence-pipeline parked` lists them "
            "with their reasons. A few warn, very many are an error ([watch] in influence.toml)."
        ),
    )


def check_parked(
    state: Postgres,
    entity: Entity,
    parked: int,
    watch: Watch | None = None,
    links: Links | None = None,
) -> dg.AssetCheckResult:
    """Check how many are parked, and say what to do with them. Raises StateError.

    More than `parked_warn_above` warn; more than `parked_error_above` are an error.
    """
    watch, links = watch or Watch(), links or Links()
    metadata: dict[str, Any] = {"parked": parked}
    if parked:
        rows = status.parked(state, entity, MOST)
        if entity is Entity.REWARD:
            rows = [{**row, "key": masked(str(row["key"]))} for row in rows]
        metadata["parked, for example"] = _table(rows, ("key", "reason_code", "reason", "attempts"))
        metadata["what to do"] = links.page("operations.md", "parked-records")
    return dg.AssetCheckResult(
        check_name=NOTHING_PARKED,
        passed=parked <= watch.parked_warn_above,
        severity=(
            dg.AssetCheckSeverity.ERROR
            if parked > watch.parked_error_above
            else dg.AssetCheckSeverity.WARN
        ),
        description=_parked_words(entity, parked),
        metadata=metadata,
    )


def _parked_words(entity: Entity, parked: int) -> str:
    if not parked:
        return f"No {entity.plural} are parked."
    is_parked = f"{entity} is" if parked == 1 else f"{entity.plural} are"
    which = "" if entity is Entity.REWARD else f" --entity {entity.plural}"
    return (
        f"{parked:,} {is_parked} parked. Why: `influence-pipeline parked{which}`. When mended: "
        f"`influence-pipeline retry {entity.plural} --all`; a record that changes in the store is "
        "tried again by itself."
    )


def nothing_missed(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """Give the check that every capture carries."""
    return dg.AssetCheckSpec(
        NOTHING_MISSED,
        asset=asset,
        description=(
            "A full compare finds what no look for changed rows could have named. Rows that were "
            "deleted are none of that; anything else was missed, and would have been late by up to "
            "a day. The check tells what the last full compare said, until the next one."
        ),
    )


def check_missed(state: Postgres, entity: Entity) -> dg.AssetCheckResult:
    """Check that the last full compare found nothing that a look had missed. Raises StateError."""
    found = status.last_compare(state, entity)
    missed = found.missed if found is not None else 0
    metadata: dict[str, Any] = {"missed": missed}
    if found is not None:
        metadata["compared at"] = dg.MetadataValue.timestamp(found.at)
    if missed and found is not None:
        metadata["missed, for example"] = ", ".join(found.misses)
    return dg.AssetCheckResult(
        check_name=NOTHING_MISSED,
        passed=missed == 0,
        severity=dg.AssetCheckSeverity.ERROR,
        description=(
            missed_words(entity, missed, found.misses)
            if missed and found is not None
            else f"No {entity.plural} were missed."
        ),
        metadata=metadata,
    )


def masked(code: str) -> str:
    """Show a coupon's code enough to be recognised and too little to be used."""
    return f"{code[:2]}…" if len(code) > 4 else "…"


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> dg.TableMetadataValue:
    return dg.TableMetadataValue(
        records=[
            dg.TableRecord({name: _cell(row[name]) for name in columns}) for row in rows[:MOST]
        ],
        schema=dg.TableSchema(columns=[dg.TableColumn(name) for name in columns]),
    )


def _cell(value: Any) -> str | int | float | bool:
    if value is None:
        return ""
    return value if isinstance(value, bool | int | float) else str(value)


class Progress:
    """Says how far a delivery is, not more than once a minute: in the run's log, and in the run's
    tags, where the list of runs shows it.

    `due`: counts the records that are still to be sent. `now`: seconds of a monotonic clock.
    """

    def __init__(
        self,
        context: dg.AssetExecutionContext | dg.OpExecutionContext,
        name: str,
        due: Callable[[], int],
        *,
        every: float = PROGRESS_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._context = context
        self._name = name
        self._due = due
        self._every = every
        self._now = now
        self._gauge: Gauge | None = None
        self._said = 0.0

    def __call__(self, done: Delivered) -> None:
        now = self._now()
        if self._gauge is None:
            self._gauge, self._said = Gauge(self._due, self._now), now
        if now - self._said < self._every:
            return
        self._said = now
        headway = self._gauge(done)
        self._context.log.info(f"{self._name}: {headway_words(headway, done)}")
        self._tag(headway)

    def _tag(self, headway: Headway) -> None:
        tags = {PROGRESS + self._name: f"{headway.settled:,} of {headway.total:,}"}
        if headway.seconds_left is not None:
            end = datetime.now(UTC) + timedelta(seconds=headway.seconds_left)
            tags[ETA + self._name] = f"{end:%Y-%m-%d %H:%M} UTC"
        self._context.instance.add_run_tags(self._context.run.run_id, tags)
