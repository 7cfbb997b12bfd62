"""The store's server: can it be reached, safely, and can changes be followed on it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Findings, error, note, ok, skipped, warning
from influence_pipeline.errors import InfluencePipelineError
from influence_pipeline.postgres import Postgres, parse_url, run
from influence_pipeline.store.changes import present

# What the change search stands on came with Postgres 10 in part, pg_current_snapshot with 13.
_OLDEST = 130000
_SKEW_SECONDS = 30.0
STORE = "INFLUENCE_STORE_URL"


def reached(database: Postgres, variable: str) -> Findings:
    """Say what answers there."""
    try:
        with database.transaction() as connection:
            version, number, user, name = run(
                connection,
                "SELECT version(), current_setting('server_version_num')::int, current_user, "
                "current_database()",
            ).fetchone()
    except InfluencePipelineError as failure:
        yield error(
            str(failure),
            where=variable,
            why="Nothing can be read or written there.",
            mend=next((mend for sign, mend in _MENDS if sign in str(failure)), _TRY_BY_HAND),
        )
        return
    if not version.startswith("PostgreSQL") or " on " not in version:
        yield error(
            f"what answers is no Postgres: {version[:60]}",
            where=variable,
            why="Changes are followed by transaction ids as Postgres keeps them.",
            mend="Point it at the store's own Postgres.",
        )
    elif number < _OLDEST:
        yield error(
            f"Postgres {number // 10000} is too old",
            where=variable,
            why="Changes are followed by pg_current_snapshot(), which came with Postgres 13.",
            mend="Upgrade the server, or read from a newer copy of it.",
        )
    else:
        yield ok(f"Postgres {version.split()[1]} at {database.place}, as role {user}, {name}")


_TRY_BY_HAND = "Try the same URL with psql from this machine."
# By what libpq says, in the words of `errors.describe_database_error`.
_MENDS = (
    ("password", "Correct user and password; @ : / # ? % in it are percent-encoded (@ is %40)."),
    ("nothing listens", "Correct host and port, or start the server."),
    ("host name", "Correct the host's name."),
    ("pg_hba", "Let this machine and role in, in the server's pg_hba.conf."),
    ("database or the role", "Correct the database's and the role's name."),
    ("TLS", "Correct sslmode and sslrootcert in the URL."),
    ("free connection", "Raise max_connections, or put a pooler between."),
    ("in time", "Is the host right, and does a firewall let this machine through?"),
)


def tls(desk: Desk, database: Postgres, variable: str, url: str) -> Findings:
    """Hold the connection's encryption against where the server is."""
    given = parse_url(url, variable)
    host = given.get("host") or given.get("hostaddr") or ""
    mode = given.get("sslmode", "prefer")
    if is_near(host):
        yield ok("the server is on this machine; TLS is not needed")
        return
    with database.transaction() as connection:
        found = run(connection, _ENCRYPTION).fetchone()
    if not found[0]:
        # In a network of one's own it is usual, and still readable to who is in it.
        say = warning if found[2] else error
        yield say(
            "the connection is not encrypted",
            where=variable,
            why="Names, e-mails and the password travel readable.",
            mend="Add ?sslmode=verify-full&sslrootcert=… to the URL, and let the server speak TLS.",
        )
    elif mode not in {"verify-full", "verify-ca"}:
        yield warning(
            f"the connection is encrypted ({found[1]}), and nobody looks whose server it is "
            f"(sslmode={mode})",
            where=variable,
            why="Somebody between could read along.",
            mend="Add sslmode=verify-full&sslrootcert=<the provider's CA> to the URL.",
        )
    else:
        yield ok(f"encrypted ({found[1]}), sslmode={mode}")


_ENCRYPTION = """
    SELECT coalesce(s.ssl, false), s.version,
           coalesce(inet_server_addr() <<= ANY (ARRAY['10.0.0.0/8', '172.16.0.0/12', '127.0.0.0/8',
               '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7']::inet[]), true)
    FROM (VALUES (pg_backend_pid())) AS me (pid) LEFT JOIN pg_stat_ssl s USING (pid)
"""


