-- `POST /sandbox/reset`: an empty ledger. Dropping is the only way past the append-only triggers.
DROP TABLE IF EXISTS deliveries;
DROP TABLE IF EXISTS subscriptions;
DROP TABLE IF EXISTS movements;
DROP TABLE IF EXISTS referrals;
DROP TABLE IF EXISTS rewards;
DROP TABLE IF EXISTS variants;
DROP TABLE IF EXISTS products;
DROP TABLE IF EXISTS orders;
DROP TABLE IF EXISTS customers;
DROP TABLE IF EXISTS calls;
DROP TABLE IF EXISTS live_settings;
DROP TABLE IF EXISTS format;
