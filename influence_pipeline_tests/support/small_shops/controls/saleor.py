"""Broken presets for Saleor."""

from __future__ import annotations

from influence_pipeline_tests.support.small_shops.controls.control import Control

RULES = (
    Control(
        "charge_status is a label",
        "orders.sql",
        "CASE\n           WHEN money.any_refund AND money.charged <= 0 THEN 'refunded'",
        "CASE\n           WHEN o.charge_status IN ('full', 'overcharged') THEN 'paid'\n"
        "           WHEN o.charge_status = 'partial' THEN 'partially_paid'\n"
        "           WHEN true THEN CASE WHEN o.status IN ('canceled', 'expired') THEN 'voided'"
        " WHEN o.authorize_status = 'full' THEN 'authorized' ELSE 'pending' END",
        {"4", "5", "6", "7", "10", "13", "14", "27"},
    ),
    Control(
        "a full refund looks unpaid",
        "orders.sql",
        "coalesce(sum(t.refunded_value), 0) > 0 AS any_refund",
        "false AS any_refund",
        {"4", "5", "13"},
    ),
    Control(
        "payments of the older gateways",
        "orders.sql",
        "WHERE p.order_id = o.id",
        "WHERE false",
        {"6", "7", "8", "28"},
    ),
    Control(
        "a payment that is not active",
        "orders.sql",
        "sum(p.captured_amount) FILTER (WHERE p.is_active)",
        "sum(p.captured_amount)",
        {"29"},
    ),
    Control(
        "a payment anew after a refund",
        "orders.sql",
        "WHEN money.any_refund AND money.charged >= o.total_gross_amount THEN 'paid'",
        "",
        {"17"},
    ),
    Control(
        "a refund that was granted and not made",
        "orders.sql",
        "OR o.charge_status IN ('full', 'overcharged')",
        "",
        {"18"},
    ),
    Control(
        "a canceled order's money may have been kept",
        "orders.sql",
        "WHEN money.charged > 0\n",
        "WHEN o.status = 'canceled' THEN 'voided'\n           WHEN money.charged > 0\n",
        {"12"},
    ),
    Control(
        "an authorization that was voided",
        "orders.sql",
        "WHEN money.any_voided THEN 'voided'",
        "",
        {"10"},
    ),
    Control(
        "an order for nothing is paid",
        "orders.sql",
        "WHEN o.total_gross_amount = 0 THEN 'paid'",
        "",
        {"16"},
    ),
    Control(
        "a guest's order with the e-mail of an account",
        "orders.sql",
        "account.email = lower(o.user_email)",
        "account.email = o.user_email",
        {"19"},
    ),
    Control(
        "variants that were deleted",
        "orders.sql",
        "coalesce(\n                    l.variant_id::text,",
        "coalesce(\n                    l.variant_id::text, NULL, NULL) , 'was', coalesce(NULL,",
        {"26"},
    ),
    Control(
        "what a voucher took off, and no other discount",
        "orders.sql",
        "AND d.type = 'voucher'",
        "",
        {"23", "24"},
    ),
    Control(
        "drafts are no orders",
        "orders.sql",
        "WHERE o.status <> 'draft'",
        "",
        {"22"},
    ),
    Control(
        "staff are no customers",
        "customers.sql",
        "WHERE NOT u.is_staff",
        "",
        {"2"},
    ),
    Control(
        "published in an active channel",
        "products.sql",
        "AND listing.is_published AND ch.is_active",
        "",
        {"2", "3"},
    ),
    Control(
        "variants in the shop's order",
        "products.sql",
        "ORDER BY v.sort_order NULLS LAST, v.id",
        "ORDER BY v.id",
        {"1"},
    ),
    Control(
        "pictures that were taken away, and films",
        "products.sql",
        "AND m.type = 'IMAGE' AND NOT m.to_remove",
        "",
        {"4"},
    ),
)  # fmt: skip
SOURCES = (
    Control(
        "the transactions",
        "influence.toml",
        'from = "payment_transactionitem t"\nrows = ["t"]\nkey = "t.order_id"\n\n[[orders.sources]]\n',
        "",
        write="a charge, before the order's own row is written",
    ),
    Control(
        "the accounts",
        "influence.toml",
        'rows = ["u"]\nkey = "o.id"',
        'rows = ["o"]\nkey = "o.id"',
        write="a guest makes an account",
    ),
)
