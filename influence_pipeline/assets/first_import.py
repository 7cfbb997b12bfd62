"""The first import, part by part: for a backfill from Dagster's UI.

The same engine as the incremental sync, in a lane behind it: live changes pass before the import,
a record that either has sent is not sent again by the other, and a rerun sends what is missing. A
run takes several partitions and reports each as soon as it is done, so that a run that ends early
has lost nothing, and a partition counts as done only when all its records are settled.
"""

import time
from collections.abc import Iterator, Mapping
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
from influence_pipeline.sync.captured import Captured, added_up
from influence_pipeline.sync.deliver import Delivered
from influence_pipeline.sync.engine import Engine, Report
from influence_pipeline.sync.headway import settled_by
from influence_pipeline.sync.import_plan import plan_of_parts, plan_words
from influence_pipeline.sync.parts import PartLeft, last_trouble, left

GROUP = "first_import"
# What a run costs (3-4 s with Dagster's default launcher) is shared by so many partitions; fewer
# would keep fewer runs busy side by side. See docs/design.md, Backfills.
PARTS_PER_RUN = 6
# A tag of the run: what it is going to do. Followed by the asset's name.
PLAN = "influence/plan."


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
            f"and its tag `{PLAN}{kind.import_name}`), then how far it is "
            f"(`{reporting.PROGRESS}…`, `{reporting.ETA}…`). Cancel it at any time; what is "
            "missing is sent by the next run of the same partitions. A partition is done when all "
            "its records are at Influence or parked with a reason; those with parked records fail "
            "the check `nothing_parked`. `first` in the launchpad sends a few records only, to "
            "look at."
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
    """One run of an import: its partitions, one after another, in one delivery."""

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
        self._first = first
        keys = list(context.partition_keys)
        windows = zip(keys, parts.windows(engine, kind.entity, keys), strict=True)
        self._windows = {key: window for key, window in windows if window is not None}
        self._empty = [key for key in keys if key not in self._windows]
        self._captured: dict[str, Captured] = {}
        # The partitions by the numbers that their imports have in the state.
        self._numbers: dict[int, str] = {}
        self._before: dict[int, PartLeft] = {}
        self._progress: _Progress | None = None
        self._parked: dict[str, int] = {}
        self._unsettled: dict[str, str] = {}
        # Whether something is left that another try could send.
        self._left = False

    def go(self) -> None:
        """Import, and report each partition that is done. Raises what stops the whole run."""
        if not self._first:
            for key in self._empty:
                self._done(key, 0, {"sent": 0, "dagster/partition_row_count": 0})
        if not self._windows:
            return
        report = self._engine.import_parts(
            self._kind.entity,
            list(self._windows.values()),
            begun=self._begin,
            settled=self._settle,
            progress=self._go_on,
            first=self._first or None,
        )
        if self._first:
            sent = {"sent": report.delivered.sent, "parked": report.delivered.parked}
            self._context.log_event(dg.AssetObservation(self._context.asset_key, metadata=sent))
        else:
            self._note_unsettled(report)

    def _begin(self, captured: list[Captured], numbers: list[int]) -> None:
        """Say what is going to be done, before the first call."""
        self._captured = dict(zip(self._windows, captured, strict=True))
        self._numbers = dict(zip(numbers, self._windows, strict=True))
        self._before = left(self._engine.state, numbers)
        for warning in added_up(captured).warnings:
            self._context.log.warning(warning)
        plan = plan_of_parts(
            self._engine,
            self._kind.entity,
            span_of(list(self._windows.values())),
            captured,
            numbers,
        )
        words = plan_words(plan)
        if self._first:
            words = f"the first {self._first:,} of these: {words}"
        self._context.log.info(f"{self._kind.import_name}: {words}.")
        if plan.awards is not None:
            self._context.log.warning(plan.awards)
        self._context.instance.add_run_tags(
            self._context.run.run_id, {PLAN + self._kind.import_name: words}
        )
        self._progress = _Progress(self._context, self._kind.import_name, plan.due)

    def _go_on(self, done: Delivered) -> None:
        if self._progress is not None:
            self._progress(done)

    def _settle(self, number: int, found: PartLeft) -> None:
        """Report a partition that is done."""
        if self._first:
            return
        key = self._numbers[number]
        before = self._before[number]
        captured = self._captured[key]
        sent = max(before.waiting + before.blocked + before.parked - found.parked, 0)
        looked_at = captured.looked_at + captured.unreadable
        numbers: dict[str, Any] = {
            "summary": dg.MetadataValue.md(
                f"**{sent:,} sent** of {counted(looked_at, self._kind.entity)}; "
                f"{found.parked:,} parked."
            ),
            "dagster/partition_row_count": looked_at,
            "created": captured.created,
            "changed": captured.changed,
            "unchanged": captured.unchanged,
            "sent": sent,
            "parked": found.parked,
        }
        if self._progress is not None:
            numbers |= self._progress.of_part()
        self._done(key, found.parked, numbers)

    def _done(self, key: str, parked: int, metadata: dict[str, Any]) -> None:
        # First, as it asks the state: if that is away nothing is reported, and all of it next time.
        result = self._check(parked)
        self._parked[key] = parked
        self._context.log_event(
            dg.AssetMaterialization(self._context.asset_key, partition=key, metadata=metadata)
        )
        if parked:
            self._context.log.warning(f"{key}: {counted(parked, 'record')} parked.")
        if len(self._windows) + len(self._empty) > 1:
            # A run of one partition gives the check's one result to that partition itself.
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

    def _note_unsettled(self, report: Report) -> None:
        open_ = [number for number, key in self._numbers.items() if key not in self._parked]
        known = left(self._engine.state, open_)
        # A run that lasts for months may outlive its number, which is history by then.
        for number in set(open_) - set(known):
            self._unsettled[self._numbers[number]] = "what became of it is not known any more."
        for number, found in sorted(known.items()):
            if found.complete:
                # Another run has settled the rest of it in this moment.
                self._settle(number, found)
                continue
            self._left = self._left or bool(found.waiting or found.blocked)
            key = self._numbers[number]
            # A run may have come too early to try a record again: then an earlier one knows why.
            trouble = last_trouble(self._engine.state, number) or report.delivered.last_trouble
            self._unsettled[key] = _unsettled_words(self._kind, found, trouble)
            self._context.log.warning(f"{key}: {self._unsettled[key]}")

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
        raise dg.Failure(
            description=(
                f"{parts} not done, {len(self._parked):,} done. {which}\nNothing is lost and "
                "nothing is sent twice: materialize the partition again, and it sends just what "
                "is missing."
            ),
            metadata={"not done": ", ".join(self._unsettled)},
            # Another try would take back what another import is sending at this moment.
            allow_retries=self._left,
        )


