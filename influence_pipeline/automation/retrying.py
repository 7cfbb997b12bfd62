"""When a step is tried again: what may pass is, what a person has cancelled is not."""

from __future__ import annotations

import sys

import dagster as dg


class RetryUnlessCancelled(dg.RetryPolicy):
    """A retry policy under which Terminate in the UI, and Cancel of a backfill, end the step.

    Dagster asks a step's policy about an interrupt too, and would start the step again: a cancelled
    import would go on sending, and be shown as cancelled by force after three minutes.
    """

    def calculate_delay(self, attempt_num: int) -> float:
        """Give the seconds to wait. Raises the interrupt that is being handled, if it is one."""
        handled = sys.exc_info()[1]
        if isinstance(handled, dg.DagsterExecutionInterruptedError | KeyboardInterrupt):
            raise handled
        return super().calculate_delay(attempt_num)
