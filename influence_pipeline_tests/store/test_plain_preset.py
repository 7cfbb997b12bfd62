"""The plain preset against the sample store: right columns, right money, no change unseen, no scan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions
import pytest
import sqlalchemy as sa

from influence_pipeline.errors import StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.records import Entity, FinancialStatus
from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.sample_store import CodeRefused, Touched, poison
from influence_pipeline.settings import load_settings
from influence_pipeline.store.canonical import CANONICAL
from influence_pipeline_tests.support import preset
from influence_pipeline_tests.support.databases import STORE_NOW

ANNA = "cus_000001"

TYPES = {
    "customers": {
        "id": "text",
        "email": "text",
        "first_name": "text",
        "last_name": "text",
        "phone": "text",
        "birthday": "date",
        "created_at": "timestamptz",
    },
    "products": {
        "id": "int4",
        "title": "text",
        "sku": "text",
        "status": "text",
        "url": "text",
        "image_url": "text",
        "variants": "jsonb",
        "created_at": "timestamptz",
    },
    "orders": {
        "id": "int8",
        "number": "text",
        "customer_id": "text",
        "email": "text",
        "currency": "text",
        "subtotal": "numeric",
        "total": "numeric",
        "discount_total": "numeric",
        "financial_status": "text",
        "line_items": "jsonb",
        "discount_codes": "jsonb",
        "created_at": "timestamptz",
    },
}

Cursor = psycopg2.extensions.cursor


@pytest.fixture
def shop(store_url: str) -> Iterator[psycopg2.extensions.connection]:
    with closing(psycopg2.connect(store_url)) as connection:
        yield connection


@pytest.fixture
def cursor(shop: psycopg2.extensions.connection) -> Iterator[Cursor]:
    with shop.cursor() as opened:
        yield opened


def test_the_settings_accept_the_file_as_it_is_shipped() -> None:
    config = load_settings(config=Path(str(preset.FOLDER / "influence.toml"))).config
    assert [s.from_ for s in config.orders.sources] == [
        source.from_clause for source in preset.sources("orders")
    ]
    assert config.rewards["rule-5-off"].value == Decimal("5.00")


@pytest.mark.parametrize("entity", TYPES)
def test_each_select_gives_exactly_the_canonical_columns(entity: str, cursor: Cursor) -> None:
    canonical = {e.plural: columns for e, columns in CANONICAL.items() if e is not Entity.REWARD}
    assert {column.name for column in canonical[entity]} == set(TYPES[entity])
    cursor.execute(f"SELECT * FROM ({preset.select(entity)}) AS q LIMIT 0")
    oids = [(column.name, column.type_code) for column in cursor.description or ()]
    cursor.execute("SELECT oid, typname FROM pg_type")
    names = dict(cursor.fetchall())
    assert {name: names[oid] for name, oid in oids} == TYPES[entity]
    assert [name for name, _ in oids] == list(TYPES[entity])


@pytest.mark.parametrize("entity", TYPES)
def test_every_record_comes_once(entity: str, cursor: Cursor) -> None:
    cursor.execute(f"SELECT count(*), count(DISTINCT id) FROM ({preset.select(entity)}) AS q")
    ((rows, keys),) = cursor.fetchall()
    assert rows == keys > 0


@pytest.mark.parametrize("entity", TYPES)
def test_a_rows_hash_does_not_depend_on_the_sessions_time_zone(entity: str, cursor: Cursor) -> None:
    hashes = []
    for zone in ("UTC", "Asia/Tokyo", "America/St_Johns"):
        cursor.execute("SELECT set_config('timezone', %s, true)", (zone,))
        cursor.execute(
            f"SELECT sum(hash_record_extended(q, 0)::numeric) FROM ({preset.select(entity)}) AS q"
        )
        hashes += cursor.fetchall()
    assert len(set(hashes)) == 1


# What is left out, and what the parts look like --------------------------------------------------


def test_deleted_customers_drafts_and_products_not_on_sale_are_left_out(
    store_url: str, cursor: Cursor
) -> None:
    sample_store.soft_delete_customer(store_url, ANNA)
    cursor.execute("UPDATE products SET status = 'draft' WHERE id = 1")
    cursor.execute("UPDATE products SET deleted_at = now() WHERE id = 2")
    cursor.execute("UPDATE orders SET status = 'draft', placed_at = NULL WHERE id = 3")
    for entity, key in (("customers", ANNA), ("products", "1"), ("products", "2"), ("orders", "3")):
        assert preset.canonical(cursor, entity, key) == {}


def test_a_guest_with_a_row_is_a_customer_and_one_without_is_only_an_email(
    store_url: str, cursor: Cursor
) -> None:
    (guest,) = poison.second_row_with_same_email(store_url, ANNA).customers
    # Anna has an account: a guest with her e-mail would be a second customer with it.
    assert preset.canonical(cursor, "customers", guest) == {}
    cursor.execute("UPDATE customers SET email = 'visitor@example.com' WHERE id = %s", (guest,))
    assert preset.canonical(cursor, "customers", guest)["id"] == guest
    (order,) = sample_store.place_order(store_url, None, email="Visitor@Example.com").orders
    found = preset.canonical(cursor, "orders", order)
    assert (found["customer_id"], found["email"]) == (None, "Visitor@Example.com")


def test_an_order_is_told_with_its_lines_and_codes(store_url: str, cursor: Cursor) -> None:
    cursor.execute("SELECT v.id, p.id, p.title || ' / ' || v.title, v.price FROM product_variants v "
                   "JOIN products p ON p.id = v.product_id ORDER BY v.id DESC LIMIT 2")  # fmt: skip
    (first, second) = cursor.fetchall()
    (order,) = sample_store.place_order(
        store_url,
        ANNA,
        items=[(str(first[0]), 2), (str(second[0]), 1)],
        codes=[("Zoë-1", Decimal("1.5")), ("FRIEND", Decimal(2))],
    ).orders
    found = preset.canonical(cursor, "orders", order)
    assert (found["customer_id"], found["currency"]) == (ANNA, "EUR")
    assert found["subtotal"] == first[3] * 2 + second[3]
    assert found["discount_total"] == Decimal("3.5")
    assert found["total"] > found["subtotal"] - found["discount_total"]
    assert [list(map(str, line.values())) for line in _sorted(found["line_items"])] == [
        [str(first[1]), "2", first[2], str(float(first[3])), str(first[0])],
        [str(second[1]), "1", second[2], str(float(second[3])), str(second[0])],
    ]
    assert found["discount_codes"] == [
        {"code": "FRIEND", "amount": 2},
        {"code": "Zoë-1", "amount": 1.5},
    ]
    sample_store.remove_variant(store_url, str(first[1]), str(first[0]))
    line = preset.canonical(cursor, "orders", order)["line_items"][0]
    assert (line["variant_id"], line["product_id"], line["title"]) == (None, first[1], first[2])


def _sorted(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [dict(sorted(item.items())) for item in items]


def test_lists_come_in_the_same_order_whatever_order_the_rows_lie_in(
    store_url: str, cursor: Cursor
) -> None:
    ask = f"SELECT id, variants FROM ({preset.select('products')}) AS q ORDER BY id"
    cursor.execute(ask)
    before = cursor.fetchall()
    cursor.execute("UPDATE product_variants SET image = image WHERE mod(id, 4) = 0")
    cursor.execute(ask)
    assert cursor.fetchall() == before
    assert any(len(variants) > 1 for _, variants in before)
    cursor.execute(f"SELECT id FROM ({preset.select('products')}) AS q "
                   "WHERE sku IS DISTINCT FROM variants -> 0 ->> 'sku'")  # fmt: skip
    assert cursor.fetchall() == []


# Where the money is ------------------------------------------------------------------------------

Prepare = Callable[[str], Touched]


def _paid_in_two_parts(url: str) -> Touched:
    order = sample_store.place_order(url, ANNA)
    sample_store.capture_payment(url, order.orders[0], Decimal(3))
    return sample_store.capture_payment(url, order.orders[0])


def _captured_in_part(url: str) -> Touched:
    order = sample_store.place_order(url, ANNA, authorized=True)
    return sample_store.capture_payment(url, order.orders[0], Decimal(3))


def _then(change: Callable[..., Touched], *arguments: object, **order: Any) -> Prepare:
    def prepared(url: str) -> Touched:
        placed = sample_store.place_order(url, ANNA, **order)
        return change(url, placed.orders[0], *arguments)

    return prepared


def _with(sql: str, **order: Any) -> Prepare:
    def prepared(url: str) -> Touched:
        placed = sample_store.place_order(url, ANNA, **order)
        with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as run:
            run.execute(sql, {"order": placed.orders[0]})
        return placed

    return prepared


_FAILS = (
    "INSERT INTO payments (order_id, status, amount) "
    "SELECT id, 'failed', total FROM orders WHERE id = %(order)s"
)
_OVERPAYS = _FAILS.replace("'failed'", "'captured'")

MONEY: dict[str, tuple[Prepare, str]] = {
    "nothing paid yet": (lambda url: sample_store.place_order(url, ANNA), "pending"),
    "a guest has not paid": (lambda url: sample_store.place_order(url, None), "pending"),
    "the payment failed": (_with(_FAILS), "pending"),
    "reserved on the card": (
        lambda url: sample_store.place_order(url, ANNA, authorized=True),
        "authorized",
    ),
    "paid at once": (lambda url: sample_store.place_order(url, ANNA, paid=True), "paid"),
    "captured later": (_then(sample_store.capture_payment, authorized=True), "paid"),
    "paid by invoice": (_then(sample_store.capture_payment), "paid"),
    "failed, then paid": (_with(_FAILS, paid=True), "paid"),
    "paid in two parts": (_paid_in_two_parts, "paid"),
    "paid too much": (_with(_OVERPAYS, paid=True), "paid"),
    "paid, and canceled with the money kept": (
        _with("UPDATE orders SET status = 'canceled' WHERE id = %(order)s", paid=True),
        "paid",
    ),
    "costs nothing": (_with("UPDATE orders SET total = 0 WHERE id = %(order)s"), "paid"),
    "captured in part": (_captured_in_part, "partially_paid"),
    "given back in part": (
        _then(sample_store.refund_order, Decimal(1), paid=True),
        "partially_refunded",
    ),
    "given back": (_then(sample_store.refund_order, paid=True), "refunded"),
    "paid and canceled": (_then(sample_store.cancel_order, paid=True), "refunded"),
    "reserved and canceled": (_then(sample_store.cancel_order, authorized=True), "voided"),
    "canceled unpaid": (_then(sample_store.cancel_order), "voided"),
    "the reservation was voided": (
        _with("UPDATE payments SET status = 'voided' WHERE order_id = %(order)s", authorized=True),
        "voided",
    ),
    "never paid, and over": (
        _with("UPDATE orders SET status = 'expired' WHERE id = %(order)s"),
        "expired",
    ),
}


@pytest.mark.parametrize("situation", MONEY)
def test_the_financial_status_follows_the_money(
    situation: str, store_url: str, cursor: Cursor
) -> None:
    prepare, status = MONEY[situation]
    (order,) = prepare(store_url).orders
    found = preset.canonical(cursor, "orders", order)
    assert found["financial_status"] == status


def test_every_financial_status_is_tried_and_no_other_comes_out(cursor: Cursor) -> None:
    assert {status for _, status in MONEY.values()} == set(FinancialStatus)
    cursor.execute(f"SELECT DISTINCT financial_status FROM ({preset.select('orders')}) AS q")
    assert {status for (status,) in cursor} <= set(FinancialStatus)


# No change unseen --------------------------------------------------------------------------------

Change = Callable[[sample_store.Place], Touched]


def _an_order(**order: Any) -> Callable[[str], str]:
    return lambda url: sample_store.place_order(url, ANNA, **order).orders[0]


def _code_for_anna(url: str) -> str:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as run:
        run.execute(
            "INSERT INTO discount_codes (code, kind, value, customer_id, usage_limit) "
            "VALUES ('TEN', 'percentage', 10, %s, 1)",
            (ANNA,),
        )
    return "TEN"


# What happens, and what must be there before: the change gets its key.
CHANGES: dict[str, tuple[Callable[..., Touched], Callable[[str], str] | None]] = {
    "add_customers": (lambda place: sample_store.add_customers(place, 3), None),
    "rename_customer": (lambda place: sample_store.rename_customer(place, ANNA), None),
    "soft_delete_customer": (lambda place: sample_store.soft_delete_customer(place, ANNA), None),
    "place_order": (lambda place: sample_store.place_order(place, ANNA, paid=True), None),
    "place_order of a guest": (lambda place: sample_store.place_order(place, None), None),
    "place_order_with_code": (
        lambda place, code: sample_store.place_order_with_code(place, ANNA, code),
        _code_for_anna,
    ),
    "capture_payment": (sample_store.capture_payment, _an_order(authorized=True)),
    "capture_payment by invoice": (sample_store.capture_payment, _an_order()),
    "refund_order": (sample_store.refund_order, _an_order(paid=True)),
    "cancel_order": (sample_store.cancel_order, _an_order(authorized=True)),
    "remove_variant": (lambda place: sample_store.remove_variant(place, *_sold_variant(place)), None),
}  # fmt: skip


def _sold_variant(place: sample_store.Place) -> tuple[str, str]:
    assert not isinstance(place, str)
    with place.cursor() as run:
        run.execute(
            "SELECT l.product_id::text, l.variant_id::text FROM order_lines l "
            "JOIN orders o ON o.id = l.order_id WHERE o.placed_at IS NOT NULL LIMIT 1"
        )
        ((product, variant),) = run.fetchall()
    return product, variant


def seen_and_touched(
    store_url: str, change: str, sources: Callable[[str], list[preset.Source]]
) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Make a change; give the records that the sources name for its transaction, and those that it
    says it touched."""
    act, prepare = CHANGES[change]
    arguments = [prepare(store_url)] if prepare else []
    with closing(psycopg2.connect(store_url)) as connection, connection.cursor() as cursor:
        touched = act(connection, *arguments)
        cursor.execute("SELECT pg_current_xact_id()::xid::text")
        ((transaction,),) = cursor.fetchall()
        connection.commit()
        seen = {
            entity: set().union(*(s.keys_written_by(cursor, transaction) for s in sources(entity)))
            for entity in TYPES
        }
    return seen, {entity: set(getattr(touched, entity)) for entity in TYPES}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_the_store_shows_in_a_source(change: str, store_url: str) -> None:
    seen, touched = seen_and_touched(store_url, change, preset.sources)
    assert any(touched.values())
    assert seen == touched


