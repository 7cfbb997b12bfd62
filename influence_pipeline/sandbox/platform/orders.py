"""Orders: created, changed, and what their financial status does to points (contract: Orders).

An order is awarded once, when its status is first an awarding one; `refunded` takes back what it
earned, once. The switches `second_post`, `award_repeat` and `refund_repeat` turn this into its
worst cases. Which numbers are moved is in `rules`.
"""

from __future__ import annotations

import json
import sqlite3
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from influence_pipeline.sandbox.platform import points, referrals
from influence_pipeline.sandbox.platform.customers import lower
from influence_pipeline.sandbox.platform.ledger import Change, Ledger
from influence_pipeline.sandbox.platform.models import Order, OrderCreate, OrderUpdate
from influence_pipeline.sandbox.platform.refusal import Refused
from influence_pipeline.sandbox.platform.switches import Switches


def create(change: Change, sent: OrderCreate, body: bytes) -> None:
    """POST order. Raises Refused: 400 unknown customer, 409 second POST in mode `conflict`."""
    row = _find(change, sent.id)
    if row is not None and change.switches.second_post == "conflict":
        raise Refused(409, "Order already exists")
    _require_customer(change, sent.customer_id)
    if sent.customer_id is None and not change.switches.guest_orders:
        raise Refused(400, "customerId: Field required")
    if row is None:
        values = _values(sent.id, sent.sent_fields(), body, change.at)
        change.run("add_order", values)
    else:
        copies = 1 if change.switches.second_post == "award_again" else 0
        _write(change, row, sent.sent_fields(), body, more_posts=1, more_copies=copies)
    _settle(change, sent.id, sent.financial_status)


def update(change: Change, order_id: str, sent: OrderUpdate, body: bytes) -> None:
    """PATCH order. Raises Refused: 404 unknown order, 400 unknown customer or another id."""
    row = _find(change, order_id)
    if row is None and change.switches.patch_unknown_order == "refuse":
        raise order_not_found(change.switches)
    fields = sent.sent_fields()
    if fields.get("id", order_id) != order_id:
        raise Refused(400, "id: is not the id in the path")
    _require_customer(change, sent.customer_id)
    if row is None:
        fields = {"financialStatus": "pending"} | fields
        change.run("add_order", _values(order_id, fields, body, change.at))
    else:
        _write(change, row, fields, body, more_patches=1)
    _settle(change, order_id, sent.financial_status)


def order_not_found(switches: Switches) -> Refused:
    """404 in the API's own words, which the contract does not tell."""
    return Refused(404, switches.order_not_found)


def read(ledger: Ledger, order_id: str) -> Order | None:
    row = ledger.row("SELECT * FROM orders WHERE order_id = ?", order_id)
    return None if row is None else _shown(row)


def _find(change: Change, order_id: str) -> sqlite3.Row | None:
    return change.row("SELECT * FROM orders WHERE order_id = ?", order_id)


def _require_customer(change: Change, customer_id: str | None) -> None:
    if customer_id is None:
        return
    if change.row("SELECT 1 FROM customers WHERE customer_id = ?", customer_id) is None:
        raise Refused(400, "Unknown customer: customerId must be sent with PUT customer first")


def _values(order_id: str, fields: dict[str, Any], body: bytes, at: str) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "customer_id": fields.get("customerId"),
        "email": lower(fields.get("email")),
        "currency": fields.get("currency"),
        "total_price": fields.get("totalPrice"),
        "subtotal_price": fields.get("subtotalPrice"),
        "financial_status": fields["financialStatus"],
        "fields": json.dumps(fields),
        "last_body": body,
        "at": at,
    }


def _write(
    change: Change,
    row: sqlite3.Row,
    fields: dict[str, Any],
    body: bytes,
    *,
    more_posts: int = 0,
    more_patches: int = 0,
    more_copies: int = 0,
) -> None:
    merged = json.loads(row["fields"]) | fields
    values = _values(row["order_id"], merged, body, change.later_than(row["updated_at"]))
    more = {"more_posts": more_posts, "more_patches": more_patches, "more_copies": more_copies}
    change.run("change_order", values | more)


