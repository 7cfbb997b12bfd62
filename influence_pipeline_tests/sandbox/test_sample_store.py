"""The sample store: the same rows from the same seed, the traps of real shops, and its daily life."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg2
import psycopg2.errors
import pytest

from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.sandbox.sample_store import (
    CodeRefused,
    Item,
    SampleStoreError,
    Touched,
    poison,
)
from influence_pipeline_tests.support.databases import STORE_NOW, throw_away_database

TABLES = [
    *("currencies", "customers", "products", "product_variants", "orders", "order_lines"),
    *("payments", "refunds", "order_discounts", "discount_codes", "carts"),
]

ANNA = "cus_000001"  # these two are always there, with accounts
BEN = "cus_000002"


def ask(url: str, sql: str, *values: object) -> list[Any]:
    """Run one statement in a transaction of its own; give its rows."""
    with closing(psycopg2.connect(url)) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []


def one(url: str, sql: str, *values: object) -> Any:
    ((value,),) = ask(url, sql, *values)
    return value


def content(url: str) -> dict[str, str]:
    """Give a hash of every table's rows, whatever order they lie in."""
    return {
        table: one(
            url, f"SELECT md5(string_agg(t::text, '~' ORDER BY md5(t::text))) FROM {table} AS t"
        )
        for table in TABLES
    }


def add_code(url: str, code: str, customer: str | None = None, **columns: object) -> str:
    values = {"kind": "fixed", "value": 5, "currency": "eur", "usage_limit": 1, **columns}
    values.update(code=code, customer_id=customer)
    names = ", ".join(values)
    marks = ", ".join(["%s"] * len(values))
    ask(url, f"INSERT INTO discount_codes ({names}) VALUES ({marks})", *values.values())
    return code


def amounts_of(url: str, touched: Touched) -> tuple[Decimal, Decimal, Decimal]:
    """Give an order's subtotal, its discounts and its total."""
    ((subtotal, discount, total),) = ask(
        url,
        "SELECT subtotal, (SELECT coalesce(sum(amount), 0) FROM order_discounts "
        "WHERE order_id = o.id), total FROM orders o WHERE id = %s",
        touched.orders[0],
    )
    return subtotal, discount, total


