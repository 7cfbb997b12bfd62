-- name: claim
-- Take a lease on the longest-due records of one lane. Only who holds the fence may say what came
-- of them. SKIP LOCKED: two workers never wait for each other, and never get the same record.
WITH due AS (
    SELECT key FROM work
    WHERE entity = CAST(:entity AS entity) AND lane = :lane AND state = 'ready'
      AND next_at <= now() AND (lease_until IS NULL OR lease_until < now())
      AND (CAST(:import_id AS bigint) IS NULL OR import_id = :import_id)
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
-- In the order of the fields of `Claim`, after entity and fence.
SELECT c.key, c.phase, p.status::text, c.absent_answers, c.attempts, c.refusals,
       extract(epoch FROM now() - c.queued_at)::float8 AS age_seconds,
       p.store_hash, p.synced_hash, c.unsure, p.late_hash,
       greatest(extract(epoch FROM p.late_until - now()), 0)::float8 AS late_seconds,
       p.key IS NOT NULL AS captured
FROM claimed c LEFT JOIN snapshot p ON p.entity = CAST(:entity AS entity) AND p.key = c.key

-- name: go_by_index
-- Everything here is found by its key. What the planner knows of a queue that was filled a moment ago
-- is always wrong, and then it reads the whole table for each batch.
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
       set_config('enable_material', 'off', true), set_config('enable_hashjoin', 'off', true),
       set_config('enable_mergejoin', 'off', true)

-- name: next_fence
SELECT nextval('fence_seq')

-- name: share_results
-- Whoever changes work holds this: workers side by side; a capture's merge, which holds it alone,
-- waits for them, and they for it. So no two wait for each other's rows.
SELECT pg_advisory_xact_lock_shared(hashtext('influence_pipeline.results ' || current_schema()),
                                    hashtext(entity))
FROM unnest(CAST(:entities AS text[])) AS shared (entity)

-- name: exclude_results
SELECT pg_advisory_xact_lock(hashtext('influence_pipeline.results ' || current_schema()),
                             hashtext(:entity))

-- name: intend
-- What is about to be called, before it is called. `next_at` is the quiet window: should this
-- process die, nobody asks what became of the call before it is over.
-- The status goes along: an order that was created a moment ago, its acknowledgement not written
-- yet, must never look as if it had not been.
WITH intent AS (
    SELECT * FROM unnest(CAST(:keys AS text[]), CAST(:fences AS bigint[]), CAST(:phases AS text[]),
                         CAST(:statuses AS text[])) AS i (key, fence, phase, status)
), held AS (
    UPDATE work w
    SET phase = i.phase, absent_answers = 0, next_at = now() + make_interval(secs => :quiet_seconds)
    FROM intent i
    WHERE w.entity = CAST(:entity AS entity) AND w.key = i.key AND w.fence = i.fence
      AND w.lease_until > now()
    RETURNING w.key, i.fence, i.status
), known AS (
    UPDATE snapshot p SET status = CAST(h.status AS financial_status)
    FROM held h
    WHERE p.entity = CAST(:entity AS entity) AND p.key = h.key AND h.status IS NOT NULL
)
SELECT fence, key FROM held

-- name: renew
-- Results and intents of the same worker are written beside this, in an order of their own. What is
-- being written at this moment is passed over, so that the two never wait for each other; the next
-- renewal, well within the lease, has it if it is still held.
WITH mine AS (
    SELECT key FROM work
    WHERE entity = CAST(:entity AS entity) AND key = ANY(CAST(:keys AS text[])) AND fence = :fence
    FOR UPDATE SKIP LOCKED
)
UPDATE work w SET lease_until = now() + make_interval(secs => :lease_seconds)
FROM mine WHERE w.entity = CAST(:entity AS entity) AND w.key = mine.key
RETURNING w.key

-- name: acknowledge
-- Results into the snapshots and the work, in one statement; only of who still holds the claim.
-- `store_hash` follows what was sent, unless a capture has looked since the claim: then its word is
-- newer, and what differs from what was acknowledged stays due.
-- An empty array says of all results what is usual.
WITH result AS (
    SELECT r.key, r.fence, coalesce(r.verdict, 'settled') AS verdict, r.claimed_hash, r.synced_hash,
           r.status, coalesce(r.phase, 'idle') AS phase,
           coalesce(r.absent_answers, 0) AS absent_answers, coalesce(r.attempts, 0) AS attempts,
           coalesce(r.refusals, 0) AS refusals, coalesce(r.delay, 0) AS delay, r.blocked_on,
           r.reason_code, r.reason, coalesce(r.unsure, false) AS unsure, r.late_hash,
           coalesce(r.late_seconds, 0) AS late_seconds,
           w.seen_again, w.state AS state_now, w.reason_code AS reason_code_now,
           w.reason AS reason_now,
           p.key IS NOT NULL AS captured, coalesce(r.synced_hash, p.synced_hash) AS synced_after,
           CASE WHEN w.seen_again THEN p.store_hash
                WHEN r.verdict = 'gone' THEN NULL
                ELSE coalesce(r.synced_hash, p.store_hash) END AS store_after
    FROM unnest(
        CAST(:key AS text[]), CAST(:fence AS bigint[]), CAST(:verdict AS text[]),
        CAST(:claimed_hash AS bigint[]), CAST(:synced_hash AS bigint[]), CAST(:status AS text[]),
        CAST(:phase AS text[]), CAST(:absent_answers AS int[]), CAST(:attempts AS int[]),
        CAST(:refusals AS int[]), CAST(:delay AS float8[]), CAST(:blocked_on AS text[]),
        CAST(:reason_code AS text[]), CAST(:reason AS text[]), CAST(:unsure AS boolean[]),
        CAST(:late_hash AS bigint[]), CAST(:late_seconds AS float8[]))
    AS r (key, fence, verdict, claimed_hash, synced_hash, status, phase, absent_answers, attempts,
          refusals, delay, blocked_on, reason_code, reason, unsure, late_hash, late_seconds)
    -- OFFSET 0: looked up key by key. Nobody else writes these rows meanwhile: captures are kept out,
    -- other workers by the fence.
    CROSS JOIN LATERAL (
        SELECT seen_again, state, reason_code, reason FROM work
        WHERE entity = CAST(:entity AS entity) AND key = r.key AND fence = r.fence OFFSET 0) AS w
    LEFT JOIN LATERAL (
        SELECT key, store_hash, synced_hash FROM snapshot
        WHERE entity = CAST(:entity AS entity) AND key = r.key OFFSET 0) AS p ON true
), judged AS (
    SELECT r.*,
           -- Found unreadable while its call was under way: a person must look, whatever came of it.
           -- So it must where it was found deleted and is to be parked then.
           r.seen_again AND r.state_now = 'parked'
               AND r.reason_code_now IN ('unreadable', 'deleted') AS to_be_looked_at,
           -- What is said here is said of a content that is no longer the newest.
           r.seen_again AND r.store_after IS DISTINCT FROM r.claimed_hash AS outdated,
           CASE r.verdict WHEN 'settled' THEN NOT r.captured
                                              OR coalesce(r.store_after = r.synced_after, true)
                          WHEN 'gone' THEN r.store_after IS NULL ELSE false END AS finished
    FROM result r
), acknowledged AS (
    UPDATE snapshot p
    SET synced_hash = j.synced_after, store_hash = j.store_after,
        -- The fingerprint is of the rows that were hashed; of another content it is not known.
        source_hash = CASE WHEN p.store_hash IS NOT DISTINCT FROM j.store_after
                           THEN p.source_hash END,
        status = coalesce(CAST(j.status AS financial_status), p.status),
        late_hash = CASE WHEN j.late_seconds > 0 THEN j.late_hash ELSE p.late_hash END,
        late_until = CASE WHEN j.late_seconds > 0
                          THEN greatest(p.late_until, now() + make_interval(secs => j.late_seconds))
                          WHEN p.late_until > now() THEN p.late_until END
    FROM judged j
    WHERE p.entity = CAST(:entity AS entity) AND p.key = j.key
), finished AS (
    DELETE FROM work w USING judged j
    WHERE w.entity = CAST(:entity AS entity) AND w.key = j.key AND w.fence = j.fence
      AND j.finished AND NOT j.to_be_looked_at
    RETURNING w.key
), unfinished AS (
    UPDATE work w
    SET state = CASE WHEN j.to_be_looked_at THEN 'parked'
                     WHEN j.verdict = 'parked' AND NOT j.outdated THEN 'parked'
                     WHEN j.verdict = 'blocked' THEN 'blocked'
                     WHEN j.verdict = 'withheld' AND NOT j.outdated THEN 'withheld'
                     ELSE 'ready' END,
        phase = j.phase, absent_answers = j.absent_answers,
        attempts = CASE WHEN j.outdated THEN 0 ELSE j.attempts END,
        refusals = CASE WHEN j.outdated THEN 0 ELSE j.refusals END,
        next_at = now() + make_interval(secs => j.delay),
        lease_until = NULL, fence = NULL, seen_again = false, unsure = j.unsure,
        blocked_on = j.blocked_on,
        reason_code = CASE WHEN j.to_be_looked_at THEN j.reason_code_now ELSE j.reason_code END,
        reason = CASE WHEN j.to_be_looked_at THEN j.reason_now ELSE j.reason END
    FROM judged j
    WHERE w.entity = CAST(:entity AS entity) AND w.key = j.key AND w.fence = j.fence
      AND (NOT j.finished OR j.to_be_looked_at)
    RETURNING w.key
)
SELECT (SELECT count(*) FROM finished) AS finished, (SELECT count(*) FROM unfinished) AS unfinished

-- name: make_known
-- A record that was never captured (it could not be read then) gets its row for what is acknowledged.
INSERT INTO snapshot (entity, key)
SELECT CAST(:entity AS entity), key FROM unnest(CAST(:keys AS text[])) AS known (key) ORDER BY key
ON CONFLICT (entity, key) DO NOTHING

-- name: customers_acknowledged
-- What follows when the API has these customers: orders that waited for them are due (rows are locked
-- in the order of their keys), and e-mails that they had before are free; who waited for one is due.
WITH waiting AS MATERIALIZED (
    SELECT w.entity, w.key
    FROM unnest(CAST(:keys AS text[])) AS acknowledged (key)
    JOIN work w ON w.blocked_on = 'customer:' || acknowledged.key
    WHERE w.state = 'blocked' AND EXISTS (SELECT FROM work WHERE blocked_on IS NOT NULL)
    ORDER BY w.entity, w.key FOR UPDATE OF w
), freed AS (
    DELETE FROM email_owner o
    WHERE o.key = ANY(CAST(:keys AS text[]))
      AND EXISTS (SELECT FROM email_owner newer WHERE newer.key = o.key AND newer.number > o.number)
    RETURNING 'email:' || o.email_hash AS name
), due AS (
    SELECT entity, key FROM waiting
    UNION ALL
    SELECT w.entity, w.key FROM freed JOIN work w ON w.blocked_on = freed.name
    WHERE w.state = 'parked' AND w.reason_code = 'same_email'
)
UPDATE work w SET state = 'ready', blocked_on = NULL, reason_code = NULL, reason = NULL,
                  next_at = now()
FROM due WHERE w.entity = due.entity AND w.key = due.key

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

-- name: release_withheld
-- Orders of somebody who was erased, and is not any more (forget --undo).
WITH back AS MATERIALIZED (
    SELECT w.entity, w.key FROM work w
    WHERE w.state = 'withheld' AND w.blocked_on LIKE 'erased:%'
      AND NOT EXISTS (SELECT FROM erased WHERE hash = CAST(substr(w.blocked_on, 8) AS uuid))
    ORDER BY w.entity, w.key FOR UPDATE OF w
)
UPDATE work w SET state = 'ready', blocked_on = NULL, reason_code = NULL, reason = NULL,
                  queued_at = now(), next_at = now()
FROM back WHERE w.entity = back.entity AND w.key = back.key

-- name: release_same_email
-- Customers whose e-mail belonged to another one who has it no more, or whom the store has no more.
WITH free AS MATERIALIZED (
    SELECT w.entity, w.key
    FROM work w
    LEFT JOIN email_owner o ON o.email_hash = CAST(substr(w.blocked_on, 7) AS uuid)
    LEFT JOIN snapshot p ON p.entity = 'customer' AND p.key = o.key
    WHERE w.state = 'parked' AND w.reason_code = 'same_email' AND w.blocked_on LIKE 'email:%'
      AND (o.key IS NULL OR (p.key IS NOT NULL AND p.store_hash IS NULL AND NOT EXISTS (
           SELECT FROM work c WHERE c.entity = 'customer' AND c.key = o.key)))
    ORDER BY w.entity, w.key FOR UPDATE OF w
)
UPDATE work w SET state = 'ready', blocked_on = NULL, reason_code = NULL, reason = NULL,
                  next_at = now()
FROM free WHERE w.entity = free.entity AND w.key = free.key

-- name: acknowledged_customers
SELECT key FROM snapshot
WHERE entity = 'customer' AND key = ANY(CAST(:keys AS text[])) AND synced_hash IS NOT NULL

-- name: coupons_used
-- Our codes that acknowledged orders carried: marked, and queued to be told to the API once. Where
-- the store takes a code in any case, the order may carry it as the customer typed it.
WITH carried AS (
    SELECT c.code, u.order_key
    FROM unnest(CAST(:codes AS text[]), CAST(:orders AS text[])) AS u (code, order_key)
    JOIN coupon c ON c.code = u.code
    UNION
    SELECT c.code, u.order_key
    FROM unnest(CAST(:codes AS text[]), CAST(:orders AS text[])) AS u (code, order_key)
    JOIN coupon c ON c.folded_code = lower(u.code)
), used AS (
    UPDATE coupon c SET state = 'used', order_key = carried.order_key, used_at = now()
    FROM carried WHERE c.code = carried.code AND c.used_at IS NULL
    RETURNING c.code
)
INSERT INTO work (entity, key) SELECT 'reward', code FROM used
ON CONFLICT (entity, key) DO NOTHING

-- name: refunds_told
-- Orders told a status that may take points back: before the call, and again with its answer. For
-- such a step of a balance the API sends no event of its own (webhooks.gaps).
INSERT INTO refund_told AS r (order_key, customer_key)
SELECT * FROM unnest(CAST(:orders AS text[]), CAST(:customers AS text[])) AS told (order_key, customer)
ORDER BY order_key
ON CONFLICT (order_key) DO UPDATE SET customer_key = EXCLUDED.customer_key, last_at = now()

-- name: rewards_told
UPDATE coupon SET reward_used_at = now()
WHERE code = ANY(CAST(:codes AS text[])) AND reward_used_at IS NULL

-- name: next_due
-- Seconds until the next record of this entity is due and free; NULL: none. One that another run
-- holds is free when its lease ends, should that run have died.
SELECT extract(epoch FROM min(greatest(next_at, lease_until)) - now())::float8 FROM work
WHERE entity = CAST(:entity AS entity) AND state = 'ready' AND lane = ANY(CAST(:lanes AS text[]))
  AND (CAST(:imports AS bigint[]) IS NULL OR import_id = ANY(CAST(:imports AS bigint[])))

-- name: begin_import
INSERT INTO import_run (entity) VALUES (CAST(:entity AS entity)) RETURNING id

-- name: import_left
-- What imports have found and not settled, and how much of it later ones have taken over.
SELECT r.id, count(w.key) FILTER (WHERE w.state = 'ready') AS waiting,
       count(w.key) FILTER (WHERE w.state = 'ready' AND w.lease_until > now()) AS held,
       count(w.key) FILTER (WHERE w.state = 'blocked') AS blocked,
       count(w.key) FILTER (WHERE w.state = 'parked') AS parked,
       max(r.taken) AS taken
FROM import_run r LEFT JOIN work w ON w.import_id = r.id
WHERE r.id = ANY(CAST(:imports AS bigint[])) GROUP BY r.id

-- name: import_trouble
-- The last call in vain for what an import has left. Those that wait to be tried again come last in
-- the queue, so a hundred of its end are enough to look at.
SELECT a.call, a.key, a.error
FROM (SELECT entity, key FROM work WHERE import_id = :import AND state = 'ready'
      ORDER BY next_at DESC LIMIT 100) AS w
CROSS JOIN LATERAL (
    SELECT id, call, key, error FROM attempt
    WHERE entity = w.entity AND key = w.key AND error IS NOT NULL ORDER BY id DESC LIMIT 1
) AS a
ORDER BY a.id DESC LIMIT 1

-- name: import_settled
-- Which of these imports have nothing left but what is parked.
SELECT given.id FROM unnest(CAST(:imports AS bigint[])) AS given (id)
WHERE NOT EXISTS (SELECT FROM work w
                  WHERE w.import_id = given.id AND w.state IN ('ready', 'blocked'))

-- name: hurry_customers
-- An order of a live change waits for these: they pass before an import too. Who is being written at
-- this moment is on its way already.
WITH waited_for AS (
    SELECT key FROM work
    WHERE entity = 'customer' AND key = ANY(CAST(:keys AS text[])) AND lane = 'import'
    FOR UPDATE SKIP LOCKED
)
UPDATE work w SET lane = 'live' FROM waited_for
WHERE w.entity = 'customer' AND w.key = waited_for.key

-- name: own_emails
-- The first to come owns an e-mail, until the API has another one of it or the store has it no more.
-- One that comes back to an e-mail it had before owns it as its newest again.
INSERT INTO email_owner AS o (email_hash, key)
SELECT DISTINCT ON (wanted.hash) wanted.hash, wanted.key
FROM unnest(CAST(:hashes AS uuid[]), CAST(:keys AS text[])) AS wanted (hash, key)
LEFT JOIN email_owner mine ON mine.email_hash = wanted.hash AND mine.key = wanted.key
ORDER BY wanted.hash, mine.key IS NULL, wanted.key
ON CONFLICT (email_hash) DO UPDATE SET key = EXCLUDED.key, number = DEFAULT
WHERE CASE WHEN o.key = EXCLUDED.key
           THEN EXISTS (SELECT FROM email_owner newer
                        WHERE newer.key = o.key AND newer.number > o.number)
           ELSE EXISTS (SELECT FROM snapshot p WHERE p.entity = 'customer' AND p.key = o.key
                                                 AND p.store_hash IS NULL)
                AND NOT EXISTS (SELECT FROM work w WHERE w.entity = 'customer' AND w.key = o.key)
      END
RETURNING key

-- name: owned_by_others
-- Of those that `own_emails` did not give: whose it is, if it is another one's.
SELECT wanted.key, o.key AS owner
FROM unnest(CAST(:hashes AS uuid[]), CAST(:keys AS text[])) AS wanted (hash, key)
JOIN email_owner o ON o.email_hash = wanted.hash
WHERE o.key <> wanted.key

-- name: note_answered
INSERT INTO fact (name, value) VALUES (:name, 'true') ON CONFLICT (name) DO NOTHING

-- name: has_been_answered
-- By the fact, or by the log where it was written before there was the fact. Without an index: asked
-- once a run at most, after an answer that hardly ever comes.
SELECT EXISTS (SELECT FROM fact WHERE name = :name) OR EXISTS (
    SELECT FROM attempt
    WHERE entity = CAST(:entity AS entity) AND call = :call AND outcome = 'accepted'
)
