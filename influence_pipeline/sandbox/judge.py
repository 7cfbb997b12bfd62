"""The independent judge: does the sandbox's ledger say what the sample store says?

It reads the store's tables and the ledger's file (docs/sandbox.md), and nothing of the pipeline:
not its code, its state or its mapping. So it can tell that an order was lost or awarded twice,
which the pipeline's own books could not. Used by the demo and the fault tests.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extras

_FILE = (Path(__file__).parent / "judge.sql").read_text(encoding="utf-8")
_PARTS = re.split(r"(?m)^-- name: (\w+)\s*$", _FILE)
_STORE = {
    name: query.replace(":go_live", "%(go_live)s")
    for name, query in zip(_PARTS[1::2], _PARTS[2::2], strict=True)
}


@dataclass(frozen=True)
class Difference:
    """One thing on which store and ledger do not agree: which record, and what about it."""

    entity: str
    key: str
    what: str

    def __str__(self) -> str:
        return f"{self.entity} {self.key}: {self.what}"


@dataclass(frozen=True)
class Verdict:
    """The differences, and how many records of each entity were compared."""

    differences: tuple[Difference, ...]
    compared: dict[str, int]

    def __str__(self) -> str:
        compared = ", ".join(f"{count:,} {entity}" for entity, count in self.compared.items())
        return f"{len(self.differences)} differences ({compared} compared)"


def compare(store_url: str, ledger: Path, *, go_live: datetime) -> Verdict:
    """Compare the sample store with the sandbox's ledger, which holds no order before `go_live`."""
    store = _read_store(store_url, go_live)
    books = _read_ledger(ledger)
    differences = [
        *_customers(store["customers"], books["customers"]),
        *_products(store["products"], books["products"], books["variants"]),
        *_orders(store["orders"], books["orders"], books["movements"], books["posts"]),
        *_coupons(store["coupons"], store["used_codes"], books["rewards"]),
    ]
    compared = {entity: len(store[entity]) for entity in ("customers", "products", "orders")}
    compared["coupons"] = len(books["rewards"])
    return Verdict(tuple(differences), compared)


def _read_store(url: str, go_live: datetime) -> dict[str, list[dict[str, Any]]]:
    with psycopg2.connect(url) as connection:
        connection.set_session(readonly=True, isolation_level="REPEATABLE READ")
        found = {}
        for name, query in _STORE.items():
            with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute(query, {"go_live": go_live})
                found[name] = [dict(row) for row in cursor]
    connection.close()
    return found


def _read_ledger(file: Path) -> dict[str, list[dict[str, Any]]]:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        return {
            name: [dict(row) for row in connection.execute(query)]
            for name, query in {
                "customers": "SELECT * FROM customers",
                "products": "SELECT * FROM products",
                "variants": "SELECT * FROM variants",
                "orders": "SELECT * FROM orders",
                "movements": "SELECT * FROM movements",
                "rewards": "SELECT * FROM rewards",
                # Whatever was answered: a POST that was worked off is a POST.
                "posts": "SELECT key, count(*) AS times FROM calls WHERE method = 'POST' "
                "AND path = '/v1/orders' AND outcome BETWEEN 200 AND 299 GROUP BY key",
            }.items()
        }
    finally:
        connection.close()


def _customers(store: list[dict[str, Any]], books: list[dict[str, Any]]) -> Iterator[Difference]:
    known = {row["customer_id"]: json.loads(row["fields"]) for row in books}
    for row in store:
        fields = known.get(row["id"])
        if fields is None:
            yield Difference("customer", row["id"], "is in the store and not in the ledger")
            continue
        for ours, theirs in (
            ("email", "email"),
            ("first_name", "firstName"),
            ("last_name", "lastName"),
        ):
            if row[ours] != fields.get(theirs):
                yield Difference("customer", row["id"], f"{theirs} differs")


