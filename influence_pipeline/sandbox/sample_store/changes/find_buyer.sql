-- The live customer with this key, and the e-mail for the order. Parameter: customer.
SELECT id, email FROM customers WHERE id = %(customer)s AND deleted_at IS NULL
