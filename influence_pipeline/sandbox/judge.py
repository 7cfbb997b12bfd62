"""The independent judge: does the sandbox's ledger say what the sample store says?

A program of its own: `python -I judge.py --store URL --ledger FILE` (docs/sandbox.md). It reads the
store's tables and the ledger's file and nothing of the pipeline: not its code (this file imports
none of it), its state or its mapping. So it can tell that an order was lost or awarded twice, which
the pipeline's own books could not. Every difference is of one kind:

    lost     the store has it, and the ledger does not
    doubled  the ledger, or the store, has it more than once
    wrong    both have it, and they do not say the same of it
    forged   nothing in the store, or no redemption, calls for it
"""

from __future__ import annotations

import argparse
import json
import re
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any, Literal

import psycopg2
import psycopg2.extras

AGREE, DIFFER, CANNOT_JUDGE = 0, 1, 2

Kind = Literal["lost", "doubled", "wrong", "forged"]
Row = dict[str, Any]

_FILE = (Path(__file__).parent / "judge.sql").read_text(encoding="utf-8")
_PARTS = re.split(r"(?m)^-- name: (\w+)\s*$", _FILE)
_STORE = {
    name: query.replace(":go_live", "%(go_live)s")
    for name, query in zip(_PARTS[1::2], _PARTS[2::2], strict=True)
}
_LEDGER = {
    "customers": "SELECT customer_id, fields FROM customers",
    "products": "SELECT product_id, fields FROM products",
    "variants": "SELECT product_id, variant_id, fields FROM variants",
    "orders": "SELECT * FROM orders",
    "movements": "SELECT * FROM movements ORDER BY id",
    "rewards": "SELECT * FROM rewards",
    # Whatever was answered: a POST that was worked off is a POST.
    "told": "SELECT id, method, key, body FROM calls WHERE entity = 'order' "
    "AND method IN ('POST', 'PATCH') AND outcome BETWEEN 200 AND 299 ORDER BY id",
    "rules": "SELECT value FROM live_settings WHERE name = 'rules'",
}
# What a reward of the ledger is in the store's words. Others are worth what the merchant says.
_KINDS = {
    "fixedamountdiscount": "fixed",
    "amountdiscount": "fixed",
    "percentageoff": "percentage",
    "freeshipping": "free_shipping",
    "productdiscount": "product",
}


@dataclass(frozen=True)
class Difference:
    """One thing on which store and ledger do not agree: of which kind, which record, and what."""

    kind: Kind
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
        compared = ", ".join(_counted(count, what) for what, count in self.compared.items())
        return f"{_counted(len(self.differences), 'differences')} ({compared} compared)"

    @property
    def lost(self) -> int:
        """How many records are lost; so with the other kinds."""
        return self._records("lost")

    @property
    def doubled(self) -> int:
        return self._records("doubled")

    @property
    def wrong(self) -> int:
        return self._records("wrong")

    @property
    def forged(self) -> int:
        return self._records("forged")

    def _records(self, kind: Kind) -> int:
        return len({(d.entity, d.key) for d in self.differences if d.kind == kind})


def _counted(number: int, things: str) -> str:
    return f"{number:,} {things.removesuffix('s') if number == 1 else things}"


def compare(store_url: str, ledger: Path, *, go_live: datetime | None = None) -> Verdict:
    """Compare the sample store with the sandbox's ledger, which must hold no order of before
    `go_live`. Raises psycopg2.Error or sqlite3.Error where one of them cannot be read."""
    store = _read_store(store_url, go_live)
    books = _read_ledger(ledger)
    differences = [
        *_customers(store["customers"], books["customers"]),
        *_products(store["products"], books["products"], books["variants"]),
        *_orders(store["orders"], books),
        *_points_given(books["movements"]),
        *_coupons(store["coupons"], store["used_codes"], books["rewards"]),
    ]
    compared = {
        "customers": sum(row["due"] for row in store["customers"]),
        "products": sum(row["due"] for row in store["products"]),
        "orders": len(store["orders"]),
        "coupons": len(books["rewards"]),
    }
    return Verdict(tuple(differences), compared)


