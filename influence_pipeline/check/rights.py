"""The roles: may they do what they must, and nothing else. `influence-pipeline roles` prints what
mends them.

What is needed is told by Postgres' own reading of every statement, which goes to the server's log
too (see `store.rights.parse_tree`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from influence_pipeline.check.coupons import sql_writer
from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Finding, Findings, error, note, ok, warning
from influence_pipeline.check.server import STORE
from influence_pipeline.postgres import run
from influence_pipeline.store.rights import Excess

# What changes a shop, or lets its holder give itself the right to.
_WRITING = {
    "INSERT",
    "UPDATE",
    "DELETE",
    "TRUNCATE",
    "TRIGGER",
    "OWNER",
    "CREATE",
    "MEMBER",
    "SUPERUSER",
    "CREATEROLE",
    "CREATEDB",
    "REPLICATION",
}
# Roles that come with Postgres, whose members only see more.
_ONLY_READING = {
    f"ROLE {name}"
    for name in (
        "pg_monitor",
        "pg_read_all_data",
        "pg_read_all_settings",
        "pg_read_all_stats",
        "pg_stat_scan_tables",
    )
}
_LOCKING = re.compile(r"(?i)\bFOR\s+(NO\s+KEY\s+)?(UPDATE|SHARE|KEY)\b|\b(INSERT|UPDATE|DELETE)\b")
# Columns that nobody outside the shop should see.
_SECRET = re.compile(r"(?i)password|passwd|secret|token|hash|api_?key|credential|iban|card_?number")
_SHOWN = 6


def _can_read(desk: Desk) -> Findings:
    for lacking in desk.reader_rights.lacking:
        if lacking.privilege in _WRITING:
            # FOR UPDATE asks for it too. The reader is never to be given that.
            yield error(
                f"a statement of the mapping asks for {lacking.privilege} on {lacking.object}",
                where=", ".join(
                    str(mapping.file)
                    for mapping in desk.mappings.values()
                    if _LOCKING.search(mapping.select)
                )
                or str(desk.settings.file),
                why="A mapping only reads.",
                mend="Write one SELECT, without FOR UPDATE or FOR SHARE, INSERT, UPDATE or DELETE.",
            )
            continue
        yield error(
            f"the role may not {lacking.privilege} {lacking.object}",
            where=STORE,
            why="What the mapping reads there cannot be read.",
            mend=lacking.grant,
        )


def _reader(desk: Desk) -> Findings:
    held = desk.reader_rights
    writing = [one for one in held.excess if _writes(one) and not one.for_all]
    if writing:
        yield error(
            f"the role can write the store: {_listed(writing)}",
            where=STORE,
            why="Every transaction of the pipeline is read-only, and a defect or a leaked password "
            "should not be able to do more.",
            mend="Use a role that only reads: `influence-pipeline roles --only reader` prints it. "
            f"{_mends(writing)}".rstrip(),
        )
    yield from _everybody(held.excess, STORE)


def _writes(one: Excess) -> bool:
    return one.privilege in _WRITING and one.object not in _ONLY_READING


def _everybody(excess: Iterable[Excess], variable: str) -> Iterable[Finding]:
    """Rights that every role of the server has."""
    shared = [one for one in excess if one.for_all]
    making = [one for one in shared if one.privilege in _WRITING]
    if making:
        yield warning(
            f"every role of this server may write: {_listed(making)}",
            where=variable,
            why="So may whoever gets hold of any role.",
            mend=_mends(making),
        )
    if any(one.privilege == "TEMPORARY" for one in shared):
        yield note(
            "every role may make temporary tables here, as Postgres has it by default",
            where=variable,
            why="They fill the disk, not the shop.",
            mend=_mends([one for one in shared if one.privilege == "TEMPORARY"]),
        )


def _no_more(desk: Desk) -> Findings:
    """What the reader sees beyond its mapping."""
    seen = [
        one
        for one in desk.reader_rights.excess
        if one.privilege in {"SELECT", "USAGE", "REFERENCES"}
    ]
    secret = [one for one in seen if _SECRET.search(one.object)]
    if secret:
        yield warning(
            f"the role may read what looks like secrets, and nothing asks for: {_listed(secret)}",
            where=STORE,
            why="A leaked password of this role would give them away.",
            mend="Grant it columns, not tables: `influence-pipeline roles --only reader`.",
        )
    if len(seen) > len(secret):
        yield note(
            f"the role may read {len(seen)} tables or columns that nothing asks for "
            f"({_listed(seen)})",
            where=STORE,
            why="It needs less than it has.",
            mend="`influence-pipeline roles --only reader` prints exactly what it needs.",
        )


def _limits(desk: Desk) -> Findings:
    """What holds the reader back where its program does not."""
    with desk.asking() as connection:
        read_only, idle = run(connection, _SETTINGS).fetchone()
    if not read_only:
        yield note(
            "the role's transactions are not read-only by default",
            where=STORE,
            why="The pipeline says so in each of its own; psql with this role would not.",
            mend="ALTER ROLE … SET default_transaction_read_only = on;",
        )
    if not idle:
        yield note(
            "idle transactions of the role are never ended by the server",
            where=STORE,
            why="A process that hangs would keep the shop's vacuum from cleaning up.",
            mend="ALTER ROLE … SET idle_in_transaction_session_timeout = '5min';",
        )


# Of the role, not of the transaction, which is read-only in any case.
_SETTINGS = """
    SELECT current_setting('default_transaction_read_only') = 'on',
           current_setting('idle_in_transaction_session_timeout') <> '0'
