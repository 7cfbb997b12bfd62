-- Products on sale: not deleted, not drafts.
-- Variants through LATERAL, so that a few products can be asked for without reading them all.
SELECT p.id,
       p.title,
       variants.list -> 0 ->> 'sku' AS sku,
       'active' AS status,
       p.handle AS url,
       p.thumbnail AS image_url,
       variants.list AS variants,
       p.created_at
FROM products p
CROSS JOIN LATERAL (
    SELECT coalesce(
        jsonb_agg(
            jsonb_build_object(
                'id', v.id,
                'sku', v.sku,
                'title', v.title,
                'image_url', v.image,
                'status', 'active',
                'position', v.position
            ) ORDER BY v.position, v.id
        ), '[]'
    ) AS list
    FROM product_variants v
    WHERE v.product_id = p.id
) AS variants
WHERE p.deleted_at IS NULL AND p.status = 'published'