def test_every_change_that_the_store_knows_is_tried() -> None:
    changes = {
        name
        for name in sample_store.__all__
        if name[0].islower() and name not in ("create", "create_roles", "seed")
    }
    assert changes == {name.split()[0] for name in CHANGES}


def test_control_without_the_payments_source_a_capture_is_not_seen(store_url: str) -> None:
    def without_payments(entity: str) -> list[preset.Source]:
        return [s for s in preset.sources(entity) if s.from_clause != "payments p"]

    seen, touched = seen_and_touched(store_url, "capture_payment", without_payments)
    assert touched["orders"] and not seen["orders"]


def test_every_table_that_a_select_reads_is_a_source(cursor: Cursor) -> None:
    for entity in TYPES:
        cursor.execute(f"CREATE VIEW reads_{entity} AS {preset.select(entity)}")
        cursor.execute(
            "SELECT DISTINCT table_name FROM information_schema.view_table_usage "
            "WHERE view_name = %s",
            (f"reads_{entity}",),
        )
        read = {table for (table,) in cursor}
        named = {
            word
            for source in preset.sources(entity)
            for word in source.from_clause.split()
            if word in read
        }
        assert read == named


# No scan -----------------------------------------------------------------------------------------

KEYS = 100


def rows_read(cursor: Cursor, sql: str, keys: list[Any]) -> tuple[int, set[str]]:
    """Give how many rows of tables a statement reads, and which tables it reads from end to end."""
    cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", {"keys": keys})
    ((plans,),) = cursor.fetchall()
    read, scanned = 0, set()
    todo = [plans[0]["Plan"]]
    while todo:
        node = todo.pop()
        todo += node.get("Plans", [])
        if "Relation Name" in node:
            removed = node.get("Rows Removed by Filter", 0)
            read += round((node["Actual Rows"] + removed) * node["Actual Loops"])
            if node["Node Type"] == "Seq Scan":
                scanned.add(node["Relation Name"])
    return read, scanned


