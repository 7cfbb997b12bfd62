-- Makes a coupon that the shop's checkout honours: for one customer, for so many uses, until then.
INSERT INTO discount_codes (
    code, customer_id, kind, value, currency, minimum_spend, expires_at, usage_limit, source
)
VALUES (
    :code, :customer_id, :kind, :value, lower(:currency), :minimum_spend, :expires_at,
    :usage_limit, 'influence'
)
