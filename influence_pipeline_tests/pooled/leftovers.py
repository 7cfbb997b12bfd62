"""What of a session is left in the backends that a pooler shares: it would be found by somebody else,
or missed by who has left it."""

from __future__ import annotations

from contextlib import ExitStack, closing

import psycopg2

from influence_pipeline_tests.support.pgbouncer import POOL_SIZE

# pgbouncer itself keeps these as each of its clients has them.
_KEPT_BY_PGBOUNCER = (
    "application_name",
    "client_encoding",
    "DateStyle",
    "TimeZone",
    "standard_conforming_strings",
)
_LEFT = """
SELECT 'setting ' || name FROM pg_settings WHERE source = 'session' AND name <> ALL (%s)
UNION ALL SELECT 'prepared statement ' || name FROM pg_prepared_statements
UNION ALL SELECT 'advisory lock ' || objid FROM pg_locks
          WHERE locktype = 'advisory' AND pid = pg_backend_pid()
UNION ALL SELECT 'temporary table ' || relname FROM pg_class
          WHERE relpersistence = 't' AND relkind = 'r' AND pg_table_is_visible(oid)
UNION ALL SELECT 'listens to ' || channel FROM pg_listening_channels() channel
UNION ALL SELECT 'cursor ' || name FROM pg_cursors WHERE is_holdable
"""


def left_behind(url: str) -> set[str]:
    """Look at every backend of this database and role: as many transactions at once as there are
    backends get one each."""
    found: set[str] = set()
    with ExitStack() as held:
        backends = set()
        for _ in range(POOL_SIZE):
            cursor = held.enter_context(closing(psycopg2.connect(url))).cursor()
            cursor.execute("SELECT pg_backend_pid()")
            backends.add(cursor.fetchone())
            cursor.execute(_LEFT, (list(_KEPT_BY_PGBOUNCER),))
            found |= {what for (what,) in cursor}
        assert len(backends) == POOL_SIZE
    return found
