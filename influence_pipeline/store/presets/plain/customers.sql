-- Customers: everybody who has a row and is not deleted. A guest who has a row is a customer too: the
-- shop knows the person, and orders point to the row. To keep guests out of the program, add
-- `AND NOT c.is_guest` here; their orders then go by their e-mail. So do those of guests who have an
-- account too, under the same e-mail: of two customers with one e-mail only the first would be sent.
-- E-mails as they were typed; they are lower-cased when they are sent.
SELECT c.id,
       c.email,
       c.first_name,
       c.last_name,
       c.phone,
       c.birthday,
       c.created_at
FROM customers c
-- LIMIT 1: looked up one by one where only a few customers are asked for.
LEFT JOIN LATERAL (
    SELECT true AS there FROM customers a
    WHERE lower(a.email) = lower(c.email) AND NOT a.is_guest AND a.deleted_at IS NULL LIMIT 1
) account ON c.is_guest
WHERE c.deleted_at IS NULL AND account.there IS NULL
