-- Products of Vendure 3 that are on sale in one channel: enabled and not deleted, with all variants
-- that are. Every product is in the default channel; for another one, change the code in the last
-- line. Names are in the channel's default language, or in the oldest one where that is missing.
SELECT p.id,
       name.name AS title,
       variants.list -> 0 ->> 'sku' AS sku,
       'active' AS status,
       -- The slug. For an address write: 'https://shop.example/products/' || name.slug
       name.slug AS url,
       CASE
           WHEN picture.preview ~ '^https?://' THEN picture.preview
           WHEN images.address <> '' THEN images.address || picture.preview
       END AS image_url,
       variants.list AS variants,
       -- The zone of the database's sessions (SHOW timezone).
       p."createdAt" AT TIME ZONE 'UTC' AS created_at
FROM channel ch
-- THE ADDRESS OF IMAGES, e.g. 'https://shop.example/assets/'. Vendure keeps a path, and the API
-- takes whole addresses only: without it, images are left out.
CROSS JOIN (VALUES ('')) AS images (address)
JOIN product_channels_channel listed ON listed."channelId" = ch.id
JOIN product p ON p.id = listed."productId"
LEFT JOIN asset picture ON picture.id = p."featuredAssetId"
LEFT JOIN LATERAL (
    SELECT t.name, t.slug
    FROM product_translation t
    WHERE t."baseId" = p.id
    ORDER BY t."languageCode" = ch."defaultLanguageCode" DESC, t.id
    LIMIT 1
) AS name ON true
CROSS JOIN LATERAL (
    SELECT coalesce(
        jsonb_agg(
            jsonb_build_object(
                'id', v.id,
                'sku', v.sku,
                'title', (
                    SELECT t.name
                    FROM product_variant_translation t
                    WHERE t."baseId" = v.id
                    ORDER BY t."languageCode" = ch."defaultLanguageCode" DESC, t.id
                    LIMIT 1
                ),
                'image_url', (
                    SELECT CASE
                        WHEN a.preview ~ '^https?://' THEN a.preview
                        WHEN images.address <> '' THEN images.address || a.preview
                    END
                    FROM asset a
                    WHERE a.id = v."featuredAssetId"
                ),
                'status', 'active'
            ) ORDER BY v.id
        ), '[]'
    ) AS list
    FROM product_variant v
    JOIN product_variant_channels_channel vc
        ON vc."productVariantId" = v.id AND vc."channelId" = ch.id
    WHERE v."productId" = p.id AND v."deletedAt" IS NULL AND v.enabled
) AS variants
WHERE p."deletedAt" IS NULL AND p.enabled
  AND ch.code = '__default_channel__'
