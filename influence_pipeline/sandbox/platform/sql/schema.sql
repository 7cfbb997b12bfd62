-- The sandbox's ledger: one SQLite file that survives kill -9 and that anybody may read with sqlite3.
-- `calls` and `movements` are append-only (triggers below); the other tables hold the latest state.
-- Times are ISO 8601 in UTC. Ids are the merchant's own unless a column says otherwise.

BEGIN;

-- One row: the number of this layout.
CREATE TABLE format (version INTEGER NOT NULL);
INSERT INTO format (version) VALUES (1);

-- Switches and rules that were changed live: name 'switches' or 'rules', value JSON.
CREATE TABLE live_settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- Every call of a contract endpoint, once, in the order in which it was settled.
CREATE TABLE calls (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          TEXT NOT NULL,     -- when the call came in
    method      TEXT NOT NULL,
    path        TEXT NOT NULL,     -- as it travelled (URL-encoded), without the query
    entity      TEXT,              -- customer, order, product, reward, webhook; NULL for lists
    key         TEXT,              -- the record's id, decoded; for POST /v1/orders from the body
    status      INTEGER,           -- what the caller was sent; NULL: connection closed, no reply
    outcome     INTEGER,           -- what the API itself came to; NULL: it never got the call
    fault       TEXT,              -- fault kind, 'rate_limit', 'reject', or NULL
    body_sha256 TEXT,
    body        BLOB               -- as received; NULL when there was none or the key was wrong
);
CREATE INDEX calls_by_record ON calls (entity, key);

CREATE TABLE customers (
    customer_id         TEXT PRIMARY KEY,
    influence_id        TEXT NOT NULL,     -- the vendor's UUID
    fields              TEXT NOT NULL,     -- JSON: what the merchant has sent, merged or replaced
    email               TEXT,              -- lower case, for lookups
    customer_type       TEXT NOT NULL,     -- Members or Guests
    membership_id       TEXT,
    point_balance       INTEGER NOT NULL DEFAULT 0,
    lifetime_points     INTEGER NOT NULL DEFAULT 0,  -- earned, less refunds; spending leaves it
    tier_id             TEXT,
    referrals_completed INTEGER NOT NULL DEFAULT 0,
    puts                INTEGER NOT NULL DEFAULT 0,  -- PUTs applied
    created_at          TEXT NOT NULL,
    updated_at          TEXT NOT NULL,
    last_seen_at        TEXT
);
CREATE INDEX customers_by_email ON customers (email);

CREATE TABLE orders (
    order_id         TEXT PRIMARY KEY,
    customer_id      TEXT,
    email            TEXT,                 -- lower case
    currency         TEXT,
    total_price      TEXT,                 -- decimal string, as sent
    subtotal_price   TEXT,
    financial_status TEXT NOT NULL,
    fields           TEXT NOT NULL,        -- JSON: what the merchant has sent, merged
    last_body        BLOB NOT NULL,        -- body of the last POST or PATCH that was applied
    posts            INTEGER NOT NULL,     -- POSTs applied (every POST, applied or not: see calls)
    patches          INTEGER NOT NULL,     -- PATCHes applied
    copies           INTEGER NOT NULL,     -- 1; one more per further POST in mode award_again
    awards           INTEGER NOT NULL,     -- how often it was awarded: must be 0 or 1
    points_awarded   INTEGER NOT NULL,     -- sum of its awards
    deductions       INTEGER NOT NULL,     -- how often points were taken back: must be 0 or 1
    points_deducted  INTEGER NOT NULL,     -- sum of its deductions, as a positive number
    awarded_to       TEXT,                 -- the customer who got the points
    refund_settled   INTEGER NOT NULL,     -- 1 once `refunded` has taken its points back
    created_at       TEXT NOT NULL,
    updated_at       TEXT NOT NULL
);
CREATE INDEX orders_by_customer ON orders (customer_id);

