-- As Magento names things: prefixes, entity_id everywhere, paid and refunded sums on the order.
CREATE TABLE customer_entity (
    entity_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email varchar(255), group_id smallint NOT NULL DEFAULT 1,
    firstname varchar(255), lastname varchar(255), dob date, created_at timestamp NOT NULL, is_active smallint NOT NULL DEFAULT 1
);
CREATE TABLE customer_address_entity (entity_id integer PRIMARY KEY, parent_id integer REFERENCES customer_entity, telephone text);
CREATE TABLE customer_group (customer_group_id integer PRIMARY KEY, customer_group_code text);
CREATE TABLE catalog_product_entity (
    entity_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sku varchar(64) NOT NULL, name text, type_id varchar(32), created_at timestamp NOT NULL
);
CREATE TABLE sales_order (
    entity_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state varchar(32), status varchar(32), increment_id varchar(50),
    customer_id integer REFERENCES customer_entity ON DELETE SET NULL, customer_email varchar(128), customer_firstname varchar(128),
    base_grand_total numeric(20, 4), grand_total numeric(20, 4), subtotal numeric(20, 4), tax_amount numeric(20, 4),
    shipping_amount numeric(20, 4), discount_amount numeric(20, 4), total_paid numeric(20, 4), total_refunded numeric(20, 4),
    order_currency_code varchar(3), base_currency_code varchar(3), coupon_code varchar(255), quote_id integer,
    created_at timestamp NOT NULL DEFAULT now(), updated_at timestamp NOT NULL DEFAULT now()
);
CREATE TABLE sales_order_item (
    item_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id integer NOT NULL REFERENCES sales_order, product_id integer,
    sku varchar(255), name varchar(255), qty_ordered numeric(12, 4), qty_shipped numeric(12, 4), price numeric(12, 4), row_total numeric(20, 4)
);
CREATE TABLE sales_order_address (entity_id integer PRIMARY KEY, parent_id integer REFERENCES sales_order, email text, telephone text);
CREATE TABLE sales_order_grid (entity_id integer PRIMARY KEY, status text, grand_total numeric, customer_email text, created_at timestamp);
CREATE TABLE sales_order_status_history (entity_id integer PRIMARY KEY, parent_id integer REFERENCES sales_order, status text);
CREATE TABLE quote (entity_id integer PRIMARY KEY, customer_id integer, customer_email text, grand_total numeric, created_at timestamp);
CREATE TABLE quote_item (item_id integer PRIMARY KEY, quote_id integer REFERENCES quote, product_id integer, qty numeric, price numeric);
CREATE TABLE salesrule_coupon (
    coupon_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, rule_id integer NOT NULL, code varchar(255) UNIQUE,
    usage_limit integer, times_used integer NOT NULL DEFAULT 0, expiration_date timestamp
);

INSERT INTO customer_entity (email, firstname, lastname, created_at)
SELECT format('m%s@example.com', n), 'First', 'Last', '2026-01-01' FROM generate_series(1, 30) n;
INSERT INTO catalog_product_entity (sku, name, type_id, created_at) SELECT 'S' || n, 'Name ' || n, 'simple', '2026-01-01' FROM generate_series(1, 5) n;
INSERT INTO sales_order (state, status, increment_id, customer_id, customer_email, base_grand_total, grand_total, subtotal, discount_amount, total_paid,
    total_refunded, order_currency_code, base_currency_code, coupon_code)
SELECT 'processing', (ARRAY['complete', 'pending', 'closed', 'canceled'])[n % 4 + 1], '1000' || n, n, format('m%s@example.com', n), 55, 50, 48, -2,
       CASE WHEN n % 4 IN (0, 2) THEN 50 END, CASE WHEN n % 4 = 2 THEN 50 END, 'CHF', 'USD', CASE WHEN n = 4 THEN 'TEN' END
FROM generate_series(1, 30) n;
INSERT INTO sales_order_item (order_id, product_id, sku, name, qty_ordered, price, row_total)
SELECT n, n % 5 + 1, 'S1', 'Name', 2, 25, 50 FROM generate_series(1, 30) n;
