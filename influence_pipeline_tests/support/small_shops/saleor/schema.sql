-- The tables of a Saleor 3 store that the preset reads, with the columns that matter.
CREATE TABLE account_address (id int PRIMARY KEY, phone varchar(128) NOT NULL DEFAULT '');
CREATE TABLE account_user (
    id int PRIMARY KEY, email varchar(254) NOT NULL UNIQUE, first_name varchar(256) NOT NULL DEFAULT '',
    last_name varchar(256) NOT NULL DEFAULT '', is_staff boolean NOT NULL DEFAULT false,
    default_billing_address_id int, default_shipping_address_id int,
    metadata jsonb NOT NULL DEFAULT '{}', date_joined timestamptz NOT NULL DEFAULT '2026-01-01'
);
CREATE TABLE channel_channel (id int PRIMARY KEY, slug varchar NOT NULL, is_active boolean NOT NULL);
CREATE TABLE product_product (
    id int PRIMARY KEY, name varchar(250) NOT NULL, slug varchar(255) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT '2026-01-01'
);
CREATE TABLE product_productchannellisting (
    product_id int, channel_id int, is_published boolean NOT NULL
);
CREATE TABLE product_productvariant (
    id int PRIMARY KEY, product_id int, sku varchar(255), name varchar(255) NOT NULL, sort_order int
);
CREATE TABLE product_productvariantchannellisting (variant_id int, channel_id int, price_amount numeric);
CREATE TABLE product_productmedia (
    id int PRIMARY KEY, product_id int, image varchar(100), external_url varchar(2048),
    type varchar(32) NOT NULL DEFAULT 'IMAGE', to_remove boolean NOT NULL DEFAULT false, sort_order int
);
CREATE TABLE product_variantmedia (media_id int, variant_id int);
CREATE TABLE order_order (
    id uuid PRIMARY KEY, number int NOT NULL UNIQUE, status varchar(32) NOT NULL,
    charge_status varchar(32) NOT NULL DEFAULT 'none', authorize_status varchar(32) NOT NULL DEFAULT 'none',
    user_id int, user_email varchar(254) NOT NULL, currency varchar(3) NOT NULL DEFAULT 'USD',
    subtotal_gross_amount numeric(20, 3) NOT NULL, total_gross_amount numeric(20, 3) NOT NULL,
    voucher_code varchar(255), created_at timestamptz NOT NULL DEFAULT '2026-01-02'
);
CREATE TABLE order_orderline (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), order_id uuid NOT NULL, variant_id int,
    product_variant_id varchar(255), product_name varchar(386) NOT NULL DEFAULT 'Shirt',
    quantity int NOT NULL, unit_price_gross_amount numeric(20, 3) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT '2026-01-02'
);
CREATE TABLE payment_transactionitem (
    order_id uuid, charged_value numeric(20, 3) NOT NULL DEFAULT 0,
    authorized_value numeric(20, 3) NOT NULL DEFAULT 0, refunded_value numeric(20, 3) NOT NULL DEFAULT 0,
    canceled_value numeric(20, 3) NOT NULL DEFAULT 0
);
CREATE TABLE payment_payment (
    order_id uuid, is_active boolean NOT NULL, charge_status varchar(20) NOT NULL,
    total numeric(20, 3) NOT NULL, captured_amount numeric(20, 3) NOT NULL
);
CREATE TABLE discount_orderdiscount (
    order_id uuid, type varchar(64) NOT NULL, amount_value numeric(20, 3) NOT NULL
);
CREATE TABLE discount_orderlinediscount (
    line_id uuid, type varchar(64) NOT NULL, amount_value numeric(20, 3) NOT NULL
);
