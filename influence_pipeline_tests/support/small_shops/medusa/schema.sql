-- The tables of a Medusa v2 store that the preset reads, with the columns that matter.
CREATE TABLE customer (
    id text PRIMARY KEY, email text, first_name text, last_name text, phone text,
    has_account boolean NOT NULL DEFAULT false, metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT '2026-01-01', deleted_at timestamptz
);
CREATE UNIQUE INDEX ON customer (email, has_account) WHERE deleted_at IS NULL;
CREATE TABLE product (
    id text PRIMARY KEY, title text NOT NULL, handle text NOT NULL, status text NOT NULL,
    thumbnail text, created_at timestamptz NOT NULL DEFAULT '2026-01-01', deleted_at timestamptz
);
CREATE TABLE product_variant (
    id text PRIMARY KEY, product_id text, title text NOT NULL, sku text, variant_rank int DEFAULT 0,
    thumbnail text, deleted_at timestamptz
);
CREATE TABLE "order" (
    id text PRIMARY KEY, display_id int GENERATED ALWAYS AS IDENTITY, customer_id text, email text,
    version int NOT NULL DEFAULT 1, status text NOT NULL DEFAULT 'pending',
    is_draft_order boolean NOT NULL DEFAULT false, currency_code text NOT NULL DEFAULT 'eur',
    created_at timestamptz NOT NULL DEFAULT '2026-01-02', updated_at timestamptz, deleted_at timestamptz
);
CREATE INDEX ON "order" (customer_id) WHERE deleted_at IS NULL;
CREATE TABLE order_summary (
    order_id text, version int NOT NULL DEFAULT 1, totals jsonb, deleted_at timestamptz
);
CREATE TABLE payment_collection (
    id text PRIMARY KEY, status text NOT NULL, amount numeric NOT NULL, authorized_amount numeric,
    captured_amount numeric, refunded_amount numeric, updated_at timestamptz, deleted_at timestamptz
);
CREATE TABLE order_payment_collection (
    order_id varchar(255), payment_collection_id varchar(255), deleted_at timestamptz
);
CREATE TABLE order_line_item (
    id text PRIMARY KEY, title text NOT NULL, product_id text, variant_id text,
    unit_price numeric NOT NULL
);
CREATE TABLE order_item (
    order_id text, version int NOT NULL DEFAULT 1, item_id text, quantity numeric NOT NULL,
    unit_price numeric, deleted_at timestamptz
);
CREATE TABLE order_line_item_adjustment (
    item_id text, version int NOT NULL DEFAULT 1, code text, amount numeric NOT NULL,
    deleted_at timestamptz
);
CREATE TABLE order_shipping (
    order_id text, version int NOT NULL DEFAULT 1, shipping_method_id text, deleted_at timestamptz
);
CREATE TABLE order_shipping_method_adjustment (
    shipping_method_id text, version int NOT NULL DEFAULT 1, code text, amount numeric NOT NULL,
    deleted_at timestamptz
);
