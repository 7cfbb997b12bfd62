-- What certain products in a basket cost. Parameters: variants, quantities, currency, products.
SELECT coalesce(sum(w.quantity * round(v.price * c.per_euro, c.digits)), 0) AS subtotal
FROM unnest(%(variants)s::integer[], %(quantities)s::integer[]) AS w (variant_id, quantity)
JOIN product_variants v ON v.id = w.variant_id
CROSS JOIN currencies c
WHERE c.code = lower(%(currency)s) AND v.product_id = ANY(%(products)s)
