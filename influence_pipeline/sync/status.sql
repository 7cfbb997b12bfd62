-- name: pending
-- What each entity has to do, by state, and since when.
SELECT entity::text, state, count(*) AS records, min(queued_at) AS oldest,
       extract(epoch FROM now() - min(queued_at))::float8 AS oldest_seconds,
       count(*) FILTER (WHERE lease_until > now()) AS under_way
FROM work GROUP BY entity, state

-- name: snapshots
SELECT entity::text, count(store_hash) AS in_store,
       count(*) FILTER (WHERE store_hash = synced_hash) AS synced,
       count(*) FILTER (WHERE store_hash IS NULL) AS gone
FROM snapshot GROUP BY entity

-- name: remaining
-- What one entity has left, after a run. An import's records are counted apart: a sync leaves them.
SELECT count(*) FILTER (WHERE state = 'ready' AND lane = 'live') AS waiting,
       count(*) FILTER (WHERE state = 'ready' AND lane = 'import') AS importing,
       count(*) FILTER (WHERE state = 'ready' AND lane = 'live' AND lease_until > now()) AS held,
       count(*) FILTER (WHERE state = 'blocked') AS blocked,
       count(*) FILTER (WHERE state = 'parked') AS parked,
       extract(epoch FROM now() - min(queued_at) FILTER (WHERE state IN ('ready', 'blocked')))::float8
           AS oldest_seconds,
       extract(epoch FROM now() - min(queued_at)
                          FILTER (WHERE state IN ('ready', 'blocked') AND lane = 'live'))::float8
           AS oldest_live_seconds,
       extract(epoch FROM min(greatest(next_at, lease_until))
                          FILTER (WHERE state = 'ready' AND lane = 'live') - now())::float8
           AS next_seconds
FROM work WHERE entity = CAST(:entity AS entity)

-- name: due
SELECT count(*) AS records FROM work
WHERE entity = CAST(:entity AS entity) AND state = 'ready'

-- name: last_runs
SELECT known.entity::text, last.kind, last.ended_at, last.error,
       extract(epoch FROM now() - last.ended_at)::float8 AS age_seconds,
       extract(epoch FROM last.ended_at - last.started_at)::float8 AS seconds
FROM unnest(enum_range(NULL::entity)) AS known (entity)
CROSS JOIN LATERAL (
    SELECT kind, started_at, ended_at, error FROM sync_run WHERE entity = known.entity
    ORDER BY id DESC LIMIT 1) last

-- name: last_compare
-- What the last full compare of an entity found that no look had.
SELECT ended_at AS at, coalesce((counts ->> 'missed')::bigint, 0) AS missed,
       coalesce(counts -> 'misses', '[]') AS misses
FROM sync_run
WHERE entity = CAST(:entity AS entity) AND kind <> 'import' AND counts -> 'full_compare' = 'true'
ORDER BY id DESC LIMIT 1

-- name: pace
-- The calls of the last minute, of all processes. They are at the end of the log; of very many only
-- the latest are looked at, over the time that they took.
SELECT count(*) AS calls, count(*) FILTER (WHERE http_status = 429) AS throttled,
       count(DISTINCT (entity, key)) FILTER (WHERE outcome = 'accepted') AS records,
       greatest(extract(epoch FROM now() - min(at)), 1)::float8 AS seconds
FROM (SELECT entity, key, at, outcome, http_status FROM attempt ORDER BY id DESC LIMIT :most) latest
WHERE at > now() - interval '1 minute'

-- name: usual_ms
-- How long a reply usually takes, by the latest calls that were answered.
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::float8 AS ms
FROM (SELECT ms, http_status FROM attempt ORDER BY id DESC LIMIT :most) latest
WHERE http_status IS NOT NULL AND http_status <> 429

-- name: record_run
INSERT INTO sync_run (entity, kind, started_at, error, counts)
VALUES (CAST(:entity AS entity), :kind, now() - make_interval(secs => :seconds), :error,
        CAST(:counts AS jsonb))

