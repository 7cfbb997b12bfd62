"""What statements need of the store, added up: tables with their columns, schemas, functions,
sequences; and what they may need that cannot be seen from here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from influence_pipeline.postgres import Session, run
from influence_pipeline.sql import driver_form, read_queries
from influence_pipeline.store.rights import parse_tree
from influence_pipeline.store.rights.parse_tree import Touched, Tree

QUERIES = {
    name: driver_form(query) for name, query in read_queries(__file__, "catalog.sql").items()
}
_PRIVILEGES = {
    parse_tree.SELECT: "SELECT",
    parse_tree.INSERT: "INSERT",
    parse_tree.UPDATE: "UPDATE",
    parse_tree.DELETE: "DELETE",
}
# nextval, currval, lastval and setval of a sequence by a name that is only known when they run.
_OF_SEQUENCES = frozenset({1574, 1575, 1576, 1765})
_SETVAL = frozenset({1576, 1765})


def ask(connection: Session, query: str, **values: Any) -> list[dict[str, Any]]:
    """Run a query of catalog.sql."""
    cursor = run(connection, QUERIES[query], values)
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


@dataclass(frozen=True, order=True)
class Right:
    """One privilege on one object. `object`: as SQL writes it; `columns`: as SQL writes them, none:
    the whole object. `oid`, `numbers`: the same as the catalog numbers it."""

    kind: str
    object: str
    privilege: str
    columns: tuple[str, ...] = ()
    oid: int = field(default=0, compare=False)
    numbers: tuple[int, ...] = field(default=(), compare=False)

    @property
    def what(self) -> str:
        columns = f" ({', '.join(self.columns)})" if self.columns else ""
        return f"{self.privilege}{columns} ON {self.kind} {self.object}"

    def grant(self, role: str) -> str:
        """SQL, without a `;`. `role`: as SQL writes it."""
        return f"GRANT {self.what} TO {role}"

    def revoke(self, role: str) -> str:
        return f"REVOKE {self.what} FROM {role}"


@dataclass
class Needs:
    """What statements need. `notes`: what a person must look at. `filtered`: tables with row-level
    security. `by_time`: some source is followed by a timestamp. `path`: schemas that the names in
    the statements need as a search path; None: none, or that which a new role has."""

    rights: list[Right] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    filtered: list[str] = field(default_factory=list)
    by_time: bool = False
    path: tuple[str, ...] | None = None


def needs_of(connection: Session, trees: Iterable[Tree]) -> Needs:
    """Add up what these statements need, in rights on objects. `path` is left open."""
    added = _Added()
    for tree in trees:
        added.take(tree)
    _look_into_views(connection, added)
    if added.written:
        _add_what_writing_calls(connection, added)
    return _as_rights(connection, added)


@dataclass
class _Added:
    tables: dict[int, Touched] = field(default_factory=dict)
    functions: set[int] = field(default_factory=set)
    operators: set[int] = field(default_factory=set)
    types: set[int] = field(default_factory=set)
    names: set[int] = field(default_factory=set)
    # Tables that are written, and the columns that each INSERT names.
    written: list[tuple[int, frozenset[int]]] = field(default_factory=list)

    def take(self, tree: Tree) -> None:
        for oid, touched in tree.tables.items():
            self.tables.setdefault(oid, Touched()).add(touched)
            if touched.privileges & parse_tree.INSERT:
                named = frozenset() if tree.defaults_too else frozenset(touched.inserted)
                self.written.append((oid, named))
        self.functions |= tree.functions
        self.operators |= tree.operators
        self.types |= tree.types
        self.names |= tree.names


def _look_into_views(connection: Session, added: _Added) -> None:
    """A view's tables are read with its owner's rights, but functions in it are called with the
    reader's; and a view with security_invoker is as if its text stood in the statement."""
    seen: set[int] = set()
    # Relation: whether its own tables are asked of the role.
    todo = dict.fromkeys(added.tables, True)
    while todo:
        kinds = ask(connection, "relations", oids=list(todo))
        further: dict[int, bool] = {}
        for view in kinds:
            oid = int(view["oid"])
            if view["kind"] != "v" or oid in seen:
                continue
            seen.add(oid)
            mine = todo[oid] and view["as_invoker"]
            says = ask(connection, "view", oid=oid)[0]["says"]
            tree = parse_tree.analyse(connection, says.rstrip().rstrip(";"))
            added.functions |= tree.functions
            if mine:
                for table, touched in tree.tables.items():
                    added.tables.setdefault(table, Touched()).add(touched)
            further |= dict.fromkeys(tree.tables, mine)
        todo = {oid: mine for oid, mine in further.items() if oid not in seen}


