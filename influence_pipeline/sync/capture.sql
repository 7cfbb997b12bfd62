-- name: lock_capture
-- One capture of an entity at a time, to the end of its transaction. Makes the row where missing.
INSERT INTO capture_point (entity) VALUES (CAST(:entity AS entity))
ON CONFLICT (entity) DO UPDATE SET entity = EXCLUDED.entity
RETURNING taken_at, horizon, next_xid, seen_xids, server_identity, mapping_hash, hash_method,
          source_tables, full_at

-- name: stage
-- Where the store's answers land: hashes, records that cannot be read, and candidates' keys.
CREATE TEMP TABLE staged (key text COLLATE "C", hash bigint, eligible boolean) ON COMMIT DROP;
CREATE TEMP TABLE poison (key text COLLATE "C", reason text) ON COMMIT DROP;
CREATE TEMP TABLE candidate (key text COLLATE "C") ON COMMIT DROP

-- name: set_aside_unusable
-- Rows without a key, and keys that came more than once: a mapping that multiplies rows.
WITH unusable AS (
    SELECT key, count(*) AS times, bool_or(eligible) AS eligible
    FROM staged GROUP BY key HAVING count(*) > 1 OR key IS NULL
), noted AS (
    -- Not those of before the cut-over, of which nobody need know.
    INSERT INTO poison (key, reason) SELECT key, :twice FROM unusable u
    WHERE key IS NOT NULL AND (eligible OR EXISTS (
        SELECT FROM snapshot p WHERE p.entity = CAST(:entity AS entity) AND p.key = u.key))
), removed AS (
    DELETE FROM staged USING unusable u
    WHERE staged.key = u.key OR (staged.key IS NULL AND u.key IS NULL)
)
SELECT coalesce(sum(times) FILTER (WHERE key IS NULL), 0) AS without_key FROM unusable

-- name: merge_staged
-- The decision: what differs from the snapshot is written there, and becomes work where it also
-- differs from what the API acknowledged. A record that is new and before the cut-over is left out.
WITH differs AS (
    SELECT s.key, s.hash, p.key IS NULL AS is_new
    FROM staged s LEFT JOIN snapshot p ON p.entity = CAST(:entity AS entity) AND p.key = s.key
    WHERE p.store_hash IS DISTINCT FROM s.hash AND (s.eligible OR p.key IS NOT NULL)
), merged AS (
    INSERT INTO snapshot AS p (entity, key, store_hash)
    SELECT CAST(:entity AS entity), key, hash FROM differs
    ON CONFLICT (entity, key) DO UPDATE SET store_hash = EXCLUDED.store_hash
    RETURNING p.key, p.store_hash, p.synced_hash
), queued AS (
    -- New content gets new chances: parked and counted refusals are over. What the order protocol
    -- has outstanding (phase, its quiet window, a lease) stays.
    INSERT INTO work AS w (entity, key, lane)
    SELECT CAST(:entity AS entity), key, :lane FROM merged
    WHERE store_hash IS DISTINCT FROM synced_hash
       -- A call is outstanding: it is asked for, even if the store has what was acknowledged before.
       OR EXISTS (SELECT FROM work o WHERE o.entity = CAST(:entity AS entity) AND o.key = merged.key
                                       AND (o.phase <> 'idle' OR o.unsure))
    ON CONFLICT (entity, key) DO UPDATE
    SET state = 'ready', attempts = 0, refusals = 0, queued_at = now(), reason_code = NULL,
        reason = NULL, blocked_on = NULL,
        lane = CASE WHEN EXCLUDED.lane = 'live' THEN 'live' ELSE w.lane END,
        next_at = CASE WHEN w.phase = 'idle' THEN least(w.next_at, now()) ELSE w.next_at END
), settled AS (
    -- Changed and changed back before it was sent: nothing is left to do.
    DELETE FROM work w USING merged m
    WHERE w.entity = CAST(:entity AS entity) AND w.key = m.key AND w.phase = 'idle'
      AND NOT w.unsure AND m.store_hash = m.synced_hash AND (w.lease_until IS NULL OR w.lease_until < now())
)
SELECT count(*) FILTER (WHERE is_new) AS created, count(*) FILTER (WHERE NOT is_new) AS changed,
       (SELECT count(*) FROM staged WHERE NOT eligible
          AND NOT EXISTS (SELECT FROM snapshot p
                          WHERE p.entity = CAST(:entity AS entity) AND p.key = staged.key))
           AS before_go_live
