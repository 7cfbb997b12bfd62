"""The job for a person: one small form, the same reports at the same assets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import dagster as dg
import psycopg2
import pytest

from influence_pipeline.settings import load_settings
from influence_pipeline_tests.dagster_face.conftest import House


def _by_hand(house: House, **config: Any) -> dg.ExecuteInProcessResult:
    return house.defs.resolve_job_def("sync_by_hand").execute_in_process(
        instance=house.instance,
        raise_on_error=False,
        run_config={"ops": {"sync_chosen": {"config": config}}},
    )


def _reported(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    """The metadata of each asset that the run materialized."""
    return {
        event.asset_key.to_user_string(): {
            name: value.value for name, value in event.materialization.metadata.items()
        }
        for event in result.filter_events(lambda one: one.is_step_materialization)
        if event.asset_key is not None
    }


def _checks(result: dg.ExecuteInProcessResult) -> set[tuple[str, str]]:
    return {
        (one.asset_key.to_user_string(), one.check_name)
        for one in result.get_asset_check_evaluations()
    }


def test_unchanged_it_does_and_reports_what_the_schedule_does(house: House) -> None:
    by_hand = _by_hand(house)
    assert by_hand.success
    reported = _reported(by_hand)
    assert list(reported) == [
        *("customer_changes", "customers", "product_changes", "products"),
        *("order_changes", "orders", "rewards_used"),
    ]
    assert reported["customers"]["sent"] == house.summary()["customers"] > 0
    calls = house.call_count()
    scheduled = house.job("incremental_sync")
    assert house.call_count() == calls, "nothing is left for the schedule"
    assert _checks(by_hand) == _checks(scheduled)
    told = {
        event.asset_key.to_user_string(): set(event.materialization.metadata)
        for event in scheduled.filter_events(lambda one: one.is_step_materialization)
    }
    again = _reported(_by_hand(house))
    assert told == {name: set(metadata) for name, metadata in again.items()}


def test_its_checks_are_those_of_the_assets_in_dagsters_storage(house: House) -> None:
    assert _by_hand(house).success
    key = dg.AssetCheckKey(dg.AssetKey("orders"), "nothing_parked")
    with dg.DagsterInstance.ephemeral() as instance:
        result = replace(house, instance=instance)
        assert _by_hand(result).success
        records = instance.event_log_storage.get_asset_check_execution_history(key, limit=2)
        assert [record.status.value for record in records] == ["SUCCEEDED"]


@pytest.mark.parametrize("entity", ["customers", "products", "orders"])
def test_one_entity_alone(house: House, entity: str) -> None:
    done = _by_hand(house, entity=entity)
    assert done.success
    assert set(_reported(done)) == {entity, f"{entity.removesuffix('s')}_changes"}


def test_full_compares_everything(house: House) -> None:
    assert _by_hand(house).success
    assert _reported(_by_hand(house))["customer_changes"]["full_compare"] is False
    assert _reported(_by_hand(house, full=True))["customer_changes"]["full_compare"] is True


def test_a_mass_change_stops_its_entity_only_and_passes_when_allowed(house: House) -> None:
    with house.settings.file.open("a") as file:
        file.write("\n[capture]\nmass_change_rows = 1\n")
    house = replace(house, settings=load_settings(**vars(house.settings.environment)))
    assert _by_hand(house).success
    with psycopg2.connect(house.store_url) as connection:
        connection.cursor().execute("UPDATE customers SET first_name = 'Other'")
    connection.close()
    stopped = _by_hand(house)
    assert not stopped.success
    assert "customers" not in _reported(stopped)
    assert "orders" in _reported(stopped)
    allowed = _by_hand(house, entity="customers", allow_mass_change=True)
    assert allowed.success
    assert _reported(allowed)["customers"]["sent"] > 1


def test_each_field_of_the_form_says_what_happens(house: House) -> None:
    job = house.defs.resolve_job_def("sync_by_hand")
    (node,) = job.graph.nodes
    form = node.definition.config_schema.config_type
    fields = form.fields
    assert set(fields) == {"entity", "full", "every_record", "allow_mass_change", "first"}
    for name, field in fields.items():
        assert field.description and len(field.description) > 80, name
        assert field.default_provided, name
