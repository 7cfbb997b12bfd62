-- A customer marries. Parameters: customer, first_name, last_name (NULL: something new).
UPDATE customers
SET first_name = coalesce(%(first_name)s, first_name),
    last_name = coalesce(%(last_name)s, concat_ws('-', nullif(last_name, ''), 'Example')),
    updated_at = now()
WHERE id = %(customer)s AND deleted_at IS NULL
RETURNING id
