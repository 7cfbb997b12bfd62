"""A draft of a shop that nobody prepared anything for: it runs as it stands, and it is right where
the shop says enough. What is expected of each shop is written by hand from its SQL file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from influence_pipeline.records import STORE_ENTITIES
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.store.configured import configured_mapping
from influence_pipeline.store.mapping import describe
from influence_pipeline.store.sources import probe_sources
from influence_pipeline_tests.cli.conftest import CommandLine, bare_cli
from influence_pipeline_tests.store.draft.conftest import SHOPS, Shop, money
from influence_pipeline_tests.support import databases

__all__ = ["bare_cli"]

Open = Callable[[str], Shop]
LONG_AGO = "go_live = 2000-01-01T00:00:00Z"
EVERY = sorted(file.stem for file in SHOPS.glob("*.sql"))


@pytest.mark.parametrize("name", EVERY)
def test_a_draft_runs_as_it_stands_and_every_table_that_it_reads_is_a_source(
    name: str, open_shop: Open
) -> None:
    shop = open_shop(name)
    settings = shop.written()
    with closing(shop.store()) as store, store.transaction() as connection:
        for entity in STORE_ENTITIES:
            mapping = configured_mapping(settings, entity)
            assert probe_sources(connection, describe(connection, mapping)).uncovered == ()


@pytest.mark.parametrize("name", EVERY)
def test_a_plan_can_be_made_of_a_draft(
    name: str, open_shop: Open, state_url: str, bare_cli: CommandLine
) -> None:
    shop = open_shop(name)
    shop.written()
    file = shop.folder / "influence.toml"
    file.write_text(file.read_text().replace("[orders]\n", f"[orders]\n{LONG_AGO}\n"))
    bare_cli.set(STORE_URL=shop.url, STATE_URL=state_url, CONFIG=str(file))
    ran = bare_cli("plan", "--json")
    assert (ran.code, ran.err) == (0, "")
    rows = ran.json["records"]
    assert [row for row in rows if row["state"] in ("parked", "blocked")] == []
    expected = {"order"} if name != "no_shop" else set()
    assert {row["entity"] for row in rows} >= expected


@pytest.mark.parametrize("name", EVERY)
def test_no_value_of_a_person_stands_in_a_draft(name: str, open_shop: Open) -> None:
    for text in open_shop(name).draft().files.values():
        assert "example.com" not in text
        assert "First" not in text
        assert "Vor'" not in text


def statuses(records: dict[str, dict[str, Any]]) -> Counter[str]:
    return Counter(record["financial_status"] for record in records.values())


def test_german_words_cents_and_local_times(open_shop: Open) -> None:
    shop = open_shop("german")
    orders = shop.records("orders", time_zone="Europe/Vienna")
    # Every fifth is a Warenkorb.
    assert len(orders) == 32
    assert [orders[key]["financial_status"] for key in ["1", "2", "3", "5", "6", "7"]] == [
        "partially_paid", "partially_refunded", "voided", "pending", "refunded", "paid",
    ]  # fmt: skip
    seventh = orders["7"]
    assert (seventh["number"], seventh["customer_id"], seventh["email"], seventh["currency"]) == (
        "B-7", 7, "kunde7@example.com", "EUR",
    )  # fmt: skip
    assert money(seventh["total"]) == money("19.97")
    assert seventh["created_at"] == datetime(2026, 6, 8, 10, 0, tzinfo=UTC)
    (line,) = seventh["line_items"]
    assert (line["product_id"], line["variant_id"], line["quantity"]) == ("A4", 8, 2)
    assert money(line["unit_price"]) == money("9.95")
    assert orders["1"]["discount_codes"] == [{"code": "SOMMER", "amount": 2}]
    customers = shop.records("customers")
    assert len(customers) == 40
    assert customers["1"]["email"] == "kunde1@example.com"
    products = shop.records("products")
    assert [variant["title"] for variant in products["A1"]["variants"]] == ["S", "M"]
    assert "image_url" in products["A1"]


def test_quoted_camel_case_reserved_words_floats_and_an_enum(open_shop: Open) -> None:
    shop = open_shop("camel")
    orders = shop.records("orders")
    # One was never placed.
    assert len(orders) == 29
    assert [orders[key]["financial_status"] for key in ("o1", "o2", "o3", "o4")] == [
        "paid", "refunded", "partially_refunded", "pending",
    ]  # fmt: skip
    first, guest = orders["o1"], orders["o3"]
    assert (first["customer_id"], first["email"]) == ("u1", "u1@example.com")
    assert (guest["customer_id"], guest["email"]) == (None, "guest@example.com")
    assert (first["currency"], money(first["total"])) == ("USD", money("19.90"))
    assert first["discount_codes"] == ["HELLO"]
    assert first["line_items"][0]["product_id"] == "p3"
    coupons = shop.written().config.coupons
    assert coupons is not None
    assert (coupons.writer, coupons.table, coupons.kinds) == (
        "table", "public.coupon", ["percentage", "fixed"],
    )  # fmt: skip
    assert coupons.columns["expires_at"] == "expiresAt"


def test_posts_of_many_kinds_with_values_under_keys(open_shop: Open) -> None:
    shop = open_shop("posts")
    orders = shop.records("orders")
    assert statuses(orders) == {"paid": 10, "pending": 10, "refunded": 10, "voided": 10}
    (order, *_) = orders.values()
    assert (money(order["total"]), order["currency"]) == (money("49.90"), "EUR")
    assert order["email"] == f"wp{order['customer_id']}@example.com"
    assert order["line_items"][0]["quantity"] == 2
    assert order["line_items"][0]["product_id"] == "1"
    assert order["created_at"] == datetime(2026, 4, 1, tzinfo=UTC)
    assert len(shop.records("products")) == 6
    assert {row["first_name"] for row in shop.records("customers").values()} == {"First"}


def test_uuids_a_schema_per_service_and_views_for_readers(open_shop: Open) -> None:
    shop = open_shop("services")
    orders = {order["number"]: order for order in shop.records("orders").values()}
    assert [orders[number]["financial_status"] for number in ("R1", "R2", "R3", "R6")] == [
        "pending", "voided", "refunded", "paid",
    ]  # fmt: skip
    first = next(order for order in orders.values() if order["email"] == "a1@example.com")
    assert first["discount_codes"] == ["WELCOME"]
    assert [line["quantity"] for line in first["line_items"]] == [1.5, 1.5]
    assert first["line_items"][0]["product_id"] in shop.records("products")
    assert str(first["customer_id"]) in shop.records("customers")
    # Tables before the views of them.
    assert "reading" not in shop.draft().files["influence.toml"]


def test_prefixes_and_sums_on_the_order(open_shop: Open) -> None:
    orders = open_shop("prefixed").records("orders")
    assert [orders[key]["financial_status"] for key in ["4", "1", "2", "3"]] == [
        "paid", "pending", "refunded", "voided",
    ]  # fmt: skip
    fourth = orders["4"]
    assert (money(fourth["total"]), fourth["currency"], money(fourth["discount_total"])) == (
        money("50"), "CHF", money("2"),
    )  # fmt: skip
    assert fourth["discount_codes"] == ["TEN"]
    assert (fourth["line_items"][0]["quantity"], fourth["line_items"][0]["product_id"]) == (2, 5)


def test_states_and_currencies_in_tables_beside_and_no_foreign_key(open_shop: Open) -> None:
    orders = open_shop("looked_up").records("orders")
    assert [orders[key]["financial_status"] for key in ["4", "1", "2", "3"]] == [
        "pending", "paid", "voided", "refunded",
    ]  # fmt: skip
    assert (orders["1"]["currency"], orders["2"]["currency"]) == ("PLN", "EUR")
    assert money(orders["1"]["line_items"][0]["unit_price"]) == money("10")


def test_french_words_and_seconds_since_1970(open_shop: Open) -> None:
    shop = open_shop("french")
    orders = shop.records("orders")
    assert [orders[key]["financial_status"] for key in ["3", "1", "2", "6"]] == [
        "partially_refunded", "pending", "voided", "paid",
    ]  # fmt: skip
    assert orders["6"]["created_at"] == datetime.fromtimestamp(1780000006, UTC)
    assert orders["6"]["line_items"][0]["quantity"] == 2
    customer = shop.records("customers")["1"]
    assert (customer["first_name"], customer["last_name"]) == ("P", "N")


def test_a_ledger_of_money_with_signs(open_shop: Open) -> None:
    orders = open_shop("till").records("orders")
    assert [orders[key]["financial_status"] for key in ["1", "2", "3", "11", "12", "20"]] == [
        "partially_refunded", "refunded", "paid", "partially_paid", "pending", "voided",
    ]  # fmt: skip
    assert money(orders["1"]["total"]) == money("19.99")
    assert orders["1"]["discount_codes"] == [{"code": "V1", "amount": 1}]


def test_where_there_is_no_shop_the_files_say_so_and_give_nothing(open_shop: Open) -> None:
    shop = open_shop("no_shop")
    draft = shop.draft()
    assert "orders" in draft.missing
    assert "orders: no table was found for them" in draft.files["orders.sql"]
    assert shop.records("orders") == {}
    assert "nothing" not in draft.files["influence.toml"].replace("sends nothing", "")


def test_names_by_language_and_orders_without_a_total(open_shop: Open) -> None:
    shop = open_shop("translated")
    products = shop.records("products")
    assert {product["title"] for product in products.values()} == {"Thing 1", "Thing 2", "Thing 3"}
    assert products["1"]["url"] == "thing-1"
    orders = shop.records("orders")
    assert money(orders["1"]["total"]) == money("39.90")
    assert [orders[key]["financial_status"] for key in ["1", "2"]] == ["pending", "paid"]
    text = " ".join(shop.draft().files["orders.sql"].replace("-- ", "").split())
    assert "no column of totals was found" in text


def test_partners_beside_users_and_products_of_templates(open_shop: Open) -> None:
    shop = open_shop("templates")
    orders = shop.records("orders")
    # Every fourth is a draft.
    assert len(orders) == 22
    assert (orders["2"]["customer_id"], orders["2"]["email"]) == (2, "o2@example.com")
    assert (orders["2"]["currency"], orders["3"]["currency"]) == ("EUR", "USD")
    line = orders["2"]["line_items"][0]
    assert (line["variant_id"], line["product_id"]) == (3, 4)
    assert {variant["id"] for variant in shop.records("products")["4"]["variants"]} == {3}


def test_upper_case_abbreviations_and_states_that_are_numbers(open_shop: Open) -> None:
    orders = open_shop("upper").records("orders", time_zone="Europe/Berlin")
    assert statuses(orders) == {"pending": 30}
    assert money(orders["1"]["total"]) == money("11.90")
    assert orders["1"]["created_at"] == datetime(2026, 1, 1, 23, 0, tzinfo=UTC)
    assert orders["1"]["line_items"][0]["product_id"] == "A1"


def test_a_ledger_with_holds_fees_and_a_kind_that_nobody_knows(open_shop: Open) -> None:
    shop = open_shop("second_hand")
    orders = shop.records("orders")
    assert [orders[str(n)]["financial_status"] for n in range(1, 10)] == [
        "paid", "partially_refunded", "refunded", "voided", "authorized", "partially_paid",
        "authorized", "pending", "paid",
    ]  # fmt: skip
    text = " ".join(shop.draft().files["orders.sql"].replace("-- ", "").split())
    assert "'hold' (19 of 51 rows, all above zero) counts as reserved only." in text
    assert "'fee' (12 of 51 rows, 1 above zero, 11 below) is left out." in text
    assert "'goodwill' (1 of 51 rows, all above zero) is not a word that is known here" in text


def test_lines_lead_to_editions_of_works(open_shop: Open) -> None:
    shop = open_shop("second_hand")
    draft = shop.draft()
    assert draft.tables["order lines"] == "trade.purchase_line"
    assert (draft.tables["products"], draft.tables["variants"]) == ("trade.work", "trade.edition")
    orders = shop.records("orders")
    (line,) = orders["10"]["line_items"]
    assert (line["variant_id"], line["product_id"], line["quantity"]) == (10, 2, 2)
    assert money(line["unit_price"]) == money("17.00")
    assert money(orders["10"]["total"]) == money("38.90")
    assert orders["1"]["number"] == "BK-1"
    assert orders["1"]["discount_codes"] == [{"code": "G-1", "amount": 5}]
    products = shop.records("products")
    assert products["2"]["title"] == "Work 2"
    assert products["2"]["variants"] == [
        {"id": 2, "title": "paperback 2"}, {"id": 10, "title": "paperback 10"},
    ]  # fmt: skip


def test_readers_whose_mail_stands_with_their_addresses(open_shop: Open) -> None:
    shop = open_shop("second_hand")
    customers = shop.records("customers")
    # One was erased.
    assert len(customers) == 19
    first = customers["1"]
    assert (first["email"], first["first_name"], first["last_name"]) == (
        "r1@example.com", "First", "Last",
    )  # fmt: skip
    orders = shop.records("orders")
    # The parcel of the first order goes to an office.
    assert (orders["1"]["customer_id"], orders["1"]["email"]) == (1, "r1@example.com")
    assert (orders["9"]["customer_id"], orders["9"]["email"]) == (None, "guest@example.com")
    text = " ".join(shop.draft().files["orders.sql"].replace("-- ", "").split())
    assert "or: ship_to leads to people.address" in text
    assert "TODO: more than one column may lead to the buyer; is it reader_id?" in text


def test_books_items_and_a_ledger_of_payments(open_shop: Open) -> None:
    shop = open_shop("editions")
    orders = shop.records("orders")
    # The third has a fee above zero, the fifth an adjustment.
    assert [orders[str(n)]["financial_status"] for n in range(1, 7)] == [
        "paid", "refunded", "paid", "voided", "authorized", "paid",
    ]  # fmt: skip
    (line,) = orders["10"]["line_items"]
    assert (line["variant_id"], line["product_id"], line["quantity"]) == (10, 2, 1)
    assert orders["1"]["discount_codes"] == [{"code": "D-1", "amount": 2.9}]
    assert (orders["1"]["customer_id"], orders["1"]["email"]) == (1, "m1@example.com")
    assert shop.records("customers")["1"]["email"] == "m1@example.com"
    assert len(shop.records("products")) == 8


def test_a_role_that_may_only_read_views_gets_a_draft_of_the_views(
    postgres: EmbeddedPostgres, open_shop: Open
) -> None:
    shop = open_shop("services")
    databases.administer(postgres, "CREATE ROLE viewer LOGIN PASSWORD 'viewer'")
    try:
        shop.run(
            "GRANT USAGE ON SCHEMA reading TO viewer; GRANT SELECT ON ALL TABLES IN SCHEMA reading TO viewer"
        )
        narrow = Shop(
            shop.url.replace(shop.url.split("//")[1].split("@")[0], "viewer:viewer"), shop.folder
        )
        draft = narrow.draft()
        assert draft.tables["orders"] == "reading.purchases"
        assert draft.tables["customers"] == "reading.accounts"
        assert statuses(narrow.records("orders")) == {"paid": 10, "pending": 10, "voided": 10}
    finally:
        shop.run("DROP OWNED BY viewer")
        databases.administer(postgres, "DROP ROLE viewer")
