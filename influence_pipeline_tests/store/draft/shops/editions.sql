-- The same trade in the usual words: books with editions, items, a ledger of payments, a history of
-- states. Members keep their e-mail addresses with their postal ones.
CREATE SCHEMA people;
CREATE SCHEMA trade;
CREATE TABLE people.member (
    member_id integer PRIMARY KEY, first_name text, last_name text, born_on date,
    first_seen timestamptz NOT NULL DEFAULT now(), erased_at timestamptz
);
CREATE TABLE people.address (
    address_id integer PRIMARY KEY, member_id integer REFERENCES people.member,
    is_main boolean NOT NULL, email text, telephone text, street text, town text,
    added_at timestamptz NOT NULL
);
CREATE TABLE trade.book (book_id integer PRIMARY KEY, title text NOT NULL, author text, cover_url text);
CREATE TABLE trade.book_edition (
    edition_id integer PRIMARY KEY, book_id integer NOT NULL REFERENCES trade.book, binding text NOT NULL,
    price_minor integer NOT NULL
);
CREATE TABLE trade.shop_order (
    order_id integer PRIMARY KEY, ref text NOT NULL, member_id integer REFERENCES people.member,
    ship_to integer REFERENCES people.address, placed_at timestamptz NOT NULL, currency char(3) NOT NULL,
    goods_minor integer NOT NULL, total_minor integer NOT NULL
);
CREATE TABLE trade.order_item (
    line_id integer PRIMARY KEY, order_id integer NOT NULL REFERENCES trade.shop_order,
    edition_id integer REFERENCES trade.book_edition, quantity integer NOT NULL, unit_price_minor integer NOT NULL
);
CREATE TABLE trade.order_status_history (
    event_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id integer NOT NULL REFERENCES trade.shop_order, status text NOT NULL, happened_at timestamptz NOT NULL
);
CREATE TABLE trade.payment_ledger (
    entry_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id integer NOT NULL REFERENCES trade.shop_order, entry_type text NOT NULL, amount_minor integer NOT NULL
);
CREATE TABLE trade.discount_code (
    code text PRIMARY KEY, amount_off_minor integer, ends_at timestamptz, uses_left integer NOT NULL
);
CREATE TABLE trade.order_discount_code (
    order_id integer NOT NULL REFERENCES trade.shop_order, code text NOT NULL REFERENCES trade.discount_code,
    taken_minor integer NOT NULL, PRIMARY KEY (order_id, code)
);

INSERT INTO people.member (member_id, first_name, last_name) SELECT n, 'First', 'Last' FROM generate_series(1, 20) n;
INSERT INTO people.address
SELECT n, n, true, format('m%s@example.com', n), NULL, 'Street', 'Town', '2026-02-01T00:00:00Z' FROM generate_series(1, 20) n;
INSERT INTO trade.book SELECT n, 'Book ' || n, 'Author', NULL FROM generate_series(1, 8) n;
INSERT INTO trade.book_edition SELECT n, (n - 1) % 8 + 1, 'binding ' || n, 1700 FROM generate_series(1, 16) n;
INSERT INTO trade.shop_order
SELECT n, 'O-' || n, n, n, '2026-05-01T00:00:00Z', 'EUR', 1700, 1990 FROM generate_series(1, 20) n;
INSERT INTO trade.order_item SELECT 100 + n, n, (n - 1) % 16 + 1, 1, 1700 FROM generate_series(1, 20) n;
INSERT INTO trade.order_status_history (order_id, status, happened_at)
SELECT n, 'placed', '2026-05-01T00:00:00Z'::timestamptz FROM generate_series(1, 20) n
UNION ALL SELECT 4, 'cancelled', '2026-05-02T00:00:00Z';
INSERT INTO trade.payment_ledger (order_id, entry_type, amount_minor)
SELECT n, 'authorization', 1990 FROM generate_series(1, 20) n
UNION ALL SELECT n, 'capture', 1990 FROM generate_series(1, 20) n WHERE n NOT IN (4, 5)
UNION ALL SELECT 5, 'adjustment', 1990
UNION ALL SELECT 3, 'chargeback_fee', 1990
UNION ALL SELECT 2, 'refund', -1990;
INSERT INTO trade.discount_code VALUES ('D-1', 290, NULL, 1);
INSERT INTO trade.order_discount_code VALUES (1, 'D-1', 290);
