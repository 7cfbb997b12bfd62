"""Coupons in a plain table of codes, on a real Postgres: columns by name, abilities by catalog."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg2
import pytest

from influence_pipeline.errors import MappingError, StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.store.coupons.interface import Coupon, CouponRefused, FoundCoupon, lacking
from influence_pipeline.store.coupons.table import TableCouponWriter

KINDS = ("percentage", "fixed", "free_shipping", "product")
UNTIL = datetime(2027, 1, 1, tzinfo=UTC)
ANNA = Coupon("Anna-1", "7", "fixed", Decimal("5.50"), currency="EUR")


class Shop:
    def __init__(self, url: str) -> None:
        self.database = Postgres(url, variable="INFLUENCE_COUPON_URL", kind=StoreError)
        self._url = url

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(psycopg2.connect(self._url)) as connection, connection:
            cursor = connection.cursor()
            cursor.execute(sql)
            return list(cursor) if cursor.description else []

    def writer(
        self, table: str = "discount_codes", *, case_sensitive: bool = True, **columns: str
    ) -> TableCouponWriter:
        return TableCouponWriter(
            self.database,
            table=table,
            columns=columns,
            kinds=KINDS,
            case_sensitive=case_sensitive,
        )


@pytest.fixture
def shop(empty_database_url: str) -> Iterator[Shop]:
    made = Shop(empty_database_url)
    made.run(
        "CREATE TABLE discount_codes (id serial, code text UNIQUE, customer_id integer, kind text,"
        " value numeric, currency char(3), minimum_spend numeric, expires_at timestamptz,"
        " usage_limit integer, product_ids bigint[], used integer DEFAULT 0)"
    )
    yield made
    made.database.close()


def create(writer: TableCouponWriter, coupon: Coupon) -> None:
    with writer.hold(coupon.code) as desk:
        assert desk.find() is None
        desk.create(coupon)


def find(writer: TableCouponWriter, code: str) -> FoundCoupon | None:
    with writer.hold(code) as desk:
        return desk.find()


def test_columns_of_the_values_own_names_need_no_mapping(shop: Shop) -> None:
    writer = shop.writer()
    full = Coupon(
        "Anna-1",
        "7",
        "product",
        Decimal(50),
        "EUR",
        Decimal("20.00"),
        UNTIL,
        product_ids=("3", "4"),
    )
    create(writer, full)
    assert find(writer, "Anna-1") == FoundCoupon("7")
    (row,) = shop.run("SELECT * FROM discount_codes")
    money = ("EUR", Decimal("20.00"))
    assert row == (1, "Anna-1", 7, "product", Decimal(50), *money, UNTIL, 1, [3, 4], 0)


def test_a_second_identical_event_finds_the_row_of_the_first(shop: Shop) -> None:
    create(shop.writer(), ANNA)
    assert find(shop.writer(), "Anna-1") == FoundCoupon("7")
    with pytest.raises(CouponRefused), shop.writer().hold("Anna-1") as desk:
        desk.create(ANNA)
    assert shop.run("SELECT count(*) FROM discount_codes") == [(1,)]


def test_columns_with_other_names_are_named(shop: Shop) -> None:
    shop.run("CREATE SCHEMA sales; CREATE TABLE sales.vouchers (voucher text, of text, amount int)")
    writer = shop.writer("sales.vouchers", code="voucher", kind="of", value="amount")
    create(writer, Coupon("Anna-1", None, "percentage", Decimal(10)))
    assert shop.run("SELECT * FROM sales.vouchers") == [("Anna-1", "percentage", 10)]


def test_columns_that_are_not_there_are_promises_that_are_not_made(shop: Shop) -> None:
    shop.run("CREATE TABLE plain (code text, kind text, value numeric)")
    full, plain = shop.writer().abilities, shop.writer("plain").abilities
    assert full.kinds == frozenset(KINDS)
    assert plain.kinds == frozenset(KINDS) - {"product"}
    for name in ("lockable_to_customer", "minimum_spend", "expiry"):
        assert (getattr(full, name), getattr(plain, name)) == (True, False)
    ending = Coupon("A", None, "percentage", Decimal(10), expires_at=UNTIL)
    assert lacking(shop.writer("plain"), ending) == (
        "the table plain takes no expires_at, which this coupon has"
    )


def test_codes_are_compared_without_their_case_where_the_shop_does(shop: Shop) -> None:
    create(shop.writer(), ANNA)
    assert find(shop.writer(), "ANNA-1") is None
    assert find(shop.writer(case_sensitive=False), "ANNA-1") == FoundCoupon("7")


HOSTILE = (
    'a"; DROP TABLE discount_codes; --',
    "it's 100 % :value %s",
    "Größe (netto)",
    "select",
    "a\\b",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_names_whatever_is_in_them(shop: Shop, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    shop.run(f"CREATE TABLE {quoted} (code text, kind text, value numeric, {quoted} text)")
    writer = shop.writer(quoted, currency=name)
    create(writer, ANNA)
    create(writer, Coupon(name, None, "percentage", Decimal(1), currency="x'; DROP TABLE y; --"))
    assert find(writer, name) == FoundCoupon(None)
    with closing(psycopg2.connect(shop._url)) as connection:
        cursor = connection.cursor()
        cursor.execute(f"SELECT * FROM {quoted} ORDER BY value DESC")
        assert cursor.fetchall() == [
            ("Anna-1", "fixed", Decimal("5.50"), "EUR"),
            (name, "percentage", Decimal(1), "x'; DROP TABLE y; --"),
        ]
    assert shop.run("SELECT count(*) FROM discount_codes") == [(0,)]


def test_a_table_s_name_is_not_run(shop: Shop) -> None:
    with pytest.raises(MappingError):
        create(shop.writer("discount_codes; DROP TABLE discount_codes"), ANNA)
    assert shop.run("SELECT count(*) FROM discount_codes") == [(0,)]


@pytest.mark.parametrize(
    ("table", "columns", "words"),
    [
        ("no_such", {}, "There is no table no_such"),
        ("discount_codes", {"value": "worth"}, "no column worth"),
        ("nameless", {}, "no column code; name the one"),
    ],
)
def test_what_is_not_there_is_named(
    shop: Shop, table: str, columns: dict[str, str], words: str
) -> None:
    shop.run("CREATE TABLE nameless (voucher text, kind text, value numeric)")
    with pytest.raises(MappingError, match=words):
        _ = shop.writer(table, **columns).abilities


def test_a_value_that_no_coupon_has_is_a_mistake(shop: Shop) -> None:
    with pytest.raises(MappingError, match="cod, which is no value of a coupon"):
        shop.writer(cod="code")


def test_nothing_is_asked_before_it_is_needed_and_a_store_that_is_away_is_trouble() -> None:
    nowhere = Postgres(
        "postgresql://127.0.0.1:1/none", variable="INFLUENCE_COUPON_URL", kind=StoreError
    )
    writer = TableCouponWriter(nowhere, table="discount_codes", columns={}, kinds=KINDS)
    with pytest.raises(StoreError, match="nothing listens"):
        _ = writer.abilities
    with pytest.raises(StoreError, match="nothing listens"), writer.hold("A"):
        pass


def test_a_list_of_products_fits_a_column_of_json_or_text(shop: Shop) -> None:
    for number, type_ in enumerate(("jsonb", "json", "text[]")):
        table = f"t{number}"
        shop.run(f"CREATE TABLE {table} (code text, kind text, value numeric, product_ids {type_})")
        writer = shop.writer(table)
        create(writer, Coupon("A", None, "product", Decimal(50), product_ids=("3", "x'y")))
        create(writer, ANNA)
        assert shop.run(f"SELECT product_ids FROM {table} ORDER BY code") == [
            (["3", "x'y"],),
            ([],),
        ]
