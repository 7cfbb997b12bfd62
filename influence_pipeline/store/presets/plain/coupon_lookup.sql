-- Is there a coupon with this code, and whose is it? The shop compares codes with their case.
SELECT code, customer_id
FROM discount_codes
WHERE code = :code
