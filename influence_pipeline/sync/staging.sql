-- name: open
-- Where the store's answers land: hashes, fingerprints, records that cannot be read, candidates' keys
-- (`silent`: found by a compare though no look could have named it, and no source row of it is gone),
-- and what a compare has seen of whole buckets. `former_hash`: the same row, hashed as it was before.
CREATE TEMP TABLE staged (key text COLLATE "C", hash bigint, eligible boolean, former_hash bigint)
    ON COMMIT DROP;
CREATE TEMP TABLE printed (key text COLLATE "C", source_hash bigint, source_rows bigint)
    ON COMMIT DROP;
CREATE TEMP TABLE poison (key text COLLATE "C", reason text) ON COMMIT DROP;
CREATE TEMP TABLE candidate (key text COLLATE "C", silent boolean NOT NULL DEFAULT false)
    ON COMMIT DROP;
CREATE TEMP TABLE gone (key text COLLATE "C") ON COMMIT DROP;
CREATE TEMP TABLE older (key text COLLATE "C") ON COMMIT DROP

-- name: close
-- Another look or compare in the same transaction begins with empty ones.
DROP TABLE staged, printed, poison, candidate, gone, older

-- name: start_over
TRUNCATE staged, poison, candidate

-- name: forget_fingerprints
TRUNCATE printed

-- name: analyze
ANALYZE staged; ANALYZE printed; ANALYZE candidate

-- name: add_up
-- A record comes once for each part of the store that was read.
CREATE TEMP TABLE added_up ON COMMIT DROP AS
SELECT key, (sum(source_hash) % 9223372036854775808)::bigint AS source_hash,
       sum(source_rows)::bigint AS source_rows
FROM printed GROUP BY key;
DROP TABLE printed;
ALTER TABLE added_up RENAME TO printed

-- name: go_by_hashes
-- All tables as a whole: what the planner knows of tables that were filled in this transaction is
-- wrong, and then it looks every row up in every other.
SELECT set_config('enable_nestloop', 'off', true), set_config('work_mem', '64MB', true)

-- name: go_by_index
-- A few records are looked up by their keys in the large tables, whatever the planner thinks of that.
SELECT set_config('enable_seqscan', 'off', true), set_config('random_page_cost', '1', true)

-- name: go_as_usual
SELECT set_config(name, reset_val, true) FROM pg_settings
WHERE name IN ('enable_nestloop', 'work_mem', 'enable_seqscan', 'random_page_cost')

-- name: keep_one
-- Asked for by two spellings of its key, in two batches, a record came twice.
DELETE FROM staged a USING staged b WHERE a.key = b.key AND a.ctid > b.ctid

-- name: staged
SELECT (SELECT count(*) FROM candidate) AS candidates, (SELECT count(*) FROM staged) AS records

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
    DELETE FROM staged WHERE key IS NULL OR key IN (SELECT key FROM unusable)
)
SELECT coalesce(sum(times) FILTER (WHERE key IS NULL), 0) AS without_key FROM unusable

-- name: adopt
-- Hashed in another way than before, and the same as before when hashed as before: what is known of
-- it, and what the API acknowledged, is the same content.
UPDATE snapshot p
SET store_hash = s.hash,
    synced_hash = CASE WHEN p.synced_hash = s.former_hash THEN s.hash ELSE p.synced_hash END,
    late_hash = CASE WHEN p.late_hash = s.former_hash THEN s.hash ELSE p.late_hash END
FROM staged s
WHERE p.entity = CAST(:entity AS entity) AND p.key = s.key AND p.store_hash = s.former_hash
  AND s.hash <> s.former_hash

