-- An order is placed, with its lines, its discounts and, where the money is there, its payment, in
-- one transaction. Parameters: customer (NULL: guest), email, currency, variants, quantities,
-- subtotal, shipping, codes, amounts, payment_status (NULL: no payment yet). Gives the order's id.
WITH placed AS (
    INSERT INTO orders (id, number, customer_id, email, currency_code, status, subtotal, shipping,
                        total, placed_at, updated_at)
    SELECT id, upper(left(%(currency)s, 2)) || '-' || 100000 + id, %(customer)s, %(email)s,
           lower(%(currency)s), 'pending', %(subtotal)s, %(shipping)s,
           %(subtotal)s + %(shipping)s
               - coalesce((SELECT sum(a) FROM unnest(%(amounts)s::numeric[]) AS a), 0),
           now(), now()
    FROM nextval(pg_get_serial_sequence('orders', 'id')) AS id
    RETURNING id, total
), lines AS (
    INSERT INTO order_lines (order_id, product_id, variant_id, title, quantity, unit_price)
    SELECT o.id, v.product_id, v.id, p.title || ' / ' || v.title, w.quantity,
           round(v.price * c.per_euro, c.digits)
    FROM placed o
    CROSS JOIN unnest(%(variants)s::integer[], %(quantities)s::integer[])
               WITH ORDINALITY AS w (variant_id, quantity, position)
    JOIN product_variants v ON v.id = w.variant_id
    JOIN products p ON p.id = v.product_id
    JOIN currencies c ON c.code = lower(%(currency)s)
    ORDER BY w.position
), discounts AS (
    INSERT INTO order_discounts (order_id, code, amount)
    SELECT o.id, d.code, d.amount
    FROM placed o
    CROSS JOIN unnest(%(codes)s::text[], %(amounts)s::numeric[]) AS d (code, amount)
), payment AS (
    INSERT INTO payments (order_id, status, amount)
    SELECT id, %(payment_status)s, total FROM placed
    WHERE %(payment_status)s IS NOT NULL AND total > 0
)
SELECT id::text FROM placed