def is_near(host: str) -> bool:
    """Tell whether a host is this machine."""
    return not host or all(
        one in {"localhost", "127.0.0.1", "::1", ""} or one.startswith(("/", "@"))
        for one in host.split(",")
    )


def clock(database: Postgres, variable: str) -> Findings:
    """Compare the server's clock with ours."""
    before = datetime.now(UTC)
    with database.transaction() as connection:
        theirs: datetime = run(connection, "SELECT clock_timestamp()").fetchone()[0]
    after = datetime.now(UTC)
    ours = before + (after - before) / 2
    skew = (theirs - ours).total_seconds()
    if abs(skew) > _SKEW_SECONDS + (after - before).total_seconds():
        yield warning(
            f"its clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} this machine's",
            where=variable,
            why="Cut-over, expiry of coupons and waits are told by these clocks.",
            mend="Let both keep time by NTP.",
        )
    else:
        yield ok(f"its clock agrees with this machine's ({skew:+.1f} s)")


def poolers(database: Postgres, variable: str) -> Findings:
    """Tell whether a session stays on one server process: a pooler in transaction or statement
    mode gives another one for each transaction."""
    pids: set[int] = set()
    with database.direct() as connection:
        driver = connection.connection
        for _ in range(8):
            pids.add(connection.ask("SELECT pg_backend_pid() AS pid")[0]["pid"])
            driver.commit()
        reported = driver.get_parameter_status("server_version") or ""
    if len(pids) > 1:
        yield note(
            "there is a pooler between that gives each transaction another session",
            where=variable,
            why="The pipeline needs no session of its own, so that is fine.",
        )
    else:
        yield ok(f"each connection keeps its session (server {reported})")


def _reach(desk: Desk) -> Findings:
    yield from reached(desk.store, STORE)


def _tls(desk: Desk) -> Findings:
    yield from tls(desk, desk.store, STORE, desk.settings.secret("store_url"))


def _clock(desk: Desk) -> Findings:
    yield from clock(desk.store, STORE)


def _pooler(desk: Desk) -> Findings:
    yield from poolers(desk.store, STORE)


def _encoding(desk: Desk) -> Findings:
    with desk.asking() as connection:
        found = run(connection, "SHOW server_encoding").fetchone()[0]
    if found == "SQL_ASCII":
        yield warning(
            "the database has the encoding SQL_ASCII: nobody knows what its letters are",
            where=STORE,
            why="A name that is not valid UTF-8 cannot be read, and its record is parked.",
            mend="Convert the database to UTF8.",
        )
    else:
        yield ok(f"the database's encoding is {found}")


def _role(desk: Desk) -> Findings:
    """Primary or standby, and what that means for the search for changes."""
    with desk.asking() as connection:
        standby, feedback, delay = run(
            connection,
            "SELECT pg_is_in_recovery(), current_setting('hot_standby_feedback'), "
            "current_setting('max_standby_streaming_delay')",
        ).fetchone()
    if not standby:
        yield ok("it is the primary")
    elif feedback == "off" and delay != "-1":
        yield note(
            "it is a standby, which may cancel long reads "
            f"(max_standby_streaming_delay = {delay}, hot_standby_feedback = off)",
            where=STORE,
            why="Reads are cut into short parts and tried again at the next sync; changes show "
            "when they have been replayed.",
            mend="hot_standby_feedback = on on the standby avoids it.",
        )
    else:
        yield ok("it is a standby; changes show when they have been replayed")


def _transaction_ids(desk: Desk) -> Findings:
    """Whether changed rows can be told by the transaction that wrote them."""
    with desk.asking() as connection:
        now = present(connection)
    yield ok(f"rows carry transaction ids that can be compared (now {now.next_xid:,})")


