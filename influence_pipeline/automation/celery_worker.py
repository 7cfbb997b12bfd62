"""What a Celery worker serves: `celery -A influence_pipeline.automation.celery_worker worker`.

The broker and all settings are those of the launcher in $DAGSTER_HOME/dagster.yaml, so that they
stand in one place. Needs the extra `celery`.
"""

from __future__ import annotations

from typing import Any

import dagster as dg
from dagster_celery.tasks import create_execute_job_task

from influence_pipeline.automation.celery_runs import WatchedCeleryRunLauncher
from influence_pipeline.errors import ConfigurationError


def _app() -> Any:
    with dg.DagsterInstance.get() as instance:
        launcher = instance.run_launcher
    if not isinstance(launcher, WatchedCeleryRunLauncher):
        raise ConfigurationError(
            "dagster.yaml in $DAGSTER_HOME launches no runs by Celery, so that a worker would wait "
            "for ever: copy deploy/dagster-celery.yaml there."
        )
    create_execute_job_task(launcher.celery)
    return launcher.celery


app = _app()
