"""The control: the project's own definitions, where each process has a pace of its own. Loaded by a
code server and by Celery's workers."""

from __future__ import annotations

import time

from influence_pipeline.definitions import build_definitions
from influence_pipeline.sync import pace_control, shared_pace
from influence_pipeline.sync.pace_control import Control, Grant, Report
from influence_pipeline.sync.pacing import BLOCK_SECONDS

_CONTROL = Control()


def _exchange(self: shared_pace.SharedPace, report: Report) -> Grant:
    return pace_control.exchange(
        _CONTROL, report, time.time(), ceiling=self._ceiling, most_seconds=BLOCK_SECONDS
    )


shared_pace.SharedPace._exchange = _exchange  # type: ignore[method-assign]

defs = build_definitions()
