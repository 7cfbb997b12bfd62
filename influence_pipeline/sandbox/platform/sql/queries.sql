-- The ledger's statements that are longer than a line or two, by name. `statements.py` reads them.

-- add_call --
-- One row per call of the contract.
INSERT INTO calls (at, method, path, entity, key, status, outcome, fault, body_sha256, body)
VALUES (:at, :method, :path, :entity, :key, :status, :outcome, :fault, :body_sha256, :body);

-- customer --
-- One customer with what is counted over the orders.
SELECT c.*,
       (SELECT count(*) FROM orders o WHERE o.customer_id = c.customer_id) AS total_orders,
       (SELECT avg(CAST(o.total_price AS REAL)) FROM orders o
         WHERE o.customer_id = c.customer_id) AS average_order_value
  FROM customers c
 WHERE c.customer_id = :customer_id;

-- add_customer --
INSERT INTO customers (customer_id, influence_id, fields, email, customer_type, tier_id, puts,
                       created_at, updated_at, last_seen_at)
VALUES (:customer_id, :influence_id, :fields, :email, 'Members', :tier_id, 1, :at, :at, :at);

-- change_customer --
UPDATE customers
   SET fields = :fields, email = :email, puts = puts + 1, updated_at = :updated_at
 WHERE customer_id = :customer_id;

-- page_of_customers --
-- One page in the order of creation, after the row that the cursor names.
SELECT c.rowid AS place, c.*,
       (SELECT count(*) FROM orders o WHERE o.customer_id = c.customer_id) AS total_orders,
       (SELECT avg(CAST(o.total_price AS REAL)) FROM orders o
         WHERE o.customer_id = c.customer_id) AS average_order_value
  FROM customers c
 WHERE c.rowid > :after
   AND (:balance_min IS NULL OR c.point_balance >= :balance_min)
   AND (:balance_max IS NULL OR c.point_balance <= :balance_max)
   AND (:created_min IS NULL OR c.created_at >= :created_min)
   AND (:created_max IS NULL OR c.created_at <= :created_max)
   AND (:updated_min IS NULL OR c.updated_at >= :updated_min)
   AND (:updated_max IS NULL OR c.updated_at <= :updated_max)
   AND (:seen_min IS NULL OR c.last_seen_at >= :seen_min)
   AND (:seen_max IS NULL OR c.last_seen_at <= :seen_max)
   AND (:email IS NULL OR c.email = :email)
 ORDER BY c.rowid
 LIMIT :limit;

-- add_movement --
INSERT INTO movements (movement_id, at, call_id, customer_id, order_id, kind, points,
                       balance_after, rule_id)
VALUES (:movement_id, :at, :call_id, :customer_id, :order_id, :kind, :points, :balance_after,
        :rule_id);

-- move_points --
UPDATE customers
   SET point_balance = :balance, lifetime_points = :lifetime, tier_id = :tier_id,
       updated_at = :updated_at, last_seen_at = :at
 WHERE customer_id = :customer_id;

-- add_order --
INSERT INTO orders (order_id, customer_id, email, currency, total_price, subtotal_price,
                    financial_status, fields, last_body, posts, patches, copies, awards,
                    points_awarded, deductions, points_deducted, refund_settled,
                    created_at, updated_at)
VALUES (:order_id, :customer_id, :email, :currency, :total_price, :subtotal_price,
        :financial_status, :fields, :last_body, 1, 0, 1, 0, 0, 0, 0, 0, :at, :at);

-- change_order --
UPDATE orders
   SET customer_id = :customer_id, email = :email, currency = :currency,
       total_price = :total_price, subtotal_price = :subtotal_price,
       financial_status = :financial_status, fields = :fields, last_body = :last_body,
       posts = posts + :more_posts, patches = patches + :more_patches,
       copies = copies + :more_copies, updated_at = :at
 WHERE order_id = :order_id;

-- note_award --
UPDATE orders
   SET awards = awards + 1, points_awarded = points_awarded + :points, awarded_to = :customer_id
 WHERE order_id = :order_id;

