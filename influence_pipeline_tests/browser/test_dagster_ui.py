"""The first day with Dagster's UI, page by page: what a person reads there, and what clicks do.

In the order of that day, from an empty state; each test can run alone too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from influence_pipeline.settings.traffic import Delivery
from influence_pipeline_tests.browser.conftest import IMPORT, House
from influence_pipeline_tests.browser.pages import (
    PATIENCE_MS,
    Asset,
    Automation,
    Backfill,
    Graph,
    Launchpad,
    Sensor,
    Ui,
)
from influence_pipeline_tests.sandbox.platform_fixtures import until

pytestmark = pytest.mark.browser

Expect = Callable[..., Any]
GROUPS = {
    "store": ("store_customers", "store_products", "store_orders"),
    "changes": ("customer_changes", "product_changes", "order_changes"),
    "influence": ("customers", "products", "orders", "rewards_used"),
    "first_import": (IMPORT, "products_import"),
    "loyalty": ("webhook_inbox", "coupons", "members"),
}
# How long each call takes while an import is looked at and cancelled: of 600 customers most are
# left, whatever the backfill daemon's clock (it looks every 30 s) makes of it.
SLOW_MS = 4_000
LARGEST_PICTURE = 200_000


def test_nothing_runs_before_somebody_switches_it_on(ui: Ui, expect: Expect) -> None:
    page = Automation(ui).open()

    for name in ("coupon_sensor", "failed_runs"):
        expect(page.link(name)).to_be_visible()
    for name, when in (
        ("incremental_sync_schedule", "Every minute"),
        ("full_compare_schedule", "At 03:17 AM UTC"),
        ("reconcile_members_schedule", "At 7 minutes past the hour"),
    ):
        expect(page.link(name)).to_contain_text(when)
        expect(page.switch(name)).not_to_be_checked()
    ui.picture("automation")


@pytest.mark.usefixtures("usual_speed")
def test_an_import_is_seen_running_cancelled_and_launched_again_and_sends_nothing_twice(
    ui: Ui, house: House, expect: Expect
) -> None:
    assert not house.puts(), "this test comes first, or alone"
    people = house.verdict().compared["customers"]
    house.slow_down(SLOW_MS)
    backfill = Asset(ui, IMPORT).launch_backfill("All")

    # The first months are from before the shop's first customer, and done at once.
    expect(backfill.completed()).to_have_text(re.compile("^[1-9]"), timeout=PATIENCE_MS)
    until(house.puts, "customers in the sandbox", PATIENCE_MS / 1000)
    expect(backfill.status("In progress")).to_be_visible()
    ui.picture("backfill_running")

    backfill.cancel()
    expect(backfill.status("Canceled")).to_be_visible(timeout=PATIENCE_MS)
    ui.picture("backfill_canceled")
    assert 0 < len(house.puts()) < people
    months = Asset(ui, IMPORT).open("partitions")
    expect(months.partitions("Missing")).not_to_have_text("Missing (0)")
    expect(months.partitions("Materialized")).not_to_have_text("Materialized (0)")
    ui.picture("partitions_after_cancel")

    house.slow_down(0)
    again: Backfill = Asset(ui, IMPORT).launch_backfill("Failed and missing")
    expect(again.status("Succeeded")).to_be_visible(timeout=PATIENCE_MS)
    expect(again.completed()).to_have_text("100% completed")
    ui.picture("backfill_done")
    months.open("partitions")
    expect(months.partitions("Missing")).to_have_text("Missing (0)")
    expect(months.partitions("Failed")).to_have_text("Failed (0)")
    ui.picture("partitions_done")

    puts = house.puts()
    assert len(puts) == people
    # Sent again at most: what was under way when it was cancelled, of which no answer is known.
    assert sum(puts.values()) - len(puts) <= Delivery().in_flight
    assert [str(one) for one in house.verdict().differences if one.entity == "customer"] == []


@pytest.mark.usefixtures("imported")
def test_the_launchpad_explains_its_defaults(ui: Ui, expect: Expect) -> None:
    pad = Launchpad(ui, "incremental_sync").open()

    for key in ("full", "allow_mass_change"):
        expect(pad.editor()).to_contain_text(f"{key}: false")
    pad.stand_on("allow_mass_change")
    expect(pad.explanation()).to_contain_text("so many records have changed or are gone at once")
    expect(pad.explanation()).to_contain_text("true: compare everything")
    expect(ui.text("No errors")).to_be_visible()
    expect(ui.text("influence/lane: live")).to_be_visible()
    ui.picture("launchpad")

    expect(pad.launch().ended()).to_have_text("Success")
    ui.picture("run")


@pytest.mark.usefixtures("synced")
def test_the_graph_shows_every_asset_in_its_group(ui: Ui, expect: Expect) -> None:
    # All groups opened are more than an ordinary window holds.
    ui.open("/")
    ui.resize(1240, 1300)
    graph = Graph(ui).open()

    for group, assets in GROUPS.items():
        expect(graph.group(group)).to_be_visible()
        for asset in assets:
            expect(graph.node(asset)).to_be_visible()
    ui.picture("graph")
    graph.put_the_list_away()
    _for_the_readme(ui.docs_picture("assets"))

    graph.node("orders").click()
    expect(ui.text("so that nothing is awarded twice")).to_be_visible()
    ui.picture("graph_with_orders_chosen")


@pytest.mark.usefixtures("synced")
def test_an_asset_plots_what_it_did_and_says_what_its_check_found(ui: Ui, expect: Expect) -> None:
    asset = Asset(ui, "customers").open()

    expect(ui.text("As Influence has acknowledged them")).to_be_visible()
    expect(ui.text("Row count", exact=True)).to_be_visible()
    expect(asset.value("sent")).to_have_text("7")
    expect(asset.value("parked")).to_have_text("0")
    ui.picture("asset")
    asset.show_plots()
    for key in ("sent", "calls", "seconds", "dagster/row_count"):
        expect(ui.text(key, exact=True)).to_be_visible()
    expect(asset.plots().first).to_be_visible()
    ui.resize(1400, 1240)
    ui.picture("asset_plots")
    _for_the_readme(ui.docs_picture("asset"))

    asset.open("checks")
    ui.text("nothing_parked", exact=True).click()
    expect(ui.text("A parked record is one that needs a person")).to_be_visible()
    expect(ui.text("Passed", exact=True)).to_be_visible()
    ui.picture("asset_checks")


def test_a_redemption_becomes_a_coupon_and_a_tick_says_so(
    ui: Ui, house: House, redeem: Callable[[], str], expect: Expect
) -> None:
    automation = Automation(ui).open()
    automation.turn_on("coupon_sensor")
    expect(automation.switch("coupon_sensor")).to_be_checked()
    sensor = Sensor(ui, "coupon_sensor")
    # What came before it was switched on is worked off first.
    sensor.open_tick("No new events.")

    code = redeem()
    until(lambda: _in_shop(house, code), "the coupon in the shop", PATIENCE_MS / 1000)
    # By the tick itself, or by the sensor's worker between two ticks, which it then reports.
    dialog = sensor.open_tick(re.compile("1 coupon made"))
    expect(dialog).to_contain_text("No run was needed.")
    assert code not in ui.page.content()
    ui.picture("coupon_tick")
    _for_the_readme(ui.docs_picture("coupon"))

    coupons = Asset(ui, "coupons").open()
    expect(coupons.value("events_arrived")).not_to_have_text("0")
    expect(coupons.value("events_parked")).to_have_text("0")
    ui.picture("coupons")
    assert code not in ui.page.content()
    coupons.open("checks")
    ui.text("all_redemptions_have_coupons", exact=True).click()
    expect(ui.text("Passed", exact=True)).to_be_visible()
    ui.picture("coupons_check")


@pytest.mark.usefixtures("synced")
def test_the_runs_tell_their_lane(ui: Ui, expect: Expect) -> None:
    ui.open("/runs")

    line = ui.page.get_by_role("link", name="incremental_sync").first
    expect(line).to_be_visible()
    expect(ui.text("influence/lane: live")).to_be_visible()
    expect(ui.text("Success", exact=True)).to_be_visible()
    expect(ui.text("Failure", exact=True)).not_to_be_visible()
    ui.picture("runs")


@pytest.mark.usefixtures("synced")
def test_the_limits_stand_where_dagster_shows_them(ui: Ui, expect: Expect) -> None:
    ui.open("/deployment/concurrency")

    expect(ui.page.get_by_role("link", name="influence_api")).to_be_visible()
    ui.picture("concurrency_pools")
    ui.page.get_by_role("tab", name="Run tag concurrency").click()
    expect(ui.text("influence/lane")).to_be_visible()
    ui.picture("concurrency_tags")


def _for_the_readme(picture: Path) -> None:
    assert picture.stat().st_size < LARGEST_PICTURE, picture


def _in_shop(house: House, code: str) -> bool:
    with closing(psycopg2.connect(house.stage.store_url)) as shop, shop.cursor() as cursor:
        cursor.execute("SELECT FROM discount_codes WHERE code = %s", (code,))
        return cursor.fetchone() is not None
