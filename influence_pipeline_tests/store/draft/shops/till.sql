-- A till's words, cents, a ledger of money with signs, vouchers: the shop of docs/mapping.md.
CREATE SCHEMA shop;
CREATE TABLE shop.person (
    person_no integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mail text NOT NULL, given_name text, family_name text, born date,
    joined timestamp NOT NULL DEFAULT now(), left_at timestamp
);
CREATE TABLE shop.article (
    article_no text PRIMARY KEY, label text NOT NULL, picture text, on_sale boolean NOT NULL DEFAULT true
);
CREATE TABLE shop.article_size (
    size_no text PRIMARY KEY, article_no text NOT NULL REFERENCES shop.article,
    size text NOT NULL, place integer NOT NULL
);
CREATE TABLE shop.receipt (
    receipt_no integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_no integer REFERENCES shop.person, mail text,
    cents bigint NOT NULL, bought timestamp NOT NULL DEFAULT now(), cancelled boolean NOT NULL DEFAULT false
);
CREATE TABLE shop.receipt_item (
    item_no integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    receipt_no integer NOT NULL REFERENCES shop.receipt,
    size_no text, label text, pieces integer NOT NULL, cents_each bigint NOT NULL
);
CREATE TABLE shop.money (           -- negative: paid back
    money_no integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    receipt_no integer NOT NULL REFERENCES shop.receipt, cents bigint NOT NULL
);
CREATE TABLE shop.receipt_voucher (
    receipt_no integer NOT NULL REFERENCES shop.receipt, code text NOT NULL, cents bigint NOT NULL,
    PRIMARY KEY (receipt_no, code)
);
CREATE TABLE shop.voucher (
    code text PRIMARY KEY, person_no integer REFERENCES shop.person, cents bigint, percent numeric,
    valid_until timestamptz, uses_left integer NOT NULL
);
CREATE INDEX ON shop.receipt_item (receipt_no);
CREATE INDEX ON shop.money (receipt_no);

INSERT INTO shop.person (mail, given_name, family_name) SELECT format('p%s@example.com', n), 'Given', 'Family' FROM generate_series(1, 20) n;
INSERT INTO shop.article SELECT 'A' || n, 'Label', NULL, true FROM generate_series(1, 4) n;
INSERT INTO shop.article_size SELECT 'S' || n, 'A' || (n % 4 + 1), 'M', n FROM generate_series(1, 8) n;
INSERT INTO shop.receipt (person_no, cents, cancelled) SELECT n, 1999, n = 20 FROM generate_series(1, 20) n;
INSERT INTO shop.receipt_item (receipt_no, size_no, label, pieces, cents_each) SELECT n, 'S1', 'Label', 1, 1999 FROM generate_series(1, 20) n;
INSERT INTO shop.money (receipt_no, cents) SELECT n, 1999 FROM generate_series(1, 10) n;
INSERT INTO shop.money (receipt_no, cents) VALUES (1, -500), (2, -1999), (11, 100);
INSERT INTO shop.receipt_voucher VALUES (1, 'V1', 100);
