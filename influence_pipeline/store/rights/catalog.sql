-- Questions to the store's catalog about rights. All of them only read pg_catalog.

-- name: relations
-- What relations are: as SQL writes them, and what matters for rights.
SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name,
       format('%I.%I', n.nspname, c.relname) AS written,
       c.relkind::text AS kind, c.relrowsecurity AS row_security,
       n.oid::bigint AS schema_oid,
       coalesce('security_invoker=true' = ANY (c.reloptions)
                OR 'security_invoker=on' = ANY (c.reloptions)
                OR 'security_invoker=1' = ANY (c.reloptions)
                OR 'security_invoker=yes' = ANY (c.reloptions), false) AS as_invoker
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY (:oids ::bigint[]::oid[]) AND n.nspname <> 'pg_catalog'

-- name: columns
-- Their columns, and the one to grant where any will do: the first of the primary key, else the
-- first there is.
SELECT a.attrelid::bigint AS relation, a.attnum AS number, a.attname AS name,
       quote_ident(a.attname) AS written,
       row_number() OVER (
           PARTITION BY a.attrelid
           ORDER BY a.attnum < 0, coalesce(array_position(i.indkey::int2[], a.attnum), 32767), a.attnum
       ) = 1 AS is_first
FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
WHERE a.attrelid = ANY (:oids ::bigint[]::oid[]) AND NOT a.attisdropped

-- name: view
-- What a view says.
SELECT pg_get_viewdef(:oid ::bigint::oid) AS says

-- name: functions
-- Functions of the store's own, and whether everybody may call them. `opaque`: it runs with the
-- caller's rights, and what it does is not in the statement that calls it.
SELECT p.oid::bigint AS oid, n.oid::bigint AS schema_oid,
       format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS written,
       has_function_privilege('public', p.oid, 'EXECUTE') AS for_all,
       p.prolang NOT IN (SELECT oid FROM pg_language WHERE lanname IN ('internal', 'c'))
       AND NOT p.prosecdef AS opaque
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.oid = ANY (:oids ::bigint[]::oid[]) AND n.nspname <> 'pg_catalog'

-- name: schemas_of
-- The schemas of operators and types that are named.
SELECT o.oprnamespace::bigint AS oid FROM pg_operator o WHERE o.oid = ANY (:operators ::bigint[]::oid[])
UNION
SELECT t.typnamespace::bigint FROM pg_type t WHERE t.oid = ANY (:types ::bigint[]::oid[])

-- name: schemas
-- Schemas, and whether everybody may use them.
SELECT n.oid::bigint AS oid, quote_ident(n.nspname) AS written,
       has_schema_privilege('public', n.oid, 'USAGE') AS for_all
FROM pg_namespace n
WHERE n.oid = ANY (:oids ::bigint[]::oid[]) AND n.nspname NOT IN ('pg_catalog', 'information_schema')

-- name: called_by_writing
-- What an INSERT calls beside what it says: functions and sequences of the defaults of columns that
-- it leaves out (`columns`: those it names), and functions of checks.
WITH written (relation, columns) AS (
    SELECT w.relation::oid, w.columns
    FROM jsonb_to_recordset(:written ::jsonb) AS w (relation bigint, columns jsonb)
), called AS (
    SELECT d.refclassid, d.refobjid
    FROM written w
    JOIN pg_attrdef f ON f.adrelid = w.relation AND NOT w.columns @> to_jsonb(f.adnum)
    JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
    UNION
    SELECT d.refclassid, d.refobjid
    FROM written w
    JOIN pg_constraint c ON c.conrelid = w.relation AND c.contype = 'c'
    JOIN pg_depend d ON d.classid = 'pg_constraint'::regclass AND d.objid = c.oid
)
SELECT 'function' AS kind, refobjid::bigint AS oid FROM called WHERE refclassid = 'pg_proc'::regclass
UNION ALL
SELECT 'sequence', c.oid::bigint FROM called JOIN pg_class c ON c.oid = refobjid AND c.relkind = 'S'
WHERE refclassid = 'pg_class'::regclass

