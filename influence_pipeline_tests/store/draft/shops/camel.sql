-- Quoted camelCase, reserved words, text ids, an enum, floats, a table of coupons with our words.
CREATE TYPE "paymentState" AS ENUM ('UNPAID', 'PAID', 'REFUNDED', 'PARTIALLY_REFUNDED');
CREATE TABLE "user" (
    "id" text PRIMARY KEY, "emailAddress" text NOT NULL, "firstName" text, "lastName" text,
    "dateOfBirth" date, "createdAt" timestamptz NOT NULL, "isAdmin" boolean NOT NULL DEFAULT false
);
CREATE TABLE "product" (
    "id" text PRIMARY KEY, "name" text NOT NULL, "slug" text NOT NULL, "imageUrl" text,
    "isActive" boolean NOT NULL DEFAULT true, "createdAt" timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE "productVariant" (
    "id" text PRIMARY KEY, "productId" text NOT NULL REFERENCES "product", "sku" text, "name" text
);
CREATE TABLE "order" (
    "id" text PRIMARY KEY, "userId" text REFERENCES "user", "createdBy" text REFERENCES "user",
    "orderNumber" integer NOT NULL, "email" text, "currencyCode" text NOT NULL,
    "totalPrice" double precision NOT NULL, "discountTotal" double precision NOT NULL DEFAULT 0,
    "paymentStatus" "paymentState" NOT NULL, "couponCode" text,
    "placedAt" timestamptz, "createdAt" timestamptz NOT NULL, "cancelledAt" timestamptz
);
CREATE TABLE "orderItem" (
    "id" text PRIMARY KEY, "orderId" text NOT NULL REFERENCES "order",
    "variantId" text REFERENCES "productVariant", "productId" text REFERENCES "product",
    "title" text, "quantity" integer NOT NULL, "unitPrice" double precision NOT NULL
);
CREATE TABLE "coupon" (
    "code" text PRIMARY KEY, "kind" text NOT NULL, "amount" numeric NOT NULL,
    "userId" text REFERENCES "user", "expiresAt" timestamptz, "usageLimit" integer
);
CREATE TABLE "session" ("id" text PRIMARY KEY, "userId" text, "email" text);

INSERT INTO "user" ("id", "emailAddress", "firstName", "createdAt")
SELECT 'u' || n, format('u%s@example.com', n), 'First', '2026-01-01T00:00:00Z' FROM generate_series(1, 30) n;
INSERT INTO "product" ("id", "name", "slug") SELECT 'p' || n, 'Thing ' || n, 'thing-' || n FROM generate_series(1, 4) n;
INSERT INTO "productVariant" SELECT 'v' || n, 'p' || (n % 4 + 1), 'SKU' || n, 'Size ' || n FROM generate_series(1, 8) n;
INSERT INTO "order" ("id", "userId", "createdBy", "orderNumber", "email", "currencyCode", "totalPrice", "paymentStatus", "couponCode", "placedAt", "createdAt")
SELECT 'o' || n, CASE WHEN n % 3 > 0 THEN 'u' || n END, 'u1', n, CASE WHEN n % 3 = 0 THEN 'guest@example.com' END, 'usd', 19.9,
       (ARRAY['UNPAID', 'PAID', 'REFUNDED', 'PARTIALLY_REFUNDED'])[n % 4 + 1]::"paymentState",
       CASE WHEN n = 1 THEN 'HELLO' END, CASE WHEN n <> 30 THEN '2026-05-01T00:00:00Z'::timestamptz END, '2026-04-30T00:00:00Z'
FROM generate_series(1, 30) n;
INSERT INTO "orderItem" SELECT 'i' || n, 'o' || n, 'v' || (n % 8 + 1), 'p' || ((n % 8 + 1) % 4 + 1), 'Thing', 1, 19.9 FROM generate_series(1, 30) n;
INSERT INTO "coupon" VALUES ('A', 'percentage', 10, NULL, NULL, 1), ('B', 'fixed', 5, NULL, NULL, 1);
