-- name: alone
-- One judgement at a time. What the planner takes for a few rows here are all of them, and sorting by
-- the primary key's order is the cheapest there is.
SELECT pg_advisory_xact_lock(hashtext('influence_pipeline.gaps'), hashtext(current_schema())),
       set_config('work_mem', '64MB', true), set_config('enable_nestloop', 'off', true)

-- name: make_steps
-- The steps of every member's balance from one state to the next, since what is settled, and by how
-- much each differs from the points that events moved. A state counts where it is said in one voice:
-- not where two balances stand at one time, nor where more than one movement does (a clock that shows
-- seconds only). `after`, `before`: the difference where an event of points shows the time after its
-- change, or the time before. `unreadable`: some event of the member's could not be placed.
CREATE TEMPORARY TABLE balance_step ON COMMIT DROP AS
WITH member AS (
    SELECT member_id, max(at) FILTER (WHERE source = 'settled') AS settled_at,
           bool_or(source = 'moved' AND moved IS NULL) AS unreadable
    FROM balance_seen GROUP BY member_id HAVING min(at) < max(at)
), moment AS (
    SELECT s.member_id, s.at, m.unreadable,
           max(s.balance) FILTER (WHERE s.source = 'settled') AS settled,
           min(s.balance) FILTER (WHERE s.source NOT IN ('settled', 'moved')) AS lowest,
           max(s.balance) FILTER (WHERE s.source NOT IN ('settled', 'moved')) AS highest,
           count(*) FILTER (WHERE s.source = 'moved') AS movements,
           coalesce(sum(s.moved), 0) AS moved,
           max(CASE WHEN s.source IN ('told', 'moved') THEN s.seen_at ELSE s.at END) AS known_at
    FROM balance_seen s JOIN member m ON m.member_id = s.member_id
    WHERE m.settled_at IS NULL OR s.at >= m.settled_at
    GROUP BY s.member_id, s.at, m.unreadable
), placed AS (
    SELECT member_id, at, unreadable, moved,
           coalesce(settled, CASE WHEN lowest = highest AND movements < 2 THEN lowest END) AS balance,
           sum(moved) OVER past AS told, max(known_at) OVER past AS known_at
    FROM moment
    WINDOW past AS (PARTITION BY member_id ORDER BY at ROWS UNBOUNDED PRECEDING)
), paired AS (
    SELECT member_id, at, unreadable, moved, balance, known_at, told,
           lag(at) OVER past AS since, lag(balance) OVER past AS balance_before,
           lag(told) OVER past AS told_before, lag(moved) OVER past AS moved_before
    FROM placed WHERE balance IS NOT NULL
    WINDOW past AS (PARTITION BY member_id ORDER BY at)
)
SELECT member_id, since, at, unreadable, moved, balance, known_at,
       (balance - balance_before) - (told - told_before) AS after,
       (balance - balance_before) - (told - moved - told_before + moved_before) AS before
FROM paired WHERE since IS NOT NULL

-- name: votes
-- Steps that add up in one reading of the time in events of points, and not in the other.
SELECT count(*) FILTER (WHERE after = 0 AND before <> 0) AS after,
       count(*) FILTER (WHERE before = 0 AND after <> 0) AS before
FROM balance_step WHERE NOT unreadable

-- name: open_steps
-- The steps that do not add up. `ripe`: what is known of them is old enough for nothing more to come.
SELECT s.member_id, m.external_id, s.since, s.at AS until,
       CASE WHEN :before THEN s.before ELSE s.after END AS points, s.moved,
       s.known_at <= now() - make_interval(secs => :grace_seconds) AS ripe,
       g.member_id IS NOT NULL AS flagged
FROM balance_step s
LEFT JOIN loyalty_member m ON m.customer_id = s.member_id
LEFT JOIN balance_gap g ON g.member_id = s.member_id AND g.until = s.at
WHERE CASE WHEN :before THEN s.before ELSE s.after END <> 0 AND NOT s.unreadable
ORDER BY s.member_id, s.at

-- name: refunds_of
SELECT order_key, customer_key, first_at, last_at FROM refund_told
WHERE customer_key = ANY(CAST(:customers AS text[])) ORDER BY customer_key, last_at, order_key

-- name: settle
-- Up to the last state before anything that is open, or too new, everything adds up: the chain goes on
-- from there, and what lies before is past. Of its own time the movements may still be of use: in one
-- reading of the time in them they come after it; `all_told`: in the one that holds they do not. (The
-- first step of each member that may not be passed over, then the last good state.)
WITH passed AS (
    SELECT * FROM unnest(CAST(:members AS text[]), CAST(:untils AS timestamptz[])) AS p (member_id, at)
), blocked AS (
    SELECT s.member_id, min(s.at) AS at
    FROM balance_step s LEFT JOIN passed p ON p.member_id = s.member_id AND p.at = s.at
    WHERE NOT s.unreadable
      AND (s.known_at > now() - make_interval(secs => :grace_seconds)
           OR CASE WHEN :before THEN s.before ELSE s.after END <> 0 AND p.at IS NULL)
    GROUP BY s.member_id
), good AS (
    SELECT DISTINCT ON (s.member_id) s.member_id, s.at, s.balance
    FROM balance_step s LEFT JOIN blocked b ON b.member_id = s.member_id
    -- Where an event could not be read the newest state is taken as it is.
    WHERE s.unreadable OR b.at IS NULL OR s.at < b.at
    ORDER BY s.member_id, s.at DESC
), settled AS (
    INSERT INTO balance_seen (member_id, at, source, event_id, balance)
    SELECT member_id, at, 'settled', 0, balance FROM good
    ON CONFLICT (member_id, at, source, event_id) DO UPDATE SET balance = EXCLUDED.balance
), past AS (
    DELETE FROM balance_seen s USING good g
    WHERE s.member_id = g.member_id
      AND (s.at < g.at
           OR s.at = g.at AND s.source <> 'settled' AND (s.source <> 'moved' OR :all_told))
    RETURNING 1
)
SELECT (SELECT count(*) FROM good) AS members, (SELECT count(*) FROM past) AS rows

