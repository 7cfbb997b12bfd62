-- Is there a promotion with this code? Vendure compares codes without their case, and has no unique
-- index on them.
SELECT "couponCode" AS code
FROM promotion
WHERE lower("couponCode") = lower(:code) AND "deletedAt" IS NULL
