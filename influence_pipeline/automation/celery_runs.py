"""Dagster's Celery launcher, with an eye on the workers: a run whose worker was killed is found.

Named in deploy/dagster-celery.yaml; loaded by the daemon, the webserver and the workers. Needs the
extra `celery`. What runs do is not known here.
"""

from __future__ import annotations

from typing import Any

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

# A worker answers within milliseconds, also while its child is at work. One that is only slow
# (a machine that swaps, a broker that comes back) is asked again before its run counts as lost.
_ANSWER_SECONDS = 2.0
_QUESTIONS = 3


class WatchedCeleryRunLauncher(CeleryRunLauncher):
    """Launches runs as Celery tasks, and tells Dagster's run monitoring when one is gone.

    Celery's own word is not enough: a task whose worker was killed with its machine stays "started"
    for ever, because nobody is left to say otherwise. So the worker is asked.
    """

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Say whether somebody works on a run that has started. Raises if the broker is away."""
        task_id = run.tags[DAGSTER_CELERY_TASK_ID_TAG]
        result = self.celery.AsyncResult(task_id)
        state, said = result.state, result.info
        if state == "SUCCESS":
            return self._ended(run)
        if state == "STARTED" and isinstance(said, dict) and said.get("hostname"):
            return self._asked(task_id, str(said["hostname"]))
        if state == "STARTED":
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        if state == "PENDING":
            return CheckRunHealthResult(WorkerStatus.UNKNOWN, "The broker knows nothing of it.")
        return CheckRunHealthResult(WorkerStatus.FAILED, f"Its Celery task is {state}: {said}")

    def _ended(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """A task is over only after the run's last event; if that is missing, it never came."""
        now = self._instance.get_run_by_id(run.run_id)
        if now is None or now.is_finished:
            return CheckRunHealthResult(WorkerStatus.SUCCESS)
        return CheckRunHealthResult(
            WorkerStatus.FAILED, "Its Celery task has ended and left the run as it was."
        )

    def _asked(self, task_id: str, worker: str) -> CheckRunHealthResult:
        for _ in range(_QUESTIONS):
            inspect = self.celery.control.inspect(destination=[worker], timeout=_ANSWER_SECONDS)
            answers: dict[str, Any] | None = inspect.query_task(task_id)
            if answers:
                if task_id in answers.get(worker, {}):
                    return CheckRunHealthResult(WorkerStatus.RUNNING)
                # The task may have ended between the two questions.
                break
        if self.celery.AsyncResult(task_id).state != "STARTED":
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(
            WorkerStatus.FAILED, f"The worker {worker} is gone, or has begun anew, without it."
        )
