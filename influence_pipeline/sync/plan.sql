-- name: planned
-- Work of an entity, in the order in which it is sent: all of it, or of imports with these numbers;
-- or (:most) so many of what is not parked, from all over the keys. First what a claim of it would hold, in
-- the order of the fields of `Claim` after entity and fence; see `claim`.
SELECT w.key, w.phase, p.status::text, w.absent_answers, w.attempts, w.refusals,
       extract(epoch FROM now() - w.queued_at)::float8 AS age_seconds,
       p.store_hash, p.synced_hash, w.unsure OR w.fence IS NOT NULL AS unsure, p.late_hash,
       greatest(extract(epoch FROM p.late_until - now()), 0)::float8 AS late_seconds,
       p.key IS NOT NULL AS captured,
       w.state, w.lane, w.blocked_on, w.reason, coalesce(w.lease_until > now(), false) AS held,
       extract(epoch FROM w.next_at - now())::float8 AS due_in,
       CASE WHEN p.synced_hash IS NULL AND p.status IS NULL THEN 'create' ELSE 'update' END
           AS action
FROM (SELECT * FROM work
      WHERE entity = CAST(:entity AS entity)
        AND state <> 'withheld' AND (CAST(:most AS bigint) IS NULL OR state <> 'parked')
        AND (CAST(:imports AS bigint[]) IS NULL OR import_id = ANY(CAST(:imports AS bigint[])))
      ORDER BY CASE WHEN CAST(:most AS bigint) IS NOT NULL THEN hashtext(key) END
      LIMIT CAST(:most AS bigint)) w
LEFT JOIN snapshot p ON p.entity = w.entity AND p.key = w.key
ORDER BY w.next_at, w.key

-- name: gone_customers
-- Customers who are gone from the store, with nothing to be sent: their e-mails are free, and no
-- order waits for them.
SELECT p.key FROM snapshot p
WHERE p.entity = 'customer' AND p.store_hash IS NULL
  AND NOT EXISTS (SELECT FROM work w WHERE w.entity = 'customer' AND w.key = p.key)

-- name: email_owners
-- Which customers these e-mails (hashed) belong to.
SELECT replace(email_hash::text, '-', '') AS hash, key FROM email_owner
WHERE email_hash = ANY(CAST(:hashes AS uuid[]))

-- name: import_due
-- What an import has to send: of those with these numbers, or (NULL) of everything.
SELECT count(*) FILTER (WHERE w.state IN ('ready', 'blocked')) AS due,
       count(*) FILTER (WHERE w.state IN ('ready', 'blocked') AND p.synced_hash IS NULL
                              AND p.status IS NULL) AS new,
       count(*) FILTER (WHERE w.state = 'parked') AS parked
FROM work w LEFT JOIN snapshot p ON p.entity = w.entity AND p.key = w.key
WHERE w.entity = CAST(:entity AS entity)
  AND (CAST(:imports AS bigint[]) IS NULL OR w.import_id = ANY(CAST(:imports AS bigint[])))
