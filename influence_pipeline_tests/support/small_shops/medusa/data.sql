INSERT INTO customer (id, email, first_name, has_account, deleted_at) VALUES
    ('ann', 'Ann@shop.example', 'Ann', true, NULL),
    ('ann-guest', 'ann@shop.example', 'Ann', false, NULL),
    ('bob', 'bob@shop.example', 'Bob', true, NULL),
    ('bob-guest', 'bob@shop.example', NULL, false, NULL),
    ('guest', 'guest@shop.example', NULL, false, NULL),
    ('of-a-cart', 'cart@shop.example', NULL, false, NULL),
    ('of-a-draft', 'draft@shop.example', NULL, false, NULL),
    ('gone', 'gone@shop.example', 'Gone', true, '2026-02-01'),
    -- An account that is gone does not stand in a guest's way.
    ('gone-guest', 'gone@shop.example', NULL, false, NULL);

INSERT INTO product (id, title, handle, status, thumbnail, deleted_at) VALUES
    ('shirt', 'Shirt', 'shirt', 'published', 'https://img.example/shirt.png', NULL),
    ('bare', 'Bare', 'bare', 'published', NULL, NULL),
    ('draft', 'Draft', 'draft', 'draft', NULL, NULL),
    ('rejected', 'Rejected', 'rejected', 'rejected', NULL, NULL),
    ('deleted', 'Deleted', 'deleted', 'published', NULL, '2026-02-01');
INSERT INTO product_variant (id, product_id, title, sku, variant_rank, thumbnail, deleted_at) VALUES
    ('shirt-l', 'shirt', 'L', 'SH-L', 1, NULL, NULL),
    ('shirt-s', 'shirt', 'S', 'SH-S', 0, 'https://img.example/s.png', NULL),
    ('shirt-xl', 'shirt', 'XL', NULL, 1, NULL, NULL),
    ('shirt-old', 'shirt', 'Old', 'SH-O', 0, NULL, '2026-02-01');

INSERT INTO "order" (id, customer_id, email, version, status, is_draft_order, currency_code, deleted_at)
VALUES
    ('authorized', 'ann', 'ann@shop.example', 1, 'pending', false, 'eur', NULL),
    ('captured', 'bob', 'bob@shop.example', 1, 'completed', false, 'usd', NULL),
    ('part-captured', 'bob', 'bob@shop.example', 1, 'pending', false, 'eur', NULL),
    ('refunded', 'ann', 'ann@shop.example', 2, 'pending', false, 'eur', NULL),
    ('part-refunded', 'ann', 'ann@shop.example', 2, 'pending', false, 'eur', NULL),
    ('canceled', 'guest', 'guest@shop.example', 1, 'canceled', false, 'eur', NULL),
    ('canceled-refunded', 'ann', 'ann@shop.example', 1, 'canceled', false, 'eur', NULL),
    ('canceled-kept', 'ann', 'ann@shop.example', 1, 'canceled', false, 'eur', NULL),
    ('part-refunded-canceled', 'ann', 'ann@shop.example', 1, 'canceled', false, 'eur', NULL),
    ('edited-up', 'ann', 'ann@shop.example', 2, 'pending', false, 'eur', NULL),
    ('edited-up-paid', 'ann', 'ann@shop.example', 2, 'pending', false, 'eur', NULL),
    ('free', 'ann', 'ann@shop.example', 1, 'pending', false, 'eur', NULL),
    ('unpaid', 'ann-guest', 'ann@shop.example', 1, 'pending', false, 'eur', NULL),
    ('yen', 'bob-guest', 'bob@shop.example', 1, 'pending', false, 'jpy', NULL),
    ('codes', 'gone', 'gone@shop.example', 2, 'pending', false, 'eur', NULL),
    ('unlinked', 'gone-guest', 'gone@shop.example', 1, 'pending', false, 'eur', NULL),
    ('drafted', 'of-a-draft', 'draft@shop.example', 1, 'draft', true, 'eur', NULL),
    ('deleted', 'ann', 'ann@shop.example', 1, 'pending', false, 'eur', '2026-02-01');