def _read_store(url: str, go_live: datetime | None) -> dict[str, list[Row]]:
    found = {}
    with closing(psycopg2.connect(url)) as connection:
        connection.set_session(readonly=True, isolation_level="REPEATABLE READ")
        for name, query in _STORE.items():
            with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute(query, {"go_live": go_live or "-infinity"})
                found[name] = [dict(row) for row in cursor]
    return found


def _read_ledger(file: Path) -> dict[str, list[Row]]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")
        return {name: [dict(r) for r in connection.execute(q)] for name, q in _LEDGER.items()}


def _unlike(entity: str, key: str, pairs: dict[str, tuple[object, object]]) -> Iterator[Difference]:
    for name, (ours, theirs) in pairs.items():
        if ours != theirs:
            yield Difference("wrong", entity, key, f"{name} differs")


# -- customers and products ------------------------------------------------------------------------


def _customers(store: list[Row], books: list[Row]) -> Iterator[Difference]:
    known = {row["customer_id"]: json.loads(row["fields"]) for row in books}
    for row in store:
        key = row["id"]
        fields = known.pop(key, None)
        if not row["due"]:
            continue  # what was told of who is gone now stays as it was
        if fields is None:
            yield Difference("lost", "customer", key, "is in the store and not in the ledger")
            continue
        pairs = {
            "email": (row["email"], fields.get("email")),
            "firstName": (row["first_name"], fields.get("firstName")),
            "lastName": (row["last_name"], fields.get("lastName")),
            "phone": (row["phone"], fields.get("phone")),
            "birthday": (
                (row["birthday_month"], row["birthday_day"]),
                (fields.get("birthdayMonth"), fields.get("birthdayDay")),
            ),
        }
        yield from _unlike("customer", key, pairs)
    for key in known:
        yield Difference("forged", "customer", key, "was told and never was in the store")


def _products(store: list[Row], books: list[Row], variants: list[Row]) -> Iterator[Difference]:
    known = {row["product_id"]: json.loads(row["fields"]) for row in books}
    listed: dict[str, list[list[str | None]]] = defaultdict(list)
    for row in variants:
        told = json.loads(row["fields"])
        listed[row["product_id"]].append([row["variant_id"], told.get("title")])
    for row in store:
        key = row["id"]
        fields = known.pop(key, None)
        if not row["due"]:
            continue
        if fields is None:
            yield Difference("lost", "product", key, "is in the store and not in the ledger")
            continue
        yield from _unlike("product", key, {"title": (row["title"], fields.get("title"))})
        # An empty list is never sent: the API refuses it.
        if row["variants"] and sorted(row["variants"]) != sorted(listed[key]):
            yield Difference("wrong", "product", key, "its variants differ")
    for key in known:
        yield Difference("forged", "product", key, "was told and never was in the store")


# -- orders and their points -----------------------------------------------------------------------


def financial_status(order: Row) -> str:
    """Say where an order's money is, from the sums of its payments and refunds. Its own status is
    asked only where no money has moved."""
    if order["refunded"] > 0:
        return "refunded" if order["refunded"] >= order["captured"] else "partially_refunded"
    if order["captured"] > 0:
        return "paid" if order["captured"] >= order["total"] else "partially_paid"
    if order["status"] in {"canceled", "expired"}:
        return "voided" if order["status"] == "canceled" else "expired"
    if order["authorized"] > 0:
        return "authorized"
    if order["any_voided"]:
        return "voided"
    return "paid" if order["total"] == 0 else "pending"