def _add_what_writing_calls(connection: Session, added: _Added) -> None:
    written = json.dumps(
        [{"relation": oid, "columns": sorted(columns)} for oid, columns in added.written]
    )
    for row in ask(connection, "called_by_writing", written=written):
        (added.functions if row["kind"] == "function" else added.names).add(int(row["oid"]))


def _as_rights(connection: Session, added: _Added) -> Needs:
    needs = Needs()
    schemas: set[int] = set()
    relations = ask(connection, "relations", oids=sorted({*added.tables, *added.names}))
    columns = _columns(connection, added.tables)
    for row in relations:
        oid = int(row["oid"])
        schemas.add(int(row["schema_oid"]))
        if row["kind"] == "S":
            if oid in added.names:
                setting = bool(added.functions & _SETVAL)
                needs.rights += [
                    Right("SEQUENCE", row["written"], privilege, (), oid)
                    for privilege in (["USAGE", "UPDATE"] if setting else ["USAGE"])
                ]
            continue
        if oid not in added.tables:
            continue
        if row["row_security"]:
            needs.filtered.append(row["written"])
        if row["kind"] == "f":
            needs.notes.append(
                f"{row['written']} is a foreign table: the role also needs a user mapping for its "
                "server (CREATE USER MAPPING)."
            )
        needs.rights += _of_table(row, added.tables[oid], columns.get(oid, []))
    for row in ask(connection, "functions", oids=sorted(added.functions)):
        schemas.add(int(row["schema_oid"]))
        if not row["for_all"]:
            needs.rights.append(Right("FUNCTION", row["written"], "EXECUTE", (), int(row["oid"])))
        if row["opaque"]:
            needs.notes.append(
                f"{row['written']} runs with the caller's rights, and what it reads does not show "
                "in the statement that calls it: grant that too."
            )
    named = {"operators": sorted(added.operators), "types": sorted(added.types)}
    schemas |= {int(row["oid"]) for row in ask(connection, "schemas_of", **named)}
    needs.rights += [
        Right("SCHEMA", row["written"], "USAGE", (), int(row["oid"]))
        for row in ask(connection, "schemas", oids=sorted(schemas))
        if not row["for_all"]
    ]
    needs.notes += _of_triggers(connection, added)
    if added.functions & _OF_SEQUENCES and not added.names:
        needs.notes.append(
            "A statement takes the next value of a sequence whose name is only known when it runs: "
            "GRANT USAGE ON that SEQUENCE too."
        )
    needs.rights.sort(key=lambda r: (_ORDER.index(r.kind), r.object, r.privilege))
    return needs


_ORDER = ("SCHEMA", "TABLE", "SEQUENCE", "FUNCTION")


@dataclass(frozen=True)
class _Column:
    number: int
    written: str
    is_first: bool


def _columns(connection: Session, tables: Iterable[int]) -> dict[int, list[_Column]]:
    found: dict[int, list[_Column]] = {}
    for row in ask(connection, "columns", oids=sorted(tables)):
        column = _Column(row["number"], row["written"], row["is_first"])
        found.setdefault(int(row["relation"]), []).append(column)
    return found


def _of_table(row: dict[str, Any], touched: Touched, columns: Sequence[_Column]) -> list[Right]:
    by_privilege = {
        parse_tree.SELECT: touched.selected,
        parse_tree.INSERT: touched.inserted,
        parse_tree.UPDATE: touched.updated,
        parse_tree.DELETE: None,
    }
    rights = []
    for bit, numbers in by_privilege.items():
        if not touched.privileges & bit:
            continue
        chosen: list[_Column] = []
        if numbers is not None and parse_tree.WHOLE_ROW not in numbers:
            chosen = [column for column in columns if column.number in numbers]
            # One column of its own at least: `count(*)`, FOR UPDATE and a fingerprint need any.
            if not any(column.number > 0 for column in chosen):
                chosen += [column for column in columns if column.is_first]
        chosen.sort(key=lambda column: (column.number < 0, abs(column.number)))
        rights.append(
            Right(
                "TABLE",
                row["written"],
                _PRIVILEGES[bit],
                tuple(column.written for column in chosen),
                int(row["oid"]),
                tuple(column.number for column in chosen),
            )
        )
    return rights


def _of_triggers(connection: Session, added: _Added) -> list[str]:
    writes = parse_tree.INSERT | parse_tree.UPDATE | parse_tree.DELETE
    written = [oid for oid, touched in added.tables.items() if touched.privileges & writes]
    return [
        f"The trigger {row['name']} of {row['relation']} runs with the writer's rights: what "
        f"{row['function']} reads and writes must be granted too."
        for row in ask(connection, "triggers", oids=written)
    ]
