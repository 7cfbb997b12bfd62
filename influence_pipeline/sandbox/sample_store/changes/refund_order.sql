-- Money goes back, from the first payment on that still has some. The order's own row is left alone.
-- Parameters: order, amount (NULL: all of it). Gives the order once per refund made; none if there
-- is not so much to give back.
SELECT FROM orders WHERE id = %(order)s::bigint FOR UPDATE;
WITH payment AS (
    SELECT p.id, p.order_id, p.amount - coalesce(sum(r.amount), 0) AS rest
    FROM payments p LEFT JOIN refunds r ON r.payment_id = p.id
    WHERE p.order_id = %(order)s::bigint AND p.status = 'captured'
    GROUP BY p.id
), in_turn AS (
    SELECT id, order_id, rest,
           coalesce(%(amount)s, sum(rest) OVER ()) AS wanted,
           sum(rest) OVER () AS most,
           coalesce(sum(rest) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) - rest, 0) AS before
    FROM payment WHERE rest > 0
), given AS (
    INSERT INTO refunds (payment_id, amount)
    SELECT id, least(rest, wanted - before) FROM in_turn WHERE wanted <= most AND wanted > before
    RETURNING payment_id
)
SELECT i.order_id::text FROM given g JOIN in_turn i ON i.id = g.payment_id