class _Told:
    """What the API was told of orders, call by call: how often each was created, and what each
    call left standing."""

    def __init__(self, calls: list[Row]) -> None:
        self.posts: dict[str, int] = defaultdict(int)
        self.after: dict[int, Row] = {}
        self.values: dict[str, list[Row]] = defaultdict(list)
        standing: dict[str, Row] = defaultdict(dict)
        for call in calls:
            key = call["key"]
            self.posts[key] += call["method"] == "POST"
            standing[key] = standing[key] | json.loads(call["body"] or b"{}")
            self.after[call["id"]] = standing[key]
            self.values[key].append(standing[key])

    def ever(self, key: str, field: str) -> set[Any]:
        return {values.get(field) for values in self.values[key]}


class _Program:
    """The loyalty program as the ledger has it: what an order is worth."""

    def __init__(self, rules: list[Row]) -> None:
        set_live = json.loads(rules[0]["value"]) if rules else {}
        self.by_share = set_live.get("partialRefund", "nothing") == "share"
        self._per_unit = Decimal(set_live.get("pointsPerUnit", "1"))
        self._factors = set_live.get("currencyFactors", {})
        self._amount = set_live.get("amount", "totalPrice")

    def points(self, told: Row) -> int | None:
        """The points for what was told of an order; None where its amount was not told so."""
        amount = told.get(self._amount) or told.get("totalPrice")
        if amount is None:
            return None
        factor = Decimal(self._factors.get(told.get("currency"), "1"))
        return int((Decimal(amount) * self._per_unit * factor).to_integral_value(ROUND_FLOOR))

    def of(self, order: Row) -> int:
        """The points for an order as it is in the store."""
        amounts = {"totalPrice": order["total"], "subtotalPrice": order["subtotal"]}
        told = {name: str(amount) for name, amount in amounts.items()}
        return self.points({**told, "currency": order["currency"]}) or 0


def _orders(store: list[Row], books: dict[str, list[Row]]) -> Iterator[Difference]:
    known = {row["order_id"]: row for row in books["orders"]}
    told = _Told(books["told"])
    program = _Program(books["rules"])
    moved: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for movement in books["movements"]:
        moved[movement["order_id"], movement["kind"]].append(movement)
    for order in store:
        key = order["id"]
        book = known.pop(key, None)
        if book is None:
            yield Difference("lost", "order", key, "is in the store and not in the ledger")
            continue
        if told.posts[key] != 1 or book["copies"] != 1:
            many = max(told.posts[key], book["copies"])
            kind: Kind = "doubled" if many > 1 else "forged"
            yield Difference(kind, "order", key, f"was created {told.posts[key]} times")
        yield from _content(order, book)
        awards, deductions = moved[key, "award"], moved[key, "deduction"]
        yield from _awards(order, awards, told, program)
        yield from _deductions(order, awards, deductions, program)
    for key in known:
        what = "was placed before the go-live, or never, and was sent"
        yield Difference("forged", "order", key, what)


def _content(order: Row, book: Row) -> Iterator[Difference]:
    key, fields = order["id"], json.loads(book["fields"])
    wanted = financial_status(order)
    if book["financial_status"] != wanted:
        what = f"is {book['financial_status']}, must be {wanted}"
        yield Difference("wrong", "order", key, what)
    if Decimal(book["total_price"]) != order["total"] or book["currency"] != order["currency"]:
        yield Difference("wrong", "order", key, "its total or currency differs")
    buyer = None if order["not_a_customer"] else order["customer_id"]
    lines = [
        [line.get(name) for name in ("productId", "variantId", "title", "quantity", "price")]
        for line in fields.get("lineItems", [])
    ]
    pairs: dict[str, tuple[object, object]] = {
        "its number": (order["number"], fields.get("orderNumber")),
        "its subtotal": (order["subtotal"], Decimal(book["subtotal_price"] or 0)),
        "its e-mail": (order["email"], book["email"]),
        "its customer": (buyer, book["customer_id"]),
    }
    yield from _unlike("order", key, pairs)
    if sorted(code["code"] for code in fields.get("discountCodes", [])) != order["codes"]:
        yield Difference("wrong", "order", key, "its discount codes differ")
    if _comparable(lines) != _comparable(order["lines"]):
        yield Difference("wrong", "order", key, "its line items differ")


