-- name: known
-- What captures know of an entity: the records that the store gives, and those that it cannot
-- compute. One pass over its snapshots, by the primary key.
SELECT (SELECT count(*) FROM snapshot
        WHERE entity = CAST(:entity AS entity) AND store_hash IS NOT NULL) AS records,
       (SELECT count(*) FROM work w
        WHERE entity = CAST(:entity AS entity) AND state = 'parked' AND reason_code = 'unreadable'
          AND NOT EXISTS (SELECT FROM snapshot p WHERE p.entity = w.entity AND p.key = w.key
                          AND p.store_hash IS NOT NULL)) AS unreadable

-- name: keep_fact
INSERT INTO fact AS f (name, value) VALUES (:name, CAST(:value AS jsonb))
ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value, set_at = now()

-- name: throttled_parts
-- In how many parts of ten minutes of the last hour the API answered 429, by the latest :most calls
-- of each. The log has no index by time, and its ids grow with it: where a part begins is found by
-- halving, some twenty looks at the primary key each, however long the log is.
WITH RECURSIVE ends AS (
    SELECT coalesce(min(id), 0) AS first, coalesce(max(id), -1) + 1 AS last FROM attempt
), search AS (
    SELECT part, now() - make_interval(mins => 10 * part) AS moment, first AS low, last AS high
    FROM ends, generate_series(0, 6) AS part
    UNION ALL
    SELECT part, moment, CASE WHEN earlier THEN middle + 1 ELSE low END,
           CASE WHEN earlier THEN high ELSE middle END
    FROM search
    CROSS JOIN LATERAL (SELECT (low + high) / 2 AS middle) half
    CROSS JOIN LATERAL (
        SELECT coalesce((SELECT at FROM attempt WHERE id >= middle ORDER BY id LIMIT 1) < moment,
                        false) AS earlier) looked
    WHERE low < high
), begins AS (
    SELECT part, low AS id FROM search WHERE low >= high
)
SELECT count(*) FILTER (WHERE calls.throttled > 0) AS parts,
       coalesce(sum(calls.throttled), 0)::bigint AS throttled,
       coalesce(sum(calls.looked_at), 0)::bigint AS looked_at
FROM begins earlier JOIN begins later ON later.part = earlier.part - 1
CROSS JOIN LATERAL (
    SELECT count(*) AS looked_at, count(*) FILTER (WHERE http_status = 429) AS throttled
    FROM (SELECT http_status FROM attempt WHERE id >= earlier.id AND id < later.id
          ORDER BY id DESC LIMIT :most) latest
) calls
