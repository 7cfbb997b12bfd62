-- Customers: everybody who has a row and is not deleted. A guest who has a row is a customer too: the
-- shop knows the person, and orders point to the row. To keep guests out of the program, add
-- `AND NOT c.is_guest` here, and in orders.sql give their orders no customer_id.
-- E-mails as they were typed; they are lower-cased when they are sent.
SELECT c.id,
       c.email,
       c.first_name,
       c.last_name,
       c.phone,
       c.birthday,
       c.created_at
FROM customers c
WHERE c.deleted_at IS NULL
