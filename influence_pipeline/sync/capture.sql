-- name: lock_capture
-- One capture of an entity at a time, to the end of its transaction. Makes the row where missing.
INSERT INTO capture_point (entity) VALUES (CAST(:entity AS entity))
ON CONFLICT (entity) DO UPDATE SET entity = EXCLUDED.entity
RETURNING taken_at, horizon, next_xid, seen_xids, server_identity, mapping_hash, hash_method,
          source_tables, store_clock, go_live, hash_expression, source_method, compares,
          -- Whether the time since the last search for rows gone without a trace is long enough for
          -- that to take so small a part of it.
          :percent > 0 AND (check_seconds IS NULL OR now() >= checked_at
              + make_interval(secs => check_seconds * 100 / nullif(:percent, 0))) AS check_is_due

-- name: save_capture_point
UPDATE capture_point
SET taken_at = now(), horizon = :horizon, next_xid = :next_xid, seen_xids = :seen_xids,
    store_clock = :store_clock, server_identity = :server_identity, mapping_hash = :mapping_hash,
    go_live = :go_live, hash_method = :hash_method, hash_expression = :hash_expression,
    source_tables = :source_tables,
    source_method = CASE WHEN :fingerprinted THEN :source_method
                         WHEN source_method = :source_method THEN source_method END,
    full_at = CASE WHEN :everything THEN now() ELSE full_at END,
    compares = compares + CASE WHEN :everything THEN 1 ELSE 0 END
WHERE entity = CAST(:entity AS entity)

-- name: import_began
-- When the first import of an entity began; NULL: there was none.
SELECT min(started_at) FROM import_run WHERE entity = CAST(:entity AS entity)

-- name: note_check
UPDATE capture_point SET checked_at = now(), check_seconds = :seconds
WHERE entity = CAST(:entity AS entity)

-- name: key_sums
-- What the store should give for `fingerprints.key_sums`, if nothing is gone without a trace.
-- `unknown`: records whose content was read by a worker or an import, of source rows that no capture
-- has seen; such a row may be gone before one does.
SELECT count(*) FILTER (WHERE source_hash IS NULL) AS unknown,
       coalesce(sum(source_rows), 0) AS source_rows,
       coalesce(sum(source_rows * CAST(
           CASE WHEN :integer_keys THEN hashint8extended(key::bigint, 0)
                ELSE hashtextextended(key, 0) END & 9223372036854775807 AS numeric)), 0) AS weight
FROM (
    SELECT key, source_hash, source_rows FROM snapshot
    WHERE entity = CAST(:entity AS entity)
      AND (source_rows > 0 OR (source_hash IS NULL AND store_hash IS NOT NULL))
    UNION ALL
    SELECT key, source_hash, source_rows FROM left_out WHERE entity = CAST(:entity AS entity)
) AS known

-- name: bucket_sums
-- What the store should give for `fingerprints.bucket_sums`; NULL: a record's is not known.
SELECT CAST(CASE WHEN :integer_keys THEN key::bigint ELSE hashtextextended(key, 0) END
            & :mask AS integer) AS bucket,
       CASE WHEN count(*) = count(source_hash)
            THEN CAST(sum(source_hash) % 9223372036854775808 AS bigint) END AS total
FROM (
    SELECT key, source_hash FROM snapshot
    WHERE entity = CAST(:entity AS entity)
      AND (source_rows > 0 OR (source_hash IS NULL AND store_hash IS NOT NULL))
    UNION ALL
    SELECT key, source_hash FROM left_out WHERE entity = CAST(:entity AS entity)
) AS known
GROUP BY 1

-- name: known_keys
SELECT (SELECT count(*) FROM snapshot WHERE entity = CAST(:entity AS entity))
     + (SELECT count(*) FROM left_out WHERE entity = CAST(:entity AS entity))

-- name: note_moved
-- The records of these buckets whose source rows are not as they are known. What has lost a row may
-- have lost it without a trace, and so may a record whose fingerprint is not known; of the others a
-- look for changed rows would have found each.
INSERT INTO candidate (key, silent)
SELECT coalesce(seen.key, known.key),
       (known.key IS NULL OR known.source_hash IS NOT NULL)
           AND coalesce(seen.source_rows, 0) >= coalesce(known.source_rows, 0)
FROM printed AS seen
FULL JOIN (
    SELECT key, source_hash, source_rows FROM snapshot
    WHERE entity = CAST(:entity AS entity)
      AND (source_rows > 0 OR (source_hash IS NULL AND store_hash IS NOT NULL))
      AND CAST(CASE WHEN :integer_keys THEN key::bigint ELSE hashtextextended(key, 0) END
               & :mask AS integer) = ANY(CAST(:buckets AS integer[]))
    UNION ALL
    SELECT key, source_hash, source_rows FROM left_out
    WHERE entity = CAST(:entity AS entity)
      AND CAST(CASE WHEN :integer_keys THEN key::bigint ELSE hashtextextended(key, 0) END
               & :mask AS integer) = ANY(CAST(:buckets AS integer[]))
) AS known ON known.key = seen.key
WHERE seen.source_hash IS DISTINCT FROM known.source_hash
   OR seen.source_rows IS DISTINCT FROM known.source_rows

-- name: note_turn
-- The keys whose turn it is to be computed anew, whatever their fingerprints say.
INSERT INTO candidate (key)
SELECT key FROM (
    SELECT key FROM snapshot WHERE entity = CAST(:entity AS entity)
    UNION ALL
    SELECT key FROM left_out WHERE entity = CAST(:entity AS entity)
) AS known
WHERE (hashtextextended(key, 1) & 9223372036854775807) % :turns = :turn
  AND NOT EXISTS (SELECT FROM candidate c WHERE c.key = known.key)

-- name: candidates_after
-- The candidates in the order of their keys, in batches.
SELECT DISTINCT key FROM candidate
WHERE CAST(:after AS text) IS NULL OR key > :after
ORDER BY key LIMIT :most

-- name: unreadable
-- Records that could not be read: whether they can be now need not show in any row of theirs.
SELECT key FROM work
WHERE entity = CAST(:entity AS entity) AND state = 'parked' AND reason_code = 'unreadable'

-- name: analyze
ANALYZE work, snapshot
