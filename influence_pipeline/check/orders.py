"""Orders taken at random: is the money in major units and what was sold, does the status follow it,
do they name customers and products that the other SELECTs give, when were they placed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from statistics import median
from typing import Any

from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Findings, error, note, ok, warning
from influence_pipeline.check.records import FEW, Row, column_place, found_keys, values
from influence_pipeline.platform_api.money import DIGITS
from influence_pipeline.postgres import run
from influence_pipeline.records import Entity
from influence_pipeline.store.mapping import canonical_rows
from influence_pipeline.store.reader import rows_of

_ORDER = Entity.ORDER
# The median of totals from which on whole numbers look like cents: nobody sells for 5 cents.
_LIKE_CENTS = 500
# A whole type is used for cents as a rule, so less is enough there.
_LIKE_CENTS_IN_INTEGERS = 150
# So many orders are enough to miss a paid one among them, and so many to wonder why all are.
_SOME = 5
_MANY = 20


def _minor_units(desk: Desk) -> Findings:
    """Cents for euros, as far as numbers tell."""
    rows = [row for row in values(desk, _ORDER) if _digits(row) >= 2 and _number(row, "total")]
    totals = [_number(row, "total") for row in rows]
    amounts = [total for total in totals if total is not None]
    if len(amounts) < FEW:
        return
    whole = all(amount == amount.to_integral_value() for amount in amounts)
    # A column of a money's scale writes 20 as 20.00; cents have no digits.
    without_digits = all(amount.as_tuple().exponent == 0 for amount in amounts)
    least = _LIKE_CENTS_IN_INTEGERS if _is_integer(desk, "total") else _LIKE_CENTS
    if whole and without_digits and median(amounts) >= least:
        yield error(
            f"every one of {len(amounts):,} totals is a whole number, half of them "
            f"{median(amounts):,.0f} or more: they look like cents",
            where=column_place(desk, _ORDER, "total"),
            why="A hundred times the points would be given.",
            mend="Divide as numeric: total / 100.0 AS total; the same for subtotal, unit_price and "
            "amounts of codes. If the shop does sell in whole units of this size, let it pass: "
            '[check] accept = ["orders.minor_units"].',
        )
    elif whole and len(amounts) >= _MANY and median(amounts) >= 4 * _LIKE_CENTS:
        yield warning(
            f"every one of {len(amounts):,} totals is a whole number, half of them "
            f"{median(amounts):,.0f} or more",
            where=column_place(desk, _ORDER, "total"),
            why="If they are cents, a hundred times the points would be given.",
            mend="Compare one order with the shop's own page; divide cents as numeric: / 100.0.",
        )
    elif not whole and median(amounts) < Decimal("0.5"):
        yield error(
            f"half of {len(amounts):,} totals are {median(amounts):.4f} or less",
            where=column_place(desk, _ORDER, "total"),
            why="Hardly a point would be given.",
            mend="Are they divided by 100 twice, or another column's?",
        )


def _is_integer(desk: Desk, column: str) -> bool:
    rows = canonical_rows(desk.described(_ORDER).mapping)
    with desk.asking() as connection:
        found = run(connection, f"SELECT pg_typeof({column})::text FROM {rows} LIMIT 1").fetchone()
    return found is not None and found[0] in {"smallint", "integer", "bigint"}


def _adds_up(desk: Desk) -> Findings:
    """Totals against the lines they stand for."""
    ratios: list[Decimal] = []
    for row in values(desk, _ORDER):
        total, lines = _number(row, "total"), _lines_total(row)
        if total is not None and total > 0 and lines is not None and lines > 0:
            ratios.append(total / lines)
    if len(ratios) < FEW:
        yield ok("too few orders with lines and prices to compare")
        return
    middle = median(ratios)
    where = column_place(desk, _ORDER, "total")
    if middle > 30 or middle < Decimal(1) / 30:
        side = "a hundred times" if middle > 30 else "a hundredth of"
        yield error(
            f"totals are about {side} what their lines add up to",
            where=where,
            why="One of the two is in cents, the other in major units; points follow the total.",
            mend="Divide what is in cents by 100.0: total, or unit_price inside line_items.",
        )
    elif not Decimal("0.4") < middle < Decimal("2.5"):
        yield warning(
            f"half of the totals are {middle:.2f} times what their lines add up to, or more",
            where=where,
            why="Points follow the total. Is it the order's total, or is a quantity missing?",
            mend="Compare an order with the shop's own page.",
        )
    else:
        yield ok(f"totals are {middle:.2f} times their lines, with shipping, tax and discounts")


def _sane_amounts(desk: Desk) -> Findings:
    rows = values(desk, _ORDER)
    totals = [total for row in rows if (total := _number(row, "total")) is not None]
    where = column_place(desk, _ORDER, "total")
    negative = sum(total < 0 for total in totals)
    if negative:
        yield warning(
            f"{negative:,} of {len(totals):,} totals are below zero",
            where=where,
            why="What the API makes of such an order is not known.",
            mend="Are returns kept as orders? Leave them out with a WHERE.",
        )
    nothing = sum(total == 0 for total in totals)
    if len(totals) >= FEW and nothing / len(totals) > 0.5:
        yield error(
            f"{nothing:,} of {len(totals):,} totals are 0",
            where=where,
            why="No points are given for nothing.",
            mend="Is it the amount that is still open? Take what was sold, before refunds.",
        )
    broken = sum(
        total != total.to_integral_value() and _digits(row) == 0
        for row in rows
        if (total := _number(row, "total")) is not None
    )
    if broken:
        yield warning(
            f"{broken:,} totals have digits that their currency does not have (as JPY)",
            where=where,
            why="They are rounded.",
            mend="Are they in another unit, or is the currency another one?",
        )
    subtotals = [
        (sub, total)
        for row in rows
        if (sub := _number(row, "subtotal")) and (total := _number(row, "total"))
    ]
    if len(subtotals) >= FEW:
        middle = median(sub / total for sub, total in subtotals)
        if middle > 30 or middle < Decimal(1) / 30:
            yield error(
                "subtotals and totals are in different units",
                where=column_place(desk, _ORDER, "subtotal"),
                why="One of the two is in cents.",
                mend="Divide what is in cents by 100.0.",
            )


def _code_amounts(desk: Desk) -> Findings:
    """Discounts against totals, and codes that are several."""
    joined = large = seen = 0
    for row in values(desk, _ORDER):
        total = _number(row, "total")
        for item in row.get("discount_codes") or ():
            seen += 1
            code = item if isinstance(item, str) else str((item or {}).get("code"))
            joined += "," in code or ";" in code
            amount = _decimal(item.get("amount")) if isinstance(item, dict) else None
            large += amount is not None and total is not None and 0 < 20 * total < amount
    where = column_place(desk, _ORDER, "discount_codes")
    if joined:
        yield error(
            f"{joined:,} of {seen:,} discount codes hold a comma or semicolon: several in one text",
            where=where,
            why="A referral or a reward is found by the exact code.",
            mend="Part them: to_jsonb(string_to_array(codes, ',')).",
        )
    if seen and large / seen > 0.2:
        yield error(
            f"{large:,} of {seen:,} codes took off far more than the order's total",
            where=where,
            why="Their amounts are in cents, or another column's.",
            mend="Divide by 100.0.",
        )
    if not seen:
        yield note(
            "no sampled order has used a code",
            where=where,
            why="Referrals are completed, and rewards marked as used, by the codes of orders.",
            mend="If the shop has orders with codes, look at the join to their table.",
        )


def _statuses(desk: Desk) -> Findings:
    found = Counter(str(row.get("financial_status")) for row in values(desk, _ORDER))
    total = sum(found.values())
    if total < _SOME:
        return
    where = column_place(desk, _ORDER, "financial_status")
    if not set(found) & {"paid", "partially_paid", "partially_refunded", "refunded"}:
        yield error(
            f"of {total:,} orders not one was ever paid ({_listed(found)})",
            where=where,
            why="Points are given for paid orders only.",
            mend="The order's own label often stays as it was: take the status from the payments "
            "and refunds (docs/mapping.md has an example).",
        )
    elif set(found) == {"paid"} and total >= _MANY:
        yield warning(
            f"all of {total:,} orders are paid, none is refunded, open or cancelled",
            where=where,
            why="If refunds do not show, their points are never taken back.",
            mend="Let the status follow payments and refunds.",
        )
    else:
        yield ok(_listed(found))


def _listed(found: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in found.most_common(8))


def _currencies(desk: Desk) -> Findings:
    found = Counter(str(row.get("currency")).upper() for row in values(desk, _ORDER))
    coupons = desk.config.coupons
    if not found:
        return
    where = column_place(desk, _ORDER, "currency")
    if coupons is not None and coupons.currency is not None and coupons.currency not in found:
        yield error(
            f"[coupons] currency is {coupons.currency}, and orders are in {_listed(found)}",
            where=desk.place("coupons", "currency"),
            why="A coupon for an amount would be in a money in which nobody buys.",
            mend=f'currency = "{found.most_common(1)[0][0]}"',
        )
    elif len(found) > 1:
        yield note(
            f"orders are in several currencies ({_listed(found)})",
            where=where,
            why="Influence converts nothing that is documented; points follow the number.",
        )
    else:
        yield ok(_listed(found))


def _moments(desk: Desk) -> Findings:
    now = datetime.now(UTC)
    moments = []
    for row in values(desk, _ORDER):
        try:
            moments.append(datetime.fromisoformat(str(row.get("created_at"))).astimezone(UTC))
        except (ValueError, OverflowError):
            continue
    if len(moments) < FEW:
        return
    where = column_place(desk, _ORDER, "created_at")
    ahead = [moment for moment in moments if moment > now + timedelta(minutes=5)]
    if ahead:
        yield error(
            f"{len(ahead):,} of {len(moments):,} orders were placed in the future, up to "
            f"{max(ahead) - now!s:.7} from now",
            where=where,
            why="The cut-over is told by it: the zone is wrong, or it is another column.",
            mend="Write … AT TIME ZONE with the zone in which the column is written.",
        )
    if len(set(moments)) == 1:
        yield error(
            f"all of {len(moments):,} orders were placed at the same moment",
            where=where,
            why="The cut-over is told by it.",
            mend="Take the moment at which the order was placed.",
        )
    if max(moments).year < 1990:
        yield error(
            f"the newest order is of {max(moments).year}",
            where=where,
            why="No order would be sent.",
            mend="Are these milliseconds? to_timestamp(… / 1000.0).",
        )


def _customers(desk: Desk) -> Findings:
    """Orders name customers as the customers' SELECT does."""
    named = [str(row["customer_id"]) for row in values(desk, _ORDER) if row.get("customer_id")]
    total = len(values(desk, _ORDER))
    where = column_place(desk, _ORDER, "customer_id")
    if total >= FEW and not named:
        yield warning(
            f"none of {total:,} orders names a customer",
            where=where,
            why="All would go as guests' orders, by e-mail alone.",
            mend="Give the customer's id AS customer_id, of the same column as the customers' id.",
        )
        return
    found = found_keys(desk, Entity.CUSTOMER, set(named))
    if found is None or len(set(named)) < FEW:
        return
    missing = len(set(named)) - len(found)
    if missing / len(set(named)) > 0.5:
        yield error(
            f"{missing:,} of {len(set(named)):,} customers that orders name are none that the "
            "customers' SELECT gives",
            where=where,
            why="Such an order goes as a guest's.",
            mend="Do both give the same id? (A user's and a customer's id are often two things.)",
        )
    elif missing:
        yield note(
            f"{missing:,} of {len(set(named)):,} customers that orders name are not given",
            where=where,
            why="Their orders go as guests' orders, by e-mail.",
        )


