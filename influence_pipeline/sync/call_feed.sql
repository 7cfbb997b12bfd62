-- name: read_committed
-- Each of the questions below must see what is committed by then, whatever the server's default is.
SET TRANSACTION ISOLATION LEVEL READ COMMITTED

-- name: newest
SELECT max(id) FROM attempt

-- name: newer
SELECT id, entity::text, call, outcome, http_status, ms FROM attempt
WHERE id > :top ORDER BY id LIMIT :most

-- name: in_gaps
-- Rows with ids that were passed over before, because their transaction had not committed.
SELECT a.id, a.entity::text, a.call, a.outcome, a.http_status, a.ms
FROM unnest(CAST(:lows AS bigint[]), CAST(:highs AS bigint[])) AS gap (low, high)
JOIN attempt a ON a.id BETWEEN gap.low AND gap.high
ORDER BY a.id

-- name: writers
-- The transactions that may have drawn ids of the log and not committed yet: each holds this lock
-- from before it draws the first until it has ended. Everybody may read pg_locks.
SELECT virtualtransaction AS writer FROM pg_locks
WHERE locktype = 'relation' AND relation = 'attempt'::regclass AND mode = 'RowExclusiveLock'
  AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
