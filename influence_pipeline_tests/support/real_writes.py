"""What Medusa, Vendure and Saleor write when money moves or a cart is placed, on the restored stores.

The rows are those that the shops themselves left behind for other orders (their notes say what moves
when). `then` is what the ledger must hold afterwards, in the words of `support.told`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from influence_pipeline_tests.support.world import World


@dataclass(frozen=True)
class Write:
    """One thing that a shop does, in one transaction, and what it changes: (entity, key, values)."""

    what: str
    sql: str
    then: tuple[tuple[str, str, Any], ...]

    def run(self, world: World) -> None:
        world.shop(self.sql)


def order(key: str, **values: Any) -> tuple[str, str, Any]:
    return ("orders", key, values)


MEDUSA = (
    Write(
        "a capture, as the payment module commits it: no order table is touched",
        """
        INSERT INTO capture (id, amount, raw_amount, payment_id)
        VALUES ('capt_1', 30, '{"value": "30", "precision": 20}', 'pay_01M8294NXQXP3JARVSDSDH8EXA');
        UPDATE payment SET captured_at = now(), updated_at = now()
        WHERE id = 'pay_01M8294NXQXP3JARVSDSDH8EXA';
        UPDATE payment_collection
        SET captured_amount = 30, status = 'completed', completed_at = now(), updated_at = now()
        WHERE id = 'pay_col_01M8294NBXWZRMRMXPZ0M5V3W5'
        """,
        (order("order_01M8294NNS5ATKZNQQ1G0D7JHM", status="paid"),),
    ),
    Write(
        "a capture of a part: the collection's status stays authorized",
        """
        UPDATE payment_collection SET captured_amount = 5, updated_at = now()
        WHERE id = 'pay_col_01M8295V9PD4G9GRJ92KX04MEB'
        """,
        (order("order_01M8295VG07NBK5HPW7J48BAH8", status="partially_paid"),),
    ),
    Write(
        "a refund in full: a credit line, a new version with its items written anew",
        """
        INSERT INTO refund (id, amount, raw_amount, payment_id)
        VALUES ('ref_1', 46, '{"value": "46", "precision": 20}', 'pay_01M8294SBAREAKKRB2VZHF82BH');
        UPDATE payment_collection SET refunded_amount = 46, updated_at = now()
        WHERE id = 'pay_col_01M8294RTFWT0Q3ABXPTEPMBAH';
        UPDATE "order" SET version = 2, updated_at = now()
        WHERE id = 'order_01M8294S35FQGM62ESHNZJE99K';
        INSERT INTO order_item (id, order_id, version, item_id, quantity, raw_quantity,
            fulfilled_quantity, shipped_quantity, return_requested_quantity,
            return_received_quantity, return_dismissed_quantity, written_off_quantity, unit_price)
        SELECT i.id || '_2', i.order_id, 2, i.item_id, i.quantity, i.raw_quantity, 0, 0, 0, 0, 0, 0,
               l.unit_price
        FROM order_item i JOIN order_line_item l ON l.id = i.item_id
        WHERE i.order_id = 'order_01M8294S35FQGM62ESHNZJE99K';
        INSERT INTO order_summary (id, order_id, version, totals)
        SELECT id || '_2', order_id, 2, totals || '{"current_order_total": 0, "refunded_total": 46,
               "credit_line_total": 46, "transaction_total": 0, "accounting_total": 0}'
        FROM order_summary WHERE order_id = 'order_01M8294S35FQGM62ESHNZJE99K'
        """,
        (order("order_01M8294S35FQGM62ESHNZJE99K", status="refunded"),),
    ),
    Write(
        "an order that is canceled before it was captured",
        """
        UPDATE payment_collection SET status = 'canceled', updated_at = now()
        WHERE id = 'pay_col_01M8295WS6D3MHYNFTG04452CT';
        UPDATE "order" SET status = 'canceled', canceled_at = now(), updated_at = now()
        WHERE id = 'order_01M8295WY793HAVTF6GSP4SAKB'
        """,
        (order("order_01M8295WY793HAVTF6GSP4SAKB", status="voided"),),
    ),
    Write(
        "a draft that is placed: its guest comes with it",
        """
        UPDATE "order" SET is_draft_order = false, status = 'pending', updated_at = now()
        WHERE id = 'order_01M829QAVB7D97N88D2AJ85GJV'
        """,
        (
            ("customers", "cus_01M829QA4K9Y825XYARXAEYVM6", {"email": "draft@example.com"}),
            order(
                "order_01M829QAVB7D97N88D2AJ85GJV",
                number="16",
                customer="cus_01M829QA4K9Y825XYARXAEYVM6",
                email="draft@example.com",
                total="10.00 EUR",
                status="pending",
                placed="2026-11-22 18:54:00.577",
                codes=[],
                lines=["1 x variant_01M828X72B92YVPZSNJ8SYX1GE"],
            ),
        ),
    ),
    Write(
        "a guest who makes an account, with the e-mail typed otherwise",
        """
        INSERT INTO customer (id, email, first_name, has_account)
        VALUES ('cus_anew', 'Guest1@Example.com', 'Gus', true)
        """,
        (("customers", "cus_anew", {"email": "guest1@example.com", "firstName": "Gus"}),),
    ),
    Write(
        "a product that is taken off the shelf, and one that is put there",
        """
        UPDATE product SET status = 'published', updated_at = now()
        WHERE id = 'prod_01M8294GV397KVECMRZA8Z0ANP'
        """,
        (
            (
                "products",
                "prod_01M8294GV397KVECMRZA8Z0ANP",
                ["Draft Candle", "variant_01M8294GXZWZRY8TFFAJ7CYBTJ Default"],
            ),
        ),
    ),
)

VENDURE = (
    Write(
        "a payment that is settled: only its own updatedAt moves",
        """
        UPDATE payment SET state = 'Settled', "updatedAt" = now() WHERE "orderId" = 1;
        UPDATE "order" SET state = 'PaymentSettled' WHERE id = 1
        """,
        (order("1", status="paid"),),
    ),
    Write(
        "a refund that is asked for: nothing has gone back yet",
        """
        INSERT INTO refund (id, method, reason, state, metadata, "paymentId", items, shipping,
                            adjustment, total)
        VALUES (100, 'manual-capture', 'test', 'Pending', '{}', 2, 335760, 500, 0, 336260)
        """,
        (),
    ),
    Write(
        "the refund is settled: order.updatedAt does not move, its state stays PaymentSettled",
        """UPDATE refund SET state = 'Settled', "updatedAt" = now() WHERE id = 100""",
        (order("2", status="refunded"),),
    ),
    Write(
        "a cart of weeks ago that is placed: neither createdAt nor updatedAt moves",
        """
        INSERT INTO payment (method, amount, state, metadata, "orderId")
        VALUES ('standard-payment', 264380, 'Settled', '{}', 19);
        UPDATE order_line SET "orderPlacedQuantity" = quantity WHERE "orderId" = 19;
        UPDATE "order" SET active = false, state = 'PaymentSettled', shipping = 500,
               "shippingWithTax" = 500, "orderPlacedAt" = '2026-11-23 08:00:00.25' WHERE id = 19
        """,
        (
            order(
                "19",
                number="5L2G2AGE6KBTY23H",
                customer="3",
                email="carol@example.com",
                total="2643.80 USD",
                status="paid",
                placed="2026-11-23 08:00:00.250",
                codes=[],
                lines=["1 x 3"],
            ),
        ),
    ),
    Write(
        "an authorized order that is cancelled: set to 0 in place",
        """
        UPDATE order_line SET quantity = 0, adjustments = '[]' WHERE "orderId" = 21;
        UPDATE "order" SET state = 'Cancelled', "subTotal" = 0, "subTotalWithTax" = 0, shipping = 0,
               "shippingWithTax" = 0, "updatedAt" = now() WHERE id = 21
        """,
        (order("21", status="voided", codes=["BDAY-ALICE-API"]),),
    ),
    Write(
        "a variant that is renamed",
        """
        UPDATE product_variant_translation SET name = 'Mouse, no wire' WHERE "baseId" = 7
        """,
        (("products", "3", ["Wireless Optical Mouse", "7 Mouse, no wire"]),),
    ),
)

SALEOR = (
    Write(
        "a charge",
        """
        UPDATE payment_transactionitem SET charged_value = 80, authorized_value = 0
        WHERE order_id = 'bc3f499a-4cd2-46f5-8131-d5c853bf7844';
        UPDATE order_order SET charge_status = 'full', total_charged_amount = 80,
               total_authorized_amount = 0, updated_at = now()
        WHERE id = 'bc3f499a-4cd2-46f5-8131-d5c853bf7844'
        """,
        (order("bc3f499a-4cd2-46f5-8131-d5c853bf7844", status="paid"),),
    ),
    Write(
        "a refund in full: the order then looks as if it had never been paid",
        """
        UPDATE payment_transactionitem SET charged_value = 0, refunded_value = 160
        WHERE order_id = '86dc413a-eb70-4718-be18-fca5a397b17d';
        UPDATE order_order SET charge_status = 'none', authorize_status = 'none',
               total_charged_amount = 0, updated_at = now()
        WHERE id = '86dc413a-eb70-4718-be18-fca5a397b17d'
        """,
        (order("86dc413a-eb70-4718-be18-fca5a397b17d", status="refunded"),),
    ),
    Write(
        "a refund of a part",
        """
        UPDATE payment_transactionitem SET charged_value = 278, refunded_value = 10
        WHERE order_id = '507e47b0-4a2f-4f40-a403-3226533645e9';
        UPDATE order_order SET charge_status = 'partial', total_charged_amount = 278,
               updated_at = now() WHERE id = '507e47b0-4a2f-4f40-a403-3226533645e9'
        """,
        (order("507e47b0-4a2f-4f40-a403-3226533645e9", status="partially_refunded"),),
    ),
    Write(
        "a draft that is placed",
        """
        UPDATE order_order SET status = 'unfulfilled', updated_at = now()
        WHERE id = 'ce1a7f2a-a363-4e1e-bb4c-13b3d7fe08b1'
        """,
        (
            order(
                "ce1a7f2a-a363-4e1e-bb4c-13b3d7fe08b1",
                number="33",
                email="phone@example.com",
                total="80.00 USD",
                status="pending",
                placed="2026-11-22 19:05:33.043",
                codes=[],
                lines=["1 x 325"],
            ),
        ),
    ),
    Write(
        "a variant that is deleted for good, as far as it shows on an order's line",
        """
        UPDATE order_orderline SET variant_id = NULL
        WHERE order_id = '142a589b-08d1-44e8-bc1b-bf75aaa0a7ee'
        """,
        (),
    ),
    Write(
        "a guest who makes an account: the order placed before is theirs",
        """
        INSERT INTO account_user
        SELECT (jsonb_populate_record(u, jsonb_build_object(
            'id', 900, 'email', 'guest1@example.com', 'uuid', gen_random_uuid(),
            'default_billing_address_id', NULL, 'default_shipping_address_id', NULL))).*
        FROM account_user u WHERE u.id = 48
        """,
        (
            ("customers", "900", {"email": "guest1@example.com"}),
            order("5864e490-ad57-467a-b116-14bce9b496a8", customer="900"),
        ),
    ),
)

WRITES = {"medusa": MEDUSA, "vendure": VENDURE, "saleor": SALEOR}
