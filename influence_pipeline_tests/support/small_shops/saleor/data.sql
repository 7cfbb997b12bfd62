INSERT INTO account_address VALUES (1, '+4312'), (2, '+4999'), (3, '');
INSERT INTO account_user (id, email, first_name, last_name, is_staff, default_billing_address_id,
                          default_shipping_address_id)
VALUES (1, 'ann@shop.example', 'Ann', 'Lee', false, NULL, 1),
       (2, 'staff@shop.example', 'Sue', 'Staff', true, 2, 2),
       (3, 'nameless@shop.example', '', '', false, 3, 3);

INSERT INTO channel_channel VALUES (1, 'default-channel', true), (2, 'closed', false), (3, 'pln', true);
INSERT INTO product_product (id, name, slug) VALUES
    (1, 'Shirt', 'shirt'), (2, 'Hidden', 'hidden'), (3, 'Closed', 'closed'), (4, 'Book', 'book'),
    (5, 'Nowhere', 'nowhere');
INSERT INTO product_productchannellisting VALUES
    (1, 1, true), (1, 3, true), (2, 1, false), (2, 3, false), (3, 2, true), (4, 1, false), (4, 3, true);
INSERT INTO product_productvariant (id, product_id, sku, name, sort_order) VALUES
    (11, 1, 'SH-L', 'L', 1), (12, 1, 'SH-S', 'S', 0), (10, 1, NULL, 'UHJvZHVjdFZhcmlhbnQ6MTA=', NULL),
    (41, 4, 'BOOK', 'Book', 0), (31, 3, 'C', 'C', 0);
INSERT INTO product_productvariantchannellisting VALUES (11, 1, 10), (12, 1, 10);
INSERT INTO product_productmedia (id, product_id, image, external_url, type, to_remove, sort_order) VALUES
    (1, 1, 'products/shirt.png', NULL, 'IMAGE', false, 1),
    (2, 1, 'products/gone.png', NULL, 'IMAGE', true, 0),
    (3, 4, NULL, 'https://cdn.example/book.png', 'IMAGE', false, NULL),
    (4, 4, NULL, 'https://video.example/book', 'VIDEO', false, 0);
INSERT INTO product_variantmedia VALUES (1, 11), (3, 41);

-- Ids end in the number.
INSERT INTO order_order (id, number, status, charge_status, authorize_status, user_id, user_email,
                         subtotal_gross_amount, total_gross_amount)
SELECT ('00000000-0000-0000-0000-' || lpad(number::text, 12, '0'))::uuid, number, status, charge,
       auth, customer, email, total, total
FROM (VALUES
    (1, 'unfulfilled', 'none', 'full', 1, 'ann@shop.example', 80),          -- authorized
    (2, 'fulfilled', 'full', 'full', 1, 'ann@shop.example', 80),            -- charged
    (3, 'unfulfilled', 'partial', 'partial', 1, 'ann@shop.example', 80),    -- charged in part
    (4, 'unfulfilled', 'none', 'none', 1, 'ann@shop.example', 80),          -- refunded: looks unpaid
    (5, 'unfulfilled', 'partial', 'partial', 1, 'ann@shop.example', 80),    -- refunded in part
    (6, 'fulfilled', 'none', 'none', 1, 'ann@shop.example', 80),            -- older: refunded
    (7, 'fulfilled', 'partial', 'partial', 1, 'ann@shop.example', 80),      -- older: in part
    (8, 'fulfilled', 'full', 'full', 1, 'ann@shop.example', 80),            -- older: a failed try before
    (9, 'fulfilled', 'full', 'full', 1, 'ann@shop.example', 80),            -- both kinds, half each
    (10, 'unfulfilled', 'none', 'none', 1, 'ann@shop.example', 80),         -- authorization voided
    (11, 'canceled', 'none', 'full', 1, 'ann@shop.example', 80),            -- canceled, authorized
    (12, 'canceled', 'full', 'full', 1, 'ann@shop.example', 80),            -- canceled, money kept
    (13, 'canceled', 'none', 'none', 1, 'ann@shop.example', 80),            -- canceled, given back
    (14, 'expired', 'none', 'none', 1, 'ann@shop.example', 80),
    (15, 'unfulfilled', 'overcharged', 'full', 1, 'ann@shop.example', 80),
    (16, 'unfulfilled', 'full', 'full', 1, 'ann@shop.example', 0),          -- for nothing
    (17, 'unfulfilled', 'full', 'full', 1, 'ann@shop.example', 80),         -- refunded, paid anew
    (18, 'returned', 'full', 'full', 1, 'ann@shop.example', 80),            -- 10 granted, 70 charged
    (19, 'unconfirmed', 'none', 'none', NULL, 'Ann@Shop.example', 80),      -- a guest with an account
    (20, 'unfulfilled', 'none', 'none', NULL, 'guest@shop.example', 80),
    (21, 'unfulfilled', 'none', 'none', 2, 'staff@shop.example', 80),
    (22, 'draft', 'none', 'none', 1, 'ann@shop.example', 80),
    (23, 'partially fulfilled', 'none', 'none', 1, 'ann@shop.example', 72), -- a voucher of the order
    (24, 'unfulfilled', 'none', 'none', 1, 'ann@shop.example', 64),         -- a voucher of products
    (25, 'unfulfilled', 'none', 'none', 1, 'ann@shop.example', 80),         -- one that gave nothing
    (26, 'unfulfilled', 'none', 'none', 1, 'ann@shop.example', 80),         -- deleted variants
    (27, 'canceled', 'full', 'full', 1, 'ann@shop.example', 0),             -- for nothing, canceled
    (28, 'unfulfilled', 'none', 'full', 1, 'ann@shop.example', 80),         -- older: authorized
    (29, 'unfulfilled', 'none', 'none', 1, 'ann@shop.example', 80)          -- older: one put aside
) AS o (number, status, charge, auth, customer, email, total);

