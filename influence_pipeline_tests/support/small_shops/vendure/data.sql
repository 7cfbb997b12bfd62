INSERT INTO customer (id, "emailAddress", "firstName", "lastName", "phoneNumber", "userId", "deletedAt")
VALUES
    (1, 'ann@shop.example', 'Ann', 'Lee', '+4312', 1, NULL),
    (2, 'guest@shop.example', '', '', '', NULL, NULL),
    (3, 'cart@shop.example', 'Car', 'T', NULL, NULL, NULL),
    (4, 'gone@shop.example', 'Gone', '', NULL, 4, '2026-02-01'),
    (5, 'seller@shop.example', 'Of', 'A part', NULL, NULL, NULL);

INSERT INTO channel VALUES (1, '__default_channel__', 'de'), (2, 'eu-store', 'en');
INSERT INTO asset VALUES (1, 'preview/ab/laptop.jpg'), (2, 'https://cdn.example/mouse.jpg');
INSERT INTO product (id, enabled, "featuredAssetId", "deletedAt") VALUES
    (1, true, 1, NULL), (2, true, 2, NULL), (3, false, NULL, NULL), (4, true, NULL, '2026-02-01'),
    (5, true, NULL, NULL), (6, true, NULL, NULL);
INSERT INTO product_channels_channel VALUES (1, 1), (1, 2), (2, 1), (3, 1), (4, 1), (5, 2), (6, 1);
INSERT INTO product_translation ("languageCode", name, slug, "baseId") VALUES
    ('en', 'Laptop', 'laptop', 1), ('de', 'Klapprechner', 'klapprechner', 1),
    ('fr', 'Souris', 'souris', 2), ('en', 'Mouse', 'mouse', 2),
    ('de', 'Aus', 'aus', 3), ('de', 'Weg', 'weg', 4), ('en', 'Elsewhere', 'elsewhere', 5),
    ('de', 'Leer', 'leer', 6);
INSERT INTO product_variant (id, "productId", sku, enabled, "featuredAssetId", "deletedAt") VALUES
    (12, 1, 'L-16', true, 2, NULL), (11, 1, 'L-8', true, 1, NULL), (13, 1, 'L-OFF', false, NULL, NULL),
    (14, 1, 'L-DEL', true, NULL, '2026-02-01'), (15, 1, 'L-EU', true, NULL, NULL),
    (21, 2, 'M', true, NULL, NULL), (41, 4, 'W', true, NULL, '2026-02-01');
INSERT INTO product_variant_channels_channel VALUES
    (11, 1), (12, 1), (12, 2), (13, 1), (14, 1), (15, 2), (21, 1), (41, 1);
INSERT INTO product_variant_translation ("languageCode", name, "baseId") VALUES
    ('en', 'Laptop 8 GB', 11), ('de', 'Klapprechner 8 GB', 11), ('de', 'Klapprechner 16 GB', 12),
    ('en', 'Mouse', 21);

-- Placed unless said otherwise. Each has a line of 2 pieces at 10.00, without 20 % tax: 24.00.
INSERT INTO "order" (id, code, state, type, active, "orderPlacedAt", "customerId", "currencyCode",
                     "subTotalWithTax", "shippingWithTax")
SELECT id, 'O' || id, state, type, active,
       CASE WHEN state NOT IN ('AddingItems', 'Draft') THEN timestamp '2026-01-02 03:04:05' END,
       customer, currency, subtotal, shipping
