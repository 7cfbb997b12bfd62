-- Makes a voucher with one code for one use, as Saleor 3.23's API makes it, in every active channel
-- (an amount of money: in those with its currency). Saleor cannot lock a voucher to a customer.
-- A voucher without a row for a channel is worth nothing there, so none is made where no channel
-- fits. Django gives the columns no defaults: every one is named.
WITH terms AS (
    SELECT CAST(:kind AS text) AS kind,
           CASE :kind WHEN 'free_shipping' THEN 100 ELSE CAST(:value AS numeric) END AS value,
           NULLIF(CAST(:minimum_spend AS numeric), 0) AS minimum_spend
),
channel AS (
    SELECT c.id, c.currency_code
    FROM channel_channel c, terms
    WHERE c.is_active
      AND (
          (kind <> 'fixed' AND (minimum_spend IS NULL OR CAST(:currency AS text) IS NULL))
          OR c.currency_code = upper(CAST(:currency AS text))
      )
),
voucher AS (
    INSERT INTO discount_voucher (
        type, name, usage_limit, start_date, end_date, discount_value_type, apply_once_per_order,
        countries, apply_once_per_customer, only_for_staff, metadata, private_metadata, single_use
    )
    SELECT CASE kind WHEN 'free_shipping' THEN 'shipping' WHEN 'product' THEN 'specific_product'
                     ELSE 'entire_order' END,
           :code, :usage_limit, now(), :expires_at,
           CASE kind WHEN 'fixed' THEN 'fixed' ELSE 'percentage' END,
           -- Of a product coupon: off one unit of the cheapest of its products.
           kind = 'product',
           '', true, false, '{}', '{}', true
    FROM terms
    WHERE EXISTS (SELECT 1 FROM channel)
    RETURNING id
),
code AS (
    INSERT INTO discount_vouchercode (id, code, used, is_active, created_at, voucher_id)
    SELECT gen_random_uuid(), :code, 0, true, now(), id FROM voucher
    RETURNING 1
),
product AS (
    INSERT INTO discount_voucher_products (voucher_id, product_id)
    SELECT voucher.id, CAST(listed.id AS integer)
    FROM voucher, unnest(CAST(:product_ids AS text[])) AS listed (id)
    RETURNING 1
)
INSERT INTO discount_voucherchannellisting (
    discount_value, currency, min_spent_amount, channel_id, voucher_id
)
SELECT terms.value, channel.currency_code, terms.minimum_spend, channel.id, voucher.id
FROM terms, channel, voucher
