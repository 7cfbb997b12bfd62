-- Orders that were placed; drafts of the staff are none. Amounts in major units (19.90, not 1990).
-- A guest's order has an e-mail and, unless the guest has a row of its own, no customer_id.
-- Child rows through LATERAL, one order at a time: GROUP BY in a WITH would read whole tables even
-- where a few orders are asked for.
SELECT o.id,
       o.number,
       o.customer_id,
       o.email,
       upper(o.currency_code) AS currency,
       o.subtotal,
       o.total,
       discounts.total AS discount_total,
       -- Where the money is. The order's own status is asked only where no money has moved: in this
       -- store it stays "pending" for paid orders. An order that was canceled while its money was
       -- kept is a paid one.
       CASE
           WHEN refund.amount > 0 AND refund.amount >= payment.captured THEN 'refunded'
           WHEN refund.amount > 0 THEN 'partially_refunded'
           WHEN payment.captured > 0 AND payment.captured >= o.total THEN 'paid'
           WHEN payment.captured > 0 THEN 'partially_paid'
           WHEN o.status = 'expired' THEN 'expired'
           WHEN o.status = 'canceled' THEN 'voided'
           WHEN payment.authorized > 0 THEN 'authorized'
           WHEN payment.any_voided THEN 'voided'
           WHEN o.total = 0 THEN 'paid'
           ELSE 'pending'
       END AS financial_status,
       lines.list AS line_items,
       discounts.list AS discount_codes,
       o.placed_at AS created_at
FROM orders o
CROSS JOIN LATERAL (
    SELECT coalesce(sum(p.amount) FILTER (WHERE p.status = 'captured'), 0) AS captured,
           coalesce(sum(p.amount) FILTER (WHERE p.status = 'authorized'), 0) AS authorized,
           coalesce(bool_or(p.status = 'voided'), false) AS any_voided
    FROM payments p
    WHERE p.order_id = o.id
) AS payment
CROSS JOIN LATERAL (
    SELECT coalesce(sum(r.amount), 0) AS amount
    FROM payments p
    JOIN refunds r ON r.payment_id = p.id
    WHERE p.order_id = o.id
) AS refund
CROSS JOIN LATERAL (
    -- product_id and variant_id become NULL when the shop deletes what was sold.
    SELECT coalesce(
        jsonb_agg(
            jsonb_build_object(
                'product_id', l.product_id,
                'variant_id', l.variant_id,
                'title', l.title,
                'quantity', l.quantity,
                'unit_price', l.unit_price
            ) ORDER BY l.id
        ), '[]'
    ) AS list
    FROM order_lines l
    WHERE l.order_id = o.id
) AS lines
CROSS JOIN LATERAL (
    SELECT coalesce(sum(d.amount), 0) AS total,
           coalesce(
               jsonb_agg(jsonb_build_object('code', d.code, 'amount', d.amount) ORDER BY d.code),
               '[]'
           ) AS list
    FROM order_discounts d
    WHERE d.order_id = o.id
) AS discounts
WHERE o.placed_at IS NOT NULL
