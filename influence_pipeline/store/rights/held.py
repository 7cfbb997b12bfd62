"""A role held against what it needs: what it lacks, and what it has beyond that.

It is the role of the connection that is looked at. What it needs is analysed as it sees the store.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import psycopg2

from influence_pipeline.errors import MappingError
from influence_pipeline.postgres import Session
from influence_pipeline.store.rights import parse_tree
from influence_pipeline.store.rights.needs import Needs, Right, ask, needs_of
from influence_pipeline.store.rights.parse_tree import Tree
from influence_pipeline.store.rights.statements import (
    Mappings,
    reader_statements,
    understood,
    written_out,
)
from influence_pipeline.store.statements import Statement


@dataclass(frozen=True, order=True)
class Lacking:
    """A right that a role needs and does not have. `grant`: SQL that mends it, with a `;`."""

    object: str
    privilege: str
    grant: str


@dataclass(frozen=True, order=True)
class Excess:
    """What a role may do though nothing asks for it. `mend`: SQL that takes it away, with a `;`;
    where it is everybody's right, it takes it from all."""

    object: str
    privilege: str
    mend: str
    for_all: bool = False


@dataclass(frozen=True)
class Held:
    """What a look at a role found. `refused`: statements that the store refuses for other reasons
    than rights; what they need is not known, so `excess` may name it."""

    lacking: list[Lacking] = field(default_factory=list)
    excess: list[Excess] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    needs: Needs = field(default_factory=Needs)


def lacking_rights(
    connection: Session, mappings: Mappings, statements: Collection[Statement] = ()
) -> list[Lacking]:
    """Say what the connection's role needs for these mappings and coupon statements and has not."""
    return look(connection, mappings, statements).lacking


def excess_rights(
    connection: Session, mappings: Mappings, statements: Collection[Statement] = ()
) -> list[Excess]:
    """Say what the connection's role may do in this database beyond what these need."""
    return look(connection, mappings, statements).excess


def look(connection: Session, mappings: Mappings, statements: Collection[Statement] = ()) -> Held:
    """Answer both, with one analysis of the statements. In one transaction, which may be read-only.

    Raises psycopg2.Error where the connection is in trouble.
    """
    me = ask(connection, "me")[0]
    asked = [
        *reader_statements(connection, mappings),
        *written_out(connection, statements),
    ]
    trees: list[Tree] = []
    lacking: set[Lacking] = set()
    refused: list[str] = []
    parse_tree.begin(connection)
    for one in asked:
        try:
            found = understood(connection, one)
        except MappingError as error:
            schemas = _not_usable(connection, error.__cause__)
            lacking |= {
                Lacking(s, "USAGE", f"GRANT USAGE ON SCHEMA {s} TO {me['written']};")
                for s in schemas
            }
            if not schemas:
                refused.append(str(error))
        else:
            trees += [found[1]] if found is not None else []
    needs = needs_of(connection, trees)
    parse_tree.end(connection)
    lacking |= set(_lacking(connection, needs.rights, me["written"]))
    return Held(sorted(lacking), _excess(connection, needs.rights, me), refused, needs)


def _not_usable(connection: Session, error: BaseException | None) -> list[str]:
    """Give the schemas, as SQL writes them, that a refusal is about."""
    if isinstance(error, psycopg2.errors.InsufficientPrivilege):
        # The message ends with its name, in any language.
        words = error.diag.message_primary or ""
        return [
            row["written"]
            for row in ask(connection, "not_usable")
            if words.endswith((f" {row['name']}", f'"{row["name"]}"'))
        ]
    if isinstance(error, _NOT_FOUND):
        # A schema on the search path that may not be used is passed over without a word.
        return [row["written"] for row in ask(connection, "not_usable") if row["on_path"]]
    return []


_NOT_FOUND = (
    psycopg2.errors.UndefinedTable,
    psycopg2.errors.UndefinedFunction,
    psycopg2.errors.UndefinedObject,
)