def any_of(select: str, key_type: str) -> str:
    return f"SELECT q.* FROM ({select}) AS q WHERE q.id = ANY(%(keys)s::{key_type}[])"


def one_by_one(select: str, key_type: str) -> str:
    return (
        f"SELECT q.* FROM unnest(%(keys)s::text[]) AS wanted (key) CROSS JOIN LATERAL (SELECT * "
        f"FROM ({select}) AS c WHERE c.id = wanted.key::{key_type} OFFSET 0) AS q"
    )


# The control: child rows grouped first, as one is tempted to write it.
GROUPED = """
    WITH payment AS MATERIALIZED (
        SELECT order_id, sum(amount) AS captured FROM payments GROUP BY order_id
    )
    SELECT o.id, p.captured FROM orders o LEFT JOIN payment p ON p.order_id = o.id
"""


def test_a_hundred_of_100_000_records_cost_a_hundred_look_ups(empty_database_url: str) -> None:
    sample_store.create(empty_database_url)
    sample_store.seed(
        empty_database_url, customers=20_000, orders_per_customer=5, products=5_000, now=STORE_NOW
    )
    with closing(psycopg2.connect(empty_database_url)) as connection:
        with connection.cursor() as cursor:
            for entity, key_type, most in (
                ("customers", "text", 250),
                ("products", "integer", 600),
                ("orders", "bigint", 1500),
            ):
                cursor.execute(
                    f"SELECT id FROM {entity} ORDER BY hashtext(id::text) LIMIT %s", (KEYS,)
                )
                keys = [str(key) for (key,) in cursor]
                assert len(keys) == KEYS
                for asked in (any_of, one_by_one):
                    read, scanned = rows_read(cursor, asked(preset.select(entity), key_type), keys)
                    assert scanned == set()
                    assert KEYS * 0.8 <= read < most
            read, _ = rows_read(cursor, any_of(GROUPED, "bigint"), keys)
            assert read > 50_000, "the control must read what was not asked for"


