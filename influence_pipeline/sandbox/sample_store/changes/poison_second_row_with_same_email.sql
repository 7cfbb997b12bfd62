-- A guest whose e-mail is that of an account, typed otherwise. Parameter: customer (the account).
INSERT INTO customers (id, email, is_guest)
SELECT 'cus_second_' || n, CASE email WHEN upper(email) THEN lower(email) ELSE upper(email) END, true
FROM customers, nextval('customer_numbers') AS n
WHERE id = %(customer)s
RETURNING id