CREATE TABLE products (
    product_id TEXT PRIMARY KEY,
    fields     TEXT NOT NULL,
    puts       INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE TABLE variants (
    product_id TEXT NOT NULL,
    variant_id TEXT NOT NULL,
    place      INTEGER NOT NULL,           -- place in the list as sent
    fields     TEXT NOT NULL,
    PRIMARY KEY (product_id, variant_id)
);

-- Issued coupons.
CREATE TABLE rewards (
    coupon_code    TEXT PRIMARY KEY,
    reward_id      TEXT NOT NULL,
    source         TEXT NOT NULL,          -- redemption, tier_entry, referral_customer, referral_friend
    customer_id    TEXT,                   -- whose reward; NULL for a friend not known yet
    rule_id        TEXT,
    reward_type    TEXT NOT NULL,
    discount_value REAL,
    points         INTEGER NOT NULL,       -- points spent, 0 if none
    state          TEXT NOT NULL,          -- issued or used
    issued_at      TEXT NOT NULL,
    used_at        TEXT
);

CREATE TABLE referrals (
    referral_id          TEXT PRIMARY KEY,
    customer_id          TEXT NOT NULL,    -- who referred
    friend_email         TEXT NOT NULL,    -- lower case
    friend_coupon_code   TEXT,
    customer_coupon_code TEXT,             -- issued on completion
    state                TEXT NOT NULL,    -- started or completed
    order_id             TEXT,             -- the order that completed it
    created_at           TEXT NOT NULL,
    completed_at         TEXT
);
CREATE INDEX referrals_by_email ON referrals (friend_email);
CREATE INDEX referrals_by_code ON referrals (friend_coupon_code);

-- Every movement of points, once. The sum of a customer's rows is the customer's balance.
CREATE TABLE movements (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    movement_id   TEXT NOT NULL UNIQUE,    -- the `id` of its points/earned or points/redeemed event
    at            TEXT NOT NULL,
    call_id       INTEGER,                 -- the call that caused it; NULL: a sandbox control
    customer_id   TEXT NOT NULL,
    order_id      TEXT,
    kind          TEXT NOT NULL,           -- award, deduction, redemption, sign_up, manual, referral
    points        INTEGER NOT NULL,        -- signed
    balance_after INTEGER NOT NULL,
    rule_id       TEXT
);
CREATE INDEX movements_by_customer ON movements (customer_id);
CREATE INDEX movements_by_order ON movements (order_id);

CREATE TABLE subscriptions (
    subscription_id TEXT PRIMARY KEY,
    topic           TEXT NOT NULL,
    url             TEXT NOT NULL,         -- its path is the receiver's secret
    created_at      TEXT NOT NULL,
    updated_at      TEXT NOT NULL
);

-- Webhooks to be sent or sent; written in the transaction of what they tell.
CREATE TABLE deliveries (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id        TEXT NOT NULL,         -- one per event and subscription; duplicates share it
    subscription_id TEXT NOT NULL,
    topic           TEXT NOT NULL,
    url             TEXT NOT NULL,
    body            BLOB NOT NULL,
    state           TEXT NOT NULL,         -- pending, delivered, failed, dropped, cancelled
    attempts        INTEGER NOT NULL DEFAULT 0,
    due_at          REAL NOT NULL,         -- Unix time of the next attempt
    last_status     INTEGER,
    last_error      TEXT,
    created_at      TEXT NOT NULL,
    delivered_at    TEXT
);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE state = 'pending';

CREATE TRIGGER calls_keep BEFORE UPDATE ON calls
BEGIN SELECT RAISE(ABORT, 'calls is append-only'); END;
CREATE TRIGGER calls_stay BEFORE DELETE ON calls
BEGIN SELECT RAISE(ABORT, 'calls is append-only'); END;
-- INSERT OR REPLACE would delete the row that is there, unseen by the trigger above.
CREATE TRIGGER calls_once BEFORE INSERT ON calls
WHEN EXISTS (SELECT 1 FROM calls WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'calls is append-only'); END;
CREATE TRIGGER movements_keep BEFORE UPDATE ON movements
BEGIN SELECT RAISE(ABORT, 'movements is append-only'); END;
CREATE TRIGGER movements_stay BEFORE DELETE ON movements
BEGIN SELECT RAISE(ABORT, 'movements is append-only'); END;
CREATE TRIGGER movements_once BEFORE INSERT ON movements
WHEN EXISTS (SELECT 1 FROM movements WHERE id = NEW.id OR movement_id = NEW.movement_id)
BEGIN SELECT RAISE(ABORT, 'movements is append-only'); END;

COMMIT;
