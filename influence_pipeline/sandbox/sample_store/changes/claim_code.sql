-- A discount code as the checkout sees it, held until the order is placed. Parameter: code.
SELECT kind, value, currency, customer_id, minimum_spend,
       usage_limit IS NOT NULL AND times_used >= usage_limit AS used_up,
       expires_at IS NOT NULL AND expires_at <= now() AS expired, product_ids
FROM discount_codes
WHERE code = %(code)s
FOR UPDATE
