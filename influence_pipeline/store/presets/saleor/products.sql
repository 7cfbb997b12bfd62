-- Products of Saleor 3 that are published in at least one active channel, with all their variants.
-- For one channel alone, add `AND ch.slug = 'your-channel'` below. A variant without a sort order
-- comes last; its place in the list is its position. Prices are not read.
SELECT p.id,
       p.name AS title,
       variants.list -> 0 ->> 'sku' AS sku,
       'active' AS status,
       -- The slug. For an address write: 'https://shop.example/products/' || p.slug
       p.slug AS url,
       (
           SELECT CASE
               WHEN m.image = '' OR m.image IS NULL THEN m.external_url
               WHEN images.address <> '' THEN images.address || m.image
           END
           FROM product_productmedia m
           WHERE m.product_id = p.id AND m.type = 'IMAGE' AND NOT m.to_remove
           ORDER BY m.sort_order NULLS LAST, m.id
           LIMIT 1
       ) AS image_url,
       variants.list AS variants,
       p.created_at
FROM product_product p
-- THE ADDRESS OF IMAGES, e.g. 'https://shop.example/media/'. Saleor keeps a path, and the API takes
-- whole addresses only: without it, images are left out.
CROSS JOIN (VALUES ('')) AS images (address)
CROSS JOIN LATERAL (
    SELECT coalesce(
        jsonb_agg(
            jsonb_build_object(
                'id', v.id,
                'sku', v.sku,
                -- Saleor names a variant without attributes by its own id in Base64.
                'title', CASE WHEN v.name !~ '^UHJvZHVjdFZhcmlhbnQ6' THEN v.name END,
                'image_url', (
                    SELECT CASE
                        WHEN m.image = '' OR m.image IS NULL THEN m.external_url
                        WHEN images.address <> '' THEN images.address || m.image
                    END
                    FROM product_variantmedia vm
                    JOIN product_productmedia m ON m.id = vm.media_id
                    WHERE vm.variant_id = v.id AND m.type = 'IMAGE' AND NOT m.to_remove
                    ORDER BY m.sort_order NULLS LAST, m.id
                    LIMIT 1
                ),
                'status', 'active'
            ) ORDER BY v.sort_order NULLS LAST, v.id
        ), '[]'
    ) AS list
    FROM product_productvariant v
    WHERE v.product_id = p.id
) AS variants
WHERE EXISTS (
    SELECT 1
    FROM product_productchannellisting listing
    JOIN channel_channel ch ON ch.id = listing.channel_id
    WHERE listing.product_id = p.id AND listing.is_published AND ch.is_active
)
