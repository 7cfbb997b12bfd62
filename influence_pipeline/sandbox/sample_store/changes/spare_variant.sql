-- A variant that few orders name, of a product that has another one. Parameters: product, variant
-- (NULL: any).
SELECT v.product_id::text, v.id::text
FROM product_variants v
JOIN products p ON p.id = v.product_id
WHERE (%(variant)s IS NULL OR v.id = %(variant)s::integer)
  AND (%(product)s IS NULL OR p.id = %(product)s::integer)
  AND (%(variant)s IS NOT NULL
       OR p.deleted_at IS NULL AND p.status = 'published'
          AND EXISTS (SELECT FROM product_variants o WHERE o.product_id = p.id AND o.id <> v.id))
ORDER BY (SELECT count(*) FROM order_lines l WHERE l.variant_id = v.id), v.id DESC
LIMIT 1
