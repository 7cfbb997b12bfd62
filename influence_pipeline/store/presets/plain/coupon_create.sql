-- Makes a coupon that the shop's checkout honours: for one customer, for so many uses, until then.
INSERT INTO discount_codes (
    code, customer_id, kind, value, product_ids, currency, minimum_spend, expires_at, usage_limit,
    source
)
VALUES (
    :code, :customer_id, :kind, :value, CAST(:product_ids AS integer[]), lower(:currency),
    :minimum_spend, :expires_at, :usage_limit, 'influence'
)
