-- Customers of Medusa v2: everybody with an account, and guests who have ordered. A guest's row is
-- made by a mere cart or draft already; who never ordered is left out. To keep guests out of the
-- program, write `AND c.has_account` in the place of the whole last condition; their orders then go
-- by their e-mail.
--
-- One e-mail may have two live rows, a guest's and an account's. The guest's is left out: of two
-- customers with one e-mail only the first would be sent. Medusa keeps an account's e-mail as it
-- was typed, and has no index on lower(email). So accounts in lower case are looked up by the index
-- on email, and the others are gathered once per statement, as the keys of one JSON object.
SELECT c.id,
       c.email,
       c.first_name,
       c.last_name,
       c.phone,
       -- Medusa has no birthday. If your shop keeps one in the metadata:
       -- c.metadata ->> 'birthday' AS birthday,
       c.created_at
FROM customer c
WHERE c.deleted_at IS NULL
  AND (
      c.has_account
      OR (
          EXISTS (
              SELECT 1 FROM "order" o
              WHERE o.customer_id = c.id AND o.deleted_at IS NULL
                AND NOT o.is_draft_order AND o.status <> 'draft'
          )
          AND NOT EXISTS (
              SELECT 1 FROM customer a
              WHERE a.email IN (c.email, lower(c.email)) AND a.has_account AND a.deleted_at IS NULL
          )
          AND NOT coalesce(
              (
                  SELECT jsonb_object_agg(lower(a.email), true) FROM customer a
                  WHERE a.email <> lower(a.email) AND a.has_account AND a.deleted_at IS NULL
              ) ? lower(c.email),
              false
          )
      )
  )
