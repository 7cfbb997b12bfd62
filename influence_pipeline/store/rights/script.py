"""The SQL that makes the three roles: one reads, one owns the state, one makes coupons.

It may be run again after the mapping has changed: what a role has on tables, sequences, functions
and schemas is taken away and granted anew, in one transaction, so that a running pipeline does not
notice. Nothing in it is a secret; passwords are given to psql from outside.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from influence_pipeline.postgres import Session
from influence_pipeline.sql import read_queries
from influence_pipeline.store.rights.needs import Needs, ask


@dataclass(frozen=True)
class Part:
    """Statements that belong together, each without its `;`, and what they are for. `psql`: lines
    for psql only; `advice`: statements that are printed as comments, for a person to decide on."""

    words: str
    statements: tuple[str, ...] = ()
    psql: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


@dataclass(frozen=True)
class RoleScript:
    """All that makes one role. `role`: its name as it is; `whole`: in one transaction."""

    role: str
    title: str
    parts: tuple[Part, ...]
    whole: bool = True

    @property
    def statements(self) -> list[str]:
        return [statement for part in self.parts for statement in part.statements]

    def render(self) -> str:
        lines = [f"-- ===== {self.title} =====", ""]
        if self.whole:
            lines += ["BEGIN;", ""]
        for part in self.parts:
            lines += _comment(part.words)
            lines += [f"{statement};" for statement in part.statements]
            lines += part.psql
            for statement in part.advice:
                lines += [f"-- {line}" for line in f"{statement};".splitlines()]
            lines.append("")
        if self.whole:
            lines += ["COMMIT;", ""]
        return "\n".join(lines)


def _comment(words: str) -> list[str]:
    # A name in it may hold a line break; a comment ends there.
    plain = " ".join(words.split())
    return textwrap.wrap(
        plain, 98, initial_indent="-- ", subsequent_indent="-- ", break_long_words=False
    )


HEADER = """\
-- Roles for influence-pipeline, as this influence.toml needs them. Run it as an administrator:
--   influence-pipeline roles | psql "<URL of the store, as its administrator>"
-- It may be run again whenever the mapping has changed: rights that are not needed any more are
-- taken away.
-- A new role has no password, and so cannot log in yet. Give it one in psql, which keeps it out of
-- the server's log:  \\password {role}
-- Or have psql (version 14 or newer) take it from its environment; it stands in the statement then,
-- which the server may log: INFLUENCE_READER_PASSWORD, INFLUENCE_COUPONS_PASSWORD,
-- INFLUENCE_STATE_PASSWORD.
\\set ON_ERROR_STOP on
"""


@dataclass(frozen=True)
class Quoted:
    """A name as SQL writes it, as a name and as a text."""

    name: str
    text: str


def quoted(connection: Session, *names: str) -> list[Quoted]:
    found = ask(connection, "quoted", names=list(names))[0]
    return [Quoted(n, t) for n, t in zip(found["names"], found["texts"], strict=True)]


def reader_script(
    connection: Session,
    role: str,
    needs: Needs,
    *,
    connections: int,
    statement_seconds: int,
) -> RoleScript:
    """Make the role that reads the store. `statement_seconds`: the longest statement that the
    pipeline lets run."""
    me, here = quoted(connection, role, str(ask(connection, "here")[0]["name"]))
    net = max(2 * statement_seconds, 60)
    parts = [
        _login(me, "reader", connections),
        Part(
            "It writes nothing, also where somebody grants it more than this script. The pipeline "
            f"sets its own time-out ({statement_seconds} s a statement) in each transaction; these "
            "are the net below it. (A look that finds very many changed rows keeps its first "
            "transaction open while it reads on in others, so that time-out is long.)",
            (
                f"ALTER ROLE {me.name} SET default_transaction_read_only = on",
                f"ALTER ROLE {me.name} SET statement_timeout = '{net}s'",
                f"ALTER ROLE {me.name} SET lock_timeout = '10s'",
                f"ALTER ROLE {me.name} SET idle_in_transaction_session_timeout = '1h'",
            ),
        ),
        _take_away(me),
        Part(
            "What the mapping reads, and no more: the columns in its SELECTs and sources; xmin and "
            "tableoid where changed rows are found by transaction id; ctid where a large table is "
            "read in parts.",
            (
                f"GRANT CONNECT ON DATABASE {here.name} TO {me.name}",
                *(right.grant(me.name) for right in needs.rights),
            ),
        ),
        _path(connection, me, here, needs),
        *_filtered(me, needs),
        *_watching(connection, me, needs),
        *_notes(needs),
        *_for_all(connection, here),
    ]
    return RoleScript(role, f"the reader of the store: {_flat(role)}", tuple(parts))


def coupons_script(connection: Session, role: str, needs: Needs, *, connections: int) -> RoleScript:
    """Make the role that writes coupons into the store."""
    me, here = quoted(connection, role, str(ask(connection, "here")[0]["name"]))
    parts = [
        _login(me, "coupons", connections),
        Part(
            "The pipeline lets no statement of it run longer than 10 s, and holds a code for 20 s "
            "at most; these are the net below that.",
            (
                f"ALTER ROLE {me.name} SET statement_timeout = '15s'",
                f"ALTER ROLE {me.name} SET lock_timeout = '10s'",
                f"ALTER ROLE {me.name} SET idle_in_transaction_session_timeout = '30s'",
            ),
        ),
        _take_away(me),
        Part(
            "What the statements that make coupons (and tell of members) need, and no more.",
            (
                f"GRANT CONNECT ON DATABASE {here.name} TO {me.name}",
                *(right.grant(me.name) for right in needs.rights),
            ),
        ),
        _path(connection, me, here, needs),
        *_filtered(me, needs, writes=True),
        *_notes(needs),
    ]
    return RoleScript(role, f"the writer of coupons: {_flat(role)}", tuple(parts))


def state_script(
    connection: Session,
    role: str,
    *,
    schema: str,
    database: str | None,
    coupons: str | None = None,
) -> RoleScript:
    """Make the role that owns the pipeline's own tables. `database`: where they are; None: in the
    store's own database, where it may act as the role `coupons`, if there is one."""
    own = database if database is not None else str(ask(connection, "here")[0]["name"])
    me, home, where = quoted(connection, role, schema, own)
    time_outs = Part(
        "A capture holds its transaction while the store is read, which may take minutes for a "
        "large one; what takes an hour is stuck. The number of connections is not limited: every "
        "run, the receiver and Dagster's code server have some.",
        (
            f"ALTER ROLE {me.name} SET statement_timeout = '1h'",
            f"ALTER ROLE {me.name} SET idle_in_transaction_session_timeout = '1h'",
        ),
    )
    if database is None:
        parts: tuple[Part, ...] = (
            _login(me, "state", None),
            time_outs,
            Part(
                "Its own schema in this database, which it fills itself, and temporary tables, "
                "which every capture makes. (Who runs this must be a superuser, or a member of the "
                "role: GRANT it to yourself first.)",
                (
                    f"GRANT CONNECT, TEMPORARY ON DATABASE {where.name} TO {me.name}",
                    f"CREATE SCHEMA IF NOT EXISTS {home.name} AUTHORIZATION {me.name}",
                ),
            ),
        )
        if coupons is not None:
            (other,) = quoted(connection, coupons)
            parts += (
                Part(
                    "So a coupon and the event that asked for it are written in one transaction.",
                    (f"GRANT {other.name} TO {me.name}",),
                ),
            )
        return RoleScript(role, f"the owner of the state: {_flat(role)}", parts)
    # Only of one that is made here: in another somebody else may be at home.
    create, alone = quoted(
        connection,
        f"CREATE DATABASE {where.name}",
        f"REVOKE ALL ON DATABASE {where.name} FROM PUBLIC",
    )
    in_its_own = (
        _login(me, "state", None),
        time_outs,
        Part(
            "Its own database. If the state is on another server than the store, run this part "
            "there: influence-pipeline roles --only state. One made here lets nobody else in.",
            psql=(
                f"SELECT unnest(ARRAY[{create.text}, {alone.text}])",
                f"WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = {where.text}) \\gexec",
            ),
        ),
        Part(
            "It makes its schema there itself (CREATE), and every capture makes temporary tables.",
            (f"GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {where.name} TO {me.name}",),
        ),
    )
    return RoleScript(role, f"the owner of the state: {_flat(role)}", in_its_own, whole=False)