class _Progress:
    """How far a run is in what it planned, and how fast."""

    def __init__(self, context: dg.AssetExecutionContext, name: str, due: int) -> None:
        self._due = due
        self._done = Delivered()
        self._calls = self._throttled = 0
        self._told_at = time.monotonic()
        self._line = reporting.Progress(context, name, self._left)

    def __call__(self, done: Delivered) -> None:
        self._done = done
        self._line(done)

    def of_part(self) -> dict[str, Any]:
        """Give the numbers of the time since the last partition was done: seconds, calls."""
        now, done = time.monotonic(), self._done
        seconds, calls = now - self._told_at, done.calls - self._calls
        numbers = {
            "seconds": round(seconds, 3),
            "calls": calls,
            "calls_per_second": round(calls / max(seconds, 0.001), 1),
            "throttled": done.throttled - self._throttled,
        }
        self._told_at, self._calls, self._throttled = now, done.calls, done.throttled
        return numbers

    def _left(self) -> int:
        return max(self._due - settled_by(self._done), 0)


def _unsettled_words(kind: Kind, found: PartLeft, trouble: str | None) -> str:
    """Say what is missing, and why as far as it is known."""
    plural = kind.entity.plural
    parts = [f"{counted(found.waiting, kind.entity)} not sent yet" if found.waiting else ""]
    if found.held:
        parts.append(f"{found.held:,} of them held by another run, which may have died")
    if found.blocked:
        parts.append(f"{found.blocked:,} {plural} wait for their customers: import these first")
    if found.taken:
        parts.append(
            f"{found.taken:,} {plural} were taken over by another import of the same "
            "records; wait for its end"
        )
    if trouble:
        parts.append(f"last trouble: {trouble}")
    return "; ".join(part for part in parts if part) + "."