-- name: triggers
-- Triggers of the store's own that a write sets off, with their functions, which run with the
-- writer's rights.
SELECT format('%I.%I', n.nspname, c.relname) AS relation, t.tgname AS name,
       p.oid::regprocedure::text AS function
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_proc p ON p.oid = t.tgfoid AND NOT p.prosecdef
WHERE t.tgrelid = ANY (:oids ::bigint[]::oid[]) AND NOT t.tgisinternal AND t.tgenabled <> 'D'
ORDER BY 1, 2

-- name: paths
-- The search path of this session, and the one that a new role would have here.
SELECT current_schemas(false)::text[] AS present,
       coalesce(
           (SELECT substr(setting, length('search_path=') + 1)
            FROM pg_db_role_setting s
            JOIN pg_database d ON d.oid = s.setdatabase AND d.datname = current_database(),
                 unnest(s.setconfig) AS setting
            WHERE s.setrole = 0 AND setting LIKE 'search_path=%'),
           (SELECT CASE WHEN source IN ('default', 'configuration file') THEN setting ELSE boot_val END
            FROM pg_settings WHERE name = 'search_path')
       ) AS of_a_new_role

-- name: not_usable
-- Schemas that this role may not use. `on_path`: its search path names them.
SELECT nspname AS name, quote_ident(nspname) AS written,
       nspname IN (SELECT trim(both ' "' FROM p)
                   FROM unnest(string_to_array(current_setting('search_path'), ',')) AS p) AS on_path
FROM pg_namespace
WHERE NOT has_schema_privilege(oid, 'USAGE') AND nspname !~ '^pg_'

-- name: lacking
-- Of these rights those that this role does not have. `number` NULL: on the whole object.
SELECT r.place, r.number
FROM ROWS FROM (
    unnest(:kinds ::text[]), unnest(:oids ::bigint[]), unnest(:numbers ::int[]),
    unnest(:privileges ::text[]), unnest(:places ::int[])
) AS r (kind, oid, number, privilege, place)
WHERE NOT CASE r.kind
    WHEN 'SCHEMA' THEN has_schema_privilege(r.oid::oid, r.privilege)
    WHEN 'FUNCTION' THEN has_function_privilege(r.oid::oid, r.privilege)
    WHEN 'SEQUENCE' THEN has_sequence_privilege(r.oid::oid, r.privilege)
    ELSE CASE WHEN r.number IS NULL THEN has_table_privilege(r.oid::oid, r.privilege)
         ELSE has_column_privilege(r.oid::oid, r.number::int2, r.privilege) END
END
ORDER BY 1, 2

-- name: me
-- This role, as SQL writes it, and what it may do besides rights on objects.
SELECT quote_ident(current_user) AS written, r.rolsuper, r.rolcreatedb, r.rolcreaterole,
       r.rolreplication, r.rolbypassrls,
       quote_ident(current_database()) AS database,
       has_database_privilege(current_database(), 'CREATE') AS may_create,
       has_database_privilege(current_database(), 'TEMPORARY') AS may_temp,
       has_database_privilege('public', current_database(), 'TEMPORARY') AS all_may_temp
FROM pg_roles r WHERE r.rolname = current_user

-- name: memberships
-- Roles that this one is a member of, itself or through others; but for those that only look at how
-- the server is, which a reader may be given so that it can warn of long transactions.
SELECT quote_ident(r.rolname) AS written FROM pg_roles r
WHERE pg_has_role(current_user, r.oid, 'MEMBER') AND r.rolname <> current_user
  AND r.rolname NOT IN ('pg_monitor', 'pg_read_all_stats', 'pg_read_all_settings', 'pg_stat_scan_tables')
ORDER BY 1