-- note_deduction --
UPDATE orders
   SET deductions = deductions + 1, points_deducted = points_deducted + :points,
       refund_settled = :refund_settled
 WHERE order_id = :order_id;

-- add_product --
-- New, or changed: the caller has merged the fields.
INSERT INTO products (product_id, fields, puts, created_at, updated_at)
VALUES (:product_id, :fields, 1, :at, :at)
ON CONFLICT (product_id) DO UPDATE
   SET fields = excluded.fields, puts = puts + 1, updated_at = excluded.updated_at;

-- add_variant --
INSERT INTO variants (product_id, variant_id, place, fields)
VALUES (:product_id, :variant_id, :place, :fields);

-- add_reward --
INSERT INTO rewards (coupon_code, reward_id, source, customer_id, rule_id, reward_type,
                     discount_value, points, state, issued_at)
VALUES (:coupon_code, :reward_id, :source, :customer_id, :rule_id, :reward_type,
        :discount_value, :points, 'issued', :at);

-- add_referral --
INSERT INTO referrals (referral_id, customer_id, friend_email, friend_coupon_code, state,
                       created_at)
VALUES (:referral_id, :customer_id, :friend_email, :friend_coupon_code, 'started', :at);

-- referral_of_order --
-- The oldest open referral that this order completes: by the friend's e-mail or by the coupon code
-- the friend was given. Nobody completes a referral of their own, and no order one that began later.
SELECT *
  FROM referrals
 WHERE state = 'started'
   AND (friend_email = :email OR friend_coupon_code IN (SELECT value FROM json_each(:codes)))
   AND customer_id IS NOT :customer_id
   AND created_at <= :order_created_at
 ORDER BY created_at
 LIMIT 1;

-- complete_referral --
UPDATE referrals
   SET state = 'completed', order_id = :order_id, customer_coupon_code = :customer_coupon_code,
       completed_at = :at
 WHERE referral_id = :referral_id;

-- add_subscription --
INSERT INTO subscriptions (subscription_id, topic, url, created_at, updated_at)
VALUES (:subscription_id, :topic, :url, :at, :at);

-- add_delivery --
INSERT INTO deliveries (event_id, subscription_id, topic, url, body, state, due_at, created_at)
VALUES (:event_id, :subscription_id, :topic, :url, :body, :state, :due_at, :at);

-- due_deliveries --
-- What is to be sent now, oldest due first.
SELECT id, event_id, subscription_id, topic, url, body, attempts
  FROM deliveries
 WHERE state = 'pending' AND due_at <= :now
 ORDER BY due_at, id
 LIMIT :limit;

-- settle_delivery --
-- The end of one attempt. A delivery that was cancelled meanwhile stays cancelled, and one that a
-- reset has removed does not give its result to another that has its number now.
UPDATE deliveries
   SET state = :state, attempts = attempts + 1, due_at = :due_at, last_status = :last_status,
       last_error = :last_error, delivered_at = :delivered_at
 WHERE id = :id AND event_id = :event_id AND state = 'pending';

-- totals --
-- Everything /sandbox/summary and the page count, in one row.
SELECT (SELECT count(*) FROM customers) AS customers,
       (SELECT count(*) FROM orders) AS orders,
       (SELECT count(*) FROM products) AS products,
       (SELECT count(*) FROM variants) AS variants,
       (SELECT count(*) FROM rewards) AS rewards_issued,
       (SELECT count(*) FROM rewards WHERE state = 'used') AS rewards_used,
       (SELECT count(*) FROM referrals) AS referrals,
       (SELECT count(*) FROM referrals WHERE state = 'completed') AS referrals_completed,
       (SELECT count(*) FROM movements) AS movements,
       (SELECT coalesce(sum(points), 0) FROM movements) AS points,
       (SELECT count(*) FROM calls) AS calls,
       (SELECT count(*) FROM calls WHERE fault IS NOT NULL) AS calls_with_fault,
       (SELECT count(*) FROM orders WHERE awards > 1) AS orders_awarded_twice,
       (SELECT count(*) FROM orders WHERE deductions > 1) AS orders_deducted_twice;
