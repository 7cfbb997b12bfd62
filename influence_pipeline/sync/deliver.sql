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
    UPDATE work w SET lease_until = now() + make_interval(secs => :lease_seconds), fence = :fence,
                      seen_again = false,
                      -- Who held it before has not said what came of it.
                      unsure = w.unsure OR w.fence IS NOT NULL
    FROM due WHERE w.entity = CAST(:entity AS entity) AND w.key = due.key
    RETURNING w.key, w.phase, w.absent_answers, w.attempts, w.refusals, w.queued_at, w.unsure
)
SELECT c.key, c.unsure, p.late_hash,
       greatest(extract(epoch FROM p.late_until - now()), 0)::float8 AS late_seconds, c.phase, c.absent_answers, c.attempts, c.refusals,
       extract(epoch FROM now() - c.queued_at)::float8 AS age_seconds,
       p.status::text, p.store_hash, p.synced_hash
FROM claimed c LEFT JOIN snapshot p ON p.entity = CAST(:entity AS entity) AND p.key = c.key

-- name: next_fence
SELECT nextval('fence_seq')

-- name: share_results
-- Whoever changes work holds this: workers side by side; a capture's merge, which holds it alone,
-- waits for them, and they for it. So no two wait for each other's rows.
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
-- Results into the snapshots and the work, in one statement; only of who still holds the claim.
-- `store_hash` follows what was sent, unless a capture has looked since the claim: then its word is
-- newer, and what differs from what was acknowledged stays due.
WITH result AS (
    SELECT r.*, w.seen_again, w.state AS state_now, w.reason_code AS reason_code_now,
           w.reason AS reason_now
    FROM unnest(
        CAST(:key AS text[]), CAST(:fence AS bigint[]), CAST(:verdict AS text[]),
        CAST(:claimed_hash AS bigint[]), CAST(:synced_hash AS bigint[]), CAST(:status AS text[]),
        CAST(:phase AS text[]), CAST(:absent_answers AS int[]), CAST(:attempts AS int[]),
        CAST(:refusals AS int[]), CAST(:delay AS float8[]), CAST(:blocked_on AS text[]),
        CAST(:reason_code AS text[]), CAST(:reason AS text[]), CAST(:unsure AS boolean[]),
        CAST(:late_hash AS bigint[]), CAST(:late_seconds AS float8[]))
    AS r (key, fence, verdict, claimed_hash, synced_hash, status, phase, absent_answers, attempts,
          refusals, delay, blocked_on, reason_code, reason, unsure, late_hash, late_seconds)
    JOIN work w ON w.entity = CAST(:entity AS entity) AND w.key = r.key AND w.fence = r.fence
), acknowledged AS (
    UPDATE snapshot p
    SET synced_hash = coalesce(r.synced_hash, p.synced_hash),
        status = coalesce(CAST(r.status AS financial_status), p.status),
        late_hash = CASE WHEN r.late_seconds > 0 THEN r.late_hash ELSE p.late_hash END,
        late_until = CASE WHEN r.late_seconds > 0
                          THEN greatest(p.late_until, now() + make_interval(secs => r.late_seconds))
                          WHEN p.late_until > now() THEN p.late_until END,
        store_hash = CASE WHEN r.seen_again THEN p.store_hash
                          WHEN r.verdict = 'gone' THEN NULL
                          ELSE coalesce(r.synced_hash, p.store_hash) END
    FROM result r
    WHERE p.entity = CAST(:entity AS entity) AND p.key = r.key
    RETURNING p.key, p.store_hash, p.store_hash = p.synced_hash AS same
), judged AS (
    SELECT r.*,
           -- Found unreadable while its call was under way: a person must look, whatever came of it.
           r.seen_again AND r.state_now = 'parked' AND r.reason_code_now = 'unreadable' AS unreadable,
           -- What is said here is said of a content that is no longer the newest.
           r.seen_again AND a.store_hash IS DISTINCT FROM r.claimed_hash AS outdated,
           CASE r.verdict WHEN 'settled' THEN coalesce(a.same, true)
                          WHEN 'gone' THEN a.store_hash IS NULL ELSE false END AS finished
    FROM result r LEFT JOIN acknowledged a ON a.key = r.key
), finished AS (
    DELETE FROM work w USING judged j
    WHERE w.entity = CAST(:entity AS entity) AND w.key = j.key AND w.fence = j.fence
      AND j.finished AND NOT j.unreadable
    RETURNING w.key
), unfinished AS (
    UPDATE work w
    SET state = CASE WHEN j.unreadable THEN 'parked'
                     WHEN j.verdict = 'parked' AND NOT j.outdated THEN 'parked'
                     WHEN j.verdict = 'blocked' THEN 'blocked'
                     ELSE 'ready' END,
        phase = j.phase, absent_answers = j.absent_answers,
        attempts = CASE WHEN j.outdated THEN 0 ELSE j.attempts END,
        refusals = CASE WHEN j.outdated THEN 0 ELSE j.refusals END,
        next_at = now() + make_interval(secs => j.delay),
        lease_until = NULL, fence = NULL, seen_again = false, unsure = j.unsure,
        blocked_on = j.blocked_on,
        reason_code = CASE WHEN j.unreadable THEN j.reason_code_now ELSE j.reason_code END,
        reason = CASE WHEN j.unreadable THEN j.reason_now ELSE j.reason END
    FROM judged j
    WHERE w.entity = CAST(:entity AS entity) AND w.key = j.key AND w.fence = j.fence
      AND (NOT j.finished OR j.unreadable)
    RETURNING w.key
)
SELECT (SELECT count(*) FROM finished) AS finished, (SELECT count(*) FROM unfinished) AS unfinished

-- name: make_known
-- A record that was never captured (it could not be read then) gets its row for what is acknowledged.
INSERT INTO snapshot (entity, key)
SELECT CAST(:entity AS entity), key FROM unnest(CAST(:keys AS text[])) AS known (key) ORDER BY key
ON CONFLICT (entity, key) DO NOTHING

-- name: release_waiting
-- Records that waited for one of these are due. Rows are locked in the order of their keys.
WITH waiting AS MATERIALIZED (
    SELECT entity, key FROM work
    WHERE state = 'blocked' AND blocked_on = ANY(CAST(:names AS text[]))
    ORDER BY entity, key FOR UPDATE
)
UPDATE work w SET state = 'ready', blocked_on = NULL, reason_code = NULL, reason = NULL,
                  next_at = now()
FROM waiting WHERE w.entity = waiting.entity AND w.key = waiting.key

-- name: release_acknowledged
-- The same, looked up: whatever waits for a customer who has been acknowledged meanwhile, or who is
-- not to come any more (gone from the store, with nothing to be sent).
WITH waiting AS MATERIALIZED (
    SELECT w.entity, w.key
    FROM work w
    CROSS JOIN LATERAL (SELECT substr(w.blocked_on, length('customer:') + 1) AS customer) AS named
    LEFT JOIN snapshot p ON p.entity = 'customer' AND p.key = named.customer
    WHERE w.state = 'blocked' AND w.blocked_on LIKE 'customer:%'
      AND (p.synced_hash IS NOT NULL
           OR (p.store_hash IS NULL AND NOT EXISTS (
               SELECT FROM work c WHERE c.entity = 'customer' AND c.key = named.customer)))
    ORDER BY w.entity, w.key FOR UPDATE OF w
)
UPDATE work w SET state = 'ready', blocked_on = NULL, reason_code = NULL, reason = NULL,
                  next_at = now()
FROM waiting WHERE w.entity = waiting.entity AND w.key = waiting.key

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
