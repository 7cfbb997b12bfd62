-- name: write_beside_erasures
-- Before it is asked who was erased: an erasure waits for whoever holds this (erasure.sql).
LOCK TABLE loyalty_member, balance_seen IN ROW EXCLUSIVE MODE

-- name: observe
-- What one or more events tell. The same event again changes nothing. Only while somebody looks: rows
-- that nobody settles would grow without end, and a cycle after such a pause begins anew.
INSERT INTO balance_seen (member_id, at, source, event_id, balance, moved)
SELECT * FROM unnest(CAST(:members AS text[]), CAST(:ats AS timestamptz[]), CAST(:sources AS text[]),
                     CAST(:events AS bigint[]), CAST(:balances AS bigint[]), CAST(:moved AS bigint[]))
WHERE EXISTS (SELECT FROM fact WHERE name = 'members'
                                 AND set_at > now() - make_interval(days => :kept_days))
ON CONFLICT DO NOTHING

-- name: forget_set_aside
-- An event that another body of its key was taken instead of tells nothing any more.
DELETE FROM balance_seen s USING inbox i
WHERE i.state = 'quarantined' AND i.conflicts AND s.event_id = i.id AND s.event_id > 0

-- name: unsettled
-- Events that are here and not done, each state by its index.
SELECT id FROM inbox WHERE state = 'new' AND topic = ANY(CAST(:topics AS text[]))
UNION ALL
SELECT id FROM inbox
WHERE state = 'parked' AND topic = ANY(CAST(:topics AS text[]))
  AND reason_code <> ALL(CAST(:but AS text[]))

-- name: bodies
SELECT id, topic, body, received_at FROM inbox WHERE id = ANY(CAST(:ids AS bigint[]))

-- name: observe_created
-- New members have no points when they are created. Only where nothing is settled yet.
INSERT INTO balance_seen (member_id, at, source, event_id, balance)
SELECT m.member_id, m.created_at, 'created', 0, 0
FROM unnest(CAST(:members AS text[]), CAST(:ats AS timestamptz[]), CAST(:created AS timestamptz[]))
    AS m (member_id, at, created_at)
WHERE m.created_at > :since AND m.created_at <= m.at
  AND NOT EXISTS (SELECT FROM balance_seen s
                  WHERE s.member_id = m.member_id AND s.source IN ('created', 'settled'))
ON CONFLICT DO NOTHING

-- name: observe_asked
-- What the API says, where no event has told the same. What was asked for the same time before is
-- replaced; what is older than the state that is settled is past.
INSERT INTO balance_seen (member_id, at, source, event_id, balance)
SELECT m.member_id, m.at, 'asked', 0, m.balance
FROM unnest(CAST(:members AS text[]), CAST(:ats AS timestamptz[]), CAST(:balances AS bigint[]))
    AS m (member_id, at, balance)
WHERE NOT EXISTS (
    SELECT FROM balance_seen s
    WHERE s.member_id = m.member_id
      AND (s.source = 'settled' AND s.at > m.at
           OR s.at = m.at AND s.balance = m.balance AND s.source <> 'moved'))
ON CONFLICT (member_id, at, source, event_id)
    DO UPDATE SET balance = EXCLUDED.balance, seen_at = now()

-- name: keep_members
-- What is known of members, where the list has something newer.
INSERT INTO loyalty_member AS m (customer_id, external_id, point_balance, tier_id, tier_title,
                                 referral_url, updated_at, event_id)
SELECT l.customer_id, l.external_id, l.balance,
       CASE WHEN l.tier_known THEN l.tier_id ELSE known.tier_id END,
       CASE WHEN NOT l.tier_known OR l.tier_id = known.tier_id THEN known.tier_title ELSE l.title END,
       l.link, l.at, 0
FROM unnest(CAST(:members AS text[]), CAST(:externals AS text[]), CAST(:balances AS bigint[]),
            CAST(:tiers_known AS boolean[]), CAST(:tiers AS text[]), CAST(:titles AS text[]),
            CAST(:links AS text[]), CAST(:ats AS timestamptz[]))
    AS l (customer_id, external_id, balance, tier_known, tier_id, title, link, at)
LEFT JOIN loyalty_member known ON known.customer_id = l.customer_id
ON CONFLICT (customer_id) DO UPDATE
SET external_id = coalesce(EXCLUDED.external_id, m.external_id),
    point_balance = coalesce(EXCLUDED.point_balance, m.point_balance),
    tier_id = EXCLUDED.tier_id,
    tier_title = EXCLUDED.tier_title,
    -- The one in events is a whole address, which the list's need not be.
    referral_url = coalesce(m.referral_url, EXCLUDED.referral_url),
    updated_at = EXCLUDED.updated_at,
    event_id = 0
WHERE EXCLUDED.updated_at IS NOT NULL
  AND (m.updated_at IS NULL OR EXCLUDED.updated_at > m.updated_at
       OR EXCLUDED.updated_at = m.updated_at
          AND EXCLUDED.point_balance IS DISTINCT FROM m.point_balance)

-- name: tier_titles
-- The list gives no title of a tier; events do.
SELECT DISTINCT tier_id, tier_title FROM loyalty_member
WHERE tier_id IS NOT NULL AND tier_title IS NOT NULL
