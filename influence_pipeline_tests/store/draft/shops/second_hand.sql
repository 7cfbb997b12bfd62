-- Second-hand books: e-mail addresses with the postal ones, works in editions, a ledger with holds,
-- captures, fees and a kind that nobody knows, states in a table of events; hardly a shop's word.
CREATE SCHEMA people;
CREATE SCHEMA trade;
CREATE TABLE people.reader (
    reader_id integer PRIMARY KEY, forename text, surname text, born_on date,
    first_seen timestamptz NOT NULL DEFAULT now(), erased_at timestamptz
);
CREATE TABLE people.address (
    address_id integer PRIMARY KEY, reader_id integer REFERENCES people.reader,
    is_main boolean NOT NULL, email text, telephone text, street text, town text,
    added_at timestamptz NOT NULL
);
CREATE TABLE trade.work (
    work_id integer PRIMARY KEY, title text NOT NULL, author text, slug text, listed boolean NOT NULL DEFAULT true
);
CREATE TABLE trade.edition (
    edition_id integer PRIMARY KEY, work_id integer NOT NULL REFERENCES trade.work,
    binding text NOT NULL, isbn text, price_minor integer NOT NULL
);
CREATE TABLE trade.purchase (
    purchase_id integer PRIMARY KEY, ref text NOT NULL, reader_id integer REFERENCES people.reader,
    ship_to integer REFERENCES people.address, placed_at timestamptz NOT NULL, currency char(3) NOT NULL,
    goods_minor integer NOT NULL, freight_minor integer NOT NULL, due_minor integer NOT NULL
);
CREATE TABLE trade.purchase_line (
    line_id integer PRIMARY KEY, purchase_id integer NOT NULL REFERENCES trade.purchase,
    edition_id integer REFERENCES trade.edition, copies integer NOT NULL, each_minor integer NOT NULL
);
CREATE TABLE trade.purchase_event (
    event_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    purchase_id integer NOT NULL REFERENCES trade.purchase, state text NOT NULL, happened_at timestamptz NOT NULL
);
CREATE TABLE trade.ledger_entry (
    entry_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    purchase_id integer NOT NULL REFERENCES trade.purchase, entry_type text NOT NULL,
    amount_minor integer NOT NULL, booked_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE trade.gift_code (
    code text PRIMARY KEY, reader_id integer REFERENCES people.reader, percent_off numeric,
    amount_off_minor integer, ends_at timestamptz, uses_left integer NOT NULL
);
CREATE TABLE trade.purchase_gift_code (
    purchase_id integer NOT NULL REFERENCES trade.purchase, code text NOT NULL REFERENCES trade.gift_code,
    taken_minor integer NOT NULL, PRIMARY KEY (purchase_id, code)
);

INSERT INTO people.reader (reader_id, forename, surname, erased_at)
SELECT n, 'First', 'Last', CASE WHEN n = 20 THEN now() END FROM generate_series(1, 20) n;
-- Two addresses of the first: the main one is the younger. One is a guest's.
INSERT INTO people.address
SELECT n, n, true, format('r%s@example.com', n), NULL, 'Street', 'Town', '2026-02-01T00:00:00Z'::timestamptz FROM generate_series(1, 20) n
UNION ALL SELECT 101, 1, false, 'office@example.com', NULL, 'Office', 'Town', '2026-01-01T00:00:00Z'
UNION ALL SELECT 109, NULL, true, 'guest@example.com', NULL, 'Lane', 'Town', '2026-01-01T00:00:00Z';
INSERT INTO trade.work SELECT n, 'Work ' || n, 'Author', 'work-' || n FROM generate_series(1, 8) n;
INSERT INTO trade.edition SELECT n, (n - 1) % 8 + 1, 'paperback ' || n, '978' || n, 1700 FROM generate_series(1, 16) n;
INSERT INTO trade.purchase
SELECT n, 'BK-' || n, CASE WHEN n <> 9 THEN n END, CASE n WHEN 9 THEN 109 WHEN 1 THEN 101 ELSE n END,
       '2026-05-01T00:00:00Z', 'EUR', 3400, 490, 3890
FROM generate_series(1, 20) n;
INSERT INTO trade.purchase_line SELECT 100 + n, n, (n - 1) % 16 + 1, 2, 1700 FROM generate_series(1, 20) n;
INSERT INTO trade.purchase_event (purchase_id, state, happened_at)
SELECT 4, 'cancelled', '2026-05-03T00:00:00Z'::timestamptz
UNION ALL SELECT n, 'placed', '2026-05-01T00:00:00Z' FROM generate_series(1, 20) n
UNION ALL SELECT n, 'packed', '2026-05-02T00:00:00Z' FROM generate_series(1, 20) n WHERE n NOT IN (4, 5, 7, 8);
INSERT INTO trade.ledger_entry (purchase_id, entry_type, amount_minor)
SELECT n, 'hold', 3890 FROM generate_series(1, 20) n WHERE n <> 8
UNION ALL SELECT n, 'capture', CASE n WHEN 6 THEN 1000 ELSE 3890 END FROM generate_series(1, 20) n WHERE n NOT IN (4, 5, 7, 8)
UNION ALL SELECT n, 'fee', -60 FROM generate_series(10, 20) n
UNION ALL SELECT 5, 'fee', 5000
UNION ALL SELECT 7, 'goodwill', 3890
UNION ALL SELECT 2, 'refund', -1000
UNION ALL SELECT 3, 'refund', -1890
UNION ALL SELECT 3, 'refund', -2000;
INSERT INTO trade.gift_code VALUES ('G-1', 1, NULL, 500, NULL, 1), ('G-2', NULL, 10, NULL, NULL, 1);
INSERT INTO trade.purchase_gift_code VALUES (1, 'G-1', 500);
