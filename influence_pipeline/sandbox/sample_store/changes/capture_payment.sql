-- Money arrives: what was authorized is captured, else what is still owed is paid. The order's own
-- row is left alone. Parameters: order, amount (NULL: all of it). Gives the order, if there was
-- anything to capture; an order that is over takes no money.
SELECT FROM orders WHERE id = %(order)s::bigint FOR UPDATE;
WITH captured AS (
    UPDATE payments
    SET status = 'captured', amount = coalesce(%(amount)s, amount), updated_at = now()
    WHERE id = (SELECT p.id FROM payments p JOIN orders o ON o.id = p.order_id
                WHERE o.id = %(order)s::bigint AND p.status = 'authorized'
                  AND o.status NOT IN ('draft', 'canceled', 'expired')
                ORDER BY p.id LIMIT 1)
    RETURNING order_id
), paid AS (
    INSERT INTO payments (order_id, status, amount)
    SELECT o.id, 'captured', coalesce(%(amount)s, o.total - p.captured)
    FROM orders o
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount), 0) AS captured
        FROM payments WHERE order_id = o.id AND status = 'captured'
    ) AS p
    WHERE o.id = %(order)s::bigint AND o.status NOT IN ('draft', 'canceled', 'expired')
      AND p.captured < o.total AND NOT EXISTS (SELECT FROM captured)
    RETURNING order_id
)
SELECT order_id::text FROM captured UNION ALL SELECT order_id::text FROM paid
