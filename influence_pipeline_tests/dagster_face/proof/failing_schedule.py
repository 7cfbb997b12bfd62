"""The real definitions, and a schedule beside them whose every tick fails."""

from __future__ import annotations

import dagster as dg

from influence_pipeline import definitions


@dg.schedule(
    name="broken_schedule",
    job_name="full_compare",
    cron_schedule="* * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def broken_schedule() -> None:
    raise ValueError("person7@example.test")


defs = dg.Definitions.merge(definitions.defs, dg.Definitions(schedules=[broken_schedule]))
