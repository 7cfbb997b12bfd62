-- Is there a promotion with this code, and whose is it? Medusa compares codes with their case.
SELECT p.code,
       (
           SELECT min(v.value)
           FROM promotion_promotion_rule pr
           JOIN promotion_rule r ON r.id = pr.promotion_rule_id AND r.deleted_at IS NULL
           JOIN promotion_rule_value v ON v.promotion_rule_id = r.id AND v.deleted_at IS NULL
           WHERE pr.promotion_id = p.id AND r.attribute = 'customer.id' AND r.operator = 'eq'
       ) AS customer_id
FROM promotion p
WHERE p.code = :code AND p.deleted_at IS NULL
