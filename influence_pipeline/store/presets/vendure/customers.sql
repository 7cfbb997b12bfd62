-- Customers of Vendure 3: everybody with a login, and guests who have ordered. A guest's row is
-- made by a mere cart already; who never ordered is left out. To keep guests out of the program,
-- write `AND c."userId" IS NOT NULL` in the place of the whole last condition; their orders then go
-- by their e-mail. Vendure lower-cases e-mails, and refuses a guest with the e-mail of a login.
SELECT c.id,
       c."emailAddress" AS email,
       nullif(c."firstName", '') AS first_name,
       nullif(c."lastName", '') AS last_name,
       nullif(c."phoneNumber", '') AS phone,
       -- Vendure has no birthday. If your shop has a custom field for it:
       -- c."customFieldsBirthday"::date AS birthday,
       -- The zone of the database's sessions (SHOW timezone).
       c."createdAt" AT TIME ZONE 'UTC' AS created_at
FROM customer c
WHERE c."deletedAt" IS NULL
  AND (
      c."userId" IS NOT NULL
      OR EXISTS (
          SELECT 1 FROM "order" o
          WHERE o."customerId" = c.id AND o."orderPlacedAt" IS NOT NULL AND NOT o.active
            AND o.type <> 'Seller'
      )
  )
