"""The asset of members: what a cycle reports, and what the check tells whom to do."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from influence_pipeline_tests.dagster_face.conftest import House, failure_of, metadata_of


def _check(house: House, result: dg.ExecuteInProcessResult) -> dg.AssetCheckEvaluation:
    """The last evaluation, also of a step that failed after it."""
    events = [record.dagster_event for record in house.instance.all_logs(result.run_id)]
    found = [
        event.event_specific_data
        for event in events
        if event and event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ]
    assert isinstance(found[-1], dg.AssetCheckEvaluation)
    return found[-1]


def _taken(house: House, *customers: str, points: int = -30) -> None:
    """Points moved by hand; nothing tells of it, because nobody is subscribed."""
    for key in customers:
        house.sandbox.good("POST", f"/sandbox/customers/{key}/points", {"points": points})


@pytest.fixture
def members(house: House) -> House:
    """Twelve members, reconciled once; a cycle flags at once what does not add up."""
    for number in range(12):
        house.sandbox.put_customer(f"c-{number}")
    assert house.job("reconcile_members").success
    return house


def _again(house: House) -> dg.ExecuteInProcessResult:
    return house.job("reconcile_members")


def test_a_first_run_lists_everyone_and_alarms_nobody(house: House) -> None:
    house.sandbox.put_customer("c-1")
    result = _again(house)
    metadata = metadata_of(result, "members")
    assert (metadata["listed"], metadata["everyone"]) == (1, True)
    assert metadata["members_missing_points"] == 0
    check = _check(house, result)
    assert (check.passed, check.description) == (True, "Every balance adds up.")


def test_the_check_names_the_customers_the_points_and_the_next_command(members: House) -> None:
    _taken(members, *(f"c-{number}" for number in range(12)))
    result = _again(members)
    assert result.success
    check = _check(members, result)
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    words = str(check.description)
    assert words.startswith("12 customers have fewer points than the events tell (360 in all,")
    assert "c-0, c-1, " in words
    assert " …. A redemption may never have been delivered" in words
    assert "influence-pipeline members accept c-" in words
    metadata = metadata_of(result, "members")
    assert (metadata["members_missing_points"], metadata["points_missing"]) == (12, 360)
    assert metadata["untold_states"] == 12


def test_points_too_many_are_a_warning(members: House) -> None:
    _taken(members, "c-1", points=50)
    check = _check(members, _again(members))
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "1 customer has more points than the events tell (50 in all): c-1." in str(
        check.description
    )


def test_a_list_that_breaks_off_fails_the_run_and_not_what_is_known(members: House) -> None:
    _taken(members, "c-1")
    _again(members)
    rules: list[dict[str, Any]] = [
        {"kind": "error_before", "method": "GET", "path": "customers$", "status": 400}
    ]
    members.sandbox.good("PUT", "/sandbox/faults", {"faults": rules})
    result = _again(members)
    assert "does not list its customers (HTTP 400" in failure_of(result)
    assert not _check(members, result).passed


def test_no_personal_data_is_in_the_events_of_a_reconcile(members: House) -> None:
    members.sandbox.put_customer("c-1", firstName="Canaryfirst")
    _taken(members, "c-1")
    result = _again(members)
    log = "\n".join(
        f"{record!r} {record.to_json()}" for record in members.instance.all_logs(result.run_id)
    )
    assert "c-1" in log
    assert "Canaryfirst" not in log
    assert "example.org" not in log
