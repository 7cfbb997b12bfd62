-- A variant is deleted for good. As shops do, the product is touched with it, and the orders that
-- sold it lose its id. Parameters: product, variant. Gives what was touched: kind and key.
WITH gone AS (
    DELETE FROM product_variants
    WHERE id = %(variant)s::integer AND product_id = %(product)s::integer
    RETURNING id, product_id
), touched AS (
    UPDATE products SET updated_at = now() FROM gone WHERE products.id = gone.product_id
    RETURNING products.id
)
SELECT 'product' AS kind, id::text AS key FROM touched
UNION
SELECT 'order', l.order_id::text FROM order_lines l JOIN gone ON gone.id = l.variant_id
