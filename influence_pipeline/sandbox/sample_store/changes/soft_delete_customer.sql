-- An account is closed: the row stays. Parameter: customer.
UPDATE customers SET deleted_at = now(), updated_at = now()
WHERE id = %(customer)s AND deleted_at IS NULL
RETURNING id
