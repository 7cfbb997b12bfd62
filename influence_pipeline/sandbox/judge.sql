-- What the API must have been told, written from the sample store's tables and from nothing else:
-- not from the mapping, whose own mistakes would then be its own proof.

-- name: customers
-- Everyone with a row. Due are the living, guests with a row too, but for those whose e-mail an
-- account has.
SELECT c.id, lower(btrim(email)) AS email, nullif(btrim(first_name), '') AS first_name,
       nullif(btrim(last_name), '') AS last_name, nullif(btrim(phone), '') AS phone,
       CAST(extract(month FROM birthday) AS int) AS birthday_month,
       CAST(extract(day FROM birthday) AS int) AS birthday_day,
       deleted_at IS NULL AND NOT (is_guest AND lower(email) IN (
           SELECT lower(email) FROM customers WHERE NOT is_guest AND deleted_at IS NULL)) AS due
FROM customers c

-- name: products
-- Every product. Due are those on sale.
SELECT p.id::text AS id, p.title,
       p.deleted_at IS NULL AND p.status = 'published' AS due,
       (SELECT coalesce(json_agg(json_build_array(v.id::text, v.title)), '[]')
        FROM product_variants v WHERE v.product_id = p.id) AS variants
FROM products p

-- name: orders
-- Orders placed since the go-live; what happened to their money, in sums.
SELECT o.id::text AS id, o.number, o.customer_id,
       c.deleted_at IS NOT NULL OR (c.is_guest AND lower(c.email) IN (
           SELECT lower(email) FROM customers WHERE NOT is_guest AND deleted_at IS NULL))
           AS not_a_customer,
       lower(btrim(o.email)) AS email, upper(o.currency_code) AS currency, o.subtotal, o.total,
       o.status, m.captured, m.authorized, m.any_voided, m.refunded,
       (SELECT coalesce(array_agg(d.code ORDER BY d.code), '{}')
        FROM order_discounts d WHERE d.order_id = o.id) AS codes,
       (SELECT coalesce(json_agg(json_build_array(
            l.product_id::text, l.variant_id::text, l.title, l.quantity, l.unit_price::text)), '[]')
        FROM order_lines l WHERE l.order_id = o.id) AS lines
FROM orders o
LEFT JOIN customers c ON c.id = o.customer_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(p.amount) FILTER (WHERE p.status = 'captured'), 0) AS captured,
           coalesce(sum(p.amount) FILTER (WHERE p.status = 'authorized'), 0) AS authorized,
           coalesce(bool_or(p.status = 'voided'), false) AS any_voided,
           coalesce(sum((SELECT sum(r.amount) FROM refunds r WHERE r.payment_id = p.id)), 0)
               AS refunded
    FROM payments p WHERE p.order_id = o.id
) m
WHERE o.placed_at >= :go_live

-- name: coupons
-- Every code, the shop's own too: one of them may be a reward's that came into its hands.
SELECT code, lower(code) AS any_case, kind, value, customer_id, usage_limit,
       source = 'influence' AS from_influence, coalesce(expires_at <= now(), false) AS expired
FROM discount_codes ORDER BY code

-- name: used_codes
SELECT DISTINCT d.code FROM order_discounts d JOIN orders o ON o.id = d.order_id
WHERE o.placed_at >= :go_live AND o.status NOT IN ('canceled', 'expired')
