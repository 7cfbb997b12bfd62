"""Orders taken at random: is the money in major units and what was sold, does the status follow it,
do they name customers and products that the other SELECTs give, when were they placed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Findings, error, note, ok, warning
from influence_pipeline.check.records import FEW, column_place, found_keys, values
from influence_pipeline.platform_api.money import DIGITS
from influence_pipeline.records import Entity
from influence_pipeline.store.reader import rows_of

_ORDER = Entity.ORDER
# The median of totals from which on whole numbers look like cents: nobody sells for 5 cents.
_LIKE_CENTS = 500
# A whole type is used for cents as a rule, so less is enough there.
_LIKE_CENTS_IN_INTEGERS = 150
# So many orders are enough to miss a paid one among them, and so many to wonder why all are.
_SOME = 5
_MANY = 20


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
    elif found["paid"] < 0.05 * total and total >= _MANY:
        yield warning(
            f"of {total:,} orders only {found['paid']:,} are paid ({_listed(found)})",
            where=where,
            why="Points are given for paid orders.",
            mend="Is a payment's own status written as the SELECT has it, in these capitals? Do "
            "fees or holds count as money that went back?",
        )
    elif set(found) == {"paid"} and total >= _MANY:
        yield note(
            f"all of {total:,} orders are paid, none is refunded, open or cancelled",
            where=where,
            why="If refunds did not show, their points would never be taken back.",
        )
    else:
        # A person must read it: whether it is the shop's own no number tells.
        yield note(
            f"of {total:,} orders: {_listed(found)}",
            where=where,
            why="Is that how the shop's orders stand? Fees that count as refunds, or holds that "
            "count as payments, show here and nowhere else.",
        )


def _listed(found: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in found.most_common(8))


def _currencies(desk: Desk) -> Findings:
    found = Counter(str(row.get("currency")).upper() for row in values(desk, _ORDER))
    coupons = desk.config.coupons
    if not found:
        return
    where = column_place(desk, _ORDER, "currency")
    known = {name: count for name, count in found.items() if name in DIGITS}
    if (
        coupons is not None
        and coupons.currency is not None
        and sum(known.values()) >= FEW
        and coupons.currency not in known
    ):
        yield error(
            f"[coupons] currency is {coupons.currency}, and orders are in {_listed(found)}",
            where=desk.place("coupons", "currency"),
            why="A coupon for an amount would be in a money in which nobody buys.",
            mend=f'currency = "{max(known, key=known.__getitem__)}"',
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
        yield warning(
            f"all of {len(moments):,} orders were placed at the same moment",
            where=where,
            why="The cut-over is told by it.",
            mend="Take the moment at which the order was placed.",
        )
    elif len(moments) >= _MANY and len({moment.time() for moment in moments}) == 1:
        yield warning(
            f"all of {len(moments):,} orders were placed at {moments[0]:%H:%M} UTC",
            where=where,
            why="Only the day is told, so the cut-over falls in the middle of one.",
            mend="Take the moment at which the order was placed, not its date.",
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
    for column in ("customer_id", "email"):
        same = Counter(str(row[column]) for row in values(desk, _ORDER) if row.get(column))
        if same.total() >= _MANY and same.most_common(1)[0][1] > 0.8 * same.total():
            yield error(
                f"most of {same.total():,} orders have the same {column}",
                where=column_place(desk, _ORDER, column),
                why="One person would get the points of all.",
                mend="Is it a stand-in for guests, or a constant? Give NULL for a guest's "
                "customer_id.",
            )
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
        lines = sum(len(row.get("line_items") or ()) for row in values(desk, _ORDER))
        if not named and lines >= FEW:
            yield warning(
                f"not one of {lines:,} lines names a {key.removesuffix('_id')}",
                where=column_place(desk, _ORDER, "line_items"),
                why="No product rule would ever apply.",
                mend=f"Give '{key}' in line_items, the id that the products' SELECT gives.",
            )
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


_BOTH = ("orders.transform", "customers.transform")
_LOOKS: tuple[tuple[str, str, Callable[[Desk], Findings], tuple[str, ...]], ...] = (
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
