-- name: take
-- The pace, held until it is put back. Losing the last of it in a crash of the server costs nothing,
-- so its commits need not wait for the disk.
SELECT control, extract(epoch FROM clock_timestamp())::float8 AS now,
       set_config('synchronous_commit', 'off', true)
FROM pace WHERE account = 1 FOR UPDATE

-- name: make
INSERT INTO pace (account, control) VALUES (1, '{}') ON CONFLICT (account) DO NOTHING

-- name: put
UPDATE pace SET control = CAST(:control AS jsonb), changed_at = now() WHERE account = 1

-- name: look
SELECT control, extract(epoch FROM clock_timestamp())::float8 AS now FROM pace WHERE account = 1
