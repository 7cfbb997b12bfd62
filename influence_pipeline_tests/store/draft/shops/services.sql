-- uuids, a schema per service, foreign keys only within a schema, views for readers, jsonb, domains.
CREATE SCHEMA identity; CREATE SCHEMA catalogue; CREATE SCHEMA sales; CREATE SCHEMA reading;
CREATE DOMAIN sales.money_amount AS numeric(12, 2);
CREATE TABLE identity.accounts (
    account_id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email varchar(200) NOT NULL, given_name text, family_name text,
    registered_at timestamptz NOT NULL DEFAULT now(), deleted boolean NOT NULL DEFAULT false
);
CREATE TABLE identity.login_sessions (id uuid PRIMARY KEY, account_id uuid REFERENCES identity.accounts, email text);
CREATE TABLE catalogue.articles (
    article_id uuid PRIMARY KEY DEFAULT gen_random_uuid(), title text NOT NULL, thumbnail text, published_at timestamptz
);
CREATE TABLE sales.purchases (
    purchase_id uuid PRIMARY KEY DEFAULT gen_random_uuid(), account_id uuid, reference text NOT NULL,
    amount_total sales.money_amount NOT NULL, currency char(3) NOT NULL, state text NOT NULL,
    purchased_at timestamptz NOT NULL, promo_codes text[] NOT NULL DEFAULT '{}'
);
CREATE TABLE sales.purchase_lines (
    purchase_id uuid NOT NULL REFERENCES sales.purchases, line_no integer NOT NULL, article_id uuid, label text,
    qty numeric(9, 3) NOT NULL, price sales.money_amount NOT NULL, PRIMARY KEY (purchase_id, line_no)
);
CREATE TABLE sales.refunds (
    refund_id uuid PRIMARY KEY DEFAULT gen_random_uuid(), purchase_id uuid NOT NULL REFERENCES sales.purchases,
    amount sales.money_amount NOT NULL, created_at timestamptz NOT NULL DEFAULT now()
);
CREATE VIEW reading.purchases AS SELECT * FROM sales.purchases;
CREATE VIEW reading.accounts AS SELECT * FROM identity.accounts;

INSERT INTO identity.accounts (email, given_name) SELECT format('a%s@example.com', n), 'Given' FROM generate_series(1, 30) n;
INSERT INTO catalogue.articles (title, published_at) SELECT 'Article ' || n, now() FROM generate_series(1, 5) n;
INSERT INTO sales.purchases (account_id, reference, amount_total, currency, state, purchased_at, promo_codes)
SELECT account_id, 'R' || row_number() OVER (ORDER BY email), 30.5, 'GBP',
       (ARRAY['settled', 'awaiting_payment', 'cancelled'])[(row_number() OVER (ORDER BY email)) % 3 + 1], '2026-07-01T10:00:00Z',
       CASE WHEN email = 'a1@example.com' THEN ARRAY['WELCOME'] ELSE '{}' END
FROM identity.accounts;
INSERT INTO sales.purchase_lines
SELECT p.purchase_id, n, (SELECT article_id FROM catalogue.articles ORDER BY title LIMIT 1), 'Article', 1.5, 10 FROM sales.purchases p, generate_series(1, 2) n;
INSERT INTO sales.refunds (purchase_id, amount) SELECT purchase_id, 30.5 FROM sales.purchases WHERE reference = 'R3';
