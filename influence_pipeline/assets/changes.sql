-- name: to_send
-- A few of the records that a capture has left to be sent, newest first: for a preview. Parked ones
-- are not among them; a check lists those. Nor are those of erased customers. Keys and states only.
SELECT w.key, w.state,
       CASE WHEN p.synced_hash IS NULL AND p.status IS NULL THEN 'create' ELSE 'update' END
           AS action
FROM work w LEFT JOIN snapshot p ON p.entity = w.entity AND p.key = w.key
WHERE w.entity = CAST(:entity AS entity) AND w.state IN ('ready', 'blocked')
ORDER BY w.queued_at DESC, w.key LIMIT :most
