-- Fills the empty sample store: the same parameters give the same rows, on every machine.
--
-- Chance comes from a hash of a row's number and a topic, so that no row depends on another or on
-- the order in which rows are made. Topics: 0-19 customers, 20-29 products, 30-59 orders, 60- codes
-- and carts. Parameters: seed, customers, orders, products, now (the newest moment there is).

SET LOCAL timezone = 'UTC';
SET LOCAL jit = off;
SET LOCAL work_mem = '128MB';
SET LOCAL maintenance_work_mem = '256MB';

CREATE FUNCTION pg_temp.chance(n bigint, topic integer) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(n, %(seed)s::bigint * 1000 + topic) & 9007199254740991)
       / 9007199254740992.0::double precision;

-- A whole number from 1 to `upto`.
CREATE FUNCTION pg_temp.pick(n bigint, topic integer, upto integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 1 + floor(pg_temp.chance(n, topic) * upto)::integer;

CREATE FUNCTION pg_temp.plain_email(n bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (ARRAY['sunny', 'maple', 'river', 'amber', 'north', 'clever', 'quiet', 'copper'])
           [pg_temp.pick(n, 2, 8)]
       || (ARRAY['.', '_', '-', '+'])[pg_temp.pick(n, 3, 4)] || n || '@example.'
       || (ARRAY['com', 'com', 'org', 'net'])[pg_temp.pick(n, 4, 4)];

-- An e-mail as people type it; the number inside keeps it unique.
CREATE FUNCTION pg_temp.typed_email(n bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN pg_temp.chance(n, 1) < 0.70 THEN pg_temp.plain_email(n)
            WHEN pg_temp.chance(n, 1) < 0.95 THEN initcap(pg_temp.plain_email(n))
            ELSE upper(pg_temp.plain_email(n)) END;

-- customers --------------------------------------------------------------------------------------

-- Names of eight parts of the world, six and six: composed and combining accents, right to left,
-- without a last name, with an apostrophe, with an emoji.
CREATE TEMP TABLE names (part integer, firsts text[], lasts text[]) ON COMMIT DROP;
INSERT INTO names VALUES
    (1, '{Amelia,James,Grace,Oliver,Ruby,"Mary Ann"}', '{Smith,O''Brien,Taylor-Jones,Walker,"de la Cruz",Hill}'),
    (2, '{Jürgen,Käthe,Günther,Änne,Björn,Søren}', '{Müller,Weiß,Großmann,"von der Heide",Östergård,Kjær}'),
    (3, '{Zoé,Benoît,Hélène,François,Maëlle,Jean-Luc}', '{D’Angelo,L''Écuyer,Lefèvre,Garçon,Noël,Dupont}'),
    (4, U&'{"Zoe\0308","Jose\0301","Nu\0301ria","An\0303a","Ho\0302\0300ng","E\0301lan"}',
        U&'{"Nun\0303ez","Pe\0301rez","Nguye\0302\0303n","Garc\0131\0301a","S\0326erban","Mu\0308ller"}'),
    (5, '{王,李,小明,美玲,建國,雨桐}', '{芳,娜,陳,林,歐陽,司馬}'),
    (6, '{さくら,健太,結衣,翔,ひなた,蓮}', '{佐藤,鈴木,高橋,田中,渡辺,伊藤}'),
    (7, '{محمد,فاطمة,عبد الله,ليلى,يوسف,مريم}', '{الأحمد,بن علي,الشريف,حداد,النجار,العلي}'),
    (8, '{"Sunny 🌻","Max 🚴🏽","ZOE","anna","Łukasz","Þóra"}', '{"K.","García 🇪🇸","VAN DIJK","mcdonald","Żółć","Jónsdóttir"}');

INSERT INTO customers (id, email, first_name, last_name, phone, birthday, is_guest,
                       created_at, updated_at, deleted_at)
SELECT CASE WHEN n < 3 OR pg_temp.chance(n, 5) < 0.85
                 THEN 'cus_' || lpad(n::text, greatest(6, length(n::text)), '0')
            WHEN pg_temp.chance(n, 5) < 0.95 THEN (5000000 + n)::text
            ELSE md5('customer ' || n)::uuid::text END,
       -- A few guests have an account too, under the same e-mail typed otherwise.
       CASE WHEN guest AND pg_temp.chance(n, 6) < 0.05 AND pg_temp.chance(n - 1, 18) >= 0.04
            THEN upper(pg_temp.plain_email(n - 1)) ELSE pg_temp.typed_email(n) END,
       CASE WHEN pg_temp.chance(n, 7) < 0.97 THEN firsts[pg_temp.pick(n, 8, 6)] END,
       CASE WHEN pg_temp.chance(n, 7) < 0.93 THEN lasts[pg_temp.pick(n, 9, 6)] ELSE '' END,
       -- Numbers that are kept for fiction, as people write them.
       CASE pg_temp.pick(n, 10, 8)
            WHEN 1 THEN '+1 (202) 555-01' || lpad((pg_temp.pick(n, 11, 100) - 1)::text, 2, '0')
            WHEN 2 THEN '202.555.01' || lpad((pg_temp.pick(n, 11, 100) - 1)::text, 2, '0')
            WHEN 3 THEN '+44 7700 900' || lpad((pg_temp.pick(n, 11, 1000) - 1)::text, 3, '0')
            WHEN 4 THEN '0049 30 23125' || lpad((pg_temp.pick(n, 11, 1000) - 1)::text, 3, '0')
            WHEN 5 THEN '' END,
       CASE WHEN pg_temp.chance(n, 12) < 0.4 AND NOT guest
            THEN date '1945-01-01' + pg_temp.pick(n, 13, 23000) END,
       guest,
       created_at,
       -- Half were edited since.
       CASE WHEN pg_temp.chance(n, 14) < 0.5 THEN created_at ELSE
            date_trunc('milliseconds', created_at + (now - created_at) * pg_temp.chance(n, 15)) END,
       CASE WHEN n > 2 AND pg_temp.chance(n, 16) < 0.02 THEN
            date_trunc('milliseconds', created_at + (now - created_at) * pg_temp.chance(n, 17)) END
FROM (
    SELECT n, n > 2 AND pg_temp.chance(n, 18) < 0.04 AS guest, %(now)s::timestamptz AS now,
           -- 36 months, with more in the later ones.
           date_trunc('milliseconds', %(now)s::timestamptz - interval '1096 days'
                      * power(1 - (n - pg_temp.chance(n, 19)) / %(customers)s::bigint, 1.25))
               AS created_at
    FROM generate_series(1, %(customers)s::bigint) AS n
) c
JOIN names ON part = pg_temp.pick(n, 0, 8);

SELECT setval('customer_numbers', greatest(%(customers)s::bigint, 1));

-- products ---------------------------------------------------------------------------------------

INSERT INTO products (id, title, handle, status, thumbnail, created_at, updated_at, deleted_at)
SELECT n, thing || ' “' || colour || '” ' || n,
       lower(thing) || '-' || lower(colour) || '-' || n,
       CASE WHEN n > 2 AND pg_temp.chance(n, 22) < 0.05 THEN 'draft' ELSE 'published' END,
       CASE WHEN pg_temp.chance(n, 23) < 0.9 THEN 'https://images.example.com/' || n || '.jpg' END,
       at, at,
       CASE WHEN n > 2 AND pg_temp.chance(n, 24) < 0.04 THEN %(now)s::timestamptz END
FROM (
    SELECT n, (ARRAY['Mug', 'Lamp', 'Chair', 'Rug', 'Vase', 'Clock'])[pg_temp.pick(n, 20, 6)] AS thing,
           (ARRAY['Sage', 'Rouge', 'Ñandú', '青', 'Açaí', 'Sand'])[pg_temp.pick(n, 21, 6)] AS colour,
           date_trunc('day', %(now)s::timestamptz AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
               - interval '1096 days' + make_interval(days => pg_temp.pick(n, 25, 300)) AS at
    FROM generate_series(1, %(products)s::integer) AS n
) p;

INSERT INTO product_variants
    (id, product_id, sku, title, image, position, price, created_at, updated_at)
SELECT p.id * 4 + k, p.id,
       CASE WHEN pg_temp.chance(p.id * 4 + k, 26) < 0.95 THEN 'SKU-' || p.id || '-' || k END,
       (ARRAY['Small', 'Medium', 'Large', 'X-Large'])[k + 1],
       CASE WHEN k > 0 THEN p.thumbnail || '?variant=' || k END,
       k, round((4.9 + 140 * power(pg_temp.chance(p.id, 27), 3))::numeric, 2) + k * 5,
       p.created_at, p.created_at
FROM products p CROSS JOIN LATERAL generate_series(0, pg_temp.pick(p.id, 28, 4) - 1) AS k;

-- orders -----------------------------------------------------------------------------------------

-- Who ordered when: the older a customer, the more orders. Numbered in the order of time.
CREATE TEMP TABLE placed ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY at, n) AS id, q.*
FROM (
    SELECT n, buyer, has_row,
           date_trunc('milliseconds', since + (until - since) * pg_temp.chance(n, 32)) AS at,
           CASE WHEN pg_temp.chance(n, 33) < 0.60 THEN 'eur' WHEN pg_temp.chance(n, 33) < 0.85
                THEN 'usd' WHEN pg_temp.chance(n, 33) < 0.93 THEN 'jpy' ELSE 'kwd' END AS currency,
           customer_id, customer_email
    FROM (
        SELECT n, 1 + floor(power(pg_temp.chance(n, 30), 1.5) * %(customers)s::bigint)::bigint
                   AS buyer,
               pg_temp.chance(n, 31) >= 0.10 AS has_row
        FROM generate_series(1, %(orders)s::bigint) AS n
    ) o
    JOIN (
        SELECT row_number() OVER (ORDER BY created_at, id) AS number, id AS customer_id,
               email AS customer_email, created_at AS since,
               coalesce(deleted_at, %(now)s::timestamptz) AS until
        FROM customers
    ) c ON c.number = o.buyer
) q;

-- What was bought, at the price list of the order's currency.
INSERT INTO order_lines (id, order_id, product_id, variant_id, title, quantity, unit_price)
SELECT o.id * 4 + k, o.id, v.product_id, v.id, v.product_title || ' / ' || v.title,
       CASE WHEN pg_temp.chance(o.id * 4 + k, 36) < 0.8 THEN 1
            ELSE pg_temp.pick(o.id * 4 + k, 37, 4) END,
       round(v.price * c.per_euro, c.digits)
FROM placed o
JOIN currencies c ON c.code = o.currency
CROSS JOIN LATERAL generate_series(0, floor(power(pg_temp.chance(o.n, 34), 2) * 4)::integer) AS k
JOIN (
    SELECT row_number() OVER (ORDER BY v.id) AS number, count(*) OVER () AS variants,
           v.id, v.product_id, v.title, v.price, p.title AS product_title
    FROM product_variants v JOIN products p ON p.id = v.product_id
) v ON v.number = 1 + floor(power(pg_temp.chance(o.id * 4 + k, 35), 1.3)
                            * (SELECT count(*) FROM product_variants))::bigint;

ANALYZE placed, order_lines;

-- The sums, the discount, and what became of the money (`fate`, a chance from 0 to 1).
CREATE TEMP TABLE bill ON COMMIT DROP AS
SELECT id, customer_id, email, currency, digits, draft, at, until, fate, subtotal, shipping, code,
       discount, subtotal + shipping - discount AS total
FROM (
    SELECT p.id, CASE WHEN p.has_row THEN p.customer_id END AS customer_id,
           CASE WHEN p.has_row THEN p.customer_email
                WHEN pg_temp.chance(p.n, 38) < 0.3 THEN upper(p.customer_email)
                ELSE 'guest.' || pg_temp.plain_email(p.n) END AS email,
           p.currency, c.digits, p.at, %(now)s::timestamptz AS until,
           pg_temp.chance(p.n, 39) < 0.01 AS draft,
           pg_temp.chance(p.n, 40) AS fate,
           s.subtotal, s.shipping, s.code,
           CASE WHEN starts_with(s.code, 'STAFF') THEN s.subtotal + s.shipping
                WHEN s.code IS NULL THEN 0
                ELSE round(s.subtotal * 0.1, c.digits) END AS discount
    FROM placed p
    JOIN currencies c ON c.code = p.currency
    JOIN (
        SELECT l.order_id, sum(l.quantity * l.unit_price) AS subtotal,
               CASE WHEN pg_temp.chance(l.order_id, 41) < 0.5 THEN 0
                    ELSE round(4.9 * min(c.per_euro), min(c.digits)) END AS shipping,
               CASE WHEN pg_temp.chance(l.order_id, 42) < 0.004 THEN 'STAFF-' || l.order_id
                    WHEN pg_temp.chance(l.order_id, 42) < 0.10 THEN 'WELCOME10'
                    WHEN pg_temp.chance(l.order_id, 42) < 0.15
                        THEN 'friend-' || pg_temp.pick(l.order_id, 43, 9000) END AS code
        FROM order_lines l
        JOIN placed p ON p.id = l.order_id JOIN currencies c ON c.code = p.currency
        GROUP BY l.order_id
    ) s ON s.order_id = p.id
) q;

ANALYZE bill;

-- The order's own status: mostly still "pending", whatever happened to the money.
INSERT INTO orders (id, number, customer_id, email, currency_code, status, subtotal, shipping,
                    total, placed_at, updated_at)
SELECT id, CASE WHEN NOT draft THEN upper(left(currency, 2)) || '-' || 100000 + id END,
       customer_id, email, currency,
       CASE WHEN draft THEN 'draft'
            WHEN total > 0 AND fate BETWEEN 0.94 AND 0.985 THEN 'canceled'
            WHEN total > 0 AND fate > 0.985 THEN 'expired'
            WHEN pg_temp.chance(id, 44) < 0.7 THEN 'pending'
            WHEN pg_temp.chance(id, 44) < 0.8 THEN 'processing'
            ELSE 'completed' END,
       subtotal, shipping, total,
       CASE WHEN NOT draft THEN at END,
       at  -- copied when it was placed; payments do not move it
FROM bill;

INSERT INTO order_discounts (order_id, code, amount)
SELECT id, code, discount FROM bill WHERE code IS NOT NULL;

-- Payments, by fate. `share`: the part of the total; the second part is what the first left.
INSERT INTO payments (id, order_id, status, amount, created_at, updated_at)
SELECT b.id * 2 + part, b.id, status,
       CASE WHEN part = 0 THEN round(b.total * share, b.digits)
            ELSE b.total - round(b.total * (1 - share), b.digits) END,
       least(at + interval '2 minutes' * (part + 1), until),
       least(at + interval '2 minutes' * (part + 1)
             + interval '3 days' * pg_temp.chance(b.id, 45), until)
FROM bill b
JOIN (VALUES
    (0.00, 0.60, 0, 'captured',   1.0),
    (0.60, 0.65, 0, 'failed',     1.0), (0.60, 0.65, 1, 'captured',   1.0),
    (0.65, 0.68, 0, 'captured',   0.6), (0.65, 0.68, 1, 'captured',   0.4),
    (0.68, 0.73, 0, 'authorized', 1.0),
    (0.77, 0.79, 0, 'failed',     1.0),                                   -- 0.73-0.77: none
    (0.79, 0.81, 0, 'captured',   0.4), (0.79, 0.81, 1, 'authorized', 0.6),
    (0.81, 0.82, 0, 'captured',   0.4),
    (0.82, 0.94, 0, 'captured',   1.0),                                   -- refunded below
    (0.94, 0.96, 0, 'captured',   1.0),                                   -- canceled, refunded
    (0.96, 0.98, 0, 'voided',     1.0)                                    -- 0.98-1: none
) AS f (low, high, part, status, share) ON b.fate >= f.low AND b.fate < f.high
WHERE NOT draft AND total > 0;

INSERT INTO refunds (id, payment_id, amount, created_at)
SELECT b.id, b.id * 2, CASE WHEN fate BETWEEN 0.88 AND 0.94 THEN round(total * 0.3, digits)
                            ELSE total END,
       least(at + interval '20 days' * pg_temp.chance(id, 46) + interval '4 days', until)
FROM bill b
WHERE NOT draft AND total > 0 AND fate >= 0.82 AND fate < 0.96;

-- discount codes and carts -----------------------------------------------------------------------

INSERT INTO discount_codes
    (code, kind, value, currency, minimum_spend, usage_limit, times_used, expires_at, created_at)
SELECT code, kind, value, currency, minimum, usage_limit, used, until, now - interval '1000 days'
FROM (SELECT %(now)s::timestamptz AS now) n, LATERAL (VALUES
    ('WELCOME10', 'percentage', 10, NULL, NULL, NULL, 0, NULL),
    ('SUMMER5', 'fixed', 5, 'eur', 50, NULL, 0, now + interval '90 days'),
    ('SHIPFREE', 'free_shipping', NULL, NULL, 30, NULL, 0, NULL),
    ('SPRING20', 'percentage', 20, NULL, NULL, 500, 500, now - interval '200 days')
) AS c (code, kind, value, currency, minimum, usage_limit, used, until);

INSERT INTO discount_codes
    (code, kind, value, currency, customer_id, usage_limit, expires_at, created_at)
SELECT 'HELLO-' || upper(left(md5(id), 10)), 'fixed', 10, 'eur', id, 1,
       created_at + interval '60 days', created_at
FROM customers WHERE hashtextextended(id, %(seed)s::bigint) & 63 = 0;

INSERT INTO carts (id, customer_id, email, currency_code, variant_id, created_at, updated_at)
SELECT md5('cart ' || n)::uuid, NULL, CASE WHEN pg_temp.chance(n, 61) < 0.3
       THEN 'cart.' || pg_temp.plain_email(n) END, 'eur',
       (SELECT min(id) FROM product_variants), at, at
FROM (
    SELECT n, date_trunc('milliseconds', %(now)s::timestamptz
                         - interval '30 days' * pg_temp.chance(n, 62)) AS at
    FROM generate_series(1, %(customers)s::bigint / 5) AS n
) c;

-- The next rows are numbered after these.
SELECT setval(pg_get_serial_sequence('products', 'id'), coalesce(max(id), 0) + 1) FROM products;
SELECT setval(pg_get_serial_sequence('product_variants', 'id'), coalesce(max(id), 0) + 1)
FROM product_variants;
SELECT setval(pg_get_serial_sequence('orders', 'id'), coalesce(max(id), 0) + 1) FROM orders;
SELECT setval(pg_get_serial_sequence('order_lines', 'id'), coalesce(max(id), 0) + 1)
FROM order_lines;
SELECT setval(pg_get_serial_sequence('payments', 'id'), coalesce(max(id), 0) + 1) FROM payments;
SELECT setval(pg_get_serial_sequence('refunds', 'id'), coalesce(max(id), 0) + 1) FROM refunds;
