-- name: keys
-- The keys of the hashes; no row: nobody was ever erased.
SELECT erasure.value #>> '{}' AS key, salt.value #>> '{}' AS salt
FROM fact erasure JOIN fact salt ON salt.name = 'email_salt'
WHERE erasure.name = 'erasure_key'

-- name: make_keys
-- E-mails are hashed as in `email_owner`, so that those of somebody who is erased are known by it.
INSERT INTO fact (name, value)
VALUES ('erasure_key', to_jsonb(CAST(:key AS text))), ('email_salt', to_jsonb(CAST(:salt AS text)))
ON CONFLICT (name) DO NOTHING

-- name: mark
INSERT INTO erased (hash, person)
SELECT CAST(h AS uuid), CAST(:person AS uuid) FROM unnest(CAST(:hashes AS text[])) AS h
UNION
SELECT email_hash, CAST(:person AS uuid) FROM email_owner WHERE key = :customer
ON CONFLICT DO NOTHING

-- name: disown
-- An e-mail that a customer is sent with is nobody's who was erased. So it must not be theirs.
DELETE FROM email_owner WHERE key = :customer

-- name: draw_fence
-- Who claims with a number that is drawn before this one may have asked before it was noted.
UPDATE erased SET fence = nextval('fence_seq')
WHERE person = CAST(:person AS uuid) AND fence IS NULL

-- name: unmark
DELETE FROM erased WHERE person = CAST(:person AS uuid)

-- name: marked
-- Which of these hashes are of somebody erased, and which are of an e-mail that a customer has now.
SELECT h AS hash, EXISTS (SELECT FROM erased WHERE hash = CAST(h AS uuid)) AS marked,
       EXISTS (SELECT FROM email_owner WHERE email_hash = CAST(h AS uuid)) AS owned
FROM unnest(CAST(:hashes AS text[])) AS h

-- name: marked_of
-- Which are of this one customer: noted as such, or of an e-mail of theirs.
SELECT h FROM unnest(CAST(:hashes AS text[])) AS h
WHERE EXISTS (SELECT FROM erased WHERE hash = CAST(h AS uuid) AND person = CAST(:person AS uuid))
   OR EXISTS (SELECT FROM email_owner WHERE email_hash = CAST(h AS uuid) AND key = :customer)

-- name: emails_of
-- Which of these hashes are of an e-mail of this customer.
SELECT h FROM unnest(CAST(:hashes AS text[])) AS h
JOIN email_owner o ON o.email_hash = CAST(h AS uuid) AND o.key = :customer

-- name: salt
SELECT value #>> '{}' FROM fact WHERE name = 'email_salt'

-- name: drop_customers
-- Customers whom a capture has staged and who were erased. The hash is HMAC-SHA-256, as Python has it,
-- with the key's two pads given.
WITH marks AS MATERIALIZED (
    SELECT hash FROM erased
), dropped AS (
    DELETE FROM staged WHERE CAST(encode(substring(sha256(CAST(:outer AS bytea) || sha256(
        CAST(:inner AS bytea) || convert_to('customer:' || key, 'UTF8'))) FROM 1 FOR 16), 'hex') AS uuid)
        IN (SELECT hash FROM marks)
)
DELETE FROM poison WHERE CAST(encode(substring(sha256(CAST(:outer AS bytea) || sha256(
    CAST(:inner AS bytea) || convert_to('customer:' || key, 'UTF8'))) FROM 1 FOR 16), 'hex') AS uuid)
    IN (SELECT hash FROM marks)

-- name: still_in_store
-- A store whose source rows have no fingerprints has none in its snapshots either.
SELECT CASE WHEN EXISTS (SELECT FROM snapshot WHERE entity = 'customer' AND source_hash IS NOT NULL)
THEN (
    SELECT count(*) FROM left_out
    WHERE entity = 'customer' AND CAST(encode(substring(sha256(CAST(:outer AS bytea) || sha256(
        CAST(:inner AS bytea) || convert_to('customer:' || key, 'UTF8'))) FROM 1 FOR 16), 'hex') AS uuid)
        IN (SELECT hash FROM erased))
ELSE (SELECT count(DISTINCT person) FROM erased) END
