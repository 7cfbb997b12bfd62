"""A shop with two customers and four orders, and a sandbox that was told the truth about it: what the
judge's tests then break in one place. Told by hand; nothing of the pipeline is needed for it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg2

from influence_pipeline.sandbox.judge import Verdict
from influence_pipeline_tests.sandbox.platform_fixtures import Sandbox
from influence_pipeline_tests.support import judging

GO_LIVE = datetime(2026, 1, 1, tzinfo=UTC)
# 1: paid, with a code. 2: nothing has moved. 3: paid and refunded. 4: a guest's, paid.
ROWS = """
INSERT INTO customers (id, email, first_name, last_name, phone, birthday) VALUES
    ('c-1', ' Ada@Example.org', 'Ada', 'Hill', '+1 23', '1990-12-10'),
    ('c-2', 'ben@example.org', NULL, NULL, NULL, NULL);
INSERT INTO products (id, title, handle) OVERRIDING SYSTEM VALUE VALUES (7, 'Cup', 'cup');
INSERT INTO product_variants (id, product_id, sku, title, position, price)
    OVERRIDING SYSTEM VALUE VALUES (71, 7, 'C1', 'blue', 0, 10), (72, 7, 'C2', 'red', 1, 10);
INSERT INTO orders (id, number, customer_id, email, currency_code, status, subtotal, total, placed_at,
                    updated_at) OVERRIDING SYSTEM VALUE VALUES
    (1, 'N1', 'c-1', 'ada@example.org', 'eur', 'completed', 20, 205.50, '2026-02-01', '2026-02-01'),
    (2, 'N2', 'c-1', 'ada@example.org', 'eur', 'pending', 10, 12, '2026-02-01', '2026-02-01'),
    (3, 'N3', 'c-2', 'ben@example.org', 'eur', 'completed', 10, 300, '2026-02-01', '2026-02-01'),
    (4, 'N4', NULL, 'guest@example.org', 'eur', 'completed', 10, 10, '2026-02-01', '2026-02-01');
INSERT INTO order_lines (order_id, product_id, variant_id, title, quantity, unit_price) VALUES
    (1, 7, 71, 'Cup', 2, 10.00), (2, 7, 72, 'Cup', 1, 10);
INSERT INTO order_discounts (order_id, code, amount) VALUES (1, 'SPRING', 1);
INSERT INTO payments (id, order_id, status, amount) OVERRIDING SYSTEM VALUE VALUES
    (11, 1, 'captured', 205.50), (13, 3, 'captured', 300), (14, 4, 'captured', 10);
INSERT INTO refunds (payment_id, amount) VALUES (13, 300);
"""
LINE = {"productId": "7", "variantId": "71", "title": "Cup", "quantity": 2, "price": "10.00"}
ORDERS: dict[str, dict[str, Any]] = {
    "1": {"customerId": "c-1", "email": "ada@example.org", "subtotalPrice": "20.00",
          "totalPrice": "205.50", "lineItems": [LINE], "discountCodes": [{"code": "SPRING"}]},
    "2": {"customerId": "c-1", "email": "ada@example.org", "subtotalPrice": "10.00",
          "totalPrice": "12.00",
          "lineItems": [LINE | {"variantId": "72", "quantity": 1}], "discountCodes": []},
    "3": {"customerId": "c-2", "email": "ben@example.org", "subtotalPrice": "10.00",
          "totalPrice": "300.00", "lineItems": [], "discountCodes": []},
    "4": {"email": "guest@example.org", "subtotalPrice": "10.00", "totalPrice": "10.00",
          "lineItems": [], "discountCodes": []},
}  # fmt: skip
STATUSES = {"1": ["paid"], "2": [], "3": ["paid", "refunded"], "4": ["paid"]}


@dataclass
class JudgedShop:
    """The shop's database and what was told of it."""

    url: str
    sandbox: Sandbox

    def run(self, sql: str) -> None:
        """Write into the shop."""
        with closing(psycopg2.connect(self.url)) as connection, connection:
            connection.cursor().execute(sql)

    def tell_all(self, but: str = "") -> None:
        """Tell the whole truth, but of one thing: `customer`, `product`, or the id of an order."""
        if but != "customer":
            self.tell_customer("c-1", email="ada@example.org", firstName="Ada", lastName="Hill",
                               phone="+1 23", birthdayMonth=12, birthdayDay=10)  # fmt: skip
        self.tell_customer("c-2", email="ben@example.org")
        if but != "product":
            self.tell_product()
        for order in ORDERS:
            if order != but:
                self.tell_order(order, *STATUSES[order])

    def tell_customer(self, key: str, **fields: Any) -> None:
        self.sandbox.good("PUT", f"/v1/customers/{key}", fields)

    def tell_product(self, key: str = "7", title: str = "Cup") -> None:
        self.sandbox.good("PUT", f"/v1/products/{key}", {"title": title})
        variants = [{"externalVariantId": "71", "title": "blue"},
                    {"externalVariantId": "72", "title": "red"}]  # fmt: skip
        self.sandbox.good("POST", f"/v1/products/{key}/variants", {"variants": variants})

    def tell_order(self, key: str, *statuses: str, new: str | None = None, **changes: Any) -> None:
        """Tell one of the orders as pending, then each of the statuses; `new`: under another id."""
        told = {"orderNumber": f"N{key}", "currency": "EUR", **ORDERS[key], **changes}
        body = {"id": new or key, "financialStatus": "pending", **told}
        self.sandbox.good("POST", "/v1/orders", body)
        for status in statuses:
            self.tell_status(new or key, status)

    def tell_status(self, key: str, status: str, **changes: Any) -> None:
        body = {"financialStatus": status, **changes}
        self.sandbox.good("PATCH", f"/v1/orders/{key}", body)

    def redeem(self, rule: str = "rule-5-off") -> str:
        """Have c-1 spend points; gives the code."""
        reply = self.sandbox.good("POST", "/sandbox/customers/c-1/redeem", {"ruleId": rule})
        return str(reply["reward"]["couponCode"])

    def make_coupon(self, code: str, **changes: str) -> None:
        """Put a coupon into the shop, right for rule-5-off. Values are SQL."""
        columns = {
            "code": f"'{code}'", "kind": "'fixed'", "value": "5", "currency": "'eur'",
            "customer_id": "'c-1'", "usage_limit": "1", "source": "'influence'",
        } | changes  # fmt: skip
        names, values = ", ".join(columns), ", ".join(columns.values())
        self.run(f"INSERT INTO discount_codes ({names}) VALUES ({values})")

    def doctor(self, sql: str) -> None:
        """Write into the ledger's file behind the sandbox's back."""
        with closing(sqlite3.connect(self.sandbox.ledger)) as db, db:
            db.execute(sql)

    def judge(self) -> Verdict:
        return judging.judge(self.url, self.sandbox.ledger, GO_LIVE)
