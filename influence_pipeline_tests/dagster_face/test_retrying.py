"""A cancelled step ends; a failed one is tried again."""

from __future__ import annotations

import os
import signal

import dagster as dg
import pytest

from influence_pipeline import definitions
from influence_pipeline.automation.retrying import RetryUnlessCancelled


def _attempts(policy: dg.RetryPolicy, *, cancelled: bool) -> int:
    """Run a step that is interrupted as Terminate does it, or fails; count how often it began."""
    begun = []

    @dg.op(retry_policy=policy)
    def step() -> None:
        begun.append(1)
        if cancelled:
            os.kill(os.getpid(), signal.SIGINT)
        raise ValueError("trouble that may pass")

    @dg.job(executor_def=dg.in_process_executor)
    def job() -> None:
        step()

    with pytest.raises(BaseException):  # noqa: B017 - an interrupt is no Exception
        job.execute_in_process()
    return len(begun)


def test_a_step_that_failed_is_tried_again() -> None:
    assert _attempts(RetryUnlessCancelled(max_retries=2), cancelled=False) == 3


def test_a_step_that_was_cancelled_is_not_tried_again() -> None:
    assert _attempts(RetryUnlessCancelled(max_retries=2), cancelled=True) == 1


def test_the_control_dagsters_own_policy_starts_a_cancelled_step_again() -> None:
    assert _attempts(dg.RetryPolicy(max_retries=2), cancelled=True) == 3


def test_all_our_assets_have_it() -> None:
    found = {
        one.op.name: one.op.retry_policy
        for one in definitions.defs.assets or ()
        if isinstance(one, dg.AssetsDefinition) and one.is_executable
    }
    assert {"customer_changes", "customers", "customers_import", "coupons", "members"} <= {*found}
    assert {type(policy) for policy in found.values()} == {RetryUnlessCancelled}