-- name: inbox
SELECT state, count(*) AS events, min(received_at) AS oldest,
       extract(epoch FROM now() - min(received_at))::float8 AS oldest_seconds
FROM inbox GROUP BY state

-- name: coupons
-- One that is `issuing` may not be in the store yet.
SELECT count(*) FILTER (WHERE state <> 'issuing') AS made, count(used_at) AS used,
       count(reward_used_at) AS told
FROM coupon

-- name: captured
SELECT entity::text, taken_at, full_at FROM capture_point WHERE taken_at IS NOT NULL

-- name: parked
-- `holds_up`: the orders that wait for a customer.
SELECT entity::text, key, reason_code, reason, attempts, queued_at,
       CASE entity WHEN 'customer' THEN
           (SELECT count(*) FROM work b WHERE b.blocked_on = 'customer:' || w.key)
       ELSE 0 END AS holds_up
FROM work w
WHERE state = 'parked' AND (CAST(:entity AS entity) IS NULL OR entity = CAST(:entity AS entity))
  AND (CAST(:reason_code AS text) IS NULL OR reason_code = :reason_code)
ORDER BY entity, queued_at, key LIMIT CAST(:most AS bigint)

-- name: parked_summary
-- How many are parked for which reason, the most frequent first.
SELECT entity::text, reason, count(*) AS records FROM work
WHERE state = 'parked' AND (CAST(:entity AS entity) IS NULL OR entity = CAST(:entity AS entity))
  AND (CAST(:reason_code AS text) IS NULL OR reason_code = :reason_code)
GROUP BY entity, reason ORDER BY records DESC, entity, reason

-- name: retry
-- Parked records made due again; what the order protocol has outstanding stays. Rows are locked in
-- the order of their keys, as by everybody. Gives how many of each entity, and how many orders wait
-- for them.
WITH chosen AS MATERIALIZED (
    SELECT entity, key FROM work
    WHERE state = 'parked' AND (CAST(:entity AS entity) IS NULL OR entity = CAST(:entity AS entity))
      AND (CAST(:key AS text) IS NULL OR key = :key)
      AND (CAST(:reason_code AS text) IS NULL OR reason_code = :reason_code)
    ORDER BY entity, key FOR UPDATE
), released AS (
    UPDATE work w SET state = 'ready', attempts = 0, refusals = 0, queued_at = now(),
                      reason_code = NULL, reason = NULL,
                      next_at = CASE WHEN phase = 'idle' THEN now() ELSE next_at END
    FROM chosen WHERE w.entity = chosen.entity AND w.key = chosen.key
    RETURNING w.entity, w.key
)
SELECT r.entity::text, count(*) AS records, sum(waiting.orders)::bigint AS holds_up
FROM released r
CROSS JOIN LATERAL (SELECT count(*) AS orders FROM work b
                    WHERE r.entity = 'customer' AND b.blocked_on = 'customer:' || r.key) waiting
GROUP BY r.entity ORDER BY r.entity

-- name: get_fact
SELECT value FROM fact WHERE name = :name

-- name: set_fact_once
-- The first start decides; who comes second gets the first one's value.
INSERT INTO fact AS f (name, value) VALUES (:name, CAST(:value AS jsonb))
ON CONFLICT (name) DO UPDATE SET value = f.value
RETURNING value

-- name: changed_keys
-- A few keys with something to do, for a preview: no personal data, only keys and states.
SELECT w.key, CASE WHEN p.synced_hash IS NULL AND p.status IS NULL THEN 'create' ELSE 'update' END
           AS action, w.state, w.reason
FROM work w LEFT JOIN snapshot p ON p.entity = w.entity AND p.key = w.key
WHERE w.entity = CAST(:entity AS entity) ORDER BY w.queued_at, w.key LIMIT :most
