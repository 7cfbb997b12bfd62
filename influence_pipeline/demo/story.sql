-- name: runs
-- What the pipeline's own books say of every run, per entity.
SELECT entity::text, sum((counts ->> 'sent')::int) AS sent, sum((counts ->> 'calls')::int) AS calls,
       sum((counts ->> 'created')::int) AS created, sum((counts ->> 'changed')::int) AS changed
FROM sync_run WHERE error IS NULL GROUP BY entity

-- name: delivered_since
-- Whether a whole incremental sync has ended after this moment: rewards come last in it.
SELECT count(*) FROM sync_run
WHERE entity = 'reward' AND error IS NULL AND started_at > :since

-- name: coupon
SELECT i.received_at, c.issued_at, c.used_at, c.reward_used_at
FROM coupon c JOIN inbox i ON i.id = c.event_id WHERE c.code = :code

-- name: order_acknowledged
SELECT min(at) AS at FROM attempt
WHERE entity = 'order' AND key = :key AND outcome = 'accepted'