INSERT INTO payment_transactionitem
SELECT o.id, charged, authorized, refunded, canceled
FROM (VALUES
    (1, 0, 80, 0, 0), (2, 80, 0, 0, 0), (3, 30, 0, 0, 0), (4, 0, 0, 80, 0), (5, 76.67, 0, 3.33, 0),
    (9, 40, 0, 0, 0), (10, 0, 0, 0, 80), (11, 0, 80, 0, 0), (12, 80, 0, 0, 0), (13, 0, 0, 80, 0),
    (15, 90, 0, 0, 0), (17, 0, 0, 80, 0), (17, 80, 0, 0, 0), (18, 70, 0, 0, 0)
) AS t (number, charged, authorized, refunded, canceled)
JOIN order_order o USING (number);
INSERT INTO payment_payment
SELECT o.id, active, p.status, 80, captured
FROM (VALUES
    (6, false, 'fully-refunded', 0), (7, true, 'partially-refunded', 60), (8, false, 'refused', 0),
    (29, false, 'fully-charged', 80), (8, true, 'fully-charged', 80), (9, true, 'partially-charged', 40),
    (28, true, 'not-charged', 0)
) AS p (number, active, status, captured)
JOIN order_order o USING (number);

INSERT INTO order_orderline (order_id, variant_id, product_variant_id, quantity, unit_price_gross_amount)
SELECT id, 11, 'UHJvZHVjdFZhcmlhbnQ6MTE=', 2, 40 FROM order_order;
UPDATE order_orderline SET variant_id = NULL, product_variant_id = 'UHJvZHVjdFZhcmlhbnQ6MzMz'
WHERE order_id::text LIKE '%026';
INSERT INTO order_orderline (order_id, product_variant_id, quantity, unit_price_gross_amount, created_at)
SELECT id, told, 1, 5, told_at FROM order_order, (VALUES
    (NULL, timestamptz '2026-01-03'), ('not Base64 at all', '2026-01-04'),
    ('UHJvZHVjdFZhcmlhbnQ6MTIz!', '2026-01-05'), ('UHJvZHVjdFZhcmlhbnQ6NA==', '2026-01-06')
) AS junk (told, told_at)
WHERE number = 26;

UPDATE order_order SET voucher_code = CASE number WHEN 23 THEN 'TEN' WHEN 24 THEN 'Sku20' ELSE 'NOUGHT' END
WHERE number IN (23, 24, 25);
UPDATE order_order SET voucher_code = '' WHERE number = 26;
INSERT INTO discount_orderdiscount
SELECT id, type, amount FROM order_order, (VALUES ('voucher', 8), ('manual', 3)) AS d (type, amount)
WHERE number = 23;
INSERT INTO discount_orderlinediscount
SELECT l.id, type, amount FROM order_orderline l JOIN order_order o ON o.id = l.order_id,
    (VALUES ('voucher', 16), ('catalogue_promotion', 5)) AS d (type, amount)
WHERE o.number = 24;

UPDATE account_user SET metadata = '{"birthday": "1990-05-04"}' WHERE id = 1;