INSERT INTO order_summary (order_id, version, totals) VALUES
    ('authorized', 1, '{"original_order_total": 30, "current_order_total": 30}'),
    ('captured', 1, '{"original_order_total": 22.5, "current_order_total": 22.5}'),
    ('part-captured', 1, '{"original_order_total": 25, "current_order_total": 25}'),
    ('refunded', 1, '{"original_order_total": 20, "current_order_total": 20}'),
    ('refunded', 2, '{"original_order_total": 20, "current_order_total": 0}'),
    ('part-refunded', 1, '{"original_order_total": 40, "current_order_total": 40}'),
    ('part-refunded', 2, '{"original_order_total": 40, "current_order_total": 36.67}'),
    ('canceled', 1, '{"original_order_total": 11, "current_order_total": 11}'),
    ('canceled-refunded', 1, '{"original_order_total": 12, "current_order_total": 0}'),
    ('canceled-kept', 1, '{"original_order_total": 13, "current_order_total": 13}'),
    ('part-refunded-canceled', 1, '{"original_order_total": 14, "current_order_total": 9}'),
    ('edited-up', 1, '{"original_order_total": 20, "current_order_total": 20}'),
    ('edited-up', 2, '{"original_order_total": 20, "current_order_total": 50}'),
    ('edited-up-paid', 1, '{"original_order_total": 20, "current_order_total": 20}'),
    ('edited-up-paid', 2, '{"original_order_total": 20, "current_order_total": 50}'),
    ('free', 1, '{"original_order_total": 0, "current_order_total": 0}'),
    ('unpaid', 1, '{"original_order_total": 15, "current_order_total": 15}'),
    ('yen', 1, '{"original_order_total": 1980, "current_order_total": 1980}'),
    ('codes', 1, '{"original_order_total": 17, "current_order_total": 17}'),
    ('codes', 2, '{"original_order_total": 16, "current_order_total": 16}'),
    ('unlinked', 1, '{"original_order_total": 18, "current_order_total": 18}'),
    ('drafted', 1, '{"original_order_total": 10, "current_order_total": 10}'),
    ('deleted', 1, '{"original_order_total": 10, "current_order_total": 10}');

INSERT INTO payment_collection
    (id, status, amount, authorized_amount, captured_amount, refunded_amount)
VALUES
    ('authorized', 'authorized', 30, 30, 0, 0),
    ('captured', 'completed', 22.5, 22.5, 22.5, 0),
    ('part-captured', 'authorized', 25, 25, 7.5, 0),
    ('refunded', 'completed', 20, 20, 20, 20),
    ('part-refunded', 'completed', 40, 40, 40, 3.33),
    ('canceled', 'canceled', 11, 11, 0, 0),
    ('canceled-refunded', 'canceled', 12, 12, 12, 12),
    ('canceled-kept', 'canceled', 13, 13, 13, 0),
    ('part-refunded-canceled', 'canceled', 14, 14, 14, 5),
    ('edited-up', 'completed', 20, 20, 20, NULL),
    ('edited-up-2', 'not_paid', 30, NULL, NULL, NULL),
    ('edited-up-paid', 'completed', 20, 20, 20, 0),
    ('edited-up-paid-2', 'canceled', 30, 30, 0, 0),
    ('edited-up-paid-3', 'completed', 30, 30, 30, 0),
    ('yen', 'completed', 1980, 1980, 1980, 0),
    ('codes', 'completed', 16, 16, 16, 0),
    ('unlinked', 'completed', 18, 18, 18, 0);
INSERT INTO order_payment_collection (order_id, payment_collection_id)
SELECT regexp_replace(id, '-[23]$', ''), id FROM payment_collection;
UPDATE order_payment_collection SET deleted_at = '2026-02-01' WHERE order_id = 'unlinked';

-- Every order has a line of 2 pieces at 10 each, written anew for each version.
INSERT INTO order_line_item (id, title, product_id, variant_id, unit_price)
SELECT id || '-1', 'Shirt', 'shirt', 'shirt-s', 10 FROM "order";
INSERT INTO order_item (order_id, version, item_id, quantity, unit_price)
SELECT o.id, v, o.id || '-1', 2, CASE WHEN v = 2 THEN 10 END
FROM "order" o CROSS JOIN generate_series(1, 2) v WHERE v <= o.version;
-- The edited one has 3 pieces of another product since, at a price of the edit; its first line is
-- 1 piece now, and a line of version 1 was taken off altogether.
INSERT INTO order_line_item (id, title, product_id, variant_id, unit_price) VALUES
    ('edited-up-2', 'Deleted', 'deleted', 'deleted-1', 15),
    ('edited-up-3', 'Shirt', 'shirt', 'shirt-l', 10);
INSERT INTO order_item (order_id, version, item_id, quantity, unit_price) VALUES
    ('edited-up', 2, 'edited-up-2', 3, 13.34),
    ('edited-up', 1, 'edited-up-3', 1, NULL),
    ('edited-up', 2, 'edited-up-3', 0, 10);
UPDATE order_item SET quantity = 1 WHERE item_id = 'edited-up-1' AND version = 2;

-- Codes: TEN took 1 off in version 1 and 2 off in version 2; NOTHING took nothing off; SHIP made the
-- shipping cheaper; an adjustment that was deleted.
INSERT INTO order_line_item_adjustment (item_id, version, code, amount, deleted_at) VALUES
    ('codes-1', 1, 'TEN', 1, NULL),
    ('codes-1', 2, 'TEN', 2, NULL),
    ('codes-1', 2, 'NOTHING', 0, NULL),
    ('codes-1', 2, 'DELETED', 5, '2026-02-01'),
    ('refunded-1', 1, 'Kept', 0.5, NULL);
INSERT INTO order_shipping (order_id, version, shipping_method_id)
SELECT o.id, v, o.id || '-s' FROM "order" o CROSS JOIN generate_series(1, 2) v WHERE v <= o.version;
INSERT INTO order_shipping_method_adjustment (shipping_method_id, code, amount) VALUES
    ('codes-s', 'SHIP', 4.5);

UPDATE customer SET metadata = '{"birthday": "1990-05-04"}' WHERE id = 'ann';
