-- A customer since a moment that drivers cannot read: timestamptz knows infinity.
INSERT INTO customers (id, email, created_at)
SELECT 'cus_infinity_' || n, 'infinity.' || n || '@example.com', 'infinity'
FROM nextval('customer_numbers') AS n
RETURNING id
