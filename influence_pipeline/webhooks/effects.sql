-- name: find_coupon
-- The coupon of a code, and the key of the event it was made for.
SELECT coupon.event_id, coupon.state, coupon.customer_key, inbox.dedupe_key
FROM coupon JOIN inbox ON inbox.id = coupon.event_id
WHERE coupon.code = :code

-- name: intend_at_once
-- What `intend_coupon` does, with all that belongs before it, in one message: the member is held, and
-- the event's claim, and the commit waits for the disk. The count of all is left out.
SET LOCAL synchronous_commit = on;
SELECT pg_advisory_xact_lock(one) FROM unnest(CAST(:locks AS bigint[])) AS one;
WITH held AS MATERIALIZED (
    SELECT id FROM inbox WHERE id = :event_id AND fence = :fence AND state = 'new' FOR UPDATE
), made AS (
    INSERT INTO coupon (code, event_id, customer_key, kind, value, currency, expires_at, member_id,
                        folded_code)
    SELECT :code, held.id, :customer_key, :kind, CAST(:value AS numeric), :currency,
           CAST(:expires_at AS timestamptz), CAST(:member_id AS text),
           CASE WHEN :any_case THEN lower(:code) END
    FROM held
    WHERE CAST(:most_for_member AS bigint) IS NULL OR :most_for_member > (
              SELECT count(*) FROM coupon
              WHERE member_id = CAST(:member_id AS text)
                AND created_at > now() - interval '24 hours')
    ON CONFLICT (code) DO NOTHING
    RETURNING code
)
SELECT EXISTS (SELECT FROM held) AS held, EXISTS (SELECT FROM made) AS made

-- name: settle_at_once
-- The end of an event whose coupons are all in the store, in one message: done, coupons issued, what
-- it tells of balances written down (as `observe` in balances.sql). No row: the claim was lost.
SET LOCAL synchronous_commit = on;
WITH settled AS (
    UPDATE inbox SET state = 'done', reason_code = NULL, reason = NULL, lease_until = NULL,
                     done_at = clock_timestamp()
    WHERE id = :id AND fence = :fence AND state = 'new'
    RETURNING id, extract(epoch FROM clock_timestamp() - received_at)::float8 AS seconds
), issued AS (
    UPDATE coupon SET state = 'issued', issued_at = clock_timestamp()
    FROM settled WHERE code = ANY(CAST(:codes AS text[])) AND state = 'issuing'
), observed AS (
    INSERT INTO balance_seen (member_id, at, source, event_id, balance, moved)
    SELECT seen.* FROM settled, unnest(
        CAST(:members AS text[]), CAST(:ats AS timestamptz[]), CAST(:sources AS text[]),
        CAST(:events AS bigint[]), CAST(:balances AS bigint[]), CAST(:moved AS bigint[])) AS seen
    WHERE EXISTS (SELECT FROM fact WHERE name = 'members'
                                     AND set_at > now() - make_interval(days => :kept_days))
    ON CONFLICT DO NOTHING
)
SELECT seconds FROM settled

-- name: intend_coupon
-- The primary key decides that a code belongs to one event. Written before the store is. Not if the
-- member's coupons of the last 24 hours, or everybody's, are as many as may be; NULL: any number.
INSERT INTO coupon (code, event_id, customer_key, kind, value, currency, expires_at, member_id,
                    folded_code)
SELECT :code, :event_id, :customer_key, :kind, CAST(:value AS numeric), :currency,
       CAST(:expires_at AS timestamptz), CAST(:member_id AS text),
       CASE WHEN :any_case THEN lower(:code) END
WHERE (CAST(:most_for_member AS bigint) IS NULL OR :most_for_member > (
           SELECT count(*) FROM coupon
           WHERE member_id = CAST(:member_id AS text)
             AND created_at > now() - interval '24 hours'))
  AND (CAST(:most_for_all AS bigint) IS NULL OR :most_for_all > (
           SELECT count(*) FROM coupon WHERE created_at > now() - interval '24 hours'))
ON CONFLICT (code) DO NOTHING
RETURNING code

-- name: take_over
-- The other half of a referral makes the coupon both ask for. Written before the store is, so that
-- the half that intended it knows the coupon it finds there for one of ours.
UPDATE coupon SET event_id = :event_id WHERE code = :code AND state = 'issuing'

-- name: coupon_issued
-- The store has it. A coupon that an order used meanwhile stays used.
UPDATE coupon SET state = 'issued', issued_at = clock_timestamp()
WHERE code = :code AND state = 'issuing'

-- name: forget_coupon
-- Certainly not written by us: the intention is taken back.
DELETE FROM coupon WHERE code = :code AND event_id = :event_id AND state = 'issuing'

-- name: coupons_of_today
-- How many were made in the last 24 hours, for a member and for all.
SELECT count(*) FILTER (WHERE member_id = :member_id) AS for_member, count(*) AS for_all
FROM coupon WHERE created_at > now() - interval '24 hours'

-- name: upsert_member
-- What Influence last said. Older never overwrites newer; of the same time the later delivery
-- counts; what carries no time only fills in where nothing with a time is known.
INSERT INTO loyalty_member AS m (customer_id, external_id, point_balance, tier_id, tier_title,
                                 referral_url, updated_at, event_id)
VALUES (:customer_id, :external_id, :point_balance, :tier_id, :tier_title, :referral_url,
        :updated_at, :event_id)
ON CONFLICT (customer_id) DO UPDATE
SET external_id = coalesce(EXCLUDED.external_id, m.external_id),
    point_balance = coalesce(EXCLUDED.point_balance, m.point_balance),
    tier_id = CASE WHEN :tier_known THEN EXCLUDED.tier_id ELSE m.tier_id END,
    tier_title = CASE WHEN :tier_known THEN EXCLUDED.tier_title ELSE m.tier_title END,
    referral_url = coalesce(EXCLUDED.referral_url, m.referral_url),
    updated_at = EXCLUDED.updated_at,
    event_id = EXCLUDED.event_id
WHERE CASE WHEN m.updated_at IS NULL OR EXCLUDED.updated_at IS NULL
           THEN m.updated_at IS NULL
                AND (EXCLUDED.updated_at IS NOT NULL OR EXCLUDED.event_id >= m.event_id)
           ELSE (EXCLUDED.updated_at, EXCLUDED.event_id) >= (m.updated_at, m.event_id) END
RETURNING customer_id, external_id, point_balance, tier_id, tier_title, referral_url, updated_at

-- name: member_as_known
-- What was known of a member before this moment of the event's.
SELECT point_balance, updated_at FROM loyalty_member
WHERE customer_id = :customer_id AND updated_at < :before