FROM (VALUES
    (1, 'PaymentAuthorized', 'Regular', false, 1, 'USD', 2400, 500),
    (2, 'PaymentSettled', 'Regular', false, 1, 'USD', 2400, 500),
    (3, 'PaymentSettled', 'Regular', false, 1, 'USD', 2400, 500),    -- a refund that is pending
    (4, 'PaymentSettled', 'Regular', false, 1, 'USD', 2400, 500),    -- a refund that failed
    (5, 'PaymentSettled', 'Regular', false, 1, 'USD', 2400, 500),    -- a refund of all
    (6, 'PaymentSettled', 'Regular', false, 2, 'USD', 2400, 500),    -- a refund of a part
    (7, 'Cancelled', 'Regular', false, 1, 'USD', 0, 0),              -- authorized
    (8, 'Cancelled', 'Regular', false, 1, 'USD', 0, 0),              -- settled and given back
    (9, 'Cancelled', 'Regular', false, 1, 'USD', 0, 0),              -- settled and kept
    (10, 'PaymentSettled', 'Regular', false, 1, 'USD', 1200, 500),   -- a piece cancelled, money kept
    (11, 'AddingItems', 'Regular', true, 3, 'USD', 2400, 0),
    (12, 'Draft', 'Regular', false, 3, 'USD', 2400, 0),
    (13, 'PaymentSettled', 'Seller', false, 5, 'USD', 2400, 500),    -- a part of 14
    (14, 'PaymentSettled', 'Aggregate', false, 1, 'USD', 2400, 500),
    (15, 'PaymentSettled', 'Regular', false, 1, 'USD', 0, 0),        -- for nothing
    (16, 'ArrangingPayment', 'Regular', false, 1, 'USD', 2400, 500), -- declined
    (17, 'PaymentAuthorized', 'Regular', false, 1, 'USD', 2400, 500), -- a part settled
    (18, 'PaymentAuthorized', 'Regular', false, 1, 'USD', 2400, 500), -- the payment cancelled
    (19, 'PaymentSettled', 'Regular', false, 4, 'USD', 2160, 0),     -- codes
    (20, 'PaymentSettled', 'Regular', false, 1, 'JPY', 240000, 50000),
    (21, 'Cancelled', 'Regular', false, 1, 'USD', 0, 0),             -- never paid
    (22, 'AddingItems', 'Regular', true, 1, 'EUR', 2400, 0)          -- a cart that will be placed
) AS o (id, state, type, active, customer, currency, subtotal, shipping);

INSERT INTO order_line ("orderId", "productVariantId", quantity, "orderPlacedQuantity", "listPrice",
                        "listPriceIncludesTax")
SELECT id, 11, CASE WHEN state = 'Cancelled' THEN 0 ELSE 2 END, 2,
       CASE WHEN "currencyCode" = 'JPY' THEN 100000 ELSE 1000 END, false
FROM "order";
UPDATE order_line SET quantity = 1 WHERE "orderId" = 10;
-- A line that was cancelled altogether, and one of a deleted product at a price with tax.
INSERT INTO order_line ("orderId", "productVariantId", quantity, "orderPlacedQuantity", "listPrice",
                        "listPriceIncludesTax")
VALUES (10, 21, 0, 1, 500, false), (2, 41, 1, 1, 999, true);

INSERT INTO payment ("orderId", state, amount) VALUES
    (1, 'Authorized', 2900), (2, 'Settled', 2900), (3, 'Settled', 2900), (4, 'Settled', 2900),
    (5, 'Settled', 2900), (6, 'Settled', 2900), (7, 'Authorized', 2900), (8, 'Settled', 2900),
    (9, 'Settled', 2900), (10, 'Settled', 2900), (14, 'Settled', 2900), (13, 'Settled', 2900),
    (16, 'Declined', 2900), (16, 'Error', 2900), (17, 'Settled', 1000), (17, 'Authorized', 1900),
    (18, 'Cancelled', 2900), (19, 'Declined', 9999), (19, 'Settled', 2160), (20, 'Settled', 290000);
INSERT INTO refund
SELECT p.id, r.state, r.total
FROM (VALUES (3, 'Pending', 2900), (4, 'Failed', 2900), (5, 'Settled', 2000), (5, 'Settled', 900),
             (6, 'Settled', 333), (6, 'Pending', 2567), (8, 'Settled', 2900)) AS r (orderid, state, total)
JOIN payment p ON p."orderId" = r.orderid;

-- GAVE took 10 % off the goods; SHIP the shipping of 5.00 with tax; AUTO has no code. NOTHING was
-- typed, and gave nothing.
INSERT INTO promotion VALUES (1, 'GAVE'), (2, 'NOTHING'), (3, 'SHIP'), (4, NULL);
UPDATE "order" SET "couponCodes" = 'GAVE,NOTHING,SHIP' WHERE id = 19;
UPDATE "order" SET "couponCodes" = 'GAVE' WHERE id = 7;
INSERT INTO order_promotions_promotion VALUES (19, 1), (19, 3), (19, 4), (7, 1);
UPDATE order_line SET adjustments = '[{"amount": -200, "adjustmentSource": "PROMOTION:1"},
    {"amount": -30, "adjustmentSource": "PROMOTION:4"},
    {"amount": -7, "adjustmentSource": "OTHER:1"}]' WHERE "orderId" = 19;
INSERT INTO shipping_line ("orderId", "listPriceIncludesTax", adjustments) VALUES
    (19, true, '[{"amount": -500, "adjustmentSource": "PROMOTION:3"}]'),
    (7, false, '[{"amount": -500, "adjustmentSource": "CANCEL_ORDER"}]');
