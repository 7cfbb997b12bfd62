-- name: commit_durably
-- A 200 and a coupon are promises: the commit waits for the disk, whatever the server's default.
-- A server that hangs is given up on before the sender gives up on us.
SET LOCAL synchronous_commit = on; SET LOCAL statement_timeout = '10s'

-- name: insert
-- A delivery as it came. Which constraint refuses it is looked at afterwards.
INSERT INTO inbox (topic, webhook_id, dedupe_key, body_sha256, body, headers, state,
                   reason_code, reason)
VALUES (:topic, :webhook_id, :dedupe_key, :body_sha256, :body, CAST(:headers AS jsonb), :state,
        :reason_code, :reason)
ON CONFLICT DO NOTHING
RETURNING id

-- name: insert_new
-- Several deliveries as they came. Those whose keys are there already are left out. They share the
-- transaction, and one of them must not hold up the others: a key that somebody else is just
-- writing is left to `insert`. In one piece with the settings it is one round trip.
SET LOCAL synchronous_commit = on; SET LOCAL statement_timeout = '10s';
SET LOCAL lock_timeout = '500ms';
INSERT INTO inbox (topic, webhook_id, dedupe_key, body_sha256, body, headers, state,
                   reason_code, reason)
SELECT topic, webhook_id, dedupe_key, body_sha256, body, CAST(headers AS jsonb), state,
       reason_code, reason
FROM unnest(CAST(:topic AS text[]), CAST(:webhook_id AS text[]), CAST(:dedupe_key AS text[]),
            CAST(:body_sha256 AS bytea[]), CAST(:body AS bytea[]), CAST(:headers AS text[]),
            CAST(:state AS text[]), CAST(:reason_code AS text[]), CAST(:reason AS text[]))
     WITH ORDINALITY AS came (topic, webhook_id, dedupe_key, body_sha256, body, headers, state,
                              reason_code, reason, place)
ORDER BY place
ON CONFLICT DO NOTHING
RETURNING id, dedupe_key, body_sha256

-- name: count_duplicate
-- The same key with the same body: a repeated delivery.
UPDATE inbox SET deliveries = deliveries + 1
WHERE dedupe_key = :dedupe_key AND body_sha256 = :body_sha256
RETURNING id

-- name: insert_conflicting
-- The same key with another body: kept beside the first one, for a person to look at.
INSERT INTO inbox (topic, webhook_id, dedupe_key, body_sha256, body, headers, conflicts, state,
                   reason_code, reason)
VALUES (:topic, :webhook_id, :dedupe_key, :body_sha256, :body, CAST(:headers AS jsonb), true,
        'quarantined', :reason_code, :reason)
ON CONFLICT (dedupe_key, body_sha256) DO UPDATE SET deliveries = inbox.deliveries + 1
RETURNING id

-- name: first_of_key
-- The event that counts for a key, locked: whoever works on it can make no coupon meanwhile.
SELECT id, topic, body, state FROM inbox WHERE dedupe_key = :dedupe_key AND NOT conflicts
FOR UPDATE

-- name: has_coupon
SELECT EXISTS (SELECT FROM coupon WHERE event_id = :id)

-- name: set_aside
-- Another event with this key counts instead. Before `take`: a key counts once.
UPDATE inbox SET conflicts = true, state = 'quarantined', reason_code = 'changed',
                 reason = :reason, lease_until = NULL, fence = NULL, done_at = NULL
WHERE id = :id

-- name: take
UPDATE inbox SET conflicts = false, state = 'new', next_at = now(), attempts = 0,
                 reason_code = NULL, reason = NULL, lease_until = NULL, fence = NULL, done_at = NULL
WHERE id = :id

-- name: claim
-- Take what is due for a while. The fence makes results of an older claim worthless. MATERIALIZED,
-- because a LIMIT in a sub-select may otherwise be run more than once.
WITH due AS MATERIALIZED (
    SELECT id FROM inbox
    WHERE state = 'new' AND next_at <= now() AND (lease_until IS NULL OR lease_until < now())
    ORDER BY next_at, id LIMIT :limit
    FOR UPDATE SKIP LOCKED
)
UPDATE inbox SET lease_until = now() + make_interval(secs => :lease_seconds),
                 fence = nextval('fence_seq'), attempts = attempts + 1
FROM due WHERE inbox.id = due.id
RETURNING inbox.id, inbox.fence, inbox.attempts, inbox.topic, inbox.body, inbox.dedupe_key,
          inbox.received_at, inbox.reason_code, inbox.over_cap,
          EXISTS (SELECT FROM erased) AS some_are_erased

-- name: hold
-- Is the claim still ours? Locks the row, so that nobody takes it before this transaction ends.
SELECT id FROM inbox WHERE id = :id AND fence = :fence AND state = 'new' FOR UPDATE

