-- What a basket costs in a currency. Parameters: variants, quantities, currency.
SELECT sum(w.quantity * round(v.price * c.per_euro, c.digits)) AS subtotal,
       round(4.90 * c.per_euro, c.digits) AS shipping,
       c.digits,
       count(*) AS found
FROM unnest(%(variants)s::integer[], %(quantities)s::integer[]) AS w (variant_id, quantity)
JOIN product_variants v ON v.id = w.variant_id
CROSS JOIN currencies c
WHERE c.code = lower(%(currency)s)
GROUP BY c.digits, c.per_euro