# Coupons -----------------------------------------------------------------------------------------


@pytest.fixture
def coupons(store_url: str) -> Iterator[Postgres]:
    url = sample_store.create_roles(store_url, "reader", "coupons").coupons
    database = Postgres(url, variable="INFLUENCE_COUPON_URL", kind=StoreError)
    yield database
    database.close()


def ask_store(url: str, sql: str) -> list[Any]:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def coupon_sql(which: str) -> sa.TextClause:
    name = preset.CONFIG["coupons"][which]
    return sa.text((preset.FOLDER / name).read_text(encoding="utf-8"))


def coupon(code: str, **values: Any) -> dict[str, Any]:
    usual = {"customer_id": ANNA, "kind": "fixed", "value": Decimal("5.00"), "currency": "EUR"}
    limits = {"minimum_spend": None, "usage_limit": 1, "expires_at": None, "product_ids": []}
    return {"code": code, **usual, **limits, **values}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"kind": "percentage", "value": Decimal(10), "currency": None},
        {"kind": "free_shipping", "value": None, "currency": None},
        {"expires_at": datetime.now(UTC) + timedelta(days=90), "minimum_spend": Decimal("1.00")},
    ],
    ids=["fixed", "percentage", "free-shipping", "with-limits"],
)
def test_a_coupon_from_influence_is_honoured_once_by_the_checkout(
    values: dict[str, Any], store_url: str, coupons: Postgres
) -> None:
    with coupons.transaction() as connection:
        assert connection.execute(coupon_sql("lookup"), {"code": "Inf-7x"}).first() is None
        connection.execute(coupon_sql("create"), coupon("Inf-7x", **values))
    with coupons.transaction() as connection:
        found = connection.execute(coupon_sql("lookup"), {"code": "Inf-7x"}).mappings().one()
        assert dict(found) == {"code": "Inf-7x", "customer_id": ANNA}
        assert connection.execute(coupon_sql("lookup"), {"code": "INF-7X"}).first() is None

    with pytest.raises(CodeRefused, match="belongs to another customer"):
        sample_store.place_order_with_code(store_url, "cus_000002", "Inf-7x")
    sample_store.place_order_with_code(store_url, ANNA, "Inf-7x")
    with pytest.raises(CodeRefused, match="has been used"):
        sample_store.place_order_with_code(store_url, ANNA, "Inf-7x")


