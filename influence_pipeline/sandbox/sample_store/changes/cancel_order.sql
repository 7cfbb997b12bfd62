-- An order is canceled: authorizations are voided, captured money goes back. Parameter: order.
-- Gives the order, if it could still be canceled.
SELECT FROM orders WHERE id = %(order)s::bigint FOR UPDATE;
WITH canceled AS (
    UPDATE orders SET status = 'canceled', updated_at = now()
    WHERE id = %(order)s::bigint AND status NOT IN ('canceled', 'expired', 'draft')
    RETURNING id
), voided AS (
    UPDATE payments SET status = 'voided', updated_at = now()
    FROM canceled
    WHERE payments.order_id = canceled.id AND payments.status = 'authorized'
), given_back AS (
    INSERT INTO refunds (payment_id, amount)
    SELECT p.id, p.amount - coalesce(sum(r.amount), 0)
    FROM canceled c
    JOIN payments p ON p.order_id = c.id AND p.status = 'captured'
    LEFT JOIN refunds r ON r.payment_id = p.id
    GROUP BY p.id
    HAVING p.amount > coalesce(sum(r.amount), 0)
)
SELECT id::text FROM canceled