-- name: settle
-- The end of an attempt: done, parked or quarantined. Gives the seconds since the delivery came.
UPDATE inbox SET state = :state, reason_code = :reason_code, reason = :reason, lease_until = NULL,
                 done_at = CASE WHEN :state = 'done' THEN clock_timestamp() END
WHERE id = :id AND fence = :fence AND state = 'new'
RETURNING extract(epoch FROM clock_timestamp() - received_at)

-- name: retry_later
-- The attempt failed for a reason that passes; the event stays new. Attempts are counted by reason:
-- a night without the store must not use up the patience with something else.
UPDATE inbox SET lease_until = NULL, next_at = now() + make_interval(secs => :delay_seconds),
                 attempts = CASE WHEN reason_code = :reason_code THEN attempts ELSE 1 END,
                 reason_code = :reason_code, reason = :reason
WHERE id = :id AND fence = :fence AND state = 'new'
RETURNING id

-- name: release
-- Claimed but not begun: free for the next who asks, as if it had not been claimed.
UPDATE inbox SET lease_until = NULL, attempts = attempts - 1
WHERE id = :id AND fence = :fence AND state = 'new'

-- name: list
-- Newest first. A NULL filter lets everything through.
SELECT id, received_at, topic, state, reason_code, reason, attempts, deliveries, conflicts,
       next_at, done_at
FROM inbox
WHERE (CAST(:states AS text[]) IS NULL OR state = ANY(CAST(:states AS text[])))
  AND (CAST(:topic AS text) IS NULL OR topic = :topic)
  AND (CAST(:reason_code AS text) IS NULL OR reason_code = :reason_code)
  AND (CAST(:before_id AS bigint) IS NULL OR id < :before_id)
ORDER BY id DESC LIMIT :limit

-- name: show
SELECT id, received_at, topic, state, reason_code, reason, attempts, deliveries, conflicts,
       next_at, done_at, webhook_id, dedupe_key, octet_length(body) AS size,
       CASE WHEN :with_body THEN body END AS body
FROM inbox WHERE id = :id

-- name: coupons_of
SELECT code, state, kind, value, currency, expires_at, issued_at, used_at
FROM coupon WHERE event_id = :id ORDER BY code

-- name: counts
-- How many of each state, and since when the oldest unfinished one waits.
SELECT state, count(*) AS events, min(received_at) AS oldest FROM inbox GROUP BY state

-- name: replay
-- Work it off again from the start. Whoever still holds a claim has lost it with the fence.
UPDATE inbox SET state = 'new', next_at = now(), attempts = 0, reason_code = NULL, reason = NULL,
                 lease_until = NULL, fence = NULL, done_at = NULL,
                 over_cap = over_cap OR :over_cap
WHERE (CAST(:ids AS bigint[]) IS NULL OR id = ANY(CAST(:ids AS bigint[])))
  AND state = ANY(CAST(:states AS text[])) AND NOT conflicts
  AND (CAST(:reason_code AS text) IS NULL OR reason_code = :reason_code)
RETURNING id

-- name: settle_by_hand
-- A person has seen to it.
UPDATE inbox SET state = 'done', reason_code = 'by_hand', reason = :note,
                 done_at = clock_timestamp()
WHERE id = ANY(CAST(:ids AS bigint[])) AND state = ANY(CAST(:states AS text[]))
RETURNING id

-- name: conflicting
SELECT id, dedupe_key FROM inbox
WHERE id = ANY(CAST(:ids AS bigint[])) AND conflicts
  AND state = ANY(CAST(:states AS text[]))
  AND (CAST(:reason_code AS text) IS NULL OR reason_code = :reason_code)

-- name: left_behind
-- Were later events of these topics worked off, lately and not just now? Right after an outage an
-- event that waited all through it gets some more attempts. Stops at the first that fits.
SELECT EXISTS (
    SELECT FROM inbox
    WHERE id > :id AND state = 'done' AND topic = ANY(CAST(:topics AS text[]))
      AND done_at BETWEEN now() - interval '1 hour' AND now() - interval '5 minutes'
)

-- name: parked_with_key
SELECT id, topic, body, received_at FROM inbox
WHERE dedupe_key = :dedupe_key AND NOT conflicts AND state = 'parked'
FOR UPDATE

-- name: finish_parked
-- What it asks for is there by another event's doing.
UPDATE inbox SET state = 'done', reason_code = NULL, reason = NULL, done_at = clock_timestamp()
WHERE id = :id AND state = 'parked'

-- name: parked_for
-- Parked for a reason that a change of the settings can mend.
SELECT id, topic, body, received_at FROM inbox
WHERE state = 'parked' AND reason_code = ANY(CAST(:reason_codes AS text[]))
  AND id <> ALL(CAST(:but AS bigint[]))
ORDER BY id LIMIT :limit
