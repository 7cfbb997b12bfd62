-- name: members_of
SELECT customer_id FROM loyalty_member WHERE external_id = :customer

-- name: events
-- Events that still hold something, in the order of their ids.
SELECT id, topic, body, state, reason_code, lease_until > now() AS held FROM inbox
WHERE id > :after AND octet_length(body) > 0 ORDER BY id LIMIT :most

-- name: these_events
SELECT id, topic, body, state, reason_code, lease_until > now() AS held FROM inbox
WHERE id = ANY(CAST(:ids AS bigint[])) AND octet_length(body) > 0 ORDER BY id

-- name: count
-- What the tables but the inbox hold of a customer.
SELECT 'snapshot' AS table_name, count(*) AS rows FROM snapshot
WHERE entity = 'customer' AND key = :customer
UNION ALL SELECT 'work', count(*) FROM work
WHERE entity = 'customer' AND key = :customer OR entity = 'reward' AND key = ANY(CAST(:codes AS text[]))
UNION ALL SELECT 'attempt', count(*) FROM attempt
WHERE entity = 'customer' AND key = :customer OR entity = 'reward' AND key = ANY(CAST(:codes AS text[]))
UNION ALL SELECT 'email_owner', count(*) FROM email_owner WHERE key = :customer
UNION ALL SELECT 'coupon', count(*) FROM coupon
WHERE code = ANY(CAST(:codes AS text[])) OR member_id = ANY(CAST(:members AS text[]))
UNION ALL SELECT 'loyalty_member', count(*) FROM loyalty_member
WHERE external_id = :customer OR customer_id = ANY(CAST(:members AS text[]))
UNION ALL SELECT 'balance_seen', count(*) FROM balance_seen
WHERE member_id = ANY(CAST(:members AS text[]))
UNION ALL SELECT 'balance_gap', count(*) FROM balance_gap
WHERE member_id = ANY(CAST(:members AS text[]))
UNION ALL SELECT 'refund_told', count(*) FROM refund_told WHERE customer_key = :customer
UNION ALL SELECT 'sync_run', count(*) FROM sync_run
WHERE entity = 'customer' AND counts -> 'misses' ? :customer

-- name: coupons_of
-- The codes that are the customer's, by the store's id.
SELECT code FROM coupon WHERE customer_key = :customer AND code NOT LIKE 'erased:%'

-- name: wait_for_others
-- Who writes to these now read who is erased before it was noted. So they are waited for, for a moment
-- in which others wait for us. It is longer than deadlock_timeout usually is, because only then does
-- an autovacuum give way.
SET LOCAL lock_timeout = '2s';
LOCK TABLE inbox, loyalty_member, balance_seen, refund_told IN SHARE MODE

-- name: under_way
-- Calls that a worker is just making for the customer. Whose an order is, the state does not know: so
-- all count that were claimed before the customer was noted.
SELECT count(*) FROM work
WHERE lease_until > now()
  AND (entity = 'customer' AND key = :customer
       OR entity = 'reward' AND key = ANY(CAST(:codes AS text[]))
       OR entity = 'order' AND fence < (SELECT max(fence) FROM erased
                                        WHERE person = CAST(:person AS uuid)))

-- name: empty
-- The key and the hash stay, by which a repeated delivery is known. Who has claimed it has lost it.
UPDATE inbox SET state = 'done', reason_code = 'erased', reason = NULL, body = '', headers = '{}',
                 webhook_id = NULL, lease_until = NULL, fence = NULL,
                 done_at = coalesce(done_at, clock_timestamp())
WHERE id = ANY(CAST(:ids AS bigint[])) AND NOT (state = 'new' AND coalesce(lease_until > now(), false)
                                                AND topic = ANY(CAST(:waited_for AS text[])))
RETURNING id

-- name: replace
-- What it says of somebody else is kept, and still to be worked off.
UPDATE inbox SET body = :body, headers = '{}', webhook_id = NULL, lease_until = NULL, fence = NULL
WHERE id = :id AND state IN ('new', 'parked', 'quarantined')
  AND NOT coalesce(lease_until > now(), false)
RETURNING id

-- name: erase_coupon
-- It stays as a count and a value; the store's own coupon is the merchant's.
UPDATE coupon SET code = 'erased:' || :mark, folded_code = NULL, customer_key = NULL,
                  member_id = NULL, order_key = NULL
WHERE code = :code

-- name: erase_code_work
DELETE FROM work WHERE entity = 'reward' AND key = ANY(CAST(:codes AS text[]))

-- name: erase_code_snapshots
DELETE FROM snapshot WHERE entity = 'reward' AND key = ANY(CAST(:codes AS text[]))

-- name: erase_code_attempts
DELETE FROM attempt WHERE entity = 'reward' AND key = ANY(CAST(:codes AS text[]))

-- name: erase_referred
-- Coupons of others that count for the customer.
UPDATE coupon SET member_id = NULL WHERE member_id = ANY(CAST(:members AS text[]))

-- name: leave_out
-- While the store has the customer, the sums over its rows need the row's key and fingerprint. They go
-- with the row.
INSERT INTO left_out (entity, key, source_hash, source_rows)
SELECT entity, key, source_hash, source_rows FROM snapshot
WHERE entity = 'customer' AND key = :customer AND source_rows > 0 AND source_hash IS NOT NULL
ON CONFLICT DO NOTHING

-- name: erase_snapshot
DELETE FROM snapshot WHERE entity = 'customer' AND key = :customer

-- name: erase_work
DELETE FROM work WHERE entity = 'customer' AND key = :customer

-- name: erase_attempts
DELETE FROM attempt WHERE entity = 'customer' AND key = :customer

-- name: release_waiting
-- Orders that wait for the customer, and customers whose e-mail was the customer's: there is nothing
-- to wait for.
UPDATE work SET state = 'ready', blocked_on = NULL, reason_code = NULL, reason = NULL, next_at = now()
WHERE blocked_on = 'customer:' || :customer AND state = 'blocked'
   OR reason_code = 'same_email' AND state = 'parked'
      AND blocked_on IN (SELECT 'email:' || hash FROM erased WHERE person = CAST(:person AS uuid))

-- name: erase_balances
DELETE FROM balance_seen WHERE member_id = ANY(CAST(:members AS text[]))

-- name: erase_gaps
DELETE FROM balance_gap WHERE member_id = ANY(CAST(:members AS text[]))

-- name: erase_refunds
DELETE FROM refund_told WHERE customer_key = :customer

-- name: erase_misses
UPDATE sync_run SET counts = jsonb_set(counts, '{misses}', (counts -> 'misses') - :customer)
WHERE entity = 'customer' AND counts -> 'misses' ? :customer

-- name: erase_member
DELETE FROM loyalty_member WHERE external_id = :customer OR customer_id = ANY(CAST(:members AS text[]))

-- name: no_longer_left_out
-- So that the next compare finds the customer as a new one.
DELETE FROM left_out WHERE entity = 'customer' AND key = :customer