@pytest.fixture(scope="module")
def shop_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A shop of 2,000 customers that its tests only look at."""
    with throw_away_database(postgres) as url:
        sample_store.create(url)
        sample_store.seed(url, customers=2000, orders_per_customer=1.5, now=STORE_NOW)
        yield url


def test_the_same_seed_makes_the_same_store(store_url: str, empty_database_url: str) -> None:
    sample_store.create(empty_database_url)
    with pytest.raises(SampleStoreError, match="use an empty one"):
        sample_store.create(empty_database_url)
    size: dict[str, Any] = {"customers": 60, "orders_per_customer": 2, "products": 20}
    sample_store.seed(empty_database_url, **size, now=STORE_NOW)

    assert content(empty_database_url) == content(store_url)
    with pytest.raises(SampleStoreError, match="filled only once"):
        sample_store.seed(empty_database_url, **size)


def test_another_seed_makes_another_store(store_url: str, empty_database_url: str) -> None:
    sample_store.create(empty_database_url)
    sample_store.seed(
        empty_database_url, customers=60, orders_per_customer=2, products=20, seed=2, now=STORE_NOW
    )
    ours, theirs = content(store_url), content(empty_database_url)
    assert {table for table in TABLES if ours[table] == theirs[table]} == {"currencies"}


def test_a_store_can_be_as_small_as_one_customer(empty_database_url: str) -> None:
    sample_store.create(empty_database_url)
    with pytest.raises(SampleStoreError, match="at least one customer"):
        sample_store.seed(empty_database_url, customers=0)
    sample_store.seed(empty_database_url, customers=1, products=1, now=STORE_NOW)
    assert one(empty_database_url, "SELECT count(*) FROM customers") == 1
    assert sample_store.add_customers(empty_database_url).customers == ("cus_000002",)


@pytest.mark.parametrize(
    ("trap", "sql"),
    [
        ("ids of other shapes", "customers WHERE id !~ '^cus_'"),
        ("e-mails as typed", "customers WHERE email <> lower(email)"),
        ("accounts without a name", "customers WHERE first_name IS NULL AND last_name = ''"),
        ("combining accents", r"customers WHERE first_name ~ '[\u0300-\u036f]'"),
        ("Chinese names", r"customers WHERE last_name ~ '[\u4e00-\u9fff]'"),
        ("Arabic names", r"customers WHERE first_name ~ '[\u0600-\u06ff]'"),
        ("emoji in names", r"customers WHERE first_name ~ '[\U0001F300-\U0001FAFF]'"),
        ("apostrophes", r"customers WHERE last_name ~ '[''\u2019]'"),
        ("guests with a row", "customers WHERE is_guest"),
        ("closed accounts", "customers WHERE deleted_at IS NOT NULL"),
        ("birthdays", "customers WHERE birthday IS NOT NULL"),
        ("no birthdays", "customers WHERE birthday IS NULL"),
        ("orders of guests without a row", "orders WHERE customer_id IS NULL"),
        ("orders of closed accounts", "orders o JOIN customers c ON c.id = o.customer_id "
         "WHERE c.deleted_at IS NOT NULL"),
        ("drafts", "orders WHERE placed_at IS NULL"),
        ("orders without decimals", "orders WHERE currency_code = 'jpy'"),
        ("orders with three decimals", "orders WHERE scale(total) = 3"),
        ("orders worth nothing", "orders WHERE total = 0"),
        ("paid orders called pending", "orders o JOIN payments p ON p.order_id = o.id "
         "WHERE o.status = 'pending' AND p.status = 'captured' AND p.amount = o.total"),
        ("a failed payment, then one that came", "payments f JOIN payments c USING (order_id) "
         "WHERE f.status = 'failed' AND c.status = 'captured'"),
        ("an order paid in parts", "payments a JOIN payments b USING (order_id) "
         "WHERE a.status = 'captured' AND b.status = 'captured' AND a.id < b.id"),
        ("products that are drafts", "products WHERE status = 'draft'"),
        ("products that are gone", "products WHERE deleted_at IS NOT NULL"),
        ("codes that exist no more", "order_discounts d "
         "WHERE NOT EXISTS (SELECT FROM discount_codes c WHERE c.code = d.code)"),
    ],
    ids=lambda value: value.replace(" ", "-") if "WHERE" not in value else "",
)  # fmt: skip
def test_the_traps_of_real_stores_are_in_it(shop_url: str, trap: str, sql: str) -> None:
    assert one(shop_url, f"SELECT count(*) FROM {sql}") > 0, f"no {trap}"


def test_the_past_36_months_are_in_it_and_nothing_newer(shop_url: str) -> None:
    oldest, newest = ask(
        shop_url,
        "SELECT min(t), max(t) FROM (SELECT created_at FROM customers "
        "UNION ALL SELECT updated_at FROM customers UNION ALL SELECT deleted_at FROM customers "
        "UNION ALL SELECT placed_at FROM orders UNION ALL SELECT updated_at FROM payments "
        "UNION ALL SELECT created_at FROM refunds UNION ALL SELECT updated_at FROM carts) AS m (t)",
    )[0]
    assert STORE_NOW - timedelta(days=1100) < oldest < STORE_NOW - timedelta(days=1000)
    assert STORE_NOW - timedelta(days=7) < newest <= STORE_NOW


@pytest.mark.parametrize(
    "wrong",
    [
        "orders o WHERE subtotal <> (SELECT sum(quantity * unit_price) FROM order_lines l "
        "WHERE l.order_id = o.id)",
        "orders o WHERE total <> subtotal + shipping - (SELECT coalesce(sum(amount), 0) "
        "FROM order_discounts d WHERE d.order_id = o.id)",
        "orders o JOIN currencies c ON c.code = currency_code WHERE scale(trim_scale(total)) > digits",
        "payments p JOIN orders o ON o.id = order_id JOIN currencies c ON c.code = currency_code "
        "WHERE scale(trim_scale(p.amount)) > digits OR p.amount <= 0",
        "orders o WHERE total < (SELECT sum(amount) FROM payments p WHERE p.order_id = o.id "
        "AND p.status IN ('captured', 'authorized'))",
        "refunds r JOIN payments p ON p.id = payment_id "
        "WHERE p.status <> 'captured' OR r.amount > p.amount OR r.created_at < p.created_at",
        "orders o JOIN customers c ON c.id = o.customer_id "
        "WHERE o.placed_at NOT BETWEEN c.created_at AND coalesce(c.deleted_at, 'infinity')",
    ],
)  # fmt: skip
def test_the_books_of_the_store_agree(shop_url: str, wrong: str) -> None:
    assert one(shop_url, f"SELECT count(*) FROM {wrong}") == 0


def test_filling_the_store_leaves_its_keys_and_indexes_as_they_were(
    shop_url: str, empty_database_url: str
) -> None:
    definitions = (
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype IN ('p', 'u', 'f') "
        "UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
    )
    sample_store.create(empty_database_url)
    assert ask(shop_url, definitions) == ask(empty_database_url, definitions)
    with pytest.raises(psycopg2.errors.ForeignKeyViolation):
        ask(shop_url, "INSERT INTO refunds (payment_id, amount) VALUES (-1, 1)")


def test_an_orders_updated_at_does_not_move_when_money_does(store_url: str) -> None:
    moved = "SELECT updated_at FROM orders WHERE id = %s"
    (order,) = sample_store.place_order(store_url, ANNA, authorized=True).orders
    placed = one(store_url, moved, order)

    sample_store.capture_payment(store_url, order)
    sample_store.refund_order(store_url, order, Decimal(1))
    assert one(store_url, moved, order) == placed

    sample_store.cancel_order(store_url, order)
    assert one(store_url, moved, order) > placed


def test_a_change_in_a_callers_transaction_is_rolled_back_with_it(store_url: str) -> None:
    before = content(store_url)
    with closing(psycopg2.connect(store_url)) as connection:
        touched = sample_store.place_order(connection, ANNA, paid=True)
        sample_store.cancel_order(connection, touched.orders[0])
        sample_store.rename_customer(connection, ANNA)
        connection.rollback()
    assert content(store_url) == before


def test_new_customers_get_new_ids_and_a_name_really_changes(store_url: str) -> None:
    added = sample_store.add_customers(store_url, 3).customers
    assert added == ("cus_000061", "cus_000062", "cus_000063")
    name = "SELECT last_name FROM customers WHERE id = %s"
    old = one(store_url, name, ANNA)
    assert sample_store.rename_customer(store_url, ANNA) == Touched(customers=(ANNA,))
    assert one(store_url, name, ANNA) != old
    sample_store.rename_customer(store_url, ANNA, last_name="Ødegård")
    assert one(store_url, name, ANNA) == "Ødegård"


def test_a_closed_account_buys_nothing_more(store_url: str) -> None:
    sample_store.soft_delete_customer(store_url, ANNA)
    for change in (
        sample_store.place_order,
        sample_store.rename_customer,
        sample_store.soft_delete_customer,
    ):
        with pytest.raises(SampleStoreError, match=f"no live customer {ANNA}"):
            change(store_url, ANNA)


def test_a_guests_order_has_an_email_and_no_customer(store_url: str) -> None:
    (order,) = sample_store.place_order(store_url, None, email="Visitor@Example.com").orders
    found = ask(store_url, "SELECT customer_id, email FROM orders WHERE id = %s", order)
    assert found == [(None, "Visitor@Example.com")]


def test_an_order_holds_what_was_bought_in_the_digits_of_its_currency(store_url: str) -> None:
    variants = ask(store_url, "SELECT id::text, price FROM product_variants ORDER BY id LIMIT 2")
    items = [Item(variants[1][0], 3), Item(variants[0][0])]
    for currency, digits, rate in (("EUR", 2, "1"), ("jpy", 0, "160"), ("KWD", 3, "0.33")):
        touched = sample_store.place_order(
            store_url, ANNA, items=items, currency=currency, codes=[("Friend-7", Decimal(1))]
        )
        lines = ask(
            store_url,
            "SELECT variant_id::text, quantity FROM order_lines WHERE order_id = %s ORDER BY id",
            touched.orders[0],
        )
        subtotal, discount, total = amounts_of(store_url, touched)
        exact = (variants[1][1] * 3 + variants[0][1]) * Decimal(rate)
        assert lines == items
        assert abs(subtotal - exact) <= 2 * Decimal(1).scaleb(-digits)
        assert subtotal == round(subtotal, digits) and total == round(total, digits)
        assert total > subtotal - discount == subtotal - 1  # shipping comes on top


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"items": [("999999", 1)]}, "does not sell"),
        ({"currency": "XXX"}, "not in XXX"),
        ({"customer": "cus_nobody"}, "no live customer cus_nobody"),
    ],
)
def test_an_impossible_order_is_refused(store_url: str, order: dict[str, Any], words: str) -> None:
    before = one(store_url, "SELECT count(*) FROM orders")
    with pytest.raises(SampleStoreError, match=words):
        sample_store.place_order(store_url, **{"customer": ANNA, **order})
    assert one(store_url, "SELECT count(*) FROM orders") == before


def test_no_more_money_is_taken_or_given_back_than_there_is(store_url: str) -> None:
    (order,) = sample_store.place_order(store_url, ANNA, authorized=True).orders
    with pytest.raises(SampleStoreError, match="has not so much to give back"):
        sample_store.refund_order(store_url, order)
    sample_store.capture_payment(store_url, order, Decimal(10))
    sample_store.capture_payment(store_url, order)
    with pytest.raises(SampleStoreError, match="nothing to capture"):
        sample_store.capture_payment(store_url, order)
    sample_store.refund_order(store_url, order, Decimal(11))  # from two payments
    with pytest.raises(SampleStoreError, match="has not so much to give back"):
        sample_store.refund_order(store_url, order, Decimal(1000))
    sample_store.cancel_order(store_url, order)

    kept = (
        "SELECT sum(p.amount - (SELECT sum(r.amount) FROM refunds r WHERE r.payment_id = p.id)) "
        "FROM payments p WHERE p.order_id = %s"
    )
    assert one(store_url, kept, order) == 0
    for change in (sample_store.cancel_order, sample_store.capture_payment):
        with pytest.raises(SampleStoreError, match=f"order {order}"):
            change(store_url, order)


def test_a_removed_variant_touches_its_product_and_the_orders_that_sold_it(
    store_url: str,
) -> None:
    product, variant, orders = ask(
        store_url,
        "SELECT product_id::text, variant_id::text, array_agg(DISTINCT order_id) FROM order_lines "
        "GROUP BY 1, 2 ORDER BY count(*) DESC, 2 LIMIT 1",
    )[0]
    titles = "SELECT title FROM order_lines WHERE order_id = ANY(%s) ORDER BY id"
    sold = ask(store_url, titles, orders)

    touched = sample_store.remove_variant(store_url, product, variant)

    assert touched == Touched(products=(product,), orders=tuple(map(str, sorted(orders))))
    assert ask(store_url, titles, orders) == sold
    assert one(store_url, "SELECT count(*) FROM order_lines WHERE variant_id = %s", variant) == 0
    with pytest.raises(SampleStoreError, match="no such variant"):
        sample_store.remove_variant(store_url, product, variant)


def test_the_variant_removed_by_default_is_not_its_products_last(store_url: str) -> None:
    (product,) = sample_store.remove_variant(store_url).products
    left = "SELECT count(*) FROM product_variants WHERE product_id = %s"
    assert one(store_url, left, product) > 0


def test_a_code_takes_its_discount_off_once_and_is_used_up(store_url: str) -> None:
    add_code(store_url, "Once", ANNA)
    touched = sample_store.place_order_with_code(store_url, ANNA, "Once", paid=True)

    subtotal, discount, total = amounts_of(store_url, touched)
    assert discount == 5 and total > subtotal - 5
    assert one(store_url, "SELECT times_used FROM discount_codes WHERE code = 'Once'") == 1
    with pytest.raises(CodeRefused, match="Once has been used"):
        sample_store.place_order_with_code(store_url, ANNA, "Once")


@pytest.mark.parametrize(
    ("kind", "value", "currency", "expected"),
    [
        ("percentage", "15", "KWD", lambda sub, ship: round(sub * 15 / 100, 3)),
        ("percentage", "15", "JPY", lambda sub, ship: round(sub * 15 / 100, 0)),
        ("free_shipping", None, "USD", lambda sub, ship: ship),
        ("fixed", "100000", "EUR", lambda sub, ship: sub),
    ],
)
def test_each_kind_of_code_is_worth_what_it_says(
    store_url: str,
    kind: str,
    value: str | None,
    currency: str,
    expected: Callable[[Decimal, Decimal], Decimal],
) -> None:
    add_code(store_url, "KIND", kind=kind, value=value, currency="eur" if kind == "fixed" else None)
    touched = sample_store.place_order_with_code(store_url, ANNA, "KIND", currency=currency)
    subtotal, discount, total = amounts_of(store_url, touched)
    shipping = total - subtotal + discount
    assert abs(discount - expected(subtotal, shipping)) <= Decimal("0.001")
    assert discount > 0


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"code": "EXPIRED", "expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "has expired"),
        ({"code": "BENS", "customer": BEN}, "belongs to another customer"),
        ({"code": "SPENT", "times_used": 1}, "has been used"),
        ({"code": "DOLLARS", "currency": "usd"}, "is not for orders in EUR"),
        ({"code": "LARGE", "minimum_spend": 100000}, "is for orders from 100000 on"),
        ({"code": "Case"}, "case does not exist"),
    ],
)
def test_a_code_that_does_not_hold_is_refused_and_no_order_is_placed(
    store_url: str, columns: dict[str, Any], words: str
) -> None:
    code = add_code(store_url, **columns)
    before = one(store_url, "SELECT count(*) FROM orders")
    with pytest.raises(CodeRefused, match=words):
        sample_store.place_order_with_code(store_url, ANNA, "case" if code == "Case" else code)
    assert one(store_url, "SELECT count(*) FROM orders") == before
    assert one(store_url, "SELECT sum(times_used) FROM discount_codes WHERE code = %s", code) == (
        columns.get("times_used", 0)
    )


def test_a_code_for_one_use_is_used_once_by_six_buyers_at_the_same_moment(store_url: str) -> None:
    add_code(store_url, "RACE")
    outcomes: list[str] = []
    start = threading.Barrier(6)

    def buy() -> None:
        start.wait()
        try:
            sample_store.place_order_with_code(store_url, ANNA, "RACE")
            outcomes.append("bought")
        except CodeRefused:
            outcomes.append("refused")

    buyers = [threading.Thread(target=buy) for _ in range(6)]
    for buyer in buyers:
        buyer.start()
    for buyer in buyers:
        buyer.join()
    assert sorted(outcomes) == ["bought"] + ["refused"] * 5


def test_the_reader_reads_everything_and_writes_nothing(store_url: str) -> None:
    url = sample_store.create_roles(store_url, "read: it/all", "x").reader
    for table in TABLES:
        ask(url, f"SELECT * FROM {table} LIMIT 1")
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        ask(url, "DELETE FROM carts")
    for table in TABLES:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            ask(url, f"SET TRANSACTION READ WRITE; DELETE FROM {table}")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask(url, "SET TRANSACTION READ WRITE; CREATE TABLE mine ()")


def test_the_coupon_writer_adds_codes_and_does_nothing_else(store_url: str) -> None:
    url = sample_store.create_roles(store_url, "x", "write@coupons").coupons
    add_code(url, "FROM-ROLE", ANNA)
    assert one(url, "SELECT customer_id FROM discount_codes WHERE code = 'FROM-ROLE'") == ANNA
    for statement in (
        "UPDATE discount_codes SET value = 1000",
        "DELETE FROM discount_codes",
        "TRUNCATE discount_codes",
        "CREATE TABLE mine ()",
        *(f"SELECT * FROM {table}" for table in TABLES if table != "discount_codes"),
        *(f"DELETE FROM {table}" for table in TABLES),
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            ask(url, statement)


def test_roles_that_are_there_already_get_the_new_passwords(store_url: str) -> None:
    old = sample_store.create_roles(store_url, "old", "old")
    new = sample_store.create_roles(store_url, "new", "new")
    assert ask(new.reader, "SELECT 1") == ask(new.coupons, "SELECT 1")
    for url in (old.reader, old.coupons):
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            psycopg2.connect(url)
    assert "new" not in repr(new)


def test_errors_name_keys_and_no_person(store_url: str) -> None:
    email = one(store_url, "SELECT email FROM customers WHERE id = %s", ANNA)
    sample_store.add_customers(store_url)
    ask(store_url, "SELECT setval('customer_numbers', 60)")
    with pytest.raises(SampleStoreError) as taken:
        sample_store.add_customers(store_url)
    assert "Example.com" not in str(taken.value)
    add_code(store_url, "BENS", BEN)
    with pytest.raises(CodeRefused) as refused:
        sample_store.place_order_with_code(store_url, ANNA, "BENS")
    assert email.lower() not in str(refused.value).lower()


def test_poison_is_really_in_the_store(store_url: str) -> None:
    (nan,) = poison.order_with_nan_amount(store_url).orders
    (unknown,) = poison.order_in_unknown_currency(store_url).orders
    (infinite,) = poison.customer_from_infinity(store_url).customers
    (invalid,) = poison.customer_with_invalid_email(store_url).customers
    (second,) = poison.second_row_with_same_email(store_url, ANNA).customers
    assert one(store_url, "SELECT total = 'NaN' FROM orders WHERE id = %s", nan)
    assert one(store_url, "SELECT currency_code FROM orders WHERE id = %s", unknown) == "xxx"
    born = "SELECT created_at = 'infinity' FROM customers WHERE id = %s"
    assert one(store_url, born, infinite)
    assert "@" not in one(store_url, "SELECT email FROM customers WHERE id = %s", invalid)
    same = "SELECT count(DISTINCT lower(email)) FROM customers WHERE id IN (%s, %s)"
    assert one(store_url, same, ANNA, second) == 1
