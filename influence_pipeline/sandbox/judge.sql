-- What the API must have been told, written from the sample store's tables and from nothing else:
-- not from the mapping, whose own mistakes would then be its own proof.

-- name: customers
-- Everyone with a living row, guests with a row too, but for those whose e-mail an account has.
SELECT c.id, lower(btrim(email)) AS email, nullif(btrim(first_name), '') AS first_name,
       nullif(btrim(last_name), '') AS last_name
FROM customers c
WHERE deleted_at IS NULL
  AND NOT (is_guest AND lower(email) IN (
      SELECT lower(email) FROM customers WHERE NOT is_guest AND deleted_at IS NULL))

-- name: products
SELECT p.id::text AS id, p.title,
       (SELECT coalesce(array_agg(v.id::text ORDER BY v.id::text), '{}')
        FROM product_variants v WHERE v.product_id = p.id) AS variants
FROM products p WHERE p.deleted_at IS NULL AND p.status = 'published'

-- name: orders
-- Orders placed since the go-live; what happened to their money, in sums.
SELECT o.id::text AS id, o.customer_id,
       c.deleted_at IS NOT NULL OR (c.is_guest AND lower(c.email) IN (
           SELECT lower(email) FROM customers WHERE NOT is_guest AND deleted_at IS NULL))
           AS not_a_customer,
       lower(btrim(o.email)) AS email, upper(o.currency_code) AS currency, o.total, o.status,
       m.captured, m.authorized, m.refunded,
       (SELECT coalesce(array_agg(d.code ORDER BY d.code), '{}')
        FROM order_discounts d WHERE d.order_id = o.id) AS codes,
       (SELECT count(*) FROM order_lines l WHERE l.order_id = o.id) AS lines
FROM orders o
LEFT JOIN customers c ON c.id = o.customer_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(p.amount) FILTER (WHERE p.status = 'captured'), 0) AS captured,
           coalesce(sum(p.amount) FILTER (WHERE p.status = 'authorized'), 0) AS authorized,
           coalesce(sum((SELECT sum(r.amount) FROM refunds r WHERE r.payment_id = p.id)), 0)
               AS refunded
    FROM payments p WHERE p.order_id = o.id
) m
WHERE o.placed_at >= :go_live

-- name: coupons
-- Codes that came from Influence.
SELECT code, customer_id, times_used FROM discount_codes WHERE source = 'influence'

-- name: used_codes
SELECT DISTINCT d.code FROM order_discounts d JOIN orders o ON o.id = d.order_id
WHERE o.placed_at >= :go_live AND o.status NOT IN ('canceled', 'expired')
