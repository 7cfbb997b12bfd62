"""Amounts of orders taken at random: in major units, and what was sold."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal, InvalidOperation
from statistics import median
from typing import Any

from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Findings, error, note, ok, warning
from influence_pipeline.check.records import FEW, Row, column_place, values
from influence_pipeline.platform_api.money import DIGITS
from influence_pipeline.postgres import run
from influence_pipeline.records import Entity
from influence_pipeline.store.mapping import canonical_rows

_ORDER = Entity.ORDER
# The median of totals from which on whole numbers look like cents: nobody sells for 5 cents.
_LIKE_CENTS = 500
# A whole type is used for cents as a rule, so less is enough there.
_LIKE_CENTS_IN_INTEGERS = 150
# So many orders are enough to wonder why all are whole.
_MANY = 20
# Of these one buys something; of others it takes dozens, and of some thousands.
_LARGE_UNITS = frozenset(
    "AUD BGN BHD CAD CHF EUR GBP JOD KWD NZD OMR SGD TND USD".split()  # noqa: SIM905
)
_SMALL_UNITS = frozenset(
    "AMD ARS COP CRC HUF IDR IQD IRR KHR KZT LAK LBP MMK MNT NGN PKR RSD TZS UZS".split()  # noqa: SIM905
)
_LIKE_CENTS_OF_MIDDLE_UNITS = 20_000
_LIKE_CENTS_OF_SMALL_UNITS = 5_000_000


def _minor_units(desk: Desk) -> Findings:
    """Cents for euros, as far as numbers tell; each currency by itself."""
    by_currency: dict[str, list[Decimal]] = defaultdict(list)
    for row in values(desk, _ORDER):
        total = _number(row, "total")
        if total and _digits(row) >= 2:
            by_currency[str(row.get("currency")).upper()].append(total)
    integer = _is_integer(desk, "total")
    for currency, amounts in by_currency.items():
        if len(amounts) >= FEW:
            yield from _like_cents(desk, currency, amounts, integer=integer)


def _like_cents(desk: Desk, currency: str, amounts: list[Decimal], *, integer: bool) -> Findings:
    middle = median(amounts)
    whole = all(amount == amount.to_integral_value() for amount in amounts)
    # A column of a money's scale writes 20 as 20.00; cents have no digits.
    without_digits = all(amount.as_tuple().exponent == 0 for amount in amounts)
    if currency in _LARGE_UNITS:
        least, surely = _LIKE_CENTS, True
    else:
        # Where a unit buys little, whole numbers of some thousands are prices like any other.
        small = currency in _SMALL_UNITS
        least = _LIKE_CENTS_OF_SMALL_UNITS if small else _LIKE_CENTS_OF_MIDDLE_UNITS
        surely = False
    if integer and surely:
        least = _LIKE_CENTS_IN_INTEGERS
    where = column_place(desk, _ORDER, "total")
    if whole and without_digits and middle >= least:
        yield error(
            f"every one of {len(amounts):,} totals in {currency} is a whole number, half of them "
            f"{middle:,.0f} or more: they look like cents",
            where=where,
            why="A hundred times the points would be given.",
            mend="Divide as numeric: total / 100.0 AS total; the same for subtotal, unit_price and "
            "amounts of codes. If the shop does sell in whole units of this size, let it pass: "
            '[check] accept = ["orders.minor_units"].',
        )
    elif whole and surely and len(amounts) >= _MANY and middle >= 2 * _LIKE_CENTS:
        yield warning(
            f"every one of {len(amounts):,} totals in {currency} is a whole number, half of them "
            f"{middle:,.0f} or more",
            where=where,
            why="If they are cents, a hundred times the points would be given.",
            mend="Compare one order with the shop's own page; divide cents as numeric: / 100.0.",
        )
    elif not whole and middle < Decimal("0.5"):
        yield error(
            f"half of {len(amounts):,} totals in {currency} are {middle:.4f} or less",
            where=where,
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
    elif not Decimal("0.6") < middle < Decimal("2.5"):
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
    joined = large = negative = seen = 0
    for row in values(desk, _ORDER):
        total = _number(row, "total")
        for item in row.get("discount_codes") or ():
            seen += 1
            code = item if isinstance(item, str) else str((item or {}).get("code"))
            joined += "," in code or ";" in code
            amount = _decimal(item.get("amount")) if isinstance(item, dict) else None
            negative += amount is not None and amount < 0
            large += amount is not None and total is not None and 0 < 20 * total < amount
    where = column_place(desk, _ORDER, "discount_codes")
    if joined:
        yield error(
            f"{joined:,} of {seen:,} discount codes hold a comma or semicolon: several in one text",
            where=where,
            why="A referral or a reward is found by the exact code.",
            mend="Part them: to_jsonb(string_to_array(codes, ',')).",
        )
    if negative:
        yield warning(
            f"{negative:,} of {seen:,} codes took off less than nothing",
            where=where,
            why="An amount is what a code took off, above 0.",
            mend="Turn the sign: -amount.",
        )
    if seen and large / seen > 0.2:
        yield error(
            f"{large:,} of {seen:,} codes took off far more than the order's total",
            where=where,
            why="Their amounts are in cents, or another column's.",
            mend="Divide by 100.0.",
        )
    if not seen and values(desk, _ORDER) and "discount_codes" in values(desk, _ORDER)[0]:
        yield note(
            "no sampled order has used a code",
            where=where,
            why="Referrals are completed, and rewards marked as used, by the codes of orders.",
            mend="If the shop has orders with codes, look at the join to their table.",
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


CHECKS = tuple(
    Check(f"orders.{name}", promise, look, ("orders.transform",))
    for name, promise, look in (
        ("minor_units", "totals are in major units", _minor_units),
        ("totals", "totals fit their lines", _adds_up),
        ("amounts", "amounts are amounts", _sane_amounts),
        ("codes", "each discount code stands alone", _code_amounts),
    )
)