def _flat(name: str) -> str:
    return " ".join(name.split())


def _login(me: Quoted, variable: str, connections: int | None) -> Part:
    limit = "" if connections is None else f" CONNECTION LIMIT {connections}"
    name = f"{variable}_password"
    environment = f"INFLUENCE_{variable.upper()}_PASSWORD"
    return Part(
        "A role that may log in and nothing else. One of this name that may more is left alone.",
        (
            _do("make", me),
            f"ALTER ROLE {me.name} LOGIN NOINHERIT{limit}",
        ),
        (
            f"\\getenv {name} {environment}",
            f"\\if :{{?{name}}}",
            f"ALTER ROLE {me.name} PASSWORD :'{name}';",
            "\\endif",
        ),
    )


def _take_away(me: Quoted) -> Part:
    return Part("What it has from before is taken away first.", (_do("take_away", me),))


def _do(name: str, me: Quoted) -> str:
    """Write a part of roles.sql for a role."""
    body = _NAMES.sub(lambda name: me.name if name[0] == ':"role"' else me.text, _PARTS[name])
    tag = "$influence$"
    while tag in body:
        tag = f"{tag[:-1]}_$"
    return f"DO {tag}\n{body} {tag}"


_PARTS = read_queries(__file__, "roles.sql")
_NAMES = re.compile(r""":"role"|:'role'""")