def _settle(change: Change, order_id: str, sent_status: str | None) -> None:
    """Move the points that the order's status asks for."""
    row = _find(change, order_id)
    if row is None:
        return
    if row["financial_status"] in change.rules.awarding_statuses:
        if row["customer_id"] is not None:
            # One award, unless mode award_again has made copies.
            for _ in range(row["copies"] - row["awards"]):
                _award(change, row)
            if row["copies"] <= row["awards"] and _awards_again(change, row, sent_status):
                _award(change, row)
        referrals.complete_by(change, row)
    elif sent_status == "refunded" and row["awards"]:
        _take_back_all(change, row)
    elif sent_status == "partially_refunded" and row["awards"]:
        _take_back_share(change, row)


def _awards_again(change: Change, row: sqlite3.Row, sent_status: str | None) -> bool:
    """Whether an order that has its award gets another one: a mode nobody should meet."""
    if sent_status is None or not row["awards"]:
        return False
    repeat = change.switches.award_repeat
    return repeat == "again" or (repeat == "after_refund" and bool(row["refund_settled"]))


def _amount(change: Change, row: sqlite3.Row) -> str | None:
    wanted = "total_price" if change.rules.amount == "totalPrice" else "subtotal_price"
    amount = row[wanted]
    if amount is None:
        amount = row["total_price"]
    return None if amount is None else str(amount)


def _award(change: Change, row: sqlite3.Row) -> None:
    earned = change.rules.points_for(_amount(change, row), row["currency"])
    points.move(
        change,
        row["customer_id"],
        earned,
        "award",
        order_id=row["order_id"],
        rule_id=change.rules.place_order_rule_id,
        action="Placed an order",
    )
    change.run(
        "note_award",
        {"order_id": row["order_id"], "points": earned, "customer_id": row["customer_id"]},
    )


def _take_back_all(change: Change, row: sqlite3.Row) -> None:
    if not row["refund_settled"]:
        _deduct(change, row, row["points_awarded"] - row["points_deducted"], settled=True)
    elif change.switches.refund_repeat == "again":
        _deduct(change, row, row["points_awarded"], settled=True)


def _take_back_share(change: Change, row: sqlite3.Row) -> None:
    """Take back points in proportion to `refundedAmount`, less what was taken back before."""
    refunded = json.loads(row["fields"]).get("refundedAmount")
    amount = _amount(change, row)
    known = refunded is not None and amount is not None and Decimal(amount) > 0
    if change.rules.partial_refund != "share" or row["refund_settled"] or not known:
        return
    share = min(Decimal(1), Decimal(refunded) / Decimal(str(amount)))
    target = int((row["points_awarded"] * share).to_integral_value(ROUND_FLOOR))
    if target > row["points_deducted"]:
        _deduct(change, row, target - row["points_deducted"], settled=False)


def _deduct(change: Change, row: sqlite3.Row, amount: int, *, settled: bool) -> None:
    points.move(
        change,
        row["awarded_to"],
        -amount,
        "deduction",
        order_id=row["order_id"],
        rule_id=change.rules.place_order_rule_id,
        action="Order refunded",
    )
    change.run(
        "note_deduction",
        {"order_id": row["order_id"], "points": amount, "refund_settled": int(settled)},
    )


def _shown(row: sqlite3.Row) -> Order:
    own = {
        "id": row["order_id"],
        "financialStatus": row["financial_status"],
        "pointsAwarded": row["awards"] > 0,
        "pointsRefunded": row["deductions"] > 0,
        "points": row["points_awarded"] - row["points_deducted"],
        "updatedAt": row["updated_at"],
    }
    own_names = {"points_awarded", "points_refunded", "financial_status", "updated_at"}
    fields = json.loads(row["fields"])
    sent = {name: value for name, value in fields.items() if name not in own_names}
    return Order.model_validate(sent | own)
