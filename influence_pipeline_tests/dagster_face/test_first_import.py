"""The first import by month: each record once, whatever is run again."""

from __future__ import annotations

from typing import Any

import dagster as dg

from influence_pipeline_tests.dagster_face.conftest import House, assets_of, metadata_of
from influence_pipeline_tests.dagster_face.test_runs import _in_store


def _months(house: House) -> list[str]:
    specs = {one.key.to_user_string(): one for one in house.defs.resolve_all_asset_specs()}
    months = specs["customers_import"].partitions_def
    assert months is not None
    return [*months.get_partition_keys()]


def test_the_months_together_send_each_customer_once_and_again_nothing(house: House) -> None:
    sent = 0
    for month in _months(house):
        result = house.asset("customers_import", partition=month)
        assert result.success
        sent += metadata_of(result, "customers_import")["sent"]
    assert sent == _in_store(house, "customers") == house.summary()["customers"]

    calls = house.call_count()
    for month in _months(house)[:2]:
        again = house.asset("customers_import", partition=month)
        assert metadata_of(again, "customers_import")["sent"] == 0
    # The incremental sync finds the same snapshots: nothing is left to it.
    assert house.asset("customer_changes").success
    assert metadata_of(house.asset("customers"), "customers")["sent"] == 0
    assert house.call_count() == calls


def test_the_first_month_takes_all_older_and_undated_records(house: House) -> None:
    first, second = _months(house)[:2]
    older = _in_store(house, "customers", f"deleted_at IS NULL AND created_at < '{second}'")
    assert older > _in_store(
        house, "customers", f"deleted_at IS NULL AND created_at BETWEEN '{first}' AND '{second}'"
    ), "the control: the sample store has customers from before the first month"
    result = house.asset("customers_import", partition=first)
    metadata = metadata_of(result, "customers_import")
    assert metadata["sent"] == metadata["dagster/partition_row_count"] == older


def test_a_backfill_of_several_months_is_one_run(house: House) -> None:
    months = _months(house)
    result = dg.materialize(
        assets_of(house.defs),
        selection=["products_import"],
        instance=house.instance,
        resources=house.defs.resources,
        tags={
            "dagster/asset_partition_range_start": months[0],
            "dagster/asset_partition_range_end": months[-1],
        },
    )
    events = result.asset_materializations_for_node("products_import")
    assert {event.partition for event in events} == set(months)
    numbers: dict[str, Any] = {name: value.value for name, value in events[0].metadata.items()}
    assert numbers["months"] == len(months)
    assert house.summary()["products"] == numbers["sent"] == numbers["created"] > 10