def _emails_agree(desk: Desk) -> Findings:
    """The customer that an order names should be who wrote the order's e-mail."""
    rows = [row for row in values(desk, _ORDER) if row.get("customer_id") and row.get("email")]
    if len(rows) < FEW:
        return
    described = desk.described(Entity.CUSTOMER)
    with desk.asking() as connection:
        customers, _ = rows_of(
            connection, described, sorted({str(row["customer_id"]) for row in rows})
        )
    emails = {row.key: str(row.values.get("email")).strip().lower() for row in customers}
    pairs = [
        (emails[str(row["customer_id"])], str(row["email"]).strip().lower())
        for row in rows
        if str(row["customer_id"]) in emails
    ]
    other = sum(one != two for one, two in pairs)
    if len(pairs) >= FEW and other / len(pairs) > 0.5:
        yield error(
            f"{other:,} of {len(pairs):,} orders have another e-mail than the customer they name",
            where=column_place(desk, _ORDER, "customer_id"),
            why="Points would go to the wrong people.",
            mend="Does customer_id hold the same id as the customers' SELECT gives?",
        )


def _products(desk: Desk) -> Findings:
    """Lines name products and variants as the products' SELECT does."""
    for key, words in (("product_id", "products"), ("variant_id", "variants")):
        named = {
            str(item[key])
            for row in values(desk, _ORDER)
            for item in row.get("line_items") or ()
            if isinstance(item, dict) and item.get(key) is not None
        }
        if len(named) < FEW:
            continue
        if key == "product_id":
            found = found_keys(desk, Entity.PRODUCT, named)
        else:
            found = named & {
                str(item.get("id"))
                for row in values(desk, Entity.PRODUCT)
                for item in row.get("variants") or ()
                if isinstance(item, dict)
            }
        if found is not None and not found:
            yield error(
                f"none of {len(named):,} {words} on orders' lines is one that the products' SELECT "
                "gives",
                where=column_place(desk, _ORDER, "line_items"),
                why="No product rule would ever apply.",
                mend=f"Let '{key}' in line_items be the id that products give.",
            )


