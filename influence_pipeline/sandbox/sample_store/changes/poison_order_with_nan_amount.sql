-- An order that is not worth a number: numeric knows NaN.
INSERT INTO orders (number, email, currency_code, status, subtotal, total, placed_at, updated_at)
VALUES (NULL, 'nan@example.com', 'eur', 'pending', 'NaN', 'NaN', now(), now())
RETURNING id::text