def _products(
    store: list[dict[str, Any]], books: list[dict[str, Any]], variants: list[dict[str, Any]]
) -> Iterator[Difference]:
    known = {row["product_id"]: json.loads(row["fields"]) for row in books}
    listed: dict[str, list[str]] = {}
    for row in variants:
        listed.setdefault(row["product_id"], []).append(row["variant_id"])
    for row in store:
        fields = known.get(row["id"])
        if fields is None:
            yield Difference("product", row["id"], "is in the store and not in the ledger")
            continue
        if row["title"] != fields.get("title"):
            yield Difference("product", row["id"], "title differs")
        if row["variants"] and row["variants"] != sorted(listed.get(row["id"], [])):
            yield Difference("product", row["id"], "its variants differ")


def financial_status(order: dict[str, Any]) -> str:
    """Say where an order's money is, from the sums of its payments and refunds."""
    if order["refunded"] > 0:
        return "refunded" if order["refunded"] >= order["captured"] else "partially_refunded"
    if order["status"] == "canceled":
        return "voided"
    if order["status"] == "expired":
        return "expired"
    if order["captured"] > 0:
        return "paid" if order["captured"] >= order["total"] else "partially_paid"
    return "authorized" if order["authorized"] > 0 else "pending"


def _orders(
    store: list[dict[str, Any]],
    books: list[dict[str, Any]],
    movements: list[dict[str, Any]],
    posts: list[dict[str, Any]],
) -> Iterator[Difference]:
    known = {row["order_id"]: row for row in books}
    posted = {row["key"]: row["times"] for row in posts}
    awards = Counter(m["order_id"] for m in movements if m["kind"] == "award")
    deductions = Counter(m["order_id"] for m in movements if m["kind"] == "deduction")
    for order in store:
        key = order["id"]
        book = known.pop(key, None)
        if book is None:
            yield Difference("order", key, "is in the store and not in the ledger")
            continue
        fields = json.loads(book["fields"])
        wanted = financial_status(order)
        if book["financial_status"] != wanted:
            yield Difference("order", key, f"is {book['financial_status']}, must be {wanted}")
        if Decimal(book["total_price"]) != order["total"] or book["currency"] != order["currency"]:
            yield Difference("order", key, "its total or currency differs")
        if book["email"] != order["email"]:
            yield Difference("order", key, "its e-mail differs")
        buyer = None if order["not_a_customer"] else order["customer_id"]
        if book["customer_id"] != buyer:
            yield Difference("order", key, "its customer differs")
        codes = sorted(code["code"] for code in fields.get("discountCodes", []))
        if codes != order["codes"]:
            yield Difference("order", key, "its discount codes differ")
        if len(fields.get("lineItems", [])) != order["lines"]:
            yield Difference("order", key, "its line items differ")
        if posted.get(key, 0) != 1 or book["copies"] != 1:
            yield Difference("order", key, f"was created {posted.get(key, 0)} times")
        if awards[key] > 1:
            yield Difference("order", key, f"was awarded {awards[key]} times")
        if (
            wanted == "paid"
            and awards[key] == 0
            and book["points_awarded"] == 0
            and order["total"] >= 1
            and buyer
        ):
            yield Difference("order", key, "is paid and was never awarded")
        if deductions[key] > 1:
            yield Difference("order", key, f"was deducted {deductions[key]} times")
    for key in known:
        yield Difference("order", key, "was placed before the go-live, or never, and was sent")


def _coupons(
    store: list[dict[str, Any]], used_codes: list[dict[str, Any]], books: list[dict[str, Any]]
) -> Iterator[Difference]:
    made = {row["code"]: row for row in store}
    used = {row["code"] for row in used_codes}
    for reward in books:
        code = reward["coupon_code"]
        coupon = made.pop(code, None)
        if coupon is None:
            yield Difference("coupon", code, "was paid for with points and is not in the store")
        elif coupon["customer_id"] != reward["customer_id"]:
            yield Difference("coupon", code, "belongs to another customer")
        if (code in used) != (reward["state"] == "used"):
            yield Difference("coupon", code, "is not told as used, or told without having been")
    for code in made:
        yield Difference("coupon", code, "is in the store and nobody redeemed it")
