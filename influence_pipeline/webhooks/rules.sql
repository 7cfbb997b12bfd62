-- name: newest
-- The newest events that ask for a coupon, by their ids; those that were emptied tell nothing.
SELECT id, topic, body FROM (
    SELECT id, topic, body, state FROM inbox ORDER BY id DESC LIMIT 5 * :most) latest
WHERE topic = ANY(CAST(:topics AS text[])) AND state <> 'quarantined' AND body <> ''::bytea
ORDER BY id DESC LIMIT :most

-- name: parked_for_the_table
-- Events that are parked because nothing says what their reward is worth.
SELECT id, topic, body FROM inbox
WHERE state = 'parked' AND reason_code = ANY(CAST(:codes AS text[])) AND body <> ''::bytea
ORDER BY id DESC LIMIT :most
