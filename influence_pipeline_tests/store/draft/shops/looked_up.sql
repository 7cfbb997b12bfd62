-- As PrestaShop does: a prefix, id_… keys, no foreign keys, states and currencies in tables beside.
CREATE TABLE ps_customer (
    id_customer integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL, firstname text, lastname text,
    birthday date, date_add timestamp NOT NULL, deleted boolean NOT NULL DEFAULT false, is_guest boolean NOT NULL DEFAULT false
);
CREATE TABLE ps_currency (id_currency integer PRIMARY KEY, name text, iso_code text);
CREATE TABLE ps_order_state (id_order_state integer PRIMARY KEY, name text NOT NULL, paid boolean);
CREATE TABLE ps_orders (
    id_order integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, reference text NOT NULL, id_customer integer NOT NULL, id_currency integer NOT NULL,
    current_state integer, id_order_state integer NOT NULL, total_paid numeric(20, 6) NOT NULL, total_products numeric(20, 6) NOT NULL,
    total_discounts numeric(20, 6) NOT NULL, total_shipping numeric(20, 6) NOT NULL, date_add timestamp NOT NULL
);
CREATE TABLE ps_order_detail (
    id_order_detail integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id_order integer NOT NULL, product_id integer NOT NULL,
    product_name text NOT NULL, product_quantity integer NOT NULL, unit_price_tax_incl numeric(20, 6) NOT NULL
);
CREATE TABLE ps_product (id_product integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, reference text, active boolean NOT NULL DEFAULT true, date_add timestamp);
CREATE TABLE ps_cart (id_cart integer PRIMARY KEY, id_customer integer, date_add timestamp);
CREATE TABLE ps_cart_rule (id_cart_rule integer PRIMARY KEY, code text, date_to timestamp, quantity integer, reduction_percent numeric);
CREATE TABLE ps_order_history (id_order_history integer PRIMARY KEY, id_order integer, id_order_state integer);

INSERT INTO ps_customer (email, firstname, lastname, date_add) SELECT format('ps%s@example.com', n), 'F', 'L', '2026-01-01' FROM generate_series(1, 30) n;
INSERT INTO ps_currency VALUES (1, 'Euro', 'EUR'), (2, 'Zloty', 'PLN');
INSERT INTO ps_order_state VALUES (1, 'Awaiting check payment', false), (2, 'Payment accepted', true), (3, 'Shipped', true), (6, 'Canceled', false), (7, 'Refunded', true);
INSERT INTO ps_product (name, reference) SELECT 'P' || n, 'R' || n FROM generate_series(1, 5) n;
INSERT INTO ps_orders (reference, id_customer, id_currency, id_order_state, total_paid, total_products, total_discounts, total_shipping, date_add)
SELECT 'REF' || n, n, n % 2 + 1, (ARRAY[1, 3, 6, 7])[n % 4 + 1], 12.5, 10, 0, 2.5, '2026-02-02' FROM generate_series(1, 30) n;
INSERT INTO ps_order_detail (id_order, product_id, product_name, product_quantity, unit_price_tax_incl)
SELECT n, n % 5 + 1, 'P', 1, 10 FROM generate_series(1, 30) n;
