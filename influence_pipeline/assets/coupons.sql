-- name: arrived
-- What came in after the event :after and is settled, whoever did it, and the seconds from a delivery
-- to its coupon. Reads the newest rows only: the inbox grows for years.
SELECT count(*) AS events, coalesce(max(id), :after) AS last_id,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM done_at - received_at))
           AS median_seconds,
       max(extract(epoch FROM done_at - received_at))::float8 AS longest_seconds
FROM inbox WHERE id > :after AND state <> 'new'

-- name: due
-- How many events could be worked off now, counted up to :most.
SELECT count(*) FROM (
    SELECT FROM inbox
    WHERE state = 'new' AND next_at <= now() AND (lease_until IS NULL OR lease_until < now())
    LIMIT :most
) AS due

-- name: open
-- What is not settled.
SELECT (SELECT count(*) FROM inbox WHERE state = 'new') AS waiting,
       (SELECT count(*) FROM inbox WHERE state = 'parked') AS parked

-- name: quarantined
-- Deliveries that were no usable events and may be redemptions, oldest first: of every topic but
-- those known to cost nobody anything. "changed": the same coupons were asked for before.
SELECT id, topic, reason, count(*) OVER () AS total FROM inbox
WHERE state = 'quarantined' AND reason_code IS DISTINCT FROM 'changed'
  AND (topic IS NULL OR lower(topic) <> ALL(CAST(:harmless AS text[])))
ORDER BY id LIMIT :most

-- name: parked
SELECT id, topic, reason_code, reason FROM inbox WHERE state = 'parked' ORDER BY id LIMIT :most