-- name: merge_staged
-- The decision: what differs from the snapshot is written there, and becomes work where it also
-- differs from what the API acknowledged. A record that is new and before the cut-over is left out.
WITH differs AS (
    SELECT s.key, s.hash, s.eligible, p.key IS NULL AS is_new, x.source_hash, x.source_rows
    FROM staged s LEFT JOIN snapshot p ON p.entity = CAST(:entity AS entity) AND p.key = s.key
                  LEFT JOIN printed x ON x.key = s.key
    WHERE p.store_hash IS DISTINCT FROM s.hash AND (s.eligible OR p.key IS NOT NULL)
), merged AS (
    INSERT INTO snapshot AS p (entity, key, store_hash, source_hash, source_rows)
    SELECT CAST(:entity AS entity), key, hash, source_hash, coalesce(source_rows, 0) FROM differs
    ON CONFLICT (entity, key) DO UPDATE
    SET store_hash = EXCLUDED.store_hash, source_hash = EXCLUDED.source_hash,
        source_rows = CASE WHEN :fingerprinted THEN EXCLUDED.source_rows ELSE p.source_rows END
    RETURNING p.key, p.store_hash, p.synced_hash, p.status
), queued AS (
    -- New content gets new chances: parked and counted refusals are over. What the order protocol
    -- has outstanding (phase, its quiet window, a lease) stays. An order of before the cut-over that
    -- an import found stays the import's until it has been told: a sync would leave it out.
    INSERT INTO work AS w (entity, key, lane)
    SELECT CAST(:entity AS entity), m.key,
           CASE WHEN o.lane = 'import' AND NOT d.eligible AND m.synced_hash IS NULL
                     AND m.status IS NULL THEN 'import' ELSE :lane END
    FROM merged m
    LEFT JOIN differs d ON d.key = m.key AND NOT d.eligible
    LEFT JOIN work o ON o.entity = CAST(:entity AS entity) AND o.key = m.key
    WHERE m.store_hash IS DISTINCT FROM m.synced_hash
       -- A call is outstanding: it is asked for, even if the store has what was acknowledged before.
       OR o.phase <> 'idle' OR o.unsure
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

-- name: note_left_out
-- Keys that the sources name and that are no record, with what is needed to see whether they change.
INSERT INTO left_out AS l (entity, key, source_hash, source_rows)
SELECT CAST(:entity AS entity), key, source_hash, source_rows FROM printed x
WHERE NOT EXISTS (SELECT FROM snapshot p WHERE p.entity = CAST(:entity AS entity) AND p.key = x.key)
ON CONFLICT (entity, key) DO UPDATE
SET source_hash = EXCLUDED.source_hash, source_rows = EXCLUDED.source_rows
WHERE l.source_hash <> EXCLUDED.source_hash OR l.source_rows <> EXCLUDED.source_rows

-- name: no_longer_left_out
DELETE FROM left_out l USING staged s
WHERE l.entity = CAST(:entity AS entity) AND l.key = s.key
  AND EXISTS (SELECT FROM snapshot p WHERE p.entity = CAST(:entity AS entity) AND p.key = s.key)

-- name: note_fingerprints
-- Of the records whose hash is the same, too.
UPDATE snapshot p SET source_hash = x.source_hash, source_rows = x.source_rows
FROM printed x
WHERE p.entity = CAST(:entity AS entity) AND p.key = x.key
  AND (p.source_hash IS DISTINCT FROM x.source_hash OR p.source_rows <> x.source_rows)

-- What follows comes twice: for candidates, looked up one by one, and for a whole store. With one
-- query and a condition for both, Postgres would read whole tables for a few records.

-- name: note_rows_gone_of_candidates
-- It is known then that there are none, whose sum is 0.
UPDATE snapshot p SET source_hash = 0, source_rows = 0
WHERE p.entity = CAST(:entity AS entity) AND (p.source_rows <> 0 OR p.source_hash IS NULL)
  AND p.key IN (SELECT key FROM candidate)
  AND NOT EXISTS (SELECT FROM printed x WHERE x.key = p.key)

-- name: note_rows_gone_of_everything
UPDATE snapshot p SET source_hash = 0, source_rows = 0
WHERE p.entity = CAST(:entity AS entity) AND (p.source_rows <> 0 OR p.source_hash IS NULL)
  AND NOT EXISTS (SELECT FROM printed x WHERE x.key = p.key)

-- name: forget_left_out_of_candidates
DELETE FROM left_out l
WHERE l.entity = CAST(:entity AS entity) AND l.key IN (SELECT key FROM candidate)
  AND NOT EXISTS (SELECT FROM printed x WHERE x.key = l.key)

-- name: forget_left_out_of_everything
DELETE FROM left_out l
WHERE l.entity = CAST(:entity AS entity)
  AND NOT EXISTS (SELECT FROM printed x WHERE x.key = l.key)

-- name: mark_seen_again_of_candidates
-- What a worker holds while this capture looks at it, changed or not: of what the worker has read and
-- what is noted here, this is the newer.
UPDATE work w SET seen_again = true
WHERE w.entity = CAST(:entity AS entity) AND w.lease_until IS NOT NULL
  AND w.key IN (SELECT key FROM staged UNION ALL SELECT key FROM poison
                UNION ALL SELECT key FROM candidate)

-- name: mark_seen_again_of_everything
UPDATE work w SET seen_again = true
WHERE w.entity = CAST(:entity AS entity) AND w.lease_until IS NOT NULL

-- name: find_gone_of_candidates
-- Records that the store no longer gives.
INSERT INTO gone (key)
SELECT p.key FROM snapshot p
WHERE p.entity = CAST(:entity AS entity) AND p.store_hash IS NOT NULL
  AND p.key IN (SELECT key FROM candidate)
  AND NOT EXISTS (SELECT FROM staged s WHERE s.key = p.key)
  AND NOT EXISTS (SELECT FROM poison x WHERE x.key = p.key)

-- name: find_gone_of_everything
INSERT INTO gone (key)
SELECT p.key FROM snapshot p
WHERE p.entity = CAST(:entity AS entity) AND p.store_hash IS NOT NULL
  AND NOT EXISTS (SELECT FROM staged s WHERE s.key = p.key)
  AND NOT EXISTS (SELECT FROM poison x WHERE x.key = p.key)

-- name: forget_poison_of_candidates
-- A record that could not be read needs nobody's look any more when it is no longer there, or can be
-- read now and is of before the cut-over.
DELETE FROM work w
WHERE w.entity = CAST(:entity AS entity) AND w.state = 'parked' AND w.reason_code = 'unreadable'
  AND w.phase = 'idle' AND w.key IN (SELECT key FROM candidate)
  AND NOT EXISTS (SELECT FROM poison x WHERE x.key = w.key)
  AND NOT EXISTS (SELECT FROM staged s WHERE s.key = w.key AND s.eligible)
  AND NOT EXISTS (SELECT FROM snapshot p WHERE p.entity = CAST(:entity AS entity)
                                           AND p.key = w.key AND p.store_hash IS NOT NULL)

-- name: forget_poison_of_everything
DELETE FROM work w
WHERE w.entity = CAST(:entity AS entity) AND w.state = 'parked' AND w.reason_code = 'unreadable'
  AND w.phase = 'idle'
  AND NOT EXISTS (SELECT FROM poison x WHERE x.key = w.key)
  AND NOT EXISTS (SELECT FROM staged s WHERE s.key = w.key AND s.eligible)
  AND NOT EXISTS (SELECT FROM snapshot p WHERE p.entity = CAST(:entity AS entity)
                                           AND p.key = w.key AND p.store_hash IS NOT NULL)

-- name: mark_gone
-- `store_hash` becomes NULL.
WITH gone AS (
    UPDATE snapshot p SET store_hash = NULL FROM gone AS found
    WHERE p.entity = CAST(:entity AS entity) AND p.key = found.key
    RETURNING p.key, p.synced_hash IS NOT NULL AND :park AS is_parked
), dropped AS (
    DELETE FROM work w USING gone
    WHERE w.entity = CAST(:entity AS entity) AND w.key = gone.key AND w.phase = 'idle'
      AND NOT gone.is_parked
      -- What a worker holds it settles itself.
      AND (w.lease_until IS NULL OR w.lease_until < now())
), parked AS (
    INSERT INTO work AS w (entity, key, state, lane, reason_code, reason)
    SELECT CAST(:entity AS entity), key, 'parked', :lane, 'deleted', :deleted
    FROM gone WHERE is_parked
    ON CONFLICT (entity, key) DO UPDATE
    SET state = 'parked', reason_code = EXCLUDED.reason_code, reason = EXCLUDED.reason
    WHERE w.phase = 'idle'
), kept AS (
    -- A call may be outstanding: whether the API has it must not be forgotten.
    UPDATE work w SET state = 'parked', reason_code = 'gone',
        reason = 'it is gone from the store while the outcome of a call is not known'
    FROM gone WHERE w.entity = CAST(:entity AS entity) AND w.key = gone.key AND w.phase <> 'idle'
      AND w.state <> 'withheld'
)
SELECT count(*) AS records,
       (SELECT coalesce(array_agg(key), '{}')
        FROM (SELECT key FROM gone ORDER BY key LIMIT :most) AS named) AS keys
FROM gone

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

-- name: note_import
-- Whose import it is that found these records, as far as there is something to do or to look at. Of
-- an import that is under way itself they are taken over; it must know that it lacks them.
WITH found AS MATERIALIZED (
    SELECT w.key, w.import_id FROM work w
    WHERE w.entity = CAST(:entity AS entity)
      AND w.key IN (SELECT key FROM staged UNION ALL SELECT key FROM poison)
), taken AS (
    UPDATE import_run r SET taken = r.taken + t.records
    FROM (SELECT import_id, count(*) AS records FROM found WHERE import_id IS NOT NULL GROUP BY 1) t
    WHERE r.id = t.import_id
)
UPDATE work w SET import_id = :import_id FROM found
WHERE w.entity = CAST(:entity AS entity) AND w.key = found.key

-- name: leave_to_import
-- Never told and of before an import that has begun: it is the import's, so that a first sync beside
-- it does not send the whole store as live changes. Not those that an order waits for.
UPDATE work w SET lane = 'import'
FROM older o
WHERE w.entity = CAST(:entity AS entity) AND w.key = o.key AND w.lane = 'live'
  AND NOT EXISTS (SELECT FROM snapshot p WHERE p.entity = CAST(:entity AS entity)
                    AND p.key = w.key AND (p.synced_hash IS NOT NULL OR p.status IS NOT NULL))
  AND NOT EXISTS (SELECT FROM work b WHERE b.blocked_on = 'customer:' || w.key)

-- name: note_silent
-- After a compare of every record: what differs, though no row of it is gone, as far as its rows were
-- known. A look should have named each.
INSERT INTO candidate (key, silent)
SELECT s.key, true
FROM staged s
LEFT JOIN snapshot p ON p.entity = CAST(:entity AS entity) AND p.key = s.key
LEFT JOIN printed x ON x.key = s.key
WHERE p.store_hash IS DISTINCT FROM s.hash
  AND coalesce(x.source_rows, 0) >= coalesce(p.source_rows, 0)
  AND (p.key IS NULL OR p.source_hash IS NOT NULL)
UNION ALL
SELECT p.key, true
FROM snapshot p JOIN printed x ON x.key = p.key
WHERE p.entity = CAST(:entity AS entity) AND p.store_hash IS NOT NULL
  AND x.source_rows >= p.source_rows AND p.source_hash IS NOT NULL
  AND NOT EXISTS (SELECT FROM staged s WHERE s.key = p.key)

-- name: missed
-- Records that a look should have named, and that only a compare found: changed, new or not given any
-- more. At most :most of them, and how many they are.
WITH missed AS (
    SELECT c.key
    FROM candidate c
    LEFT JOIN staged s ON s.key = c.key
    LEFT JOIN snapshot p ON p.entity = CAST(:entity AS entity) AND p.key = c.key
    WHERE c.silent AND NOT EXISTS (SELECT FROM candidate o WHERE o.key = c.key AND NOT o.silent)
      AND p.store_hash IS DISTINCT FROM s.hash
      AND (s.eligible OR p.store_hash IS NOT NULL)
      AND NOT EXISTS (SELECT FROM poison x WHERE x.key = c.key)
)
SELECT (SELECT count(*) FROM missed) AS records,
       (SELECT coalesce(array_agg(key), '{}')
        FROM (SELECT key FROM missed ORDER BY key LIMIT :most) AS named) AS keys

-- name: known
-- The records of an entity that the store gives, as far as captures have seen.
SELECT count(*) FROM snapshot WHERE entity = CAST(:entity AS entity) AND store_hash IS NOT NULL
