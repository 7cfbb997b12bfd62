"""Broken presets: each without one rule that is hard about its store, and the records that are then
told wrongly (`ALL`), or the write that no tick finds (`SOURCES`)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Control:
    """`old`, in `file` of the preset, is replaced by `new`; then just `wrong` differ from what they
    must be, or `write` changes nothing of `entity`."""

    rule: str
    file: str
    old: str
    new: str
    wrong: set[str] = field(default_factory=set)
    write: str = ""
    entity: str = "order"


MEDUSA = (
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
MEDUSA_SOURCES = (
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

VENDURE = (
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
VENDURE_SOURCES = (
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

SALEOR = (
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
SALEOR_SOURCES = (
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

_STORES = (
    ("medusa", MEDUSA, MEDUSA_SOURCES),
    ("vendure", VENDURE, VENDURE_SOURCES),
    ("saleor", SALEOR, SALEOR_SOURCES),
)
ALL = [(store, each) for store, rules, _ in _STORES for each in rules]
SOURCES = [(store, each) for store, _, sources in _STORES for each in sources]
