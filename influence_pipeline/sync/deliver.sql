-- name: claim
-- Take a lease on the longest-due records of one lane. Only who holds the fence may say what came
-- of them. SKIP LOCKED: two workers never wait for each other, and never get the same record.
WITH due AS (
    SELECT key FROM work
    WHERE entity = CAST(:entity AS entity) AND lane = :lane AND state = 'ready'
      AND next_at <= now() AND (lease_until IS NULL OR lease_until < now())
    ORDER BY next_at
    LIMIT :most
    FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE work w SET lease_until = now() + make_interval(secs => :lease_seconds), fence = :fence
    FROM due WHERE w.entity = CAST(:entity AS entity) AND w.key = due.key
    RETURNING w.key, w.phase, w.absent_answers, w.attempts, w.refusals, w.queued_at
)
SELECT c.key, c.phase, c.absent_answers, c.attempts, c.refusals,
       extract(epoch FROM now() - c.queued_at)::float8 AS age_seconds,
       p.status::text, p.store_hash, p.synced_hash
FROM claimed c LEFT JOIN snapshot p ON p.entity = CAST(:entity AS entity) AND p.key = c.key

-- name: next_fence
SELECT nextval('fence_seq')

-- name: share_results
-- Results of several workers go in side by side; a capture's merge waits for them, and they for it.
SELECT pg_advisory_xact_lock_shared(hashtext('influence_pipeline.results'), hashtext(:entity))

-- name: exclude_results
SELECT pg_advisory_xact_lock(hashtext('influence_pipeline.results'), hashtext(:entity))

-- name: intend
-- What is about to be called, before it is called. `next_at` is the quiet window: should this
-- process die, nobody asks what became of the call before it is over.
-- The status goes along: an order that was created a moment ago, its acknowledgement not written
-- yet, must never look as if it had not been.
WITH intent AS (
    SELECT * FROM unnest(CAST(:keys AS text[]), CAST(:phases AS text[]), CAST(:statuses AS text[]))
        AS i (key, phase, status)
), held AS (
    UPDATE work w
    SET phase = i.phase, absent_answers = 0, next_at = now() + make_interval(secs => :quiet_seconds)
    FROM intent i
    WHERE w.entity = CAST(:entity AS entity) AND w.key = i.key AND w.fence = :fence
      AND w.lease_until > now()
    RETURNING w.key, i.status
), known AS (
    UPDATE snapshot p SET status = CAST(h.status AS financial_status)
    FROM held h
    WHERE p.entity = CAST(:entity AS entity) AND p.key = h.key AND h.status IS NOT NULL
)
SELECT key FROM held

-- name: renew
UPDATE work SET lease_until = now() + make_interval(secs => :lease_seconds)
WHERE entity = CAST(:entity AS entity) AND key = ANY(CAST(:keys AS text[])) AND fence = :fence
RETURNING key

-- name: acknowledge
-- Results into the snapshots and the work, in one statement. `store_hash` follows what was sent
-- unless a capture has written a newer one since the claim. A settled record whose store hash
-- differs from what was acknowledged stays due.
WITH result AS (
    SELECT * FROM unnest(
        CAST(:key AS text[]), CAST(:fence AS bigint[]), CAST(:verdict AS text[]),
        CAST(:claimed_hash AS bigint[]), CAST(:synced_hash AS bigint[]), CAST(:status AS text[]),
        CAST(:phase AS text[]), CAST(:absent_answers AS int[]), CAST(:attempts AS int[]),
        CAST(:refusals AS int[]), CAST(:delay AS float8[]), CAST(:blocked_on AS text[]), CAST(:reason_code AS text[]),
        CAST(:reason AS text[]))
    AS r (key, fence, verdict, claimed_hash, synced_hash, status, phase, absent_answers, attempts,
          refusals, delay, blocked_on, reason_code, reason)
), acknowledged AS (
    UPDATE snapshot p
    SET synced_hash = coalesce(r.synced_hash, p.synced_hash),
        status = coalesce(CAST(r.status AS financial_status), p.status),
        store_hash = CASE WHEN p.store_hash IS DISTINCT FROM r.claimed_hash THEN p.store_hash
                          WHEN r.verdict = 'gone' THEN NULL
                          ELSE coalesce(r.synced_hash, p.store_hash) END
    FROM result r
    WHERE p.entity = CAST(:entity AS entity) AND p.key = r.key
    RETURNING p.key, p.store_hash IS NULL OR p.store_hash = p.synced_hash AS same
), judged AS (
    SELECT r.*, r.verdict IN ('settled', 'gone') AND coalesce(a.same, true) AS finished
    FROM result r LEFT JOIN acknowledged a ON a.key = r.key
), finished AS (
    DELETE FROM work w USING judged j
    WHERE w.entity = CAST(:entity AS entity) AND w.key = j.key AND w.fence = j.fence AND j.finished
    RETURNING w.key
), unfinished AS (
    UPDATE work w
    SET state = CASE j.verdict WHEN 'parked' THEN 'parked' WHEN 'blocked' THEN 'blocked'
                ELSE 'ready' END,
        phase = j.phase, absent_answers = j.absent_answers, attempts = j.attempts,
        refusals = j.refusals,
        next_at = now() + make_interval(secs => j.delay),
        lease_until = NULL, fence = NULL,
        blocked_on = j.blocked_on, reason_code = j.reason_code, reason = j.reason
    FROM judged j
    WHERE w.entity = CAST(:entity AS entity) AND w.key = j.key AND w.fence = j.fence
      AND NOT j.finished
    RETURNING w.key
)
SELECT (SELECT count(*) FROM finished) AS finished, (SELECT count(*) FROM unfinished) AS unfinished

-- name: release_waiting
-- Records that waited for one of these are due.
UPDATE work SET state = 'ready', blocked_on = NULL, reason_code = NULL, reason = NULL,
                next_at = now()
WHERE state = 'blocked' AND blocked_on = ANY(CAST(:names AS text[]))

-- name: release_acknowledged
-- The same, looked up: whatever waits for a customer who has been acknowledged meanwhile.
UPDATE work w SET state = 'ready', blocked_on = NULL, reason_code = NULL, reason = NULL,
                  next_at = now()
FROM snapshot p
WHERE w.state = 'blocked' AND w.blocked_on = 'customer:' || p.key
  AND p.entity = 'customer' AND p.synced_hash IS NOT NULL

-- name: acknowledged_customers
SELECT key FROM snapshot
WHERE entity = 'customer' AND key = ANY(CAST(:keys AS text[])) AND synced_hash IS NOT NULL

-- name: coupons_used
-- Our codes that acknowledged orders carried: marked, and queued to be told to the API once.
WITH used AS (
    UPDATE coupon c SET state = 'used', order_key = u.order_key, used_at = now()
    FROM unnest(CAST(:codes AS text[]), CAST(:orders AS text[])) AS u (code, order_key)
    WHERE c.code = u.code AND c.used_at IS NULL
    RETURNING c.code
)
INSERT INTO work (entity, key) SELECT 'reward', code FROM used
ON CONFLICT (entity, key) DO NOTHING

-- name: rewards_told
UPDATE coupon SET reward_used_at = now()
WHERE code = ANY(CAST(:codes AS text[])) AND reward_used_at IS NULL

-- name: next_due
-- Seconds until the next record of this entity is due and free; NULL: none. One that another run
-- holds is free when its lease ends, should that run have died.
SELECT extract(epoch FROM min(greatest(next_at, lease_until)) - now())::float8 FROM work
WHERE entity = CAST(:entity AS entity) AND state = 'ready'
