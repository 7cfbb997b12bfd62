-- Takes keys and indexes off the store's tables before a bulk load and remembers them for
-- keys_on.sql, in the same transaction: building an index once is far cheaper than row by row.
CREATE TEMP TABLE keys_taken_off ON COMMIT DROP AS
SELECT CASE contype WHEN 'f' THEN 3 ELSE 1 END AS step,
       format('ALTER TABLE %I DROP CONSTRAINT %I', t.relname, conname) AS take_off,
       format('ALTER TABLE %I ADD CONSTRAINT %I %s',
              t.relname, conname, pg_get_constraintdef(c.oid)) AS put_on
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
WHERE t.relnamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f')
UNION ALL
SELECT 2, format('DROP INDEX %I', i.relname), pg_get_indexdef(i.oid)
FROM pg_class i JOIN pg_index x ON x.indexrelid = i.oid
WHERE i.relnamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.oid);

DO $$
DECLARE statement text;
BEGIN
    FOR statement IN SELECT take_off FROM keys_taken_off ORDER BY step DESC LOOP
        EXECUTE statement;
    END LOOP;
END $$;
