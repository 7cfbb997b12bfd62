"""The coupon statements for Medusa, Vendure and Saleor, on databases that these made themselves.

What is read back are the rows that each store's own rules look at (the same that its API writes);
that the running shops take such coupons is `test_running_shops`'s.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import psycopg2.extras
import pytest

from influence_pipeline.errors import StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.store.coupons.interface import (
    COUPON_VALUES,
    Coupon,
    CouponRefused,
    FoundCoupon,
    lacking,
)
from influence_pipeline.store.coupons.sql import LOOKUP_VALUES, SqlCouponWriter
from influence_pipeline.store.statements import Statement, read_statement
from influence_pipeline_tests.support import databases

PRESETS = Path(str(files("influence_pipeline.store.presets")))
UNTIL = datetime(2027, 1, 1, tzinfo=UTC)
EVERY_KIND = frozenset({"percentage", "fixed", "free_shipping", "product"})


def statement(store: str, name: str, values: tuple[str, ...]) -> Statement:
    return read_statement(PRESETS / store / f"coupon_{name}.sql", values, "code")


@dataclass
class Shop:
    url: str
    writer: SqlCouponWriter
    tables: tuple[str, ...]

    def create(self, coupon: Coupon) -> None:
        with self.writer.hold(coupon.code) as desk:
            assert desk.find() is None
            desk.create(coupon)

    def find(self, code: str) -> FoundCoupon | None:
        with self.writer.hold(code) as desk:
            return desk.find()

    def refuses(self, coupon: Coupon) -> None:
        before = self.counted()
        with pytest.raises(CouponRefused):
            self.create(coupon)
        assert self.counted() == before

    def counted(self) -> list[int]:
        return [self.row(f"SELECT count(*)::int AS n FROM {table}")["n"] for table in self.tables]

    def rows(self, sql: str, **values: object) -> list[dict[str, Any]]:
        with closing(psycopg2.connect(self.url)) as connection, connection:
            cursor = connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor)
            cursor.execute(sql, values)
            return [dict(row) for row in cursor.fetchall()]

    def row(self, sql: str, **values: object) -> dict[str, Any]:
        (row,) = self.rows(sql, **values)
        return row


# Whatever a coupon could leave something in.
TABLES = {
    "medusa": (
        "promotion",
        "promotion_campaign",
        "promotion_application_method",
        "promotion_rule",
        "promotion_rule_value",
        "promotion_promotion_rule",
        "application_method_target_rules",
    ),
    "vendure": ("promotion", "promotion_translation", "promotion_channels_channel"),
    "saleor": (
        "discount_voucher",
        "discount_vouchercode",
        "discount_voucherchannellisting",
        "discount_voucher_products",
    ),
}


@contextmanager
def opened(store: str, postgres: EmbeddedPostgres, template: str) -> Iterator[Shop]:
    with databases.throw_away_database(postgres, template) as url:
        database = Postgres(url, variable="INFLUENCE_COUPON_URL", kind=StoreError)
        writer = SqlCouponWriter(
            database,
            lookup=statement(store, "lookup", LOOKUP_VALUES),
            create=statement(store, "create", COUPON_VALUES),
            case_sensitive=store != "vendure",
        )
        yield Shop(url, writer, TABLES[store])
        database.close()


@pytest.fixture(params=TABLES)
def shop(
    postgres: EmbeddedPostgres,
    real_store_template: Callable[[str], str],
    request: pytest.FixtureRequest,
) -> Iterator[Shop]:
    """Each of the stores."""
    with opened(request.param, postgres, real_store_template(request.param)) as made:
        yield made


@pytest.fixture
def medusa(postgres: EmbeddedPostgres, real_store_template: Callable[[str], str]) -> Iterator[Shop]:
    with opened("medusa", postgres, real_store_template("medusa")) as made:
        yield made


@pytest.fixture
def vendure(
    postgres: EmbeddedPostgres, real_store_template: Callable[[str], str]
) -> Iterator[Shop]:
    with opened("vendure", postgres, real_store_template("vendure")) as made:
        yield made


@pytest.fixture
def saleor(postgres: EmbeddedPostgres, real_store_template: Callable[[str], str]) -> Iterator[Shop]:
    with opened("saleor", postgres, real_store_template("saleor")) as made:
        yield made


def percentage(code: str = "Anna-Ä 'x' %s", **changes: object) -> Coupon:
    fields = {"customer_id": None, "kind": "percentage", "value": Decimal("12.5")}
    return Coupon(code, **{**fields, **changes})  # type: ignore[arg-type]


def test_a_coupon_is_made_once_and_found_again(shop: Shop) -> None:
    before = shop.counted()
    coupon = percentage(expires_at=UNTIL)
    shop.create(coupon)
    made = shop.counted()
    assert all(count - was <= 2 for count, was in zip(made, before, strict=True))
    assert made != before
    # The second identical event looks, and finds.
    assert shop.find(coupon.code) == FoundCoupon(None)
    assert shop.find("another") is None
    assert shop.counted() == made


def test_codes_are_told_apart_as_the_store_tells_them(shop: Shop) -> None:
    shop.create(percentage("Anna-1"))
    # Medusa and Saleor look codes up by their text, Vendure by LOWER().
    found = shop.find("ANNA-1") is not None
    assert found is not shop.writer.abilities.case_sensitive


def test_every_term_of_a_coupon_is_one_that_the_statement_takes(shop: Shop) -> None:
    for kind in EVERY_KIND:
        full = percentage(kind=kind, minimum_spend=Decimal(20), expires_at=UNTIL)
        assert lacking(shop.writer, full) is None


def test_only_medusa_s_statement_locks_a_coupon_to_its_customer(
    medusa: Shop, vendure: Shop, saleor: Shop
) -> None:
    lockable = [each.writer.abilities.lockable_to_customer for each in (medusa, vendure, saleor)]
    assert lockable == [True, False, False]


def promotion(shop: Shop, code: str) -> dict[str, Any]:
    """A promotion of Medusa as its rules see it."""
    row = shop.row(
        """
        SELECT p.status, p.type, p."limit", p.used, p.is_automatic, p.is_tax_inclusive,
               c.starts_at, c.ends_at, m.type AS method, m.target_type, m.allocation, m.max_quantity,
               m.value, m.raw_value, m.currency_code, p.id, m.id AS method_id
        FROM promotion p JOIN promotion_application_method m ON m.promotion_id = p.id
        LEFT JOIN promotion_campaign c ON c.id = p.campaign_id WHERE p.code = %(code)s
        """,
        code=code,
    )
    rules = "SELECT r.attribute, r.operator, array_agg(v.value ORDER BY v.value) AS values"
    rules += " FROM {} x JOIN promotion_rule r ON r.id = x.promotion_rule_id"
    rules += " JOIN promotion_rule_value v ON v.promotion_rule_id = r.id"
    rules += " WHERE x.{} = %(id)s GROUP BY r.id ORDER BY 1"
    for name, table, column, id_ in (
        ("rules", "promotion_promotion_rule", "promotion_id", row.pop("id")),
        (
            "targets",
            "application_method_target_rules",
            "application_method_id",
            row.pop("method_id"),
        ),
    ):
        row[name] = [tuple(r.values()) for r in shop.rows(rules.format(table, column), id=id_)]
    return row


def test_medusa_s_promotion_is_locked_single_use_and_ends(medusa: Shop) -> None:
    alice = medusa.row("SELECT id FROM customer WHERE email = 'alice@example.com'")["id"]
    medusa.create(
        percentage(
            "A-1",
            customer_id=alice,
            expires_at=UNTIL,
            minimum_spend=Decimal("20.00"),
            currency="EUR",
        )
    )
    assert promotion(medusa, "A-1") == {
        "status": "active",
        "type": "standard",
        "limit": 1,
        "used": 0,
        "is_automatic": False,
        "is_tax_inclusive": False,
        "starts_at": None,
        "ends_at": UNTIL,
        "method": "percentage",
        "target_type": "order",
        "allocation": "across",
        "max_quantity": None,
        "value": Decimal("12.5"),
        "raw_value": {"value": "12.5", "precision": 20},
        "currency_code": "eur",
        "rules": [
            ("customer.id", "eq", [alice]),
            ("original_item_total", "gte", ["20.00"]),
        ],
        "targets": [],
    }
    assert medusa.find("A-1") == FoundCoupon(alice)


def test_medusa_s_promotion_of_each_kind(medusa: Shop) -> None:
    names = ("method", "target_type", "allocation", "max_quantity", "value", "currency_code")
    products = tuple(row["id"] for row in medusa.rows("SELECT id FROM product ORDER BY id LIMIT 2"))
    kinds = {
        "fixed": {"value": Decimal("5.50"), "currency": "EUR"},
        "free_shipping": {"value": None, "currency": "EUR"},
        "product": {"value": Decimal(100), "product_ids": products},
    }
    for kind, terms in kinds.items():
        medusa.create(percentage(kind, kind=kind, **terms))
    made = {kind: promotion(medusa, kind) for kind in kinds}
    shown = {kind: tuple(row[name] for name in names) for kind, row in made.items()}
    assert shown == {
        "fixed": ("fixed", "order", "across", None, Decimal("5.50"), "eur"),
        "free_shipping": ("percentage", "shipping_methods", "across", None, Decimal(100), None),
        # One unit, not every one in the cart.
        "product": ("percentage", "items", "once", 1, Decimal(100), None),
    }
    assert made["fixed"]["is_tax_inclusive"] is True
    assert made["product"]["targets"] == [("items.product.id", "in", sorted(products))]
    assert made["product"]["rules"] == []


def test_medusa_takes_a_code_of_a_promotion_that_was_deleted_anew(medusa: Shop) -> None:
    medusa.create(percentage("A-1"))
    medusa.rows("UPDATE promotion SET deleted_at = now() WHERE code = 'A-1' RETURNING id")
    assert medusa.find("A-1") is None
    medusa.create(percentage("A-1"))


def vendure_promotion(shop: Shop, code: str) -> dict[str, Any]:
    row = shop.row(
        """
        SELECT p.enabled, p."usageLimit", p."perCustomerUsageLimit", p."startsAt", p."endsAt",
               p.conditions, p.actions, t.name, array_agg(c."channelId" ORDER BY 1) AS channels
        FROM promotion p JOIN promotion_translation t ON t."baseId" = p.id
        JOIN promotion_channels_channel c ON c."promotionId" = p.id
        WHERE p."couponCode" = %(code)s GROUP BY p.id, t.id
        """,
        code=code,
    )
    return {**row, **{name: json.loads(row[name]) for name in ("conditions", "actions")}}


def test_vendure_s_promotion_is_single_use_in_every_channel_and_ends(vendure: Shop) -> None:
    vendure.create(percentage("A-1", expires_at=UNTIL, minimum_spend=Decimal("20.00")))
    channels = [row["id"] for row in vendure.rows("SELECT id FROM channel ORDER BY id")]
    assert vendure_promotion(vendure, "A-1") == {
        "enabled": True,
        "usageLimit": 1,
        "perCustomerUsageLimit": 1,
        "startsAt": None,
        # Without a zone, in UTC.
        "endsAt": UNTIL.replace(tzinfo=None),
        "name": "A-1",
        "channels": channels,
        "conditions": [
            {
                "code": "minimum_order_amount",
                "args": [
                    {"name": "amount", "value": "2000"},
                    {"name": "taxInclusive", "value": "true"},
                ],
            }
        ],
        "actions": [
            {
                "code": "order_percentage_discount",
                "args": [{"name": "discount", "value": "12.5"}],
            }
        ],
    }


def test_vendure_s_promotion_of_each_kind(vendure: Shop) -> None:
    vendure.rows(
        "UPDATE channel SET \"defaultCurrencyCode\" = 'EUR', \"availableCurrencyCodes\" = 'EUR'"
        " RETURNING id"
    )
    product = vendure.row(
        'SELECT "productId" AS id, json_agg(id ORDER BY id)::text AS variants'
        ' FROM product_variant WHERE "deletedAt" IS NULL GROUP BY 1 ORDER BY 1 LIMIT 1'
    )
    vendure.create(percentage("F", kind="fixed", value=Decimal("5.50"), currency="EUR"))
    vendure.create(percentage("S", kind="free_shipping", value=None))
    vendure.create(
        percentage("P", kind="product", value=Decimal(50), product_ids=(str(product["id"]),))
    )
    made = [vendure_promotion(vendure, code)["actions"][0] for code in "FSP"]
    assert made == [
        {"code": "order_fixed_discount", "args": [{"name": "discount", "value": "550"}]},
        {"code": "free_shipping", "args": []},
        {
            "code": "products_percentage_discount",
            "args": [
                {"name": "discount", "value": "50"},
                {"name": "productVariantIds", "value": product["variants"]},
            ],
        },
    ]


@pytest.mark.parametrize(
    "promised",
    [
        # Its default channel sells in dollars and euros.
        pytest.param(percentage(kind="fixed", value=Decimal(5), currency="EUR"), id="currency"),
        pytest.param(percentage(minimum_spend=Decimal(5), currency="EUR"), id="minimum"),
        pytest.param(percentage(kind="product", value=Decimal(100), product_ids=("1",)), id="gift"),
        pytest.param(
            percentage(kind="product", product_ids=("1", "99999")), id="product that is not there"
        ),
        pytest.param(percentage("a,b"), id="comma"),
    ],
)
def test_vendure_makes_no_coupon_that_would_be_worth_something_else(
    vendure: Shop, promised: Coupon
) -> None:
    vendure.refuses(promised)


def voucher(shop: Shop, code: str) -> dict[str, Any]:
    return shop.row(
        """
        SELECT v.type, v.discount_value_type, v.usage_limit, v.single_use, v.end_date,
               v.start_date <= now() AS started, v.apply_once_per_order, c.used, c.is_active,
               (SELECT json_agg(json_build_array(ch.slug, l.currency, l.discount_value::text,
                                                 l.min_spent_amount::text) ORDER BY ch.slug)
                FROM discount_voucherchannellisting l JOIN channel_channel ch ON ch.id = l.channel_id
                WHERE l.voucher_id = v.id) AS listings,
               ARRAY(SELECT p.product_id FROM discount_voucher_products p
                     WHERE p.voucher_id = v.id ORDER BY 1) AS products
        FROM discount_vouchercode c JOIN discount_voucher v ON v.id = c.voucher_id
        WHERE c.code = %(code)s
        """,
        code=code,
    )


def test_saleor_s_voucher_is_single_use_and_listed_in_every_active_channel(saleor: Shop) -> None:
    saleor.create(percentage("A-1", expires_at=UNTIL))
    assert voucher(saleor, "A-1") == {
        "type": "entire_order",
        "discount_value_type": "percentage",
        "usage_limit": 1,
        "single_use": True,
        "end_date": UNTIL,
        "started": True,
        "apply_once_per_order": False,
        "used": 0,
        "is_active": True,
        "listings": [
            ["channel-pln", "PLN", "12.500", None],
            ["default-channel", "USD", "12.500", None],
        ],
        "products": [],
    }


def test_saleor_s_voucher_of_each_kind(saleor: Shop) -> None:
    products = [
        row["id"] for row in saleor.rows("SELECT id FROM product_product ORDER BY 1 LIMIT 2")
    ]
    saleor.create(percentage("F", kind="fixed", value=Decimal("5.50"), currency="USD"))
    saleor.create(percentage("M", minimum_spend=Decimal(20), currency="PLN"))
    saleor.create(percentage("S", kind="free_shipping", value=None))
    saleor.create(
        percentage("P", kind="product", value=Decimal(100), product_ids=tuple(map(str, products)))
    )
    names = ("type", "discount_value_type", "apply_once_per_order", "products")
    made = {code: voucher(saleor, code) for code in "FMSP"}
    assert {code: tuple(row[name] for name in names) for code, row in made.items()} == {
        "F": ("entire_order", "fixed", False, []),
        "M": ("entire_order", "percentage", False, []),
        "S": ("shipping", "percentage", False, []),
        "P": ("specific_product", "percentage", True, products),
    }
    # An amount holds where the channel has its currency, and nowhere else.
    assert made["F"]["listings"] == [["default-channel", "USD", "5.500", None]]
    assert made["M"]["listings"] == [["channel-pln", "PLN", "12.500", "20.000"]]
    assert [value for _, _, value, _ in made["S"]["listings"]] == ["100.000", "100.000"]


def test_saleor_makes_no_voucher_that_no_channel_lists(saleor: Shop) -> None:
    saleor.refuses(percentage(kind="fixed", value=Decimal(5), currency="CHF"))


def test_a_gift_card_has_its_code_too_in_saleor(saleor: Shop) -> None:
    card = saleor.row("SELECT code FROM giftcard_giftcard LIMIT 1")["code"]
    assert saleor.find(card) is not None
