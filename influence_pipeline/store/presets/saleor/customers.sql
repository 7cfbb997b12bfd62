-- Customers of Saleor 3: everybody with an account who is not on the staff. Guests have no row;
-- their orders go by their e-mail, and so do orders of the staff. To let the staff take part too,
-- take the WHERE out. An account that is deleted is gone from the table.
SELECT u.id,
       u.email,
       nullif(u.first_name, '') AS first_name,
       nullif(u.last_name, '') AS last_name,
       nullif(address.phone, '') AS phone,
       -- Saleor has no birthday. If your shop keeps one in the metadata:
       -- u.metadata ->> 'birthday' AS birthday,
       u.date_joined AS created_at
FROM account_user u
LEFT JOIN account_address address
    ON address.id = coalesce(u.default_billing_address_id, u.default_shipping_address_id)
WHERE NOT u.is_staff