def _comparable(lines: list[list[Any]]) -> list[str]:
    return sorted(str([*line[:3], line[3], Decimal(line[4] or 0).normalize()]) for line in lines)


def _awards(order: Row, awards: list[Row], told: _Told, program: _Program) -> Iterator[Difference]:
    key = order["id"]
    buyer = None if order["not_a_customer"] else order["customer_id"]
    if len(awards) > 1:
        yield Difference("doubled", "order", key, f"was awarded {len(awards)} times")
    if not awards:
        if financial_status(order) == "paid" and buyer and program.of(order) >= 1:
            yield Difference("lost", "order", key, "is paid and was never awarded")
        return
    if order["captured"] < order["total"]:
        yield Difference("forged", "order", key, "was awarded and is not paid")
    # An order that changed is worth what it was when it was awarded.
    same_amount = len(told.ever(key, "totalPrice")) == 1
    same_buyer = len(told.ever(key, "customerId")) == 1
    for award in awards:
        then = told.after.get(award["call_id"], {})
        due = program.of(order) if same_amount else program.points(then)
        if due is not None and award["points"] != due:
            what = f"was awarded {award['points']} points, must be {due}"
            yield Difference("wrong", "order", key, what)
        if award["customer_id"] != (order["customer_id"] if same_buyer else then.get("customerId")):
            yield Difference("wrong", "order", key, "its points went to another customer")


def _deductions(
    order: Row, awards: list[Row], deductions: list[Row], program: _Program
) -> Iterator[Difference]:
    key, status = order["id"], financial_status(order)
    awarded = sum(award["points"] for award in awards)
    deducted = -sum(deduction["points"] for deduction in deductions)
    if program.by_share:
        if status == "refunded" and deducted != awarded:
            what = f"{deducted} of its {awarded} points were taken back, must be all"
            yield Difference("wrong", "order", key, what)
        return
    if len(deductions) > 1:
        yield Difference("doubled", "order", key, f"was deducted {len(deductions)} times")
    if deductions and status != "refunded":
        yield Difference("forged", "order", key, "was deducted and not refunded")
    elif awards and status == "refunded" and not deductions:
        yield Difference("lost", "order", key, "is refunded and was never deducted")
    elif len(awards) == len(deductions) == 1 and deducted != awarded:
        what = f"{deducted} of its {awarded} points were taken back, must be all"
        yield Difference("wrong", "order", key, what)


def _points_given(movements: list[Row]) -> Iterator[Difference]:
    """Points that a caller of the API moved by hand: no sync has a reason to."""
    for movement in movements:
        if movement["kind"] == "manual" and movement["call_id"] is not None:
            what = f"was given {movement['points']} points by a call"
            yield Difference("forged", "customer", movement["customer_id"], what)


# -- coupons ---------------------------------------------------------------------------------------


def _coupons(store: list[Row], used_codes: list[Row], books: list[Row]) -> Iterator[Difference]:
    made: dict[str, list[Row]] = defaultdict(list)
    for row in store:
        made[row["any_case"]].append(row)
    used = {row["code"] for row in used_codes}
    for reward in books:
        code = reward["coupon_code"]
        found = made.pop(code.lower(), [])
        exact = [coupon for coupon in found if coupon["code"] == code]
        if not exact:
            what = "was paid for with points and is not in the store"
            yield Difference("lost", "coupon", code, what)
        if len(found) > 1:
            what = f"is in the store {len(found)} times"
            yield Difference("doubled", "coupon", code, what)
        for coupon in exact:
            yield from _worth(coupon, reward, used=code in used)
        if code in used and reward["state"] != "used":
            yield Difference("lost", "coupon", code, "was used and is not told as used")
        if code not in used and reward["state"] == "used":
            yield Difference("forged", "coupon", code, "is told as used and was not")
    for coupon in (one for rows in made.values() for one in rows if one["from_influence"]):
        what = "is in the store and nobody redeemed it"
        yield Difference("forged", "coupon", coupon["code"], what)


