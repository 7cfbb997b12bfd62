-- Makes a promotion as Medusa 2.21's Admin API makes it: for one use, for one customer (rule
-- customer.id), until then (a campaign of its own), from a minimum spend on (rule
-- original_item_total: goods with tax, before discounts). Medusa keeps no promotions in memory.
-- Ids are text of Medusa's own shape; any that is unique will do.
WITH ids AS (
    SELECT upper(translate(gen_random_uuid()::text, '-', '')) AS u
),
terms AS (
    SELECT CAST(:kind AS text) AS kind,
           CASE :kind WHEN 'free_shipping' THEN 100 ELSE CAST(:value AS numeric) END AS value,
           -- A minimum is an amount too: it holds in its currency only.
           CASE WHEN :kind = 'fixed' OR CAST(:minimum_spend AS numeric) > 0
                THEN lower(CAST(:currency AS text)) END AS currency
),
campaign AS (
    INSERT INTO promotion_campaign (id, name, campaign_identifier, ends_at)
    SELECT 'procamp_' || u, 'Coupon ' || :code, 'coupon-' || :code, :expires_at
    FROM ids
    WHERE CAST(:expires_at AS timestamptz) IS NOT NULL
    RETURNING id
),
promo AS (
    INSERT INTO promotion (
        id, code, campaign_id, is_automatic, type, status, is_tax_inclusive, "limit", used
    )
    -- A fixed amount is so much less to pay, whatever the tax.
    SELECT 'promo_' || u, :code, (SELECT id FROM campaign), false, 'standard', 'active',
           kind = 'fixed', :usage_limit, 0
    FROM ids, terms
    RETURNING id
),
method AS (
    INSERT INTO promotion_application_method (
        id, promotion_id, type, target_type, allocation, max_quantity, value, raw_value,
        currency_code
    )
    SELECT 'proappmet_' || u,
           promo.id,
           CASE kind WHEN 'fixed' THEN 'fixed' ELSE 'percentage' END,
           CASE kind WHEN 'free_shipping' THEN 'shipping_methods' WHEN 'product' THEN 'items'
                     ELSE 'order' END,
           -- once: of a product coupon one unit, not every one in the cart.
           CASE kind WHEN 'product' THEN 'once' ELSE 'across' END,
           CASE kind WHEN 'product' THEN 1 END,
           value,
           jsonb_build_object('value', value::text, 'precision', 20),
           currency
    FROM ids, terms, promo
    RETURNING id
),
wanted AS (
    SELECT 'prorul_' || u || '_1' AS id, 'customer.id' AS attribute, 'eq' AS operator,
           ARRAY[CAST(:customer_id AS text)] AS value_list, false AS of_target
    FROM ids
    WHERE CAST(:customer_id AS text) IS NOT NULL
    UNION ALL
    SELECT 'prorul_' || u || '_2', 'original_item_total', 'gte',
           ARRAY[CAST(CAST(:minimum_spend AS numeric) AS text)], false
    FROM ids
    WHERE CAST(:minimum_spend AS numeric) > 0
    UNION ALL
    SELECT 'prorul_' || u || '_3', 'items.product.id', 'in',
           CAST(:product_ids AS text[]), true
    FROM ids, terms
    WHERE kind = 'product'
),
rule AS (
    INSERT INTO promotion_rule (id, attribute, operator)
    SELECT id, attribute, operator FROM wanted
    RETURNING id
),
rule_value AS (
    INSERT INTO promotion_rule_value (id, promotion_rule_id, value)
    SELECT 'prorulval_' || gen_random_uuid(), wanted.id, listed.value
    FROM wanted JOIN rule ON rule.id = wanted.id, unnest(value_list) AS listed (value)
    RETURNING 1
),
of_promotion AS (
    INSERT INTO promotion_promotion_rule (promotion_id, promotion_rule_id)
    SELECT promo.id, wanted.id FROM promo, wanted JOIN rule ON rule.id = wanted.id
    WHERE NOT of_target
    RETURNING 1
)
INSERT INTO application_method_target_rules (application_method_id, promotion_rule_id)
SELECT method.id, wanted.id FROM method, wanted JOIN rule ON rule.id = wanted.id
WHERE of_target
