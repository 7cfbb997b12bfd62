-- Orders of Medusa v2 that were placed; drafts are none. Amounts are in major units already.
-- Everything that belongs to an order is read through LATERAL, one order at a time: a delivery asks
-- for a few hundred orders by their keys.
SELECT o.id,
       o.display_id::text AS number,
       o.customer_id,
       o.email,
       upper(o.currency_code) AS currency,
       lines.subtotal,
       sold.total,
       discounts.total AS discount_total,
       -- Where the money is. The order's own status stays "pending" when it is paid, and a payment
       -- collection's stays "authorized" when a part is captured and "completed" after a refund.
       -- Medusa gives the money back when it cancels an order; a canceled one whose money was kept
       -- all the same is a paid one, until it is given back.
       CASE
           WHEN money.refunded > 0 AND money.refunded >= money.captured THEN 'refunded'
           WHEN money.refunded > 0 THEN 'partially_refunded'
           WHEN money.captured > 0 AND money.captured >= money.asked THEN 'paid'
           WHEN money.captured > 0 THEN 'partially_paid'
           WHEN o.status = 'canceled' OR money.all_canceled THEN 'voided'
           WHEN money.authorized > 0 THEN 'authorized'
           WHEN sold.total = 0 THEN 'paid'
           ELSE 'pending'
       END AS financial_status,
       lines.list AS line_items,
       discounts.list AS discount_codes,
       o.created_at
FROM "order" o
LEFT JOIN LATERAL (
    -- A summary per version of the order; the newest counts. A refund takes current_order_total
    -- down and leaves original_order_total, what was sold. An edit that adds goods raises
    -- current_order_total alone.
    SELECT greatest(
        CAST(s.totals ->> 'original_order_total' AS numeric),
        CAST(s.totals ->> 'current_order_total' AS numeric)
    ) AS total
    FROM order_summary s
    WHERE s.order_id = o.id AND s.deleted_at IS NULL
    ORDER BY s.version DESC
    LIMIT 1
) AS sold ON true
CROSS JOIN LATERAL (
    -- An order that was edited has several payment collections.
    SELECT coalesce(sum(pc.captured_amount), 0) AS captured,
           coalesce(sum(pc.refunded_amount), 0) AS refunded,
           coalesce(sum(pc.amount) FILTER (WHERE pc.status <> 'canceled'), 0) AS asked,
           coalesce(sum(pc.authorized_amount) FILTER (WHERE pc.status <> 'canceled'), 0)
               AS authorized,
           coalesce(bool_and(pc.status = 'canceled'), false) AS all_canceled
    FROM order_payment_collection opc
    JOIN payment_collection pc ON pc.id = opc.payment_collection_id AND pc.deleted_at IS NULL
    WHERE opc.order_id = o.id AND opc.deleted_at IS NULL
) AS money
CROSS JOIN LATERAL (
    -- An order's items are written anew for each of its versions: only those of the current one, or
    -- lines would double. Ids and titles of deleted products stay on the line.
    SELECT sum(coalesce(i.unit_price, l.unit_price) * i.quantity) AS subtotal,
           coalesce(
               jsonb_agg(
                   jsonb_build_object(
                       'product_id', l.product_id,
                       'variant_id', l.variant_id,
                       'title', l.title,
                       'quantity', i.quantity,
                       'unit_price', coalesce(i.unit_price, l.unit_price)
                   ) ORDER BY l.id
               ), '[]'
           ) AS list
    FROM order_item i
    JOIN order_line_item l ON l.id = i.item_id
    WHERE i.order_id = o.id AND i.version = o.version AND i.deleted_at IS NULL
      -- What an edit took off the order altogether.
      AND i.quantity > 0
) AS lines
CROSS JOIN LATERAL (
    -- A code counts if it took something off: order_promotion also names those that did not. Table
    -- promotion is not asked, because its counter of uses moves with every order.
    SELECT coalesce(sum(per_code.amount), 0) AS total,
           coalesce(
               jsonb_agg(
                   jsonb_build_object('code', per_code.code, 'amount', per_code.amount)
                   ORDER BY per_code.code
               ) FILTER (WHERE per_code.code <> ''), '[]'
           ) AS list
    FROM (
        SELECT given.code, sum(given.amount) AS amount
        FROM (
            SELECT a.code, a.amount
            FROM order_item i
            JOIN order_line_item_adjustment a ON a.item_id = i.item_id AND a.deleted_at IS NULL
            WHERE i.order_id = o.id AND i.version = o.version AND i.deleted_at IS NULL
              AND a.version = (
                  SELECT max(newest.version) FROM order_line_item_adjustment newest
                  WHERE newest.item_id = a.item_id AND newest.deleted_at IS NULL
              )
            UNION ALL
            SELECT a.code, a.amount
            FROM order_shipping s
            JOIN order_shipping_method_adjustment a
                ON a.shipping_method_id = s.shipping_method_id AND a.deleted_at IS NULL
            WHERE s.order_id = o.id AND s.version = o.version AND s.deleted_at IS NULL
              AND a.version = (
                  SELECT max(newest.version) FROM order_shipping_method_adjustment newest
                  WHERE newest.shipping_method_id = a.shipping_method_id
                    AND newest.deleted_at IS NULL
              )
        ) AS given
        GROUP BY given.code
        HAVING sum(given.amount) > 0
    ) AS per_code
) AS discounts
WHERE o.deleted_at IS NULL AND NOT o.is_draft_order AND o.status <> 'draft'
