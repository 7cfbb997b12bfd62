-- name: empty
-- An event of somebody who was erased: done, and nothing of it kept but its key and its hash, by which
-- a repeated delivery is known.
UPDATE inbox SET state = 'done', reason_code = 'erased', reason = NULL, body = '', headers = '{}',
                 webhook_id = NULL, lease_until = NULL, done_at = clock_timestamp()
WHERE id = :id AND fence = :fence AND state = 'new'
RETURNING extract(epoch FROM clock_timestamp() - received_at)

-- name: replace
-- What it says of others stays. The hash is of what came.
UPDATE inbox SET body = :body, headers = '{}', webhook_id = NULL
WHERE id = :id AND fence = :fence AND state = 'new'
RETURNING id

-- name: swept
SELECT CAST(value #>> '{}' AS bigint) FROM fact WHERE name = 'erasure_swept'

-- name: set_aside
-- What was quarantined and nobody works off. Of the last minute something may still be committed with
-- a smaller id, so that far is looked at again.
SELECT id, topic, body, received_at < now() - interval '1 minute' AS passed FROM inbox
WHERE state = 'quarantined' AND id > :after AND octet_length(body) > 0
ORDER BY id LIMIT :most

-- name: empty_set_aside
UPDATE inbox SET state = 'done', reason_code = 'erased', reason = NULL, body = '', headers = '{}',
                 webhook_id = NULL, done_at = clock_timestamp()
WHERE id = :id AND state = 'quarantined'

-- name: replace_set_aside
UPDATE inbox SET body = :body, headers = '{}', webhook_id = NULL
WHERE id = :id AND state = 'quarantined'

-- name: note_swept
INSERT INTO fact (name, value) VALUES ('erasure_swept', to_jsonb(CAST(:upto AS bigint)))
ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value, set_at = now()
WHERE CAST(fact.value #>> '{}' AS bigint) < :upto
