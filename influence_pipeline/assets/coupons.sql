-- name: arrived
-- What was settled since the last report, whoever did it: every event once, in whatever order they
-- end. The last report covered the ids up to :after but for those in :open. This one goes on to the
-- newest id, or to where more than :most events wait; what is open now is given for the next one.
-- An id that is missing is one too: its transaction may commit later. It is waited for once, as most
-- numbers that are missing are those of repeated deliveries, which took one and stored nothing.
-- Reads what is new and what was open: the inbox grows for years.
WITH waiting AS (
    SELECT id FROM inbox
    WHERE state = 'new' AND (id > :after OR id = ANY(CAST(:open AS bigint[])))
    ORDER BY id LIMIT :most
), upto AS MATERIALIZED (
    SELECT greatest(
        :after,
        CASE WHEN (SELECT count(*) FROM waiting) < :most
             THEN (SELECT max(id) FROM inbox) ELSE (SELECT max(id) FROM waiting) END
    ) AS id
), missing AS (
    SELECT number FROM upto, generate_series(greatest(:after, upto.id - :newest) + 1, upto.id) number
    WHERE NOT EXISTS (SELECT FROM inbox WHERE inbox.id = number)
    ORDER BY number DESC LIMIT :most
), settled AS (
    SELECT inbox.id, done_at - received_at AS took FROM inbox, upto
    WHERE inbox.id > :after AND inbox.id <= upto.id AND state <> 'new'
    UNION ALL
    SELECT id, done_at - received_at FROM inbox
    WHERE id = ANY(CAST(:open AS bigint[])) AND state <> 'new'
)
SELECT count(*) AS events,
       count(*) FILTER (WHERE id <> ALL(CAST(:own AS bigint[]))) AS by_others,
       (SELECT count(*) FROM coupon c JOIN settled s ON s.id = c.event_id
        WHERE c.state <> 'issuing' AND s.id <> ALL(CAST(:own AS bigint[]))) AS coupons_by_others,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM took)) AS median_seconds,
       percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM took)) AS p99_seconds,
       max(extract(epoch FROM took))::float8 AS longest_seconds,
       (SELECT id FROM upto) AS after,
       ARRAY(SELECT waiting.id FROM waiting UNION SELECT number FROM missing ORDER BY 1) AS open
FROM settled

-- name: waits
-- Events that ask for a coupon and wait: how many have met trouble, and those that came
-- more than :seconds ago and were not only just made new again, with the oldest of them.
WITH waiting AS MATERIALIZED (
    SELECT id, received_at, reason,
           received_at < now() - make_interval(secs => :seconds)
           AND (reason_code IS NOT NULL OR next_at < now() - make_interval(secs => :seconds))
               AS too_long
    FROM inbox WHERE state = 'new' AND topic = ANY(CAST(:topics AS text[]))
)
SELECT count(*) FILTER (WHERE reason IS NOT NULL) AS in_trouble,
       count(*) FILTER (WHERE too_long) AS too_long,
       min(received_at) FILTER (WHERE too_long) AS since,
       (array_agg(id ORDER BY received_at, id) FILTER (WHERE too_long))[1] AS oldest_id,
       (array_agg(reason ORDER BY received_at, id) FILTER (WHERE too_long))[1] AS reason
FROM waiting

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
