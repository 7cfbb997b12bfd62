-- Products of Medusa v2 that are on sale: published and not deleted, with all variants that are not
-- deleted. Variants may all have rank 0, so the id decides among equals; a variant's place in the
-- list is its position.
SELECT p.id,
       p.title,
       variants.list -> 0 ->> 'sku' AS sku,
       'active' AS status,
       -- The handle. For an address write: 'https://shop.example/products/' || p.handle
       p.handle AS url,
       p.thumbnail AS image_url,
       variants.list AS variants,
       p.created_at
FROM product p
CROSS JOIN LATERAL (
    SELECT coalesce(
        jsonb_agg(
            jsonb_build_object(
                'id', v.id,
                'sku', v.sku,
                'title', v.title,
                -- An older Medusa has no v.thumbnail: take this line out.
                'image_url', v.thumbnail,
                'status', 'active'
            ) ORDER BY v.variant_rank, v.id
        ), '[]'
    ) AS list
    FROM product_variant v
    WHERE v.product_id = p.id AND v.deleted_at IS NULL
) AS variants
WHERE p.deleted_at IS NULL AND p.status = 'published'
