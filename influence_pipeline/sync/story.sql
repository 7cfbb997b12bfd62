-- name: record
-- Everything of one record but its calls, in one question.
-- `acknowledged_at`: the snapshot's own column where the schema has it; else by the log of calls,
-- which is pruned: when the API last accepted the content that counts as acknowledged.
-- `attempts_total` stops at :most_counted, so that a record with very many calls costs no more.
SELECT p.store_hash, p.synced_hash, p.status::text, p.late_until,
       coalesce(
           (to_jsonb(p) ->> 'acknowledged_at')::timestamptz,
           CASE WHEN p.synced_hash IS NOT NULL THEN
               (SELECT a.at FROM attempt a
                WHERE a.entity = wanted.entity AND a.key = wanted.key
                  AND a.outcome = 'accepted' AND a.content_hash = p.synced_hash
                ORDER BY a.id DESC LIMIT 1) END) AS acknowledged_at,
       w.state, w.phase, w.lane, w.attempts, w.queued_at, w.next_at, w.lease_until, w.blocked_on,
       w.reason_code, w.reason, w.lease_until > now() AS is_held, w.next_at <= now() AS is_due,
       blocker.state AS blocker_state, blocker.reason AS blocker_reason,
       blocker_snapshot.synced_hash IS NOT NULL AS blocker_acknowledged,
       (SELECT count(*) FROM (
            SELECT FROM attempt a WHERE a.entity = wanted.entity AND a.key = wanted.key
            LIMIT :most_counted) counted) AS attempts_total,
       c.taken_at AS captured_at, c.hash_method, last_run.error AS last_run_error,
       (SELECT value #>> '{}' FROM fact WHERE name = 'go_live') AS go_live
FROM (VALUES (CAST(:entity AS entity), CAST(:key AS text) COLLATE "C")) AS wanted (entity, key)
LEFT JOIN snapshot p ON p.entity = wanted.entity AND p.key = wanted.key
LEFT JOIN work w ON w.entity = wanted.entity AND w.key = wanted.key
LEFT JOIN work blocker
       ON blocker.entity = 'customer' AND blocker.key = substr(w.blocked_on, length('customer:') + 1)
LEFT JOIN snapshot blocker_snapshot
       ON blocker_snapshot.entity = 'customer'
      AND blocker_snapshot.key = substr(w.blocked_on, length('customer:') + 1)
LEFT JOIN capture_point c ON c.entity = wanted.entity
LEFT JOIN LATERAL (SELECT r.error FROM sync_run r WHERE r.entity = wanted.entity
                   ORDER BY r.id DESC LIMIT 1) last_run ON true

-- name: attempts
-- The latest calls of one record, newest first.
SELECT at, call, http_status, outcome, ms, content_hash, error FROM attempt
WHERE entity = CAST(:entity AS entity) AND key = :key ORDER BY id DESC LIMIT :most

-- name: coupon
-- What became of one coupon: made in the store, used by an order, told to Influence.
SELECT state, kind, issued_at, order_key, used_at, reward_used_at FROM coupon WHERE code = :code

-- name: erased_at
SELECT erased_at AS at FROM erased WHERE hash = CAST(:hash AS uuid)