def _guests(desk: Desk) -> Findings:
    rows = values(desk, _ORDER)
    nobody = [row for row in rows if not row.get("customer_id") and not row.get("email")]
    if nobody and len(nobody) / len(rows) > 0.05:
        yield warning(
            f"{len(nobody):,} of {len(rows):,} orders have neither a customer nor an e-mail",
            where=column_place(desk, _ORDER, "email"),
            why="Nobody can be credited: they are parked.",
            mend="Take the e-mail from the address or the payment, or leave these orders out.",
        )


def _lines(desk: Desk) -> Findings:
    rows = values(desk, _ORDER)
    if len(rows) < FEW or "line_items" not in rows[0]:
        return
    without = sum(not row.get("line_items") for row in rows)
    if without / len(rows) > 0.5:
        yield error(
            f"{without:,} of {len(rows):,} orders have no lines",
            where=column_place(desk, _ORDER, "line_items"),
            why="Product rules go by them.",
            mend="Is the join to the lines' table right?",
        )
    numbers = Counter(str(row["number"]) for row in rows if row.get("number"))
    if any(count > 1 for count in numbers.values()):
        yield warning(
            "two orders have the same number",
            where=column_place(desk, _ORDER, "number"),
            why="Are sub-orders or versions counted as orders? Then their points are given twice.",
            mend="Leave out what is part of another order with a WHERE.",
        )


