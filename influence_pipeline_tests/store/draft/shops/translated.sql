-- Names by language in tables beside, no total on the order, camelCase, cents, a boolean for paid.
CREATE TABLE customer (id serial PRIMARY KEY, "emailAddress" text NOT NULL, "createdAt" timestamptz NOT NULL DEFAULT now());
CREATE TABLE product (id serial PRIMARY KEY, enabled boolean NOT NULL DEFAULT true);
CREATE TABLE product_translation (
    id serial PRIMARY KEY, "baseId" integer NOT NULL REFERENCES product, "languageCode" text NOT NULL, name text NOT NULL, slug text NOT NULL
);
CREATE TABLE "order" (
    id serial PRIMARY KEY, "customerId" integer REFERENCES customer, "isPaid" boolean NOT NULL, "orderPlacedAt" timestamptz NOT NULL
);
CREATE TABLE order_line (
    id serial PRIMARY KEY, "orderId" integer NOT NULL REFERENCES "order", "productId" integer REFERENCES product, quantity integer NOT NULL,
    "unitPrice" integer NOT NULL
);
INSERT INTO customer ("emailAddress") SELECT format('t%s@example.com', n) FROM generate_series(1, 20) n;
INSERT INTO product (enabled) SELECT true FROM generate_series(1, 3);
INSERT INTO product_translation ("baseId", "languageCode", name, slug)
SELECT p.id, l, CASE l WHEN 'en' THEN 'Thing ' ELSE 'Ding ' END || p.id, 'thing-' || p.id FROM product p, (VALUES ('en'), ('de')) AS v (l) WHERE l = 'en' OR p.id = 1;
INSERT INTO "order" ("customerId", "isPaid", "orderPlacedAt")
SELECT n, n % 2 = 0, '2026-05-01T00:00:00Z'::timestamptz + n * interval '1 hour' FROM generate_series(1, 20) n;
INSERT INTO order_line ("orderId", "productId", quantity, "unitPrice") SELECT n, n % 3 + 1, 2, 1995 FROM generate_series(1, 20) n;