-- name: of_what_comes
-- What this role gets on objects that others will make (ALTER DEFAULT PRIVILEGES).
SELECT quote_ident(o.rolname) AS owner, a.privilege_type AS privilege,
       CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES'
                            WHEN 'n' THEN 'SCHEMAS' ELSE 'TYPES' END AS kind,
       coalesce(' in schema ' || quote_ident(n.nspname), '') AS place,
       coalesce(' IN SCHEMA ' || quote_ident(n.nspname), '') AS clause
FROM pg_default_acl d
JOIN pg_roles o ON o.oid = d.defaclrole
LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
CROSS JOIN aclexplode(d.defaclacl) AS a
JOIN pg_roles me ON me.oid = a.grantee AND me.rolname = current_user
WHERE o.oid <> me.oid
ORDER BY 1, 3, 2

-- name: excess_on_schemas
SELECT quote_ident(n.nspname) AS written, has_schema_privilege('public', n.oid, 'CREATE') AS for_all
FROM pg_namespace n
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND has_schema_privilege(n.oid, 'CREATE')
ORDER BY 1

-- name: owned
-- What this role owns here, or may act for the owner of.
SELECT format('%s %I.%I', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END,
              n.nspname, c.relname) AS written
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema' AND pg_has_role(c.relowner, 'USAGE')
ORDER BY 1

-- name: held_on_tables
-- What this role may do with whole tables or single columns, but for system columns; with
-- sequences; and with functions that not everybody may call. `number` NULL:
-- the privilege is one of tables only. `for_all`: everybody has it.
SELECT c.oid::bigint AS oid, 'TABLE' AS kind, format('%I.%I', n.nspname, c.relname) AS written,
       p.privilege, a.attnum AS number, quote_ident(a.attname) AS column_written,
       has_column_privilege('public', c.oid, a.attnum, p.privilege) AS for_all,
       has_table_privilege(c.oid, p.privilege) AS on_table
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS p (privilege)
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
  AND has_any_column_privilege(c.oid, p.privilege)
  AND has_column_privilege(c.oid, a.attnum, p.privilege)
UNION ALL
SELECT c.oid::bigint, 'TABLE', format('%I.%I', n.nspname, c.relname), p.privilege, NULL, NULL,
       has_table_privilege('public', c.oid, p.privilege), true
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER']) AS p (privilege)
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema' AND has_table_privilege(c.oid, p.privilege)
UNION ALL
SELECT c.oid::bigint, 'SEQUENCE', format('%I.%I', n.nspname, c.relname), p.privilege, NULL, NULL,
       has_sequence_privilege('public', c.oid, p.privilege), true
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS p (privilege)
WHERE c.relkind = 'S' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND has_sequence_privilege(c.oid, p.privilege)
UNION ALL
SELECT p.oid::bigint, 'FUNCTION', format('%I.%I(%s)', n.nspname, p.proname,
                                         pg_get_function_identity_arguments(p.oid)),
       'EXECUTE', NULL, NULL, false, true
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.proacl IS NOT NULL AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND has_function_privilege(p.oid, 'EXECUTE')
  AND NOT has_function_privilege('public', p.oid, 'EXECUTE')
ORDER BY 3, 4, 5

-- name: here
-- What a script for this database must know of it.
SELECT current_database() AS name, current_setting('server_version_num')::int AS version,
       has_database_privilege('public', current_database(), 'TEMPORARY') AS all_may_temp,
       ARRAY(SELECT quote_ident(nspname) FROM pg_namespace
             WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
               AND has_schema_privilege('public', oid, 'CREATE') ORDER BY 1) AS all_may_create_in

-- name: quoted
-- Names and texts as SQL writes them.
SELECT ARRAY(SELECT quote_ident(n) FROM unnest(:names ::text[]) WITH ORDINALITY AS u (n, o) ORDER BY o)
           AS names,
       ARRAY(SELECT quote_literal(n) FROM unnest(:names ::text[]) WITH ORDINALITY AS u (n, o) ORDER BY o)
           AS texts
