-- name: find_coupon
-- The coupon of a code, and the key of the event it was made for.
SELECT coupon.event_id, coupon.state, coupon.customer_key, inbox.dedupe_key
FROM coupon JOIN inbox ON inbox.id = coupon.event_id
WHERE coupon.code = :code

-- name: intend_coupon
-- The primary key decides that a code belongs to one event. Written before the store is.
INSERT INTO coupon (code, event_id, customer_key, kind, value, currency, expires_at, member_id,
                    folded_code)
VALUES (:code, :event_id, :customer_key, :kind, :value, :currency, :expires_at, :member_id,
        CASE WHEN :any_case THEN lower(:code) END)
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

-- name: coupons_of_member
-- How many were made for a member in the last 24 hours, counted up to :most.
SELECT count(*) FROM (
    SELECT FROM coupon
    WHERE member_id = :member_id AND created_at > now() - interval '24 hours' LIMIT :most
) AS made

-- name: coupons_of_all
-- How many were made for anybody in the last 24 hours, counted up to :most.
SELECT count(*) FROM (
    SELECT FROM coupon WHERE created_at > now() - interval '24 hours' LIMIT :most
) AS made

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
