-- name: attempts_are_due
-- Whether the log of calls is to be pruned, by its oldest row. An hour late, so that it is done at
-- most once an hour and not after every run.
SELECT at < now() - make_interval(days => :days, hours => 1) AS due
FROM attempt ORDER BY id LIMIT 1

-- name: prune_attempts
-- The oldest rows, by their ids, as far as they are too old. By their place in the table: no plan
-- can be found for that which reads more than these rows.
DELETE FROM attempt WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM (SELECT ctid, at FROM attempt ORDER BY id LIMIT :rows) oldest
    WHERE at < now() - make_interval(days => :days)))

-- name: prune_runs
-- The same for the runs; the last one of each entity stays, because `status` shows it.
DELETE FROM sync_run WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM (SELECT ctid, id, entity, ended_at FROM sync_run ORDER BY id LIMIT :rows) oldest
    WHERE ended_at < now() - make_interval(days => :days)
      AND EXISTS (SELECT FROM sync_run later
                  WHERE later.entity = oldest.entity AND later.id > oldest.id)))

-- name: alone
-- One process at a time; who comes second leaves it to the first.
SELECT pg_try_advisory_xact_lock(hashtext('influence_pipeline.housekeeping'),
                                 hashtext(current_schema()))

-- name: prune_imports
-- The same for the numbers of imports, as far as no record carries them any more.
DELETE FROM import_run WHERE id = ANY(ARRAY(
    SELECT r.id FROM import_run r
    WHERE r.started_at < now() - make_interval(days => :days)
      AND NOT EXISTS (SELECT FROM work w WHERE w.import_id = r.id)
    LIMIT :rows))

-- name: events_are_due
-- The same for what was sent in events.
SELECT EXISTS (SELECT FROM inbox
               WHERE state = 'done' AND octet_length(body) > 0
                 AND done_at < now() - make_interval(days => :days, hours => 1)) AS due

-- name: set_aside_are_due
-- The same for deliveries that asked for the same coupons as an earlier one in other words: no person
-- is told of them (assets/coupons.sql).
SELECT EXISTS (SELECT FROM inbox
               WHERE state = 'quarantined' AND octet_length(body) > 0
                 AND reason_code = 'changed'
                 AND received_at < now() - make_interval(days => :days, hours => 1)) AS due

-- name: empty_set_aside
-- They are settled by that.
UPDATE inbox SET state = 'done', body = '', headers = '{}', done_at = now() WHERE id = ANY(ARRAY(
    SELECT id FROM inbox
    WHERE state = 'quarantined' AND octet_length(body) > 0
      AND reason_code = 'changed'
      AND received_at < now() - make_interval(days => :days)
    ORDER BY id LIMIT :rows FOR UPDATE SKIP LOCKED))

-- name: empty_events
-- What was sent in events that are done. They stay, with the key and the hash by which a repeated
-- delivery is known. Parked and quarantined ones wait for a person.
UPDATE inbox SET body = '', headers = '{}' WHERE id = ANY(ARRAY(
    SELECT id FROM inbox
    WHERE state = 'done' AND octet_length(body) > 0
      AND done_at < now() - make_interval(days => :days)
    ORDER BY done_at LIMIT :rows FOR UPDATE SKIP LOCKED))
