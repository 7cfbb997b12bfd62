"""The first import, part by part: for a backfill from Dagster's UI.

The same engine as the incremental sync, in a lane behind it: live changes pass before the import,
a record that either has sent is not sent again by the other, and a rerun sends what is missing. A
run takes several partitions and reports each as soon as it is done, so that a run that ends early
has lost nothing, and a partition counts as done only when all its records are settled.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import dagster as dg
from pydantic import Field

from influence_pipeline.amounts import counted
from influence_pipeline.assets import reporting
from influence_pipeline.assets.import_parts import Parts, span_of
from influence_pipeline.assets.kinds import KINDS, Kind
from influence_pipeline.assets.links import links_of
from influence_pipeline.assets.names import Names
from influence_pipeline.records import Entity
from influence_pipeline.sync.deliver import Delivered
from influence_pipeline.sync.engine import Engine, Report
from influence_pipeline.sync.headway import settled_by
from influence_pipeline.sync.import_plan import ImportPlan, plan_import, plan_words
from influence_pipeline.sync.parts import PartLeft

GROUP = "first_import"
# What a run costs (3-4 s with Dagster's default launcher) is shared by so many partitions; fewer
# would keep fewer runs busy side by side. See docs/design.md, Backfills.
PARTS_PER_RUN = 6
# A tag of the run: what it is going to do.
PLAN = "influence/plan"


class ImportConfig(dg.Config):
    """What the launchpad offers."""

    first: int = Field(
        default=0,
        ge=0,
        description=(
            "0: import everything. N: send no more than N records of these partitions, to look at "
            "in the Influence dashboard before the rest; the partitions stay as they are until a "
            "run without this has done them."
        ),
    )


def import_assets(
    names: Names, parts: Mapping[Entity, Parts], retry: dg.RetryPolicy
) -> list[dg.AssetsDefinition]:
    """Make the imports of those kinds of record that have parts."""
    return [
        _import(names, kind, parts[kind.entity], retry) for kind in KINDS if kind.entity in parts
    ]


def _import(names: Names, kind: Kind, parts: Parts, retry: dg.RetryPolicy) -> dg.AssetsDefinition:
    key = names.key(kind.import_name)
    check = reporting.nothing_parked(key, parts.definition)

    @dg.asset(
        key=key,
        deps=[names.key(kind.in_store), *_customers_before(names, kind)],
        group_name=names.name(GROUP),
        required_resource_keys={names.resource},
        kinds={"postgres", "api"},
        partitions_def=parts.definition,
        backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=PARTS_PER_RUN),
        retry_policy=retry,
        # Each partition is reported when it is done, and none that is not.
        output_required=False,
        check_specs=[check],
        description=(
            f"{kind.what} The first import, for the start with a large store.\n\n{parts.words} "
            "Choose *Materialize* and the partitions: a backfill runs a few of them at a time, "
            "behind live changes. Before its first call a run says what it is going to do (its log "
            f"and its tag `{PLAN}`), then how far it is (`{reporting.PROGRESS}`, "
            f"`{reporting.ETA}`). Cancel it at any time; what is missing is sent by the next run "
            "of the same partitions. A partition is done when all its records are at Influence or "
            "parked with a reason; those with parked records fail the check `nothing_parked`. "
            "`first` in the launchpad sends a few records only, to look at."
        ),
    )
    def import_parts(
        context: dg.AssetExecutionContext, config: ImportConfig
    ) -> Iterator[dg.AssetCheckResult]:
        with names.engines(context).engine() as engine:
            run = _Run(context, engine, kind, parts, config.first)
            run.go()
            yield run.check()
        run.fail_if_unsettled()

    return import_parts


def _customers_before(names: Names, kind: Kind) -> list[dg.AssetDep]:
    """Orders come after all customers in a backfill of both."""
    if kind.entity is not Entity.ORDER:
        return []
    (customers,) = (other for other in KINDS if other.entity is Entity.CUSTOMER)
    everyone = dg.AllPartitionMapping()
    return [dg.AssetDep(names.key(customers.import_name), partition_mapping=everyone)]


class _Run:
    """One run of an import: its partitions, one after another."""

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        engine: Engine,
        kind: Kind,
        parts: Parts,
        first: int,
    ) -> None:
        self._context = context
        self._engine = engine
        self._kind = kind
        self._keys = list(context.partition_keys)
        self._windows = parts.windows(engine, kind.entity, self._keys)
        self._first = first
        self._parked: dict[str, int] = {}
        self._unsettled: dict[str, str] = {}

    def go(self) -> None:
        """Import, and report each partition that is done. Raises what stops the whole run."""
        progress = _Progress(self._context, self._kind.import_name, self._plan())
        left = self._first
        for key, window in zip(self._keys, self._windows, strict=True):
            if window is None:
                self._report_empty(key)
                continue
            progress.begin(key)
            report = self._engine.import_window(
                self._kind.entity, window, progress, first=left or None
            )
            for warning in report.captured.warnings if report.captured else ():
                self._context.log.warning(warning)
            if self._first:
                left -= settled_by(report.delivered)
                self._context.log_event(
                    dg.AssetObservation(
                        self._context.asset_key, partition=key, metadata=_metadata(report)
                    )
                )
                if left <= 0:
                    break
            else:
                self._report(key, report)

    def _plan(self) -> ImportPlan | None:
        """Say what is going to be done, before the first call."""
        windows = [window for window in self._windows if window is not None]
        if not windows:
            return None
        plan = plan_import(self._engine, self._kind.entity, span_of(windows))
        words = plan_words(plan)
        if self._first:
            words = f"the first {self._first:,} of these: {words}"
        self._context.log.info(f"{self._kind.import_name}: {words}.")
        if plan.awards is not None:
            self._context.log.warning(plan.awards)
        self._context.instance.add_run_tags(self._context.run.run_id, {PLAN: words})
        return plan

    def _report(self, key: str, report: Report) -> None:
        left = report.left
        if left is not None and not left.complete:
            self._unsettled[key] = _unsettled_words(self._kind, left, report.delivered)
            self._context.log.warning(f"{key}: {self._unsettled[key]}")
            return
        self._parked[key] = left.parked if left is not None else report.remaining.parked
        self._done(key, _metadata(report))
        if self._parked[key]:
            self._context.log.warning(f"{key}: {counted(self._parked[key], 'record')} parked.")

    def _report_empty(self, key: str) -> None:
        if not self._first:
            self._parked[key] = 0
            self._done(key, {"records": 0, "sent": 0})

    def _done(self, key: str, metadata: dict[str, Any]) -> None:
        self._context.log_event(
            dg.AssetMaterialization(self._context.asset_key, partition=key, metadata=metadata)
        )
        if len(self._keys) > 1:
            # A run of one partition gives the check's one result to that partition itself.
            result = self._check(self._parked[key])
            self._context.log_event(
                dg.AssetCheckEvaluation(
                    asset_key=self._context.asset_key,
                    check_name=reporting.NOTHING_PARKED,
                    passed=result.passed,
                    severity=result.severity,
                    description=result.description,
                    metadata=result.metadata,
                    partition=key,
                )
            )

    def check(self) -> dg.AssetCheckResult:
        """Give the result for the partitions of this run together. Raises StateError."""
        return self._check(sum(self._parked.values()))

    def _check(self, parked: int) -> dg.AssetCheckResult:
        config = self._engine.config
        return reporting.check_parked(
            self._engine.state, self._kind.entity, parked, config.watch, links_of(config.dagster)
        )

    def fail_if_unsettled(self) -> None:
        """Fail where partitions are not done, and say which and why."""
        if not self._unsettled:
            return
        which = "\n".join(f"{key}: {words}" for key, words in self._unsettled.items())
        parts = counted(len(self._unsettled), "partition is", "partitions are")
        done = len(self._keys) - len(self._unsettled)
        raise dg.Failure(
            description=(
                f"{parts} not done, {done} done. {which}\nNothing is lost and nothing is sent "
                "twice: materialize the partition again, and it sends just what is missing."
            ),
            metadata={"not done": ", ".join(self._unsettled)},
        )


class _Progress:
    """Of a run of several partitions: how far it is in what it planned."""

    def __init__(
        self, context: dg.AssetExecutionContext, name: str, plan: ImportPlan | None
    ) -> None:
        self._due = plan.due if plan is not None else 0
        self._before = self._now = Delivered()
        self._line = reporting.Progress(context, name, self._left)

    def begin(self, key: str) -> None:
        """Go on with a partition."""
        self._line.at(key)
        self._before = self._now

    def __call__(self, done: Delivered) -> None:
        before = self._before
        self._now = replace(
            done,
            sent=before.sent + done.sent,
            unchanged=before.unchanged + done.unchanged,
            parked=before.parked + done.parked,
            skipped=before.skipped + done.skipped,
            calls=before.calls + done.calls,
            throttled=before.throttled + done.throttled,
        )
        self._line(self._now)

    def _left(self) -> int:
        return max(self._due - settled_by(self._now), 0)


def _unsettled_words(kind: Kind, left: PartLeft, done: Delivered) -> str:
    """Say what is missing, and why as far as it is known."""
    plural = kind.entity.plural
    parts = [f"{counted(left.waiting, kind.entity)} not sent yet" if left.waiting else ""]
    if left.held:
        parts.append(f"{left.held:,} of them held by another run, which may have died")
    if left.blocked:
        parts.append(f"{left.blocked:,} {plural} wait for their customers: import these first")
    if left.taken:
        parts.append(
            f"{left.taken:,} {plural} were taken over by another run of this partition, which "
            "reports them"
        )
    if done.last_trouble:
        parts.append(f"last trouble: {done.last_trouble}")
    return "; ".join(part for part in parts if part) + "."


def _metadata(report: Report) -> dict[str, Any]:
    """Give the numbers of a partition: what was found, what was sent, what is left of it."""
    found, done, left = report.captured, report.delivered, report.left
    parked = left.parked if left is not None else report.remaining.parked
    looked_at = found.looked_at + found.unreadable if found is not None else 0
    numbers: dict[str, Any] = {
        "summary": dg.MetadataValue.md(
            f"**{done.sent:,} sent** of {counted(looked_at, report.entity)} in "
            f"{counted(done.calls, 'call')} and {report.seconds:,.1f} s; {parked:,} parked."
        ),
        "sent": done.sent,
        "calls": done.calls,
        "throttled": done.throttled,
        "parked": parked,
        "newly_parked": done.parked,
        "seconds": round(report.seconds, 3),
        "calls_per_second": round(done.calls / max(report.seconds, 0.001), 1),
    }
    if found is not None:
        numbers |= {
            "dagster/partition_row_count": looked_at,
            "created": found.created,
            "changed": found.changed,
            "unchanged": found.unchanged,
        }
    if done.last_trouble:
        numbers["last trouble"] = done.last_trouble
    return numbers
