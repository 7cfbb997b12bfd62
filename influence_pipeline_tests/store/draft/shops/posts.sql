-- As WordPress keeps a shop: posts of many kinds, values under keys, no foreign keys.
CREATE TABLE wp_users (
    "ID" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_login text NOT NULL, user_pass text NOT NULL,
    user_email text NOT NULL, user_registered timestamp NOT NULL, display_name text NOT NULL
);
CREATE TABLE wp_usermeta (
    umeta_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id bigint NOT NULL, meta_key text, meta_value text
);
CREATE TABLE wp_posts (
    "ID" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, post_author bigint NOT NULL DEFAULT 0, post_date timestamp NOT NULL,
    post_date_gmt timestamp NOT NULL, post_content text NOT NULL DEFAULT '', post_title text NOT NULL,
    post_status text NOT NULL, post_name text NOT NULL DEFAULT '', post_parent bigint NOT NULL DEFAULT 0,
    post_type text NOT NULL
);
CREATE TABLE wp_postmeta (
    meta_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, post_id bigint NOT NULL, meta_key text, meta_value text
);
CREATE INDEX ON wp_postmeta (post_id);
CREATE TABLE wp_woocommerce_order_items (
    order_item_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_item_name text NOT NULL,
    order_item_type text NOT NULL, order_id bigint NOT NULL
);
CREATE TABLE wp_woocommerce_order_itemmeta (
    meta_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_item_id bigint NOT NULL, meta_key text, meta_value text
);
CREATE TABLE wp_options (option_id bigint PRIMARY KEY, option_name text, option_value text);
CREATE TABLE wp_comments ("comment_ID" bigint PRIMARY KEY, comment_content text);

INSERT INTO wp_users (user_login, user_pass, user_email, user_registered, display_name)
SELECT 'u' || n, 'x', format('wp%s@example.com', n), '2026-01-01', 'User ' || n FROM generate_series(1, 30) n;
INSERT INTO wp_usermeta (user_id, meta_key, meta_value)
SELECT n, k, v FROM generate_series(1, 30) n, (VALUES ('first_name', 'First'), ('last_name', 'Last'), ('billing_phone', '123')) AS m (k, v);
INSERT INTO wp_posts (post_date, post_date_gmt, post_title, post_status, post_type)
SELECT '2026-03-01', '2026-03-01', 'Product ' || n, 'publish', 'product' FROM generate_series(1, 6) n;
INSERT INTO wp_posts (post_date, post_date_gmt, post_title, post_status, post_type)
SELECT '2026-04-01', '2026-04-01', 'Order', (ARRAY['wc-completed', 'wc-pending', 'wc-refunded', 'wc-cancelled'])[n % 4 + 1], 'shop_order'
FROM generate_series(1, 40) n;
INSERT INTO wp_posts (post_date, post_date_gmt, post_title, post_status, post_type)
SELECT '2026-02-01', '2026-02-01', 'A page', 'publish', 'page' FROM generate_series(1, 5) n;
INSERT INTO wp_postmeta (post_id, meta_key, meta_value)
SELECT p."ID", k, v FROM wp_posts p, LATERAL (VALUES
    ('_order_total', '49.90'), ('_order_currency', 'EUR'), ('_billing_email', format('wp%s@example.com', p."ID" % 30 + 1)),
    ('_customer_user', (p."ID" % 30 + 1)::text)) AS m (k, v)
WHERE p.post_type = 'shop_order';
INSERT INTO wp_postmeta (post_id, meta_key, meta_value)
SELECT p."ID", '_sku', 'SKU' || p."ID" FROM wp_posts p WHERE p.post_type = 'product';
INSERT INTO wp_woocommerce_order_items (order_item_name, order_item_type, order_id)
SELECT 'Product', 'line_item', "ID" FROM wp_posts WHERE post_type = 'shop_order';
INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value)
SELECT order_item_id, k, v FROM wp_woocommerce_order_items, (VALUES ('_qty', '2'), ('_product_id', '1'), ('_line_total', '49.90')) AS m (k, v);