def _digits(row: Row) -> int:
    return DIGITS.get(str(row.get("currency")).upper(), 2)


def _number(row: Row, column: str) -> Decimal | None:
    return _decimal(row.get(column))


def _decimal(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _lines_total(row: Row) -> Decimal | None:
    total = Decimal(0)
    for item in row.get("line_items") or ():
        price = _decimal(item.get("unit_price")) if isinstance(item, dict) else None
        quantity = _decimal(item.get("quantity")) if isinstance(item, dict) else None
        if price is None or quantity is None:
            return None
        total += price * quantity
    return total


_BOTH = ("orders.transform", "customers.transform")
_LOOKS: tuple[tuple[str, str, Callable[[Desk], Findings], tuple[str, ...]], ...] = (
    ("minor_units", "totals are in major units", _minor_units, ("orders.transform",)),
    ("totals", "totals fit their lines", _adds_up, ("orders.transform",)),
    ("amounts", "amounts are amounts", _sane_amounts, ("orders.transform",)),
    ("codes", "each discount code stands alone", _code_amounts, ("orders.transform",)),
    ("statuses", "the status follows the money", _statuses, ("orders.transform",)),
    ("currency", "currencies fit", _currencies, ("orders.transform",)),
    ("placed", "orders were placed in the past", _moments, ("orders.transform",)),
    ("customers", "orders name customers that are given", _customers, _BOTH),
    ("emails", "orders and their customers agree", _emails_agree, _BOTH),
    (
        "products",
        "lines name products that are given",
        _products,
        ("orders.transform", "products.transform"),
    ),
    ("guests", "somebody can be credited for each order", _guests, ("orders.transform",)),
    ("lines", "orders have lines", _lines, ("orders.transform",)),
)
CHECKS = tuple(
    Check(f"orders.{name}", promise, look, after) for name, promise, look, after in _LOOKS
)
