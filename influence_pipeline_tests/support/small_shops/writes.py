"""What the shops write when something happens, in tables where it may show nowhere else, and what the
preset must then make of it: ("changed orders", key, the row in the words of `expected.toml`)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Write:
    what: str
    sql: str
    then: tuple[tuple[str, str, str | None], ...]


SHIRTS = "2 x shirt/shirt-s @ 10"
MEDUSA = (
    Write(
        "a capture, as the payment module commits it",
        "UPDATE payment_collection SET captured_amount = 30, status = 'completed' WHERE id = 'authorized'",
        (
            (
                "changed orders",
                "authorized",
                f"paid | 30 EUR | ann | ann@shop.example | - | {SHIRTS}",
            ),
        ),
    ),
    Write(
        "a refund: a new version, its items written anew",
        """
        UPDATE payment_collection SET refunded_amount = 22.5 WHERE id = 'captured';
        UPDATE "order" SET version = 2 WHERE id = 'captured';
        INSERT INTO order_item (order_id, version, item_id, quantity, unit_price)
        VALUES ('captured', 2, 'captured-1', 2, 10);
        INSERT INTO order_summary (order_id, version, totals) VALUES
            ('captured', 2, '{"original_order_total": 22.5, "current_order_total": 0}')
        """,
        (
            (
                "changed orders",
                "captured",
                f"refunded | 22.5 USD | bob | bob@shop.example | - | {SHIRTS}",
            ),
        ),
    ),
    Write(
        "an order is canceled",
        """
        UPDATE "order" SET status = 'canceled' WHERE id = 'unpaid'
        """,
        (
            (
                "changed orders",
                "unpaid",
                f"voided | 15 EUR | ann-guest | ann@shop.example | - | {SHIRTS}",
            ),
        ),
    ),
    Write(
        "a piece more, by hand",
        "UPDATE order_item SET quantity = 3 WHERE order_id = 'yen'",
        (
            (
                "changed orders",
                "yen",
                "paid | 1980 JPY | bob-guest | bob@shop.example | - | 3 x shirt/shirt-s @ 10",
            ),
        ),
    ),
    Write(
        "a cart's guest places an order",
        """
        INSERT INTO "order" (id, customer_id, email) VALUES ('first', 'of-a-cart', 'cart@shop.example');
        INSERT INTO order_summary (order_id, totals) VALUES ('first', '{"original_order_total": 5}')
        """,
        (
            ("new customers", "of-a-cart", "cart@shop.example | - | -"),
            ("new orders", "first", "pending | 5 EUR | of-a-cart | cart@shop.example | - | -"),
        ),
    ),
    Write(
        "a draft is placed",
        """UPDATE "order" SET is_draft_order = false, status = 'pending' WHERE id = 'drafted'""",
        (
            ("new customers", "of-a-draft", "draft@shop.example | - | -"),
            (
                "new orders",
                "drafted",
                f"pending | 10 EUR | of-a-draft | draft@shop.example | - | {SHIRTS}",
            ),
        ),
    ),
    Write(
        "a guest makes an account, with the e-mail typed otherwise",
        "INSERT INTO customer (id, email, has_account) VALUES ('anew', 'GUEST@shop.example', true)",
        (
            ("new customers", "anew", "GUEST@shop.example | - | -"),
            ("gone customers", "guest", None),
        ),
    ),
    Write(
        "a variant is renamed: product.updated_at does not move",
        "UPDATE product_variant SET title = 'Large' WHERE id = 'shirt-l'",
        (
            (
                "changed products",
                "shirt",
                "Shirt | active | https://img.example/shirt.png | shirt-s SH-S S"
                " https://img.example/s.png, shirt-l SH-L Large -, shirt-xl - XL -",
            ),
        ),
    ),
    Write(
        "a product is deleted softly",
        "UPDATE product SET deleted_at = now() WHERE id = 'bare'",
        (("gone products", "bare", None),),
    ),
)

LAPTOPS = "2 x 1/11 @ 12"
VENDURE = (
    Write(
        "a payment is settled: only the payment moves",
        """UPDATE payment SET state = 'Settled', "updatedAt" = now() WHERE "orderId" = 1""",
        (("changed orders", "1", f"paid | 29 USD | 1 | ann@shop.example | - | {LAPTOPS}"),),
    ),
    Write(
        "a refund is settled: only the refund moves",
        """
        UPDATE refund SET state = 'Settled'
        WHERE "paymentId" = (SELECT id FROM payment WHERE "orderId" = 3)
        """,
        (("changed orders", "3", f"refunded | 29 USD | 1 | ann@shop.example | - | {LAPTOPS}"),),
    ),
    Write(
        "a refund is asked for: nothing has gone back yet",
        """
        INSERT INTO refund SELECT id, 'Pending', amount FROM payment WHERE "orderId" = 2
        """,
        (),
    ),
    Write(
        "a cart is placed: neither createdAt nor updatedAt moves",
        """
        UPDATE "order" SET active = false, state = 'PaymentAuthorized',
               "orderPlacedAt" = '2026-03-01 12:00' WHERE id = 22;
        INSERT INTO payment ("orderId", state, amount) VALUES (22, 'Authorized', 2400)
        """,
        (("new orders", "22", f"authorized | 24 EUR | 1 | ann@shop.example | - | {LAPTOPS}"),),
    ),
    Write(
        "a settled order is cancelled: set to 0 in place",
        """
        UPDATE "order" SET state = 'Cancelled', "subTotalWithTax" = 0, "shippingWithTax" = 0
        WHERE id = 6;
        UPDATE order_line SET quantity = 0 WHERE "orderId" = 6;
        UPDATE refund SET state = 'Settled'
        WHERE "paymentId" = (SELECT id FROM payment WHERE "orderId" = 6)
        """,
        (("changed orders", "6", f"refunded | 29 USD | 2 | guest@shop.example | - | {LAPTOPS}"),),
    ),
    Write(
        "a variant is renamed",
        """
        UPDATE product_variant_translation SET name = 'Maus' WHERE "baseId" = 21
        """,
        (
            (
                "changed products",
                "2",
                "Souris | active | https://cdn.example/mouse.jpg | 21 M Maus -",
            ),
        ),
    ),
    Write(
        "a guest gets a cart, and no order",
        """
        INSERT INTO customer (id, "emailAddress") VALUES (9, 'new@shop.example');
        INSERT INTO "order" (id, code, state, type, active, "customerId", "subTotalWithTax",
                             "shippingWithTax")
        VALUES (90, 'O90', 'AddingItems', 'Regular', true, 9, 0, 0)
        """,
        (),
    ),
    Write(
        "a product is taken out of the channel",
        """UPDATE product SET enabled = false WHERE id = 6""",
        (("gone products", "6", None),),
    ),
)

ONE = "00000000-0000-0000-0000-000000000001"
TWO = "00000000-0000-0000-0000-000000000002"
LINE = "2 x 1/11 @ 40"
SALEOR = (
    Write(
        "a charge, before the order's own row is written",
        f"""
        UPDATE payment_transactionitem SET charged_value = 80, authorized_value = 0
        WHERE order_id = '{ONE}'
        """,
        (("changed orders", "1", f"paid | 80 USD | 1 | ann@shop.example | - | {LINE}"),),
    ),
    Write(
        "a refund in full: the order looks as if it had never been paid",
        f"""
        UPDATE payment_transactionitem SET charged_value = 0, refunded_value = 80
        WHERE order_id = '{TWO}';
        UPDATE order_order SET charge_status = 'none' WHERE id = '{TWO}'
        """,
        (("changed orders", "2", f"refunded | 80 USD | 1 | ann@shop.example | - | {LINE}"),),
    ),
    Write(
        "a refund by an older gateway",
        """
        UPDATE payment_payment SET charge_status = 'fully-refunded', captured_amount = 0,
               is_active = false WHERE is_active AND charge_status = 'fully-charged'
        """,
        (("changed orders", "8", f"refunded | 80 USD | 1 | ann@shop.example | - | {LINE}"),),
    ),
    Write(
        "a draft is placed",
        "UPDATE order_order SET status = 'unfulfilled' WHERE number = 22",
        (("new orders", "22", f"pending | 80 USD | 1 | ann@shop.example | - | {LINE}"),),
    ),
    Write(
        "a variant is deleted, as far as it shows on the line: its id stays",
        f"UPDATE order_orderline SET variant_id = NULL WHERE order_id = '{ONE}'",
        (
            (
                "changed orders",
                "1",
                "authorized | 80 USD | 1 | ann@shop.example | - | 2 x -/11 @ 40",
            ),
        ),
    ),
    Write(
        "a guest makes an account",
        "INSERT INTO account_user (id, email) VALUES (9, 'guest@shop.example')",
        (
            ("new customers", "9", "guest@shop.example | - | -"),
            ("changed orders", "20", f"pending | 80 USD | 9 | guest@shop.example | - | {LINE}"),
        ),
    ),
    Write(
        "a price changes: nothing that is told",
        "UPDATE product_productvariantchannellisting SET price_amount = 99",
        (),
    ),
    Write(
        "a product is published in one channel",
        "UPDATE product_productchannellisting SET is_published = true WHERE product_id = 2",
        (("new products", "2", "Hidden | active | - | -"),),
    ),
    Write(
        "another telephone number",
        "UPDATE account_address SET phone = '+4377' WHERE id = 1",
        (("changed customers", "1", "ann@shop.example | Ann Lee | +4377"),),
    ),
)

_STORES = (("medusa", MEDUSA), ("vendure", VENDURE), ("saleor", SALEOR))
ALL = [(store, each) for store, list_ in _STORES for each in list_]