-- name: not_judged
SELECT count(DISTINCT member_id) FROM balance_step WHERE unreadable

-- name: settled_at
SELECT member_id, max(at) AS at FROM balance_seen
WHERE member_id = ANY(CAST(:members AS text[])) AND source = 'settled' GROUP BY member_id

-- name: drop_gaps
-- Those that are no more: a late event has come, or a person has accepted them.
DELETE FROM balance_gap g
WHERE NOT EXISTS (SELECT FROM unnest(CAST(:members AS text[]), CAST(:untils AS timestamptz[]))
                      AS f (member_id, until)
                  WHERE f.member_id = g.member_id AND f.until = g.until)

-- name: keep_gaps
INSERT INTO balance_gap (member_id, since, until, points)
SELECT * FROM unnest(CAST(:members AS text[]), CAST(:sinces AS timestamptz[]),
                     CAST(:untils AS timestamptz[]), CAST(:points AS bigint[]))
ON CONFLICT (member_id, until) DO UPDATE SET since = EXCLUDED.since, points = EXCLUDED.points

-- name: drop_refunds
-- What has explained a step, and what was told before the last cycle began and has explained none in
-- it: it took no points back. Not of customers of whom a step is still open.
DELETE FROM refund_told r
WHERE r.order_key = ANY(CAST(:used AS text[]))
   OR r.last_at < CAST(:before AS timestamptz)
      AND r.customer_key <> ALL(CAST(:open AS text[]))

-- name: gaps
-- Points missing first, oldest first; with the store's id.
SELECT g.member_id, m.external_id, g.since, g.until, g.points, g.found_at
FROM balance_gap g LEFT JOIN loyalty_member m ON m.customer_id = g.member_id
ORDER BY g.points > 0, g.until, g.member_id LIMIT :most

-- name: count_gaps
SELECT count(DISTINCT member_id) FILTER (WHERE points < 0) AS lost,
       count(DISTINCT member_id) FILTER (WHERE points > 0) AS gained,
       coalesce(-sum(points) FILTER (WHERE points < 0), 0) AS points_lost,
       coalesce(sum(points) FILTER (WHERE points > 0), 0) AS points_gained,
       min(until) AS oldest
FROM balance_gap

-- name: members_of
SELECT customer_id FROM loyalty_member WHERE external_id = :external_id ORDER BY customer_id

-- name: accept
-- The newest state is taken as it is; of two balances of one time the one that came last.
INSERT INTO balance_seen (member_id, at, source, event_id, balance)
SELECT member_id, at, 'settled', 0, balance FROM balance_seen
WHERE member_id = :member_id AND source <> 'moved'
ORDER BY at DESC, seen_at DESC LIMIT 1
ON CONFLICT (member_id, at, source, event_id) DO UPDATE SET balance = EXCLUDED.balance
RETURNING balance

-- name: forget_before
DELETE FROM balance_seen s
WHERE s.member_id = :member_id
  AND s.at < (SELECT max(at) FROM balance_seen WHERE member_id = :member_id AND source = 'settled')

-- name: close_gaps
DELETE FROM balance_gap WHERE member_id = :member_id

-- name: history
-- What is known of one member's balance since the settled state, oldest first.
SELECT at, source, balance, moved, nullif(event_id, 0) AS event_id, seen_at
FROM balance_seen WHERE member_id = :member_id ORDER BY at, seen_at, event_id

-- name: member
SELECT customer_id, external_id, point_balance, tier_id, tier_title, updated_at
FROM loyalty_member WHERE external_id = :external_id ORDER BY customer_id

-- name: members
SELECT customer_id, external_id, point_balance, tier_id, tier_title, updated_at
FROM loyalty_member ORDER BY updated_at DESC NULLS LAST, customer_id LIMIT :most

-- name: fact
SELECT value FROM fact WHERE name = 'members'

-- name: paused
-- Whether cycles have stopped for so long that not all events since were written down.
SELECT NOT EXISTS (SELECT FROM fact WHERE name = 'members'
                                      AND set_at > now() - make_interval(days => :kept_days))

-- name: begin_anew
TRUNCATE balance_seen, balance_gap

-- name: set_fact
INSERT INTO fact (name, value) VALUES ('members', CAST(:value AS jsonb))
ON CONFLICT (name) DO UPDATE SET value = fact.value || EXCLUDED.value, set_at = now()
