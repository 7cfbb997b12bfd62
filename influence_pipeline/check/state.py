"""The state database: reachable, safe from a power cut, its schema of this version, apart."""

from __future__ import annotations

from datetime import datetime, timedelta

from influence_pipeline.check import server
from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Findings, error, note, ok, warning
from influence_pipeline.postgres import parse_url, run
from influence_pipeline.state.connection import VARIABLE, newest_revision
from influence_pipeline.state.database import revision_of


def _reach(desk: Desk) -> Findings:
    yield from server.reached(desk.state, VARIABLE)


def _tls(desk: Desk) -> Findings:
    yield from server.tls(desk, desk.state, VARIABLE, desk.settings.secret("state_url"))


def _clock(desk: Desk) -> Findings:
    yield from server.clock(desk.state, VARIABLE)


def _pooler(desk: Desk) -> Findings:
    yield from server.poolers(desk.state, VARIABLE)


def _durable(desk: Desk) -> Findings:
    """What was acknowledged must survive a power cut."""
    with desk.state.transaction() as connection:
        found = dict(
            run(
                connection,
                "SELECT name, setting FROM pg_settings WHERE name IN "
                "('fsync', 'full_page_writes', 'synchronous_commit')",
            ).fetchall()
        )
    off = [name for name in ("fsync", "full_page_writes") if found.get(name) == "off"]
    for name in off:
        yield error(
            f"{name} is off",
            where=VARIABLE,
            why="A power cut can destroy the database, and with it which orders were sent and "
            "which redemptions came.",
            mend=f"{name} = on in postgresql.conf of the state's server. (A throw-away database "
            'for trials may keep it: [check] accept = ["state.durability"].)',
        )
    if found.get("synchronous_commit") == "off":
        yield note(
            "synchronous_commit is off by default there",
            where=VARIABLE,
            why="It is set to on in each transaction that must last, so nothing is lost by it.",
        )
    elif not off:
        yield ok("fsync, full_page_writes and synchronous_commit are on")


def _writable(desk: Desk) -> Findings:
    with desk.state.transaction() as connection:
        standby, read_only = run(
            connection,
            "SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only')",
        ).fetchone()
    if standby or read_only == "on":
        yield error(
            "it is a standby" if standby else "its transactions are read-only by default",
            where=VARIABLE,
            why="The state must be written.",
            mend="Name the primary, and a role that may write.",
        )


def _schema(desk: Desk) -> Findings:
    schema = desk.config.state_schema
    found, newest = revision_of(desk.state, schema), newest_revision()
    if found == newest:
        yield ok(f'schema "{schema}" is of this version ({newest})')
    elif found is None:
        with desk.state.transaction() as connection:
            there, may_create, tables = run(connection, _SCHEMA, {"schema": schema}).fetchone()
        if not may_create:
            yield error(
                f'there is no schema "{schema}" that the role may fill',
                where=VARIABLE,
                why="The pipeline makes its tables in it at the first start.",
                mend="`influence-pipeline roles --only state` prints what to grant.",
            )
        elif there and tables:
            yield error(
                f'the schema "{schema}" is there, with tables that are not the pipeline\'s',
                where=desk.place("state_schema"),
                why="The pipeline would make its own tables among them.",
                mend='Name another one: state_schema = "influence_pipeline".',
            )
        else:
            yield note(
                f'the schema "{schema}" is not there yet',
                where=VARIABLE,
                why="The first `plan` or `sync` makes it.",
            )
    elif found < newest:
        yield note(
            f'schema "{schema}" is of an older version ({found}, now {newest})',
            where=VARIABLE,
            why="The next command brings it up to this version, once, under a lock.",
        )
    else:
        yield error(
            f'schema "{schema}" has revision {found}, made by a newer influence-pipeline; this one '
            f"knows up to {newest}",
            where=VARIABLE,
            why="An older program could spoil it.",
            mend="Install the newer version.",
        )


_SCHEMA = """
    SELECT to_regnamespace(quote_ident(%(schema)s)) IS NOT NULL,
           CASE WHEN to_regnamespace(quote_ident(%(schema)s)) IS NULL
                THEN has_database_privilege(current_database(), 'CREATE')
                ELSE has_schema_privilege(to_regnamespace(quote_ident(%(schema)s))::oid, 'CREATE')
           END,
           (SELECT count(*) FROM pg_class
            WHERE relnamespace = to_regnamespace(quote_ident(%(schema)s))::oid AND relkind = 'r')
"""


def _apart(desk: Desk) -> Findings:
    """Whether it shares a database with the store, and what that means."""
    state = parse_url(desk.settings.secret("state_url"), VARIABLE)
    store = parse_url(desk.settings.secret("store_url"), "INFLUENCE_STORE_URL")
    same = all(
        (state.get(name) or default) == (store.get(name) or default)
        for name, default in (("host", ""), ("port", "5432"), ("dbname", ""))
    )
    if same and state.get("user") == store.get("user"):
        yield warning(
            "the state and the store are the same database, reached by the same role",
            where=VARIABLE,
            why="That role reads customers and writes the pipeline's tables in the shop's own "
            "database.",
            mend="`influence-pipeline roles` prints a role each; a database of its own for the "
            "state is better still.",
        )
    elif same:
        yield note(
            "the state lies in the store's own database",
            where=VARIABLE,
            why="Coupons and their events can then be written in one transaction. A backup of the "
            "shop that is restored takes the state back too.",
        )


def _a_little_before(moment: str) -> datetime:
    """Of a moment that is written to the second, and kept to the microsecond."""
    return datetime.fromisoformat(moment) - timedelta(minutes=1)


def _go_live(desk: Desk) -> Findings:
    """A cut-over that was noted by a sync, against the one in the file."""
    from influence_pipeline.sync import status
    from influence_pipeline.sync.engine import GO_LIVE

    if revision_of(desk.state, desk.config.state_schema) != newest_revision():
        return
    noted, given = status.get_fact(desk.state, GO_LIVE), desk.config.orders.go_live
    if noted is not None and given is not None and given < _a_little_before(noted):
        yield warning(
            f"go_live ({given:%Y-%m-%d %H:%M}) lies before the moment that the first sync noted "
            f"({noted[:16]})",
            where=desk.place("orders", "go_live"),
            why="Orders in between were left out until now, and will be sent and awarded.",
            mend="Look at `influence-pipeline plan --full` before the next sync.",
        )
    elif noted is not None:
        yield ok(f"the cut-over of orders is {given.isoformat() if given else noted}")


_SET = ("config.file", "config.state_url")
_THERE = ("state.connection",)
CHECKS = (
    Check("state.connection", "the state database can be reached", _reach, _SET),
    Check("state.tls", "the connection is encrypted", _tls, _THERE),
    Check("state.writable", "it can be written", _writable, _THERE),
    Check("state.durability", "what is committed survives a power cut", _durable, _THERE),
    Check("state.schema", "its schema is of this version", _schema, _THERE),
    Check("state.pooler", "sessions are as they seem", _pooler, _THERE),
    Check("state.clock", "its clock agrees with this machine's", _clock, _THERE),
    Check(
        "state.apart", "state and store are apart", _apart, ("state.connection", "config.store_url")
    ),
    Check("state.go_live", "the cut-over is as it was noted", _go_live, ("state.schema",)),
)