def _worth(coupon: Row, reward: Row, *, used: bool) -> Iterator[Difference]:
    code = reward["coupon_code"]
    if reward["customer_id"] not in {None, coupon["customer_id"]}:
        yield Difference("wrong", "coupon", code, "belongs to another customer")
    kind = _KINDS.get(reward["reward_type"], coupon["kind"])
    if coupon["kind"] != kind:
        what = f"takes off {coupon['kind']}, must be {kind}"
        yield Difference("wrong", "coupon", code, what)
    worth = reward["discount_value"]
    if (
        kind in {"fixed", "percentage"}
        and worth is not None
        and coupon["value"] != Decimal(str(worth))
    ):
        what = f"is worth {coupon['value']}, must be {worth:g}"
        yield Difference("wrong", "coupon", code, what)
    if coupon["usage_limit"] != 1:
        yield Difference("wrong", "coupon", code, "can be used more than once, or never")
    if coupon["expired"] and not used:
        yield Difference("wrong", "coupon", code, "can be used no more")


# -- the program -----------------------------------------------------------------------------------


class CannotJudgeError(Exception):
    """The store or the ledger cannot be read; says which and why, and nothing of a URL."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge once: 0 where both agree, 1 where they differ, 2 where one cannot be read. Or judge
    what is asked for, line by line, until there is no more."""
    parser = argparse.ArgumentParser(
        prog="judge.py", description="Compare the sample store with the sandbox's ledger."
    )
    parser.add_argument("--store", metavar="URL", help="the sample store's database")
    parser.add_argument("--ledger", metavar="FILE", help="the sandbox's SQLite file")
    parser.add_argument("--go-live", metavar="T", help="earlier orders must not have been sent")
    parser.add_argument("--json", action="store_true", help="say it as one JSON object")
    parser.add_argument(
        "--requests",
        action="store_true",
        help='judge for each line of stdin, {"store": …, "ledger": …, "go_live": …}; a line each',
    )
    given = parser.parse_args(arguments)
    if given.requests:
        for line in sys.stdin:
            print(_answer(json.loads(line)), flush=True)
        return AGREE
    if not given.store or not given.ledger:
        parser.error("--store and --ledger are needed")
    try:
        verdict = _judge(given.store, given.ledger, given.go_live)
    except CannotJudgeError as error:
        print(error, file=sys.stderr)
        return CANNOT_JUDGE
    if given.json:
        print(_as_json(verdict))
    else:
        for difference in verdict.differences:
            print(f"{difference.kind}: {difference}")
        print(verdict)
    return DIFFER if verdict.differences else AGREE


def _judge(store: str, ledger: str, go_live: str | None) -> Verdict:
    since = datetime.fromisoformat(go_live) if go_live else None
    try:
        return compare(store, Path(ledger), go_live=since)
    except psycopg2.Error as error:
        # The driver's own words may show a part of the URL.
        words = f"the store cannot be read: {type(error).__name__} {error.pgcode or ''}"
        raise CannotJudgeError(words.rstrip()) from None
    except sqlite3.Error as error:
        raise CannotJudgeError(f"the ledger {ledger} cannot be read: {error}") from None


def _as_json(verdict: Verdict) -> str:
    counts = {kind: getattr(verdict, kind) for kind in ("lost", "doubled", "wrong", "forged")}
    return json.dumps(asdict(verdict) | counts)


def _answer(asked: dict[str, str]) -> str:
    try:
        return _as_json(_judge(asked["store"], asked["ledger"], asked.get("go_live")))
    except CannotJudgeError as error:
        return json.dumps({"error": str(error)})


if __name__ == "__main__":
    sys.exit(main())