"""


def _coupons(desk: Desk) -> Findings:
    if sql_writer(desk) is None:
        yield ok("coupons are not written by SQL")
        return
    held = desk.coupon_rights
    if held.refused:
        # What such a statement needs is not known, so neither is what is too much.
        for words in held.refused:
            yield error(
                words,
                where=desk.coupon_variable,
                why="No coupon can be made with it.",
                mend="Mend the statement: one statement, with tables and columns that are there.",
            )
        return
    for lacking in held.lacking:
        yield error(
            f"the coupon role may not {lacking.privilege} {lacking.object}",
            where=desk.coupon_variable,
            why="No coupon can be made.",
            mend=lacking.grant,
        )
    # More columns of a row that it makes anyway are no harm.
    makes = {right.object for right in held.needs.rights if right.privilege == "INSERT"}
    own = [one for one in held.excess if not one.for_all]
    writing = [
        one
        for one in own
        if _writes(one)
        and not (one.privilege == "INSERT" and one.object.partition(" (")[0] in makes)
    ]
    if writing:
        yield error(
            f"the coupon role can do more than coupons ask: {_listed(writing)}",
            where=desk.coupon_variable,
            why="It is the one door through which something is written into the shop.",
            mend="Use a narrow role: `influence-pipeline roles --only coupons` prints it. "
            f"{_mends(writing)}".rstrip(),
        )
    yield from _everybody(held.excess, desk.coupon_variable)
    beyond = [one for one in own if one not in writing]
    if beyond:
        yield note(
            f"the coupon role may also read or use {_listed(beyond)}",
            where=desk.coupon_variable,
            why="Nothing asks for it.",
            mend=_mends(beyond),
        )


def _listed(found: Sequence[Excess]) -> str:
    words = [
        one.privilege if one.object == "the role itself" else f"{one.privilege} on {one.object}"
        for one in found[:_SHOWN]
    ]
    more = f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(words) + more


def _mends(found: Sequence[Excess]) -> str:
    """Give what takes grants away. Attributes of a role and owners are nobody's to change in
    passing: another role is what helps there."""
    return " ".join(one.mend for one in found[:_SHOWN] if one.mend.startswith("REVOKE"))


_SELECTS = ("customers.select", "products.select", "orders.select")
CHECKS = (
    Check(
        "rights.read",
        "the reader may read what the mapping reads",
        _can_read,
        ("store.connection", "config.files"),
    ),
    Check("rights.reader", "the reader can write nothing", _reader, ("store.connection",)),
    Check(
        "rights.no_more",
        "the reader may read nothing else",
        _no_more,
        ("store.connection", *_SELECTS),
    ),
    Check(
        "rights.limits", "the reader is held back by its server too", _limits, ("store.connection",)
    ),
    Check(
        "rights.coupons",
        "the coupon role may do its job and nothing else",
        _coupons,
        ("coupons.writer", "store.connection", "coupons.database"),
    ),
)