def _path(connection: Session, me: Quoted, here: Quoted, needs: Needs) -> Part:
    if needs.path is None:
        return Part(
            "Its names need no search path of the role's own.",
            (f"ALTER ROLE {me.name} IN DATABASE {here.name} RESET search_path",),
        )
    path = ", ".join(found.name for found in quoted(connection, *needs.path)) or "''"
    return Part(
        "Names without a schema are looked for here, as they are for the role that this was made "
        "with.",
        (f"ALTER ROLE {me.name} IN DATABASE {here.name} SET search_path = {path}",),
    )


def _filtered(me: Quoted, needs: Needs, *, writes: bool = False) -> Iterator[Part]:
    for table in needs.filtered:
        check = " WITH CHECK (true)" if writes else ""
        command = "ALL" if writes else "SELECT"
        yield Part(
            f"Row-level security is on for {table}: rows that its policies hide look as if they "
            "were gone. The role needs a policy that shows all rows, or BYPASSRLS (for all "
            "tables); decide on one:",
            advice=(
                f"CREATE POLICY influence ON {table} FOR {command} TO {me.name} "
                f"USING (true){check}",
                f"ALTER ROLE {me.name} BYPASSRLS",
            ),
        )


def _watching(connection: Session, me: Quoted, needs: Needs) -> Iterator[Part]:
    if not needs.by_time:
        return
    inherited = ask(connection, "here")[0]["version"] >= 160000
    yield Part(
        "A source is followed by changed_at. The pipeline warns of a transaction that is open for "
        "longer than overlap_minutes, if it may see others' transactions:",
        advice=(
            (f"GRANT pg_read_all_stats TO {me.name} WITH INHERIT TRUE",)
            if inherited
            else (f"ALTER ROLE {me.name} INHERIT", f"GRANT pg_read_all_stats TO {me.name}")
        ),
    )


def _notes(needs: Needs) -> Sequence[Part]:
    return [Part(f"Look at this: {note}") for note in needs.notes]


def _for_all(connection: Session, here: Quoted) -> Iterator[Part]:
    found = ask(connection, "here")[0]
    if found["all_may_temp"]:
        yield Part(
            "Everybody may make temporary tables in this database (a default of Postgres), these "
            "roles too, and no right of theirs can be less than everybody's. To end that, grant it "
            "to the shop's own roles first:",
            advice=(
                f"GRANT TEMPORARY ON DATABASE {here.name} TO …",
                f"REVOKE TEMPORARY ON DATABASE {here.name} FROM PUBLIC",
            ),
        )
    for schema in found["all_may_create_in"]:
        yield Part(
            f"Everybody may make tables in the schema {schema} (a default up to Postgres 14). To "
            "end that, grant it to the shop's own roles first:",
            advice=(
                f"GRANT CREATE ON SCHEMA {schema} TO …",
                f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC",
            ),
        )
