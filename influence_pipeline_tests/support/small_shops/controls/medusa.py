"""Broken presets for Medusa."""

from __future__ import annotations

from influence_pipeline_tests.support.small_shops.controls.control import Control

RULES = (
    Control(
        "an order's status is a label",
        "orders.sql",
        "CASE\n           WHEN money.refunded > 0 AND money.refunded >= money.captured THEN 'refunded'",
        "CASE\n           WHEN o.status = 'completed' THEN 'paid'\n           WHEN o.status = 'canceled'"
        " THEN 'voided'\n           WHEN true THEN 'pending'",
        {
            "authorized", "part-captured", "refunded", "part-refunded", "canceled-refunded",
            "canceled-kept", "part-refunded-canceled", "edited-up", "edited-up-paid", "free", "yen",
            "codes",
        },
    ),
    Control(
        "a canceled order's money may have been kept",
        "orders.sql",
        "WHEN money.captured > 0 AND money.captured >= money.asked THEN 'paid'",
        "WHEN o.status = 'canceled' THEN 'voided'\n"
        "           WHEN money.captured > 0 AND money.captured >= money.asked THEN 'paid'",
        {"canceled-kept"},
    ),
    Control(
        "a canceled collection asks for nothing",
        "orders.sql",
        "coalesce(sum(pc.amount) FILTER (WHERE pc.status <> 'canceled'), 0) AS asked",
        "coalesce(sum(pc.amount), 0) AS asked",
        {"edited-up-paid"},
    ),
    Control(
        "a collection may be taken off an order",
        "orders.sql",
        "WHERE opc.order_id = o.id AND opc.deleted_at IS NULL",
        "WHERE opc.order_id = o.id",
        {"unlinked"},
    ),
    Control(
        "lines of the current version only",
        "orders.sql",
        "WHERE i.order_id = o.id AND i.version = o.version AND i.deleted_at IS NULL\n      -- What",
        "WHERE i.order_id = o.id AND i.deleted_at IS NULL\n      -- What",
        {"refunded", "part-refunded", "edited-up", "edited-up-paid", "codes"},
    ),
    Control(
        "a line that an edit took off",
        "orders.sql",
        "AND i.quantity > 0",
        "",
        {"edited-up"},
    ),
    Control(
        "the newest summary",
        "orders.sql",
        "ORDER BY s.version DESC",
        "ORDER BY s.version",
        {"edited-up", "edited-up-paid", "codes"},
    ),
    Control(
        "what was sold, not what is left after refunds",
        "orders.sql",
        "CAST(s.totals ->> 'original_order_total' AS numeric),\n        ",
        "",
        {"refunded", "part-refunded", "canceled-refunded", "part-refunded-canceled"},
    ),
    Control(
        "an edit that adds goods",
        "orders.sql",
        ",\n        CAST(s.totals ->> 'current_order_total' AS numeric)",
        "",
        {"edited-up", "edited-up-paid"},
    ),
    Control(
        "codes that gave something",
        "orders.sql",
        "HAVING sum(given.amount) > 0",
        "",
        {"codes"},
    ),
    Control(
        "discounts of the newest version",
        "orders.sql",
        """AND a.version = (
                  SELECT max(newest.version) FROM order_line_item_adjustment newest
                  WHERE newest.item_id = a.item_id AND newest.deleted_at IS NULL
              )""",
        "",
        {"codes"},
    ),
    Control(
        "an order for nothing is paid",
        "orders.sql",
        "WHEN sold.total = 0 THEN 'paid'",
        "",
        {"free"},
    ),
    Control(
        "drafts are no orders",
        "orders.sql",
        "AND NOT o.is_draft_order AND o.status <> 'draft'",
        "",
        {"drafted"},
    ),
    Control(
        "of a guest and an account with one e-mail, the account",
        "customers.sql",
        "a.email IN (c.email, lower(c.email)) AND a.has_account",
        "false",
        {"bob-guest"},
    ),
    Control(
        "an account's e-mail as it was typed",
        "customers.sql",
        "a.email <> lower(a.email)",
        "false",
        {"ann-guest"},
    ),
    Control(
        "guests of a cart or a draft",
        "customers.sql",
        """SELECT 1 FROM "order" o
              WHERE o.customer_id = c.id AND o.deleted_at IS NULL
                AND NOT o.is_draft_order AND o.status <> 'draft'
""",
        "SELECT 1\n",
        {"of-a-cart", "of-a-draft"},
    ),
    Control(
        "variants of equal rank in a fixed order, deleted ones left out",
        "products.sql",
        "AND v.deleted_at IS NULL",
        "",
        {"shirt"},
    ),
)  # fmt: skip
SOURCES = (
    Control(
        "payment_collection",
        "influence.toml",
        'rows = ["opc", "pc"]',
        'rows = ["opc"]',
        write="a capture, as the payment module commits it",
    ),
    Control(
        "the line items",
        "influence.toml",
        'rows = ["i", "l"]',
        'rows = ["l"]',
        write="a piece more, by hand",
    ),
    Control(
        "the guest's first order",
        "influence.toml",
        'rows = ["o"]\nkey = "o.customer_id"',
        'rows = ["c"]\nkey = "o.customer_id"',
        write="a cart's guest places an order",
        entity="customer",
    ),
)
