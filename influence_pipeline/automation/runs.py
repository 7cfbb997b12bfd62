"""Which runs are at work, so that a schedule does not start a second one beside them."""

from __future__ import annotations

import time
from collections.abc import Collection

import dagster as dg

# Dagster cannot tell that a run's process is gone when the machine went with it: the run stays
# "started" for ever, and with it its place in the queue. A run that lives logs at least every
# minute while it sends, and a statement in the store ends after ten (setting
# store_statement_timeout_seconds), so that an hour of silence means that nobody is there.
SILENCE_SECONDS = 3600.0

_AT_WORK = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


def at_work(instance: dg.DagsterInstance, jobs: Collection[str]) -> dg.DagsterRun | None:
    """Give a run of one of these jobs that waits or is at work, or None.

    A run that has been silent for an hour is marked as failed: the next one goes on where it
    stopped. Should it live after all, no harm is done; both hold leases on what they send.
    """
    for job in jobs:
        found = instance.get_runs(dg.RunsFilter(job_name=job, statuses=_AT_WORK))
        for run in found:
            if run.status is dg.DagsterRunStatus.STARTED and _silent(instance, run):
                instance.report_run_failed(
                    run,
                    f"This run has said nothing for {SILENCE_SECONDS / 60:.0f} minutes, so its "
                    "process is taken for gone. Nothing is lost; the next run goes on from here.",
                )
            else:
                return run
    return None


def _silent(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    newest = instance.get_records_for_run(run.run_id, limit=1, ascending=False).records
    return bool(newest) and time.time() - newest[0].timestamp > SILENCE_SECONDS
