-- Parts of the script for roles. :"role" stands for the role's name, :'role' for the same as a
-- text, both quoted by the server.

-- name: make
-- Makes the role where it is not there; leaves an administrator's alone.
BEGIN
    IF EXISTS (
        SELECT FROM pg_roles
        WHERE rolname = :'role' AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication)
    ) THEN
        RAISE EXCEPTION 'The role % is there already and is an administrator''s. Name another one (influence-pipeline roles --help).',
            :'role';
    ELSIF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') THEN
        CREATE ROLE :"role";
    END IF;
END

-- name: take_away
-- Takes from the role what it was granted on tables, columns, sequences, functions and schemas.
DECLARE
    what text;
BEGIN
    FOR what IN
        WITH me AS (SELECT oid FROM pg_roles WHERE rolname = :'role')
        SELECT format('%s %I.%I', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
                      n.nspname, c.relname)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, me
        WHERE EXISTS (SELECT FROM aclexplode(c.relacl) AS a WHERE a.grantee = me.oid)
           OR EXISTS (SELECT FROM pg_attribute t, aclexplode(t.attacl) AS a
                      WHERE t.attrelid = c.oid AND NOT t.attisdropped AND a.grantee = me.oid)
        UNION ALL
        SELECT format('ROUTINE %I.%I(%s)', n.nspname, p.proname,
                      pg_get_function_identity_arguments(p.oid))
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace, me
        WHERE EXISTS (SELECT FROM aclexplode(p.proacl) AS a WHERE a.grantee = me.oid)
        UNION ALL
        SELECT format('SCHEMA %I', n.nspname)
        FROM pg_namespace n, me
        WHERE EXISTS (SELECT FROM aclexplode(n.nspacl) AS a WHERE a.grantee = me.oid)
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %I', what, :'role');
    END LOOP;
END
