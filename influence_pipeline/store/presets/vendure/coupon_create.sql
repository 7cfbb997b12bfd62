-- Makes a promotion for one use, as Vendure 3.7's API makes it, in every channel. Not locked to its
-- customer: that takes a group, and a running server keeps a customer's groups in memory for a week,
-- so that a group written here would silently be worth nothing. writer = "vendure" can lock.
--
-- Amounts are whole numbers of minor units, with 2 decimals for every currency; change 100 where
-- your MoneyStrategy has others. They are of the order's currency, whichever that is: an amount is
-- made only where every channel sells in the coupon's currency alone. Nor is a product given away:
-- Vendure would give every unit in the order. Timestamps are UTC (run the server with TZ=UTC).
WITH terms AS (
    SELECT CAST(:kind AS text) AS kind,
           CAST(:value AS numeric) AS value,
           NULLIF(CAST(:minimum_spend AS numeric), 0) AS minimum_spend
),
variant AS (
    SELECT json_agg(v.id ORDER BY v.id)::text AS ids,
           count(DISTINCT v."productId") AS products
    FROM product_variant v
    WHERE v."productId"::text = ANY (CAST(:product_ids AS text[])) AND v."deletedAt" IS NULL
),
promo AS (
    INSERT INTO promotion (
        "createdAt", "updatedAt", "endsAt", "couponCode", "perCustomerUsageLimit", "usageLimit",
        enabled, "priorityScore", conditions, actions
    )
    SELECT now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC',
           CAST(:expires_at AS timestamptz) AT TIME ZONE 'UTC',
           :code, :usage_limit, :usage_limit, true, 0,
           CASE WHEN minimum_spend IS NULL THEN '[]' ELSE
               json_build_array(json_build_object(
                   'code', 'minimum_order_amount',
                   'args', json_build_array(
                       json_build_object('name', 'amount',
                                         'value', trunc(minimum_spend * 100)::bigint::text),
                       json_build_object('name', 'taxInclusive', 'value', 'true')
                   )
               ))::text
           END,
           json_build_array(CASE kind
               WHEN 'percentage' THEN json_build_object(
                   'code', 'order_percentage_discount',
                   'args', json_build_array(
                       json_build_object('name', 'discount', 'value', value::text)))
               WHEN 'fixed' THEN json_build_object(
                   'code', 'order_fixed_discount',
                   'args', json_build_array(
                       json_build_object('name', 'discount',
                                         'value', trunc(value * 100)::bigint::text)))
               WHEN 'free_shipping' THEN json_build_object(
                   'code', 'free_shipping', 'args', json_build_array())
               WHEN 'product' THEN json_build_object(
                   'code', 'products_percentage_discount',
                   'args', json_build_array(
                       json_build_object('name', 'discount', 'value', value::text),
                       json_build_object('name', 'productVariantIds', 'value', variant.ids)))
           END)::text
    FROM terms, variant
    WHERE (
              (kind <> 'fixed' AND (minimum_spend IS NULL OR CAST(:currency AS text) IS NULL))
              OR NOT EXISTS (
                  SELECT 1 FROM channel
                  WHERE coalesce("availableCurrencyCodes", "defaultCurrencyCode")
                        <> upper(CAST(:currency AS text))
              )
          )
      AND (
              kind <> 'product'
              OR (value < 100 AND variant.products = cardinality(CAST(:product_ids AS text[])))
          )
      -- The order keeps its codes with commas between them.
      AND position(',' IN :code) = 0
    RETURNING id
),
translation AS (
    INSERT INTO promotion_translation (
        "createdAt", "updatedAt", "languageCode", name, description, "baseId"
    )
    SELECT now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC',
           -- Every language falls back to English.
           'en', :code, '', id
    FROM promo
    RETURNING 1
)
INSERT INTO promotion_channels_channel ("promotionId", "channelId")
SELECT promo.id, channel.id FROM promo, channel