def test_a_coupon_for_a_product_takes_its_percent_off_that_product_alone(
    store_url: str, coupons: Postgres
) -> None:
    first, second = ask_store(
        store_url,
        "SELECT DISTINCT ON (p.id) p.id::text, v.id::text, v.price "
        "FROM products p JOIN product_variants v ON v.product_id = p.id "
        "WHERE p.deleted_at IS NULL AND p.status = 'published' ORDER BY p.id, v.id LIMIT 2",
    )
    terms = {"kind": "product", "value": Decimal(100), "currency": None}
    with coupons.transaction() as connection:
        connection.execute(coupon_sql("create"), coupon("GIFT", product_ids=[first[0]], **terms))
    with pytest.raises(CodeRefused, match="is for other products"):
        sample_store.place_order_with_code(store_url, ANNA, "GIFT", items=[(second[1], 1)])
    placed = sample_store.place_order_with_code(
        store_url, ANNA, "GIFT", items=[(first[1], 2), (second[1], 1)]
    )
    ((amount,),) = ask_store(
        store_url, f"SELECT amount FROM order_discounts WHERE order_id = {placed.orders[0]}"
    )
    assert amount == 2 * first[2]


def test_a_coupon_is_not_made_twice(coupons: Postgres) -> None:
    with coupons.transaction() as connection:
        connection.execute(coupon_sql("create"), coupon("TWICE"))
    with pytest.raises(StoreError, match="a constraint does not allow it"):
        with coupons.transaction() as connection:
            connection.execute(coupon_sql("create"), coupon("TWICE"))


def test_the_source_of_a_coupon_can_be_told(store_url: str, coupons: Postgres) -> None:
    with coupons.transaction() as connection:
        connection.execute(coupon_sql("create"), coupon("MARKED"))
        source = connection.execute(
            sa.text("SELECT source FROM discount_codes WHERE code = 'MARKED'")
        ).scalar_one()
    assert source == "influence"