def _long_transactions(desk: Desk) -> Findings:
    overlap = desk.config.capture.overlap_minutes * 60
    stamped = any(
        source.changed_at is not None
        for entity in desk.mappings
        for source in desk.config.mapping(entity).sources
    )
    with desk.asking() as connection:
        sees_all, age = run(connection, _OLDEST_TRANSACTION).fetchone()
    if not sees_all:
        yield skipped("this role may not see other sessions (GRANT pg_read_all_stats TO it)")
        return
    if age is None or age <= overlap:
        yield ok("no transaction is open for long")
    elif stamped:
        yield error(
            f"a transaction that writes has been open for {age / 60:.0f} min, longer than "
            f"overlap_minutes ({overlap / 60:g})",
            where=desk.place("capture", "overlap_minutes"),
            why="What it commits is missed by sources with changed_at until the next full compare.",
            mend="End that transaction, or set overlap_minutes above the longest one.",
        )
    else:
        yield note(
            f"a transaction that writes has been open for {age / 60:.0f} min",
            where=STORE,
            why="Nothing is missed: sources are followed by transaction ids. It keeps the store's "
            "vacuum from cleaning up.",
        )


_OLDEST_TRANSACTION = """
    SELECT pg_has_role('pg_read_all_stats', 'USAGE')
           OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
           (SELECT extract(epoch FROM max(now() - xact_start))::float FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
              AND backend_xid IS NOT NULL)
"""


def _not_the_state(desk: Desk) -> Findings:
    """The two URLs are easily swapped, and then everything else sounds odd."""
    with desk.asking() as connection:
        ours, others = run(
            connection, _WHOSE_TABLES, {"schema": desk.config.state_schema}
        ).fetchone()
    if ours and not others:
        yield error(
            "this database holds the pipeline's own tables and nothing else",
            where=STORE,
            why="The store's tables are not in it.",
            mend="INFLUENCE_STORE_URL and INFLUENCE_STATE_URL look swapped; change them round.",
        )
    elif not others:
        yield error(
            "there is not one table in this database that this role can see",
            where=STORE,
            why="The store's tables are not in it, or in a schema that the role has no rights on.",
            mend="Is it the right database? Else grant the role its rights: "
            "`influence-pipeline roles` prints them.",
        )
    else:
        yield ok(f"{others:,} tables and views of the store")


_WHOSE_TABLES = """
    SELECT count(*) FILTER (WHERE n.nspname = %(schema)s AND c.relname = 'schema_version'),
           count(*) FILTER (WHERE n.nspname <> %(schema)s OR %(schema)s = 'public')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^(pg_|information_schema)'
      AND (has_schema_privilege(n.oid, 'USAGE'))
"""


def _capacity(desk: Desk) -> Findings:
    with desk.asking() as connection:
        row: Any = run(connection, _CONNECTIONS).fetchone()
    limit, most, reserved = row
    room = min(limit if limit >= 0 else most, most - reserved)
    if 0 <= limit < _CONNECTIONS_NEEDED:
        yield error(
            f"the role may open {limit} connections at once",
            where=STORE,
            why=f"A sync and a run of Dagster beside it open up to {_CONNECTIONS_NEEDED}.",
            mend=f"ALTER ROLE … CONNECTION LIMIT {_CONNECTIONS_NEEDED * 2};",
        )
    else:
        yield ok(f"the role may open {room} connections")


_CONNECTIONS_NEEDED = 5
_CONNECTIONS = """
    SELECT r.rolconnlimit, current_setting('max_connections')::int,
           current_setting('superuser_reserved_connections')::int
    FROM pg_roles r WHERE r.rolname = current_user
"""

_SET = ("config.file", "config.store_url")
_THERE = ("store.connection",)
CHECKS = (
    Check("store.connection", "the store can be reached", _reach, _SET),
    Check("store.tls", "the connection is encrypted", _tls, _THERE),
    Check("store.database", "it is the store's database", _not_the_state, _THERE),
    Check("store.role", "it is the primary", _role, _THERE),
    Check("store.pooler", "sessions are as they seem", _pooler, _THERE),
    Check("store.encoding", "the encoding is known", _encoding, _THERE),
    Check("store.clock", "its clock agrees with this machine's", _clock, _THERE),
    Check("store.transaction_ids", "changed rows can be told by xmin", _transaction_ids, _THERE),
    Check("store.long_transactions", "no transaction is open for long", _long_transactions, _THERE),
    Check("store.connections", "there is room for its connections", _capacity, _THERE),
)