FROM differs

-- name: mark_seen_again
-- What a worker holds while this capture looks at it, changed or not: of what the worker has read and
-- what is noted here, this is the newer.
UPDATE work w SET seen_again = true
WHERE w.entity = CAST(:entity AS entity) AND w.lease_until IS NOT NULL
  AND (:everything OR EXISTS (SELECT FROM staged s WHERE s.key = w.key)
       OR EXISTS (SELECT FROM poison x WHERE x.key = w.key)
       OR EXISTS (SELECT FROM candidate c WHERE c.key = w.key))

-- name: mark_gone
-- Records that the store no longer gives: `store_hash` becomes NULL. :everything says that `staged`
-- holds the whole store; else only the candidates are looked at.
WITH gone AS (
    UPDATE snapshot p SET store_hash = NULL
    WHERE p.entity = CAST(:entity AS entity) AND p.store_hash IS NOT NULL
      AND (:everything OR p.key IN (SELECT key FROM candidate))
      AND NOT EXISTS (SELECT FROM staged s WHERE s.key = p.key)
      AND NOT EXISTS (SELECT FROM poison x WHERE x.key = p.key)
    RETURNING p.key
), dropped AS (
    DELETE FROM work w USING gone
    WHERE w.entity = CAST(:entity AS entity) AND w.key = gone.key AND w.phase = 'idle'
      -- What a worker holds it settles itself.
      AND (w.lease_until IS NULL OR w.lease_until < now())
), kept AS (
    -- A call may be outstanding: whether the API has it must not be forgotten.
    UPDATE work w SET state = 'parked', reason_code = 'gone',
        reason = 'it is gone from the store while the outcome of a call is not known'
    FROM gone WHERE w.entity = CAST(:entity AS entity) AND w.key = gone.key AND w.phase <> 'idle'
)
SELECT count(*) FROM gone

-- name: forget_poison
-- A record that could not be read needs nobody's look any more when it is no longer there, or can be
-- read now and is of before the cut-over.
DELETE FROM work w
WHERE w.entity = CAST(:entity AS entity) AND w.state = 'parked' AND w.reason_code = 'unreadable'
  AND w.phase = 'idle'
  AND (:everything OR w.key IN (SELECT key FROM candidate))
  AND NOT EXISTS (SELECT FROM poison x WHERE x.key = w.key)
  AND NOT EXISTS (SELECT FROM staged s WHERE s.key = w.key AND s.eligible)
  AND NOT EXISTS (SELECT FROM snapshot p WHERE p.entity = CAST(:entity AS entity)
                                           AND p.key = w.key AND p.store_hash IS NOT NULL)

-- name: park_poison
-- Records that cannot be read. Their store_hash is unknown, so that any readable row differs.
WITH unknown AS (
    UPDATE snapshot p SET store_hash = NULL FROM poison x
    WHERE p.entity = CAST(:entity AS entity) AND p.key = x.key
)
INSERT INTO work AS w (entity, key, state, lane, reason_code, reason)
SELECT DISTINCT ON (key) CAST(:entity AS entity), key, 'parked', :lane, 'unreadable', reason
FROM poison
ON CONFLICT (entity, key) DO UPDATE
SET state = 'parked', reason_code = EXCLUDED.reason_code, reason = EXCLUDED.reason

-- name: save_capture_point
UPDATE capture_point
SET taken_at = now(), horizon = :horizon, next_xid = :next_xid, seen_xids = :seen_xids,
    server_identity = :server_identity, mapping_hash = :mapping_hash, hash_method = :hash_method,
    source_tables = :source_tables,
    full_at = CASE WHEN :everything THEN now() ELSE full_at END
WHERE entity = CAST(:entity AS entity)

-- name: known
-- The records of an entity that the store gives, as far as captures have seen.
SELECT count(*) FROM snapshot WHERE entity = CAST(:entity AS entity) AND store_hash IS NOT NULL

-- name: analyze
ANALYZE work, snapshot
