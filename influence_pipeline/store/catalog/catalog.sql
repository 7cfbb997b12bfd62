-- name: relations
-- Tables, views and foreign tables that are somebody's own; a partition counts as its parent.
SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
       quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS quoted,
       CASE WHEN c.relkind = 'p' THEN (
           SELECT sum(greatest(p.reltuples, 0))
           FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid
           WHERE i.inhparent = c.oid
       ) WHEN c.reltuples >= 0 THEN c.reltuples END::bigint AS rows,
       c.relpages > 0 OR (c.relkind IN ('r', 'm') AND pg_relation_size(c.oid) > 0) AS filled,
       pg_table_is_visible(c.oid) AS on_path,
       has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT') AS readable,
       coalesce(left(obj_description(c.oid, 'pg_class'), 100), '') AS comment
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND NOT c.relispartition
  AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (
      SELECT FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
  )
ORDER BY n.nspname, c.relname

-- name: columns
-- `base` is the type under a domain, `labels` the values of an enum.
WITH RECURSIVE unwrapped (whole, oid) AS (
    SELECT oid, oid FROM pg_type
    UNION ALL
    SELECT u.whole, t.typbasetype FROM unwrapped u JOIN pg_type t USING (oid) WHERE t.typtype = 'd'
)
SELECT a.attrelid::bigint AS relation, a.attname AS name, quote_ident(a.attname) AS quoted,
       format_type(a.atttypid, a.atttypmod) AS type, format_type(base.oid, NULL) AS base,
       base.typcategory::text AS category, a.attnotnull AS not_null,
       a.atthasdef OR a.attidentity <> '' AS has_default,
       CASE WHEN base.oid = 'numeric'::regtype AND a.atttypmod > 0
            THEN (a.atttypmod - 4) & 65535 END AS scale,
       has_column_privilege(a.attrelid, a.attnum, 'SELECT') AS readable,
       (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e
        WHERE e.enumtypid = base.oid) AS labels
FROM pg_attribute a
JOIN unwrapped u ON u.whole = a.atttypid
JOIN pg_type base ON base.oid = u.oid AND base.typtype <> 'd'
WHERE a.attrelid = ANY (CAST(:relations AS oid[])) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum

-- name: constraints
-- Primary keys, unique ones and foreign keys, with the names of their columns in order.
SELECT c.conrelid::bigint AS relation, c.contype::text AS kind,
       CASE WHEN c.contype = 'f' THEN c.confrelid::bigint END AS target,
       (SELECT array_agg(a.attname::text ORDER BY k.place)
        FROM unnest(c.conkey) WITH ORDINALITY AS k (number, place)
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number) AS columns,
       (SELECT array_agg(a.attname::text ORDER BY k.place)
        FROM unnest(c.confkey) WITH ORDINALITY AS k (number, place)
        JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number) AS target_columns
FROM pg_constraint c
WHERE c.contype IN ('p', 'u', 'f') AND c.conrelid = ANY (CAST(:relations AS oid[]))
ORDER BY c.conrelid, c.contype, c.conname

-- name: indexes
-- Which columns an index begins with; `single`: the index is unique, whole, and of this one column.
SELECT i.indrelid::bigint AS relation, a.attname AS name,
       i.indisunique AND i.indnkeyatts = 1 AND i.indpred IS NULL AS single
FROM pg_index i
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indisvalid AND i.indrelid = ANY (CAST(:relations AS oid[]))
