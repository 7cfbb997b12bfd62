"""Broken presets for Vendure."""

from __future__ import annotations

from influence_pipeline_tests.support.small_shops.controls.control import Control

RULES = (
    Control(
        "an order's state is a label",
        "orders.sql",
        "CASE\n           WHEN refund.settled > 0 AND refund.settled >= payment.settled THEN 'refunded'",
        "CASE\n           WHEN o.state = 'Cancelled' THEN 'voided'\n           WHEN o.state ="
        " 'PaymentSettled' THEN 'paid'\n           WHEN o.state = 'PaymentAuthorized' THEN"
        " 'authorized'\n           WHEN true THEN 'pending'",
        {"5", "6", "8", "9", "17", "18"},
    ),
    Control(
        "a refund counts when it is settled",
        "orders.sql",
        "AND r.state = 'Settled'",
        "",
        {"3", "4", "6"},
    ),
    Control(
        "a payment counts by its state",
        "orders.sql",
        "FILTER (WHERE p.state = 'Settled')",
        "",
        {"1", "7", "16", "17", "18"},
    ),
    Control(
        "a cancelled order's money may have been kept",
        "orders.sql",
        "WHEN payment.settled > 0 AND payment.settled >= sold.total THEN 'paid'",
        "WHEN o.state = 'Cancelled' THEN 'voided'\n"
        "           WHEN payment.settled > 0 AND payment.settled >= sold.total THEN 'paid'",
        {"9"},
    ),
    Control(
        "a cancelled order is set to 0 in place",
        "orders.sql",
        "WHEN o.state <> 'Cancelled' THEN o.\"subTotalWithTax\" + o.\"shippingWithTax\"",
        "WHEN true THEN o.\"subTotalWithTax\" + o.\"shippingWithTax\"",
        {"7", "8", "9"},
    ),
    Control(
        "and its lines too",
        "orders.sql",
        "CASE WHEN o.state = 'Cancelled' THEN l.\"orderPlacedQuantity\" ELSE l.quantity END",
        "l.quantity",
        {"7", "8", "9", "21"},
    ),
    Control(
        "pieces that were cancelled",
        "orders.sql",
        "AND bought.pieces > 0",
        "",
        {"10"},
    ),
    Control(
        "carts and drafts are no orders",
        "orders.sql",
        "WHERE o.\"orderPlacedAt\" IS NOT NULL AND NOT o.active AND",
        "WHERE",
        {"11", "12", "22"},
    ),
    Control(
        "a seller's part repeats the order's money",
        "orders.sql",
        " AND o.type <> 'Seller'",
        "",
        {"13"},
    ),
    Control(
        "minor units, with two decimals",
        "orders.sql",
        "sold.total * 0.01 AS total",
        "sold.total::numeric AS total",
        {str(number) for number in (*range(1, 11), 14, *range(16, 21))},
    ),
    Control(
        "an order for nothing is paid",
        "orders.sql",
        "WHEN sold.total = 0 THEN 'paid'",
        "",
        {"15"},
    ),
    Control(
        "prices and discounts with tax",
        "orders.sql",
        "CAST(each ->> 'taxRate' AS numeric)",
        "0",
        {str(number) for number in (*range(1, 11), *range(14, 22))},
    ),
    Control(
        "codes that were applied, not those that were typed",
        "orders.sql",
        "JOIN promotion pr ON pr.id = op.\"promotionId\"",
        "JOIN promotion pr ON pr.\"couponCode\" = ANY (string_to_array(o.\"couponCodes\", ','))"
        " AND op.\"promotionId\" = 1",
        {"19"},
    ),
    Control(
        "promotions without a code",
        "orders.sql",
        "FILTER (WHERE pr.\"couponCode\" <> '')",
        "FILTER (WHERE given.amount > 0 OR pr.\"couponCode\" <> '')",
        {"19"},
    ),
    Control(
        "guests of a cart or of a seller's part",
        "customers.sql",
        "c.\"userId\" IS NOT NULL",
        "true",
        {"3", "5"},
    ),
    Control(
        "the channel's language, else the oldest",
        "products.sql",
        "ORDER BY t.\"languageCode\" = ch.\"defaultLanguageCode\" DESC, t.id",
        "ORDER BY t.id",
        {"1"},
    ),
    Control(
        "variants that are not on sale here",
        "products.sql",
        "AND v.\"deletedAt\" IS NULL AND v.enabled",
        "",
        {"1"},
    ),
    Control(
        "a path is no address",
        "products.sql",
        "WHEN images.address <> ''",
        "WHEN true",
        {"1"},
    ),
)  # fmt: skip
SOURCES = (
    Control(
        "the payments",
        "influence.toml",
        'from = "payment p"\nrows = ["p"]\nkey = \'p."orderId"\'\n\n[[orders.sources]]\n',
        "",
        write="a payment is settled: only the payment moves",
    ),
    Control(
        "the refunds",
        "influence.toml",
        'rows = ["r"]',
        'rows = ["p"]',
        write="a refund is settled: only the refund moves",
    ),
    Control(
        "the translations",
        "influence.toml",
        'JOIN product_variant_translation t ON t."baseId" = v.id',
        'JOIN product_translation t ON t."baseId" = v."productId"',
        write="a variant is renamed",
        entity="product",
    ),
)
