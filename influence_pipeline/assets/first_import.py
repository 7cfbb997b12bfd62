"""The first import, by the month in which records were created: for a backfill from Dagster's UI.

The same engine as the incremental sync, in a lane behind it: live changes pass before the import,
a record that either has sent is not sent again by the other, and a rerun sends what is missing.
"""

import dagster as dg

from influence_pipeline.assets import reporting
from influence_pipeline.assets.kinds import KINDS, Kind
from influence_pipeline.assets.names import Names
from influence_pipeline.assets.reporting import Reported
from influence_pipeline.store.reader import Window

GROUP = "first_import"
# A run has a cost of its own (3-5 s with Dagster's default launcher), a failed one is repeated
# whole: a year at a time keeps both small.
MONTHS_PER_RUN = 12


def months_from(first: str) -> dg.MonthlyPartitionsDefinition:
    """Give the months from `first` ("2019-01") to the running one, in UTC as `import` has them."""
    return dg.MonthlyPartitionsDefinition(start_date=f"{first}-01", end_offset=1)


def window_of(months: dg.MonthlyPartitionsDefinition, span: dg.TimeWindow) -> Window:
    """Give what belongs to a span of months; to the first one also what is older or undated."""
    first = span.start <= months.start
    return Window(None if first else span.start, span.end, and_undated=first)


def _import(
    names: Names, kind: Kind, months: dg.MonthlyPartitionsDefinition, retry: dg.RetryPolicy
) -> dg.AssetsDefinition:
    @dg.asset(
        key=names.key(kind.import_name),
        deps=[names.key(kind.in_store)],
        group_name=names.name(GROUP),
        required_resource_keys={names.resource},
        kinds={"postgres", "api"},
        partitions_def=months,
        backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=MONTHS_PER_RUN),
        retry_policy=retry,
        check_specs=[reporting.nothing_parked(names.key(kind.import_name))],
        description=(
            f"{kind.what} Imported by the month they were created in.\n\nFor the start with a "
            "large store: a backfill shows how far it is, and can be stopped and gone on with. The "
            "first month also takes what is older or has no date. A month that ran before sends "
            "only what is missing. The numbers of a run are those of all its months, up to "
            f"{MONTHS_PER_RUN}."
        ),
    )
    def import_months(context: dg.AssetExecutionContext) -> Reported:
        window = window_of(months, context.partition_time_window)
        progress = reporting.Progress(context.log, kind.import_name)
        with names.engines(context).engine() as engine:
            report = engine.import_window(kind.entity, window, progress)
            metadata = reporting.of_import(report, months=len(context.partition_keys))
            check = reporting.check_parked(engine.state, report)
        for warning in report.captured.warnings if report.captured else ():
            context.log.warning(warning)
        return dg.MaterializeResult(metadata=metadata, check_results=[check])

    return import_months


def import_assets(
    names: Names, months: dg.MonthlyPartitionsDefinition, retry: dg.RetryPolicy
) -> list[dg.AssetsDefinition]:
    """Make the imports of customers and products."""
    return [_import(names, kind, months, retry) for kind in KINDS if kind.imported]
