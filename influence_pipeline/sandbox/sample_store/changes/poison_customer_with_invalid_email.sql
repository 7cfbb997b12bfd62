-- A customer whose e-mail was typed into the wrong field.
INSERT INTO customers (id, email)
SELECT 'cus_invalid_' || n, 'not an e-mail ' || n FROM nextval('customer_numbers') AS n
RETURNING id
