-- The tables of a Vendure 3 store that the preset reads, with the columns that matter. Timestamps have
-- no zone.
CREATE TABLE customer (
    id int PRIMARY KEY, "emailAddress" varchar NOT NULL, "firstName" varchar NOT NULL DEFAULT '',
    "lastName" varchar NOT NULL DEFAULT '', "phoneNumber" varchar, "userId" int,
    "createdAt" timestamp NOT NULL DEFAULT '2026-01-01', "deletedAt" timestamp
);
CREATE TABLE channel (
    id int PRIMARY KEY, code varchar NOT NULL, "defaultLanguageCode" varchar NOT NULL
);
CREATE TABLE asset (id int PRIMARY KEY, preview varchar NOT NULL);
CREATE TABLE product (
    id int PRIMARY KEY, enabled boolean NOT NULL DEFAULT true, "featuredAssetId" int,
    "createdAt" timestamp NOT NULL DEFAULT '2026-01-01', "deletedAt" timestamp
);
CREATE TABLE product_channels_channel ("productId" int, "channelId" int);
CREATE TABLE product_translation (
    id int GENERATED ALWAYS AS IDENTITY, "languageCode" varchar, name varchar, slug varchar, "baseId" int
);
CREATE TABLE product_variant (
    id int PRIMARY KEY, "productId" int, sku varchar NOT NULL, enabled boolean NOT NULL DEFAULT true,
    "featuredAssetId" int, "deletedAt" timestamp
);
CREATE TABLE product_variant_channels_channel ("productVariantId" int, "channelId" int);
CREATE TABLE product_variant_translation (
    id int GENERATED ALWAYS AS IDENTITY, "languageCode" varchar, name varchar, "baseId" int
);
CREATE TABLE "order" (
    id int PRIMARY KEY, code varchar NOT NULL, state varchar NOT NULL, type varchar NOT NULL,
    active boolean NOT NULL, "orderPlacedAt" timestamp, "couponCodes" text NOT NULL DEFAULT '',
    "currencyCode" varchar NOT NULL DEFAULT 'USD', "customerId" int, "subTotalWithTax" int NOT NULL,
    "shippingWithTax" int NOT NULL, "createdAt" timestamp NOT NULL DEFAULT '2026-01-01',
    "updatedAt" timestamp NOT NULL DEFAULT '2026-01-01'
);
CREATE TABLE order_line (
    id int GENERATED ALWAYS AS IDENTITY, "orderId" int, "productVariantId" int NOT NULL,
    quantity int NOT NULL, "orderPlacedQuantity" int NOT NULL, "listPrice" int NOT NULL,
    "listPriceIncludesTax" boolean NOT NULL, adjustments text NOT NULL DEFAULT '[]',
    "taxLines" text NOT NULL DEFAULT '[{"taxRate": 20}]'
);
CREATE TABLE shipping_line (
    id int GENERATED ALWAYS AS IDENTITY, "orderId" int, "listPriceIncludesTax" boolean NOT NULL,
    adjustments text NOT NULL DEFAULT '[]', "taxLines" text NOT NULL DEFAULT '[]'
);
CREATE TABLE payment (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "orderId" int, state varchar NOT NULL,
    amount int NOT NULL, "updatedAt" timestamp NOT NULL DEFAULT '2026-01-01'
);
CREATE TABLE refund ("paymentId" int, state varchar NOT NULL, total int NOT NULL);
CREATE TABLE promotion (id int PRIMARY KEY, "couponCode" varchar);
CREATE TABLE order_promotions_promotion ("orderId" int, "promotionId" int);
