-- Orders of Saleor 3 that were placed; drafts are none. Amounts are in major units, with tax.
-- Everything that belongs to an order is read through LATERAL, one order at a time: a delivery asks
-- for a few hundred orders by their keys.
SELECT o.id,
       o.number::text AS number,
       -- An order without an account takes the one with its e-mail, if there is one: Saleor does
       -- not link the orders that a guest placed before.
       coalesce(o.user_id, account.id) AS customer_id,
       o.user_email AS email,
       o.currency,
       o.subtotal_gross_amount AS subtotal,
       o.total_gross_amount AS total,
       discounts.amount AS discount_total,
       -- Where the money is. After a full refund charge_status is "none" and nothing is charged, as
       -- if it had never been paid: only the transactions and payments tell. A refund counts when
       -- it is through, not when it is granted. An order that was canceled while its money was kept
       -- is a paid one, until it is given back.
       CASE
           WHEN money.any_refund AND money.charged <= 0 THEN 'refunded'
           -- Only what was paid too much was given back, or it was paid anew.
           WHEN money.any_refund AND money.charged >= o.total_gross_amount THEN 'paid'
           WHEN money.any_refund THEN 'partially_refunded'
           WHEN money.charged > 0
                AND (money.charged >= o.total_gross_amount
                     OR o.charge_status IN ('full', 'overcharged')) THEN 'paid'
           WHEN money.charged > 0 THEN 'partially_paid'
           WHEN o.status = 'expired' THEN 'expired'
           WHEN o.status = 'canceled' THEN 'voided'
           WHEN money.authorized > 0 THEN 'authorized'
           WHEN money.any_voided THEN 'voided'
           WHEN o.total_gross_amount = 0 THEN 'paid'
           ELSE 'pending'
       END AS financial_status,
       lines.list AS line_items,
       -- At most one. A voucher on an order that was placed is used up, whatever it took off.
       CASE
           WHEN o.voucher_code <> '' THEN jsonb_build_array(
               jsonb_build_object('code', o.voucher_code, 'amount', discounts.amount)
           )
           ELSE '[]'
       END AS discount_codes,
       o.created_at
FROM order_order o
LEFT JOIN account_user account ON account.email = lower(o.user_email) AND o.user_id IS NULL
CROSS JOIN LATERAL (
    SELECT coalesce(sum(t.charged_value), 0) AS charged,
           coalesce(sum(t.authorized_value), 0) AS authorized,
           coalesce(sum(t.refunded_value), 0) > 0 AS any_refund,
           coalesce(sum(t.canceled_value), 0) > 0 AS any_voided
    FROM payment_transactionitem t
    WHERE t.order_id = o.id
) AS transactions
CROSS JOIN LATERAL (
    -- Gateways of the older kind. captured_amount is what is left after refunds; a payment that
    -- failed, or in whose place another came, is not active.
    SELECT coalesce(sum(p.captured_amount) FILTER (WHERE p.is_active), 0) AS charged,
           coalesce(sum(p.total) FILTER (
               WHERE p.is_active AND p.charge_status = 'not-charged' AND p.captured_amount = 0
                 AND o.authorize_status <> 'none'
           ), 0) AS authorized,
           coalesce(bool_or(p.charge_status IN ('fully-refunded', 'partially-refunded')), false)
               AS any_refund,
           coalesce(bool_or(p.charge_status = 'cancelled'), false) AS any_voided
    FROM payment_payment p
    WHERE p.order_id = o.id
) AS payments
CROSS JOIN LATERAL (
    SELECT transactions.charged + payments.charged AS charged,
           transactions.authorized + payments.authorized AS authorized,
           transactions.any_refund OR payments.any_refund AS any_refund,
           transactions.any_voided OR payments.any_voided AS any_voided
) AS money
CROSS JOIN LATERAL (
    -- variant_id becomes NULL when the variant is deleted; product_variant_id keeps it, as Base64
    -- of "ProductVariant:333". The product of a deleted variant is not known any more.
    SELECT coalesce(
        jsonb_agg(
            jsonb_build_object(
                'product_id', v.product_id,
                'variant_id', coalesce(
                    l.variant_id::text,
                    CASE
                        WHEN l.product_variant_id ~ '^UHJvZHVjdFZhcmlhbnQ6([A-Za-z0-9+/]{2,4}=*)+$'
                             AND length(l.product_variant_id) % 4 = 0
                        THEN encode(decode(substr(l.product_variant_id, 21), 'base64'), 'escape')
                    END
                ),
                'title', l.product_name,
                'quantity', l.quantity,
                'unit_price', l.unit_price_gross_amount
            ) ORDER BY l.created_at, l.id
        ), '[]'
    ) AS list
    FROM order_orderline l
    LEFT JOIN product_productvariant v ON v.id = l.variant_id
    WHERE l.order_id = o.id AND l.quantity > 0
) AS lines
CROSS JOIN LATERAL (
    -- What the voucher took off: of the whole order, or of some of its lines.
    SELECT sum(taken.amount) AS amount
    FROM (
        SELECT d.amount_value AS amount
        FROM discount_orderdiscount d
        WHERE d.order_id = o.id AND d.type = 'voucher'
        UNION ALL
        SELECT d.amount_value
        FROM order_orderline l
        JOIN discount_orderlinediscount d ON d.line_id = l.id
        WHERE l.order_id = o.id AND d.type = 'voucher'
    ) AS taken
) AS discounts
WHERE o.status <> 'draft'