def _lacking(connection: Session, rights: list[Right], role: str) -> list[Lacking]:
    asked = [
        (place, right, number)
        for place, right in enumerate(rights)
        for number in (right.numbers or (None,))
    ]
    if not asked:
        return []
    missing: dict[int, list[int]] = {}
    for row in ask(
        connection,
        "lacking",
        kinds=[right.kind for _, right, _ in asked],
        oids=[right.oid for _, right, _ in asked],
        numbers=[number for _, _, number in asked],
        privileges=[right.privilege for _, right, _ in asked],
        places=[place for place, _, _ in asked],
    ):
        missing.setdefault(row["place"], []).append(row["number"])
    found = []
    for place, numbers in missing.items():
        right = rights[place]
        columns = tuple(
            column
            for column, number in zip(right.columns, right.numbers, strict=True)
            if number in numbers
        )
        mend = Right(right.kind, right.object, right.privilege, columns).grant(role)
        found.append(Lacking(right.object, right.privilege, f"{mend};"))
    return found


# -- beyond what is needed -------------------------------------------------------------------------

_ATTRIBUTES = {
    "rolsuper": "SUPERUSER",
    "rolcreatedb": "CREATEDB",
    "rolcreaterole": "CREATEROLE",
    "rolreplication": "REPLICATION",
}


def _excess(connection: Session, needed: list[Right], me: dict[str, Any]) -> list[Excess]:
    role = me["written"]
    found = [
        Excess("the role itself", word, f"ALTER ROLE {role} NO{word};")
        for name, word in _ATTRIBUTES.items()
        if me[name]
    ]
    if me["rolsuper"]:
        # It may do everything everywhere; a list of that would tell nothing.
        return found
    found += [
        Excess(f"ROLE {row['written']}", "MEMBER", f"REVOKE {row['written']} FROM {role};")
        for row in ask(connection, "memberships")
    ]
    found += [
        Excess(
            f"{row['kind']} that {row['owner']} makes later{row['place']}",
            row["privilege"],
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {row['owner']}{row['clause']} "
            f"REVOKE {row['privilege']} ON {row['kind']} FROM {role};",
        )
        for row in ask(connection, "of_what_comes")
    ]
    database = f"DATABASE {me['database']}"
    for may, for_all, word in (
        (me["may_create"], False, "CREATE"),
        (me["may_temp"], me["all_may_temp"], "TEMPORARY"),
    ):
        if may:
            found.append(_revoking(word, database, role, for_all=for_all))
    found += [
        _revoking("CREATE", f"SCHEMA {row['written']}", role, for_all=row["for_all"])
        for row in ask(connection, "excess_on_schemas")
    ]
    owned = {row["written"] for row in ask(connection, "owned")}
    found += [
        Excess(name, "OWNER", f"ALTER {name} OWNER TO …; -- the owner of the shop's other tables")
        for name in sorted(owned)
    ]
    owned_names = {name.split(" ", 1)[1] for name in owned}
    return [*found, *_on_tables(connection, needed, role, owned_names)]


def _revoking(privilege: str, what: str, role: str, *, for_all: bool) -> Excess:
    whom = "PUBLIC" if for_all else role
    return Excess(what, privilege, f"REVOKE {privilege} ON {what} FROM {whom};", for_all)


def _on_tables(
    connection: Session, needed: list[Right], role: str, owned: set[str]
) -> list[Excess]:
    wanted: set[tuple[int, str, int | None]] = set()
    for right in needed:
        wanted |= {(right.oid, right.privilege, number) for number in right.numbers or (None,)}
    beyond: dict[tuple[str, str, str, bool, bool], list[str]] = {}
    for row in ask(connection, "held_on_tables"):
        oid, privilege = int(row["oid"]), row["privilege"]
        if (
            row["written"] in owned
            or (oid, privilege, None) in wanted
            or (oid, privilege, row["number"]) in wanted
        ):
            continue
        group = (row["kind"], row["written"], privilege, row["for_all"], row["on_table"])
        beyond.setdefault(group, []).append(row["column_written"])
    found = []
    for (kind, table, privilege, for_all, on_table), columns in beyond.items():
        named = [column for column in columns if column is not None]
        whom = "PUBLIC" if for_all else role
        listed = f" ({', '.join(named)})" if named else ""
        # What was granted on a table cannot be taken from single columns of it.
        mend = f"REVOKE {privilege}{'' if on_table else listed} ON {kind} {table} FROM {whom};"
        kept = [r for r in needed if (r.object, r.privilege) == (table, privilege)]
        if on_table and not for_all:
            mend += "".join(f" {right.grant(role)};" for right in kept)
        found.append(Excess(f"{table}{listed}", privilege, mend, for_all))
    return sorted(found)
