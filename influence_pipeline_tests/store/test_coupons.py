"""Coupons written with a merchant's own statements, on a real Postgres."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from influence_pipeline.errors import MappingError, StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.store.coupons.interface import (
    COUPON_VALUES,
    Coupon,
    CouponRefused,
    FoundCoupon,
    lacking,
)
from influence_pipeline.store.coupons.sql import LOOKUP_VALUES, SqlCouponWriter
from influence_pipeline.store.statements import Statement, parse_statement, read_statement

LOOKUP = "SELECT customer_id FROM code WHERE code = :code"
CREATE = """
INSERT INTO code (code, customer_id, kind, value, currency, minimum_spend, expires_at, usage_limit)
VALUES (:code, :customer_id, :kind, :value, :currency, :minimum_spend, :expires_at, :usage_limit)
"""
TABLE = """
CREATE TABLE code (code text, customer_id integer, kind text, value numeric CHECK (value < 1000),
                   currency char(3), minimum_spend numeric, expires_at timestamptz,
                   usage_limit integer, note text)
"""


@pytest.fixture
def shop(empty_database_url: str) -> Iterator[Postgres]:
    database = Postgres(empty_database_url, variable="INFLUENCE_COUPON_URL", kind=StoreError)
    run(database, TABLE)
    yield database
    database.close()


def run(database: Postgres, sql: str) -> list[Any]:
    with database.transaction() as connection:
        result = connection.execute(sa.text(sql))
        return list(result.all()) if result.returns_rows else []


def lookup(sql: str = LOOKUP) -> Statement:
    return parse_statement(sql, LOOKUP_VALUES, "code", Path("lookup.sql"))


def create(sql: str = CREATE) -> Statement:
    return parse_statement(sql, COUPON_VALUES, "code", Path("create.sql"))


def writer(database: Postgres, sql: str = CREATE, find: str = LOOKUP) -> SqlCouponWriter:
    return SqlCouponWriter(database, lookup=lookup(find), create=create(sql))


def coupon(code: str = "A-1", **changes: object) -> Coupon:
    fields = {"customer_id": "7", "kind": "fixed", "value": Decimal("5.50"), "currency": "EUR"}
    return Coupon(code, **{**fields, **changes})  # type: ignore[arg-type]


def test_a_coupon_is_written_exactly_and_found_again(shop: Postgres) -> None:
    until = datetime(2027, 1, 1, tzinfo=UTC)
    with writer(shop).hold("Ä-1 'x' %s") as desk:
        assert desk.find() is None
        desk.create(coupon("Ä-1 'x' %s", minimum_spend=Decimal("20.00"), expires_at=until))
    with writer(shop).hold("Ä-1 'x' %s") as desk:
        assert desk.find() == FoundCoupon("7")
    (row,) = run(shop, "SELECT * FROM code")
    expected = ("Ä-1 'x' %s", 7, "fixed", Decimal("5.50"), "EUR", Decimal("20.00"), until, 1, None)
    assert tuple(row) == expected


def test_a_statement_need_not_use_every_value(shop: Postgres) -> None:
    short = writer(
        shop, "INSERT INTO code (code) VALUES (:code)", "SELECT 1 FROM code WHERE code = :code"
    )
    with short.hold("A-1") as desk:
        desk.create(coupon())
        assert desk.find() == FoundCoupon(None)
    assert short.abilities.lockable_to_customer is False
    assert writer(shop).abilities.lockable_to_customer is True


def test_a_statement_that_would_drop_a_limit_says_so(shop: Postgres) -> None:
    short = writer(shop, "INSERT INTO code (code, value) VALUES (:code, :value)")
    expiring = coupon(expires_at=datetime(2027, 1, 1, tzinfo=UTC))
    assert lacking(short, coupon()) is None
    assert lacking(short, expiring) == "create.sql takes no expires_at, which this coupon has"
    assert "minimum_spend" in str(lacking(short, coupon(minimum_spend=Decimal(1))))
    assert lacking(short, expiring, left_out=["expiry"]) is None
    assert lacking(short, coupon(minimum_spend=Decimal(1)), left_out=["expiry"]) is not None


def test_a_kind_that_the_statement_cannot_make_is_not_attempted(shop: Postgres) -> None:
    only = SqlCouponWriter(shop, lookup=lookup(), create=create(), kinds=["percentage"])
    assert "fixed" in str(lacking(only, coupon()))
    assert lacking(only, coupon(kind="percentage")) is None


def test_a_coupon_for_products_needs_a_statement_that_takes_them(shop: Postgres) -> None:
    gift = coupon(kind="product", value=Decimal(100), currency=None, product_ids=("3", "x'y"))
    assert "product" in str(lacking(writer(shop), gift))
    run(shop, "ALTER TABLE code ADD products text[]")
    able = writer(
        shop,
        "INSERT INTO code (code, kind, value, products) "
        "VALUES (:code, :kind, :value, :product_ids)",
    )
    assert lacking(able, gift) is None
    with able.hold("A-1") as desk:
        desk.create(gift)
    with able.hold("A-2") as desk:
        desk.create(coupon("A-2"))
    assert [row.products for row in run(shop, "SELECT products FROM code ORDER BY code")] == [
        ["3", "x'y"],
        [],
    ]


@pytest.mark.parametrize(
    "refused",
    [
        pytest.param(coupon(customer_id="not-a-number"), id="cast"),
        pytest.param(coupon(value=Decimal(5000)), id="check"),
        pytest.param(coupon(currency="TOOLONG"), id="length"),
    ],
)
def test_what_the_store_refuses_leaves_nothing_behind(shop: Postgres, refused: Coupon) -> None:
    with pytest.raises(CouponRefused) as caught, writer(shop).hold("A-1") as desk:
        desk.create(refused)
    assert "create.sql" in str(caught.value)
    assert "not-a-number" not in str(caught.value)
    assert run(shop, "SELECT 1 FROM code") == []


def test_a_constraint_that_waits_for_the_commit_is_heard_before_it(shop: Postgres) -> None:
    run(
        shop,
        "CREATE TABLE customer (id integer PRIMARY KEY); "
        "ALTER TABLE code ADD FOREIGN KEY (customer_id) REFERENCES customer "
        "DEFERRABLE INITIALLY DEFERRED",
    )
    with pytest.raises(CouponRefused), writer(shop).hold("A-1") as desk:
        desk.create(coupon())


def test_a_trigger_that_says_no_is_the_stores_answer(shop: Postgres) -> None:
    run(
        shop,
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no coupons for %', NEW.customer_id; END $$; "
        "CREATE TRIGGER no BEFORE INSERT ON code FOR EACH ROW EXECUTE FUNCTION no()",
    )
    with pytest.raises(CouponRefused) as caught, writer(shop).hold("A-1") as desk:
        desk.create(coupon())
    assert "no coupons for 7" not in str(caught.value)


def test_a_create_that_creates_nothing_is_noticed(shop: Postgres) -> None:
    nothing = "INSERT INTO code (code) SELECT CAST(:code AS text) WHERE false"
    with pytest.raises(CouponRefused) as caught, writer(shop, nothing).hold("A-1") as desk:
        desk.create(coupon())
    assert "does not find" in str(caught.value)


def test_missing_rights_are_trouble_not_a_refusal(shop: Postgres) -> None:
    """Rights are mended elsewhere, and then the same coupon goes through."""
    wrong = "INSERT INTO no_such_table (code) VALUES (:code)"
    with pytest.raises(StoreError) as caught, writer(shop, wrong).hold("A-1") as desk:
        desk.create(coupon())
    assert "no_such_table" in str(caught.value)


def test_one_code_is_held_by_one_worker_at_a_time_in_any_case(shop: Postgres) -> None:
    order: list[str] = []
    inside = threading.Event()

    def second() -> None:
        inside.wait(10)
        with writer(shop).hold("code-a") as desk:
            order.append(f"second sees {desk.find() is not None}")

    thread = threading.Thread(target=second)
    thread.start()
    with writer(shop, find="SELECT 1 FROM code WHERE lower(code) = lower(:code)").hold(
        "CODE-A"
    ) as desk:
        inside.set()
        desk.create(coupon("code-a"))
        waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while not run(shop, waiting):
            pass
        order.append("first is done")
    thread.join(10)
    assert order == ["first is done", "second sees True"]


def test_colons_in_strings_casts_and_comments_are_no_names() -> None:
    statement = create(
        """
        -- :comment with :code and a quote '
        /* :another */
        INSERT INTO t SELECT 'it''s 12:30 :x', "a:b", $$ :y $$, E'\\' :z', :code::text, x[1\\:2]
        WHERE 50 % 7 = 1;
        """
    )
    assert statement.names == {"code"}
    shown = str(statement.clause.compile())
    assert "comment" not in shown
    assert "12:30 :x" in shown
    assert "x[1:2]" in shown


def test_signs_that_mean_something_to_the_driver_reach_the_database(shop: Postgres) -> None:
    odd = """
    INSERT INTO code (code, note) VALUES (:code, '100 % :off' || $q$ %s :it's $q$ || (7 % 4)::text)
    """
    with writer(shop, odd).hold("A-1") as desk:
        desk.create(coupon())
    ((note,),) = run(shop, "SELECT note FROM code")
    assert note == "100 % :off %s :it's 3"


def test_a_value_cannot_break_out_of_the_statement(shop: Postgres) -> None:
    # Were the comment kept, the newline in the code would end it and run what follows.
    sql = "-- :code\n" + CREATE
    nasty = "x\n; DELETE FROM code; --'"
    run(shop, "INSERT INTO code (code) VALUES ('old')")
    with writer(shop, sql).hold(nasty) as desk:
        desk.create(coupon(nasty))
    assert [row[0] for row in run(shop, "SELECT code FROM code")] == ["old", nasty]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("", "is empty"),
        ("-- only a comment", "is empty"),
        ("SELECT 1", "does not bind :code"),
        ("SELECT :code, :emaill", ":emaill is none of the values"),
        ("SELECT ':code', :code", "without quotes"),
    ],
)
def test_a_statement_that_cannot_work_is_refused_with_its_file(sql: str, words: str) -> None:
    with pytest.raises(MappingError) as caught:
        create(sql)
    assert "create.sql" in str(caught.value)
    assert words in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"There is no .*none\.sql"):
        read_statement(tmp_path / "none.sql", LOOKUP_VALUES, "code")
