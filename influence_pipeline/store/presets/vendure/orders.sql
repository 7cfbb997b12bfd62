-- Orders of Vendure 3 that were placed. Carts and drafts share their table; so do, in a
-- marketplace, the sellers' parts of an order, which repeat its money and are left out.
--
-- Amounts are whole numbers of minor units, with 2 decimals for every currency, yen too: * 0.01.
-- Change 0.01 in all places where your MoneyStrategy has another precision. All are with tax.
-- Everything that belongs to an order is read through LATERAL, one order at a time: a delivery asks
-- for a few hundred orders by their keys.
SELECT o.id,
       o.code AS number,
       o."customerId" AS customer_id,
       c."emailAddress" AS email,
       o."currencyCode" AS currency,
       CASE WHEN o.state <> 'Cancelled' THEN o."subTotalWithTax" * 0.01 END AS subtotal,
       sold.total * 0.01 AS total,
       discounts.total AS discount_total,
       -- Where the money is. The order's own state stays "PaymentSettled" after a refund. A refund
       -- counts when it is settled. An order that was cancelled while its money was kept is a paid
       -- one, until that is given back.
       CASE
           WHEN refund.settled > 0 AND refund.settled >= payment.settled THEN 'refunded'
           WHEN refund.settled > 0 THEN 'partially_refunded'
           WHEN payment.settled > 0 AND payment.settled >= sold.total THEN 'paid'
           WHEN payment.settled > 0 THEN 'partially_paid'
           WHEN o.state = 'Cancelled' THEN 'voided'
           WHEN payment.authorized > 0 THEN 'authorized'
           WHEN payment.cancelled > 0 THEN 'voided'
           WHEN sold.total = 0 THEN 'paid'
           ELSE 'pending'
       END AS financial_status,
       lines.list AS line_items,
       discounts.list AS discount_codes,
       -- THE ZONE. Vendure writes "orderPlacedAt" in the local time of its node process (TZ), while
       -- other columns are in that of the database's sessions. Run node with TZ=UTC, or write here
       -- the zone that it runs in, e.g. 'America/New_York'.
       o."orderPlacedAt" AT TIME ZONE 'UTC' AS created_at
FROM "order" o
LEFT JOIN customer c ON c.id = o."customerId"
CROSS JOIN LATERAL (
    SELECT coalesce(sum(p.amount) FILTER (WHERE p.state = 'Settled'), 0) AS settled,
           coalesce(sum(p.amount) FILTER (WHERE p.state = 'Authorized'), 0) AS authorized,
           coalesce(max(p.amount) FILTER (WHERE p.state = 'Cancelled'), 0) AS cancelled
    FROM payment p
    WHERE p."orderId" = o.id
) AS payment
CROSS JOIN LATERAL (
    SELECT coalesce(sum(r.total), 0) AS settled
    FROM payment p
    JOIN refund r ON r."paymentId" = p.id
    WHERE p."orderId" = o.id AND r.state = 'Settled'
) AS refund
CROSS JOIN LATERAL (
    -- An order that is cancelled is set to 0 in place, and its lines' quantities too: then what was
    -- paid or authorized is what was sold.
    SELECT CASE
               WHEN o.state <> 'Cancelled' THEN o."subTotalWithTax" + o."shippingWithTax"
               WHEN payment.settled + payment.authorized > 0
                   THEN payment.settled + payment.authorized
               ELSE payment.cancelled
           END AS total
) AS sold
CROSS JOIN LATERAL (
    -- No title: a line keeps none, and the variant's name of today would change old orders.
    -- A price without tax is told with it, rounded as Vendure rounds.
    SELECT coalesce(
        jsonb_agg(
            jsonb_build_object(
                'product_id', v."productId",
                'variant_id', l."productVariantId",
                'quantity', bought.pieces,
                'unit_price', 0.01 * CASE
                    WHEN l."listPriceIncludesTax" THEN l."listPrice"
                    ELSE round(l."listPrice" * (100 + tax.rate) / 100)
                END
            ) ORDER BY l.id
        ), '[]'
    ) AS list
    FROM order_line l
    JOIN product_variant v ON v.id = l."productVariantId"
    CROSS JOIN LATERAL (
        SELECT CASE WHEN o.state = 'Cancelled' THEN l."orderPlacedQuantity" ELSE l.quantity END
            AS pieces
    ) AS bought
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(CAST(each ->> 'taxRate' AS numeric)), 0) AS rate
        FROM jsonb_array_elements(CAST(l."taxLines" AS jsonb)) AS each
    ) AS tax
    WHERE l."orderId" = o.id AND bought.pieces > 0
) AS lines
CROSS JOIN LATERAL (
    -- "couponCodes" also keeps codes that gave nothing; this table has those that did. What they
    -- took off stands in the JSON of the lines, and is lost when the order is cancelled.
    SELECT coalesce(sum(given.amount), 0) AS total,
           coalesce(
               jsonb_agg(
                   jsonb_build_object('code', pr."couponCode", 'amount', given.amount)
                   ORDER BY pr."couponCode", pr.id
               ) FILTER (WHERE pr."couponCode" <> ''), '[]'
           ) AS list
    FROM order_promotions_promotion op
    JOIN promotion pr ON pr.id = op."promotionId"
    CROSS JOIN LATERAL (
        SELECT nullif(-sum(round(
            CAST(adjustment ->> 'amount' AS numeric) * CASE
                WHEN piece."listPriceIncludesTax" THEN 1
                ELSE (
                    SELECT 1 + coalesce(sum(CAST(each ->> 'taxRate' AS numeric)), 0) / 100
                    FROM jsonb_array_elements(CAST(piece."taxLines" AS jsonb)) AS each
                )
            END
        )), 0) * 0.01 AS amount
        FROM (
            SELECT l.adjustments, l."taxLines", l."listPriceIncludesTax"
            FROM order_line l
            WHERE l."orderId" = o.id
            UNION ALL
            SELECT s.adjustments, s."taxLines", s."listPriceIncludesTax"
            FROM shipping_line s
            WHERE s."orderId" = o.id
        ) AS piece
        CROSS JOIN jsonb_array_elements(CAST(piece.adjustments AS jsonb)) AS adjustment
        WHERE adjustment ->> 'adjustmentSource' = 'PROMOTION:' || pr.id
    ) AS given
    WHERE op."orderId" = o.id
) AS discounts
WHERE o."orderPlacedAt" IS NOT NULL AND NOT o.active AND o.type <> 'Seller'
