-- An order in a currency that does not exist.
INSERT INTO orders (number, email, currency_code, status, subtotal, total, placed_at, updated_at)
VALUES (NULL, 'unknown.currency@example.com', 'xxx', 'pending', 10, 10, now(), now())
RETURNING id::text
