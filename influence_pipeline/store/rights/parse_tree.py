"""Which tables, columns and functions a statement touches, by Postgres' own reading of its names.

PREPARE analyses a statement and runs nothing of it; with `debug_print_parse` the server then sends
the analysed tree as a message of level LOG. In it stands, for each table, what the executor will
ask the role for before the statement may start. No rights on the tables are needed for that, only
USAGE on schemas that are named, and a read-only transaction is enough for an INSERT too.

The tree is a debugging aid of Postgres and not promised to stay as it is. Two forms are known:
`RTEPERMISSIONINFO` (16 and newer) and the same fields in each range table entry (13 to 15); both
are read by the names of their fields, and a tree without any is refused. The server writes these
messages into its own log too, unless the role may set `log_min_messages`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg2

from influence_pipeline.errors import StoreError
from influence_pipeline.postgres import Session, run

# Numbers of columns as the catalog has them.
WHOLE_ROW = 0
CTID, XMIN, TABLEOID = -1, -2, -6
# In the tree a column stands as its number less that of the lowest system column, less one.
_LOWEST = -7

# What the executor asks for, in bits (parsenodes.h).
INSERT, SELECT, UPDATE, DELETE = 1, 2, 4, 8

_REGCLASS = 2205
_NAME = "influence_rights"


@dataclass
class Touched:
    """What is asked for of one table: privileges as bits, and numbers of columns for each."""

    privileges: int = 0
    selected: set[int] = field(default_factory=set)
    inserted: set[int] = field(default_factory=set)
    updated: set[int] = field(default_factory=set)

    def add(self, other: Touched) -> None:
        self.privileges |= other.privileges
        self.selected |= other.selected
        self.inserted |= other.inserted
        self.updated |= other.updated


@dataclass
class Tree:
    """What one statement touches, by the catalog's numbers.

    `names`: relations that the text names in a constant, as `nextval('some_seq')` does. `types`: of
    casts and constants. `defaults_too`: it says DEFAULT for a column that it writes.
    """

    tables: dict[int, Touched] = field(default_factory=dict)
    functions: set[int] = field(default_factory=set)
    operators: set[int] = field(default_factory=set)
    types: set[int] = field(default_factory=set)
    names: set[int] = field(default_factory=set)
    defaults_too: bool = False

    @property
    def objects(self) -> tuple[frozenset[int], ...]:
        """All that a name was resolved to."""
        sets = (set(self.tables), self.functions, self.operators, self.types, self.names)
        return tuple(frozenset(found) for found in sets)


def begin(connection: Session) -> None:
    """Make ready for `analyse`, up to `end`: let messages of level LOG through."""
    try:
        with connection.begin_nested():
            # Keeps the trees out of the server's log, where this role may say so.
            run(connection, "SET LOCAL log_min_messages = fatal")
    except psycopg2.errors.InsufficientPrivilege:
        pass
    run(connection, "SET LOCAL debug_pretty_print = off; SET LOCAL client_min_messages = log")


def end(connection: Session) -> None:
    """Keep them back again."""
    run(connection, "RESET client_min_messages")


def analyse(connection: Session, statement: str) -> Tree:
    """Analyse one statement, after `begin`. Raises psycopg2.Error where Postgres refuses it (the
    transaction goes on), and StoreError where the server sends no tree."""
    notices: list[str] = connection.connection.notices
    with connection.begin_nested():
        # The driver keeps the last fifty only.
        del notices[:]
        run(
            connection,
            # One message: of nothing else is a tree made. Its last line may be a comment.
            f"SET LOCAL debug_print_parse = on; PREPARE {_NAME} AS {statement}\n; "
            f"SET LOCAL debug_print_parse = off; DEALLOCATE {_NAME}",
        )
        trees = [notice for notice in notices if _IS_TREE.search(notice)]
    del notices[:]
    found = Tree()
    for tree in trees:
        _read(list(_tokens(tree)), found)
    if not trees:
        raise StoreError(
            "The store's server sends no parse tree (debug_print_parse), so what a role needs "
            "cannot be told. Is a pooler in between that keeps messages back? Connect to the "
            "server itself."
        )
    return found


# Of the tree itself; that of the PREPARE around it, unanalysed, is a utility statement (6).
_IS_TREE = re.compile(r"\{QUERY\s+:commandType\s+(?!6\b)\d")
# What is text in a tree has a backslash before each blank, bracket and brace.
_TOKEN = re.compile(r"[(){}\[\]]|(?:\\.|[^\s\\(){}\[\]])+", re.DOTALL)


def _tokens(notice: str) -> Iterator[str]:
    # The server breaks lines at blanks, also at one that is guarded.
    return (match[0] for match in _TOKEN.finditer(notice))


_ENTRIES = frozenset({"RTEPERMISSIONINFO", "RANGETBLENTRY", "RTE"})
_FUNCTIONS = frozenset({":funcid", ":opfuncid", ":aggfnoid", ":winfnoid"})
_RESULTS = frozenset({":resulttype", ":funcresulttype"})
_FORMATS = frozenset({":relabelformat", ":coerceformat", ":coercionformat", ":funcformat"})
_EXPLICIT_CAST = "1"


def _fields(tokens: list[str]) -> Iterator[tuple[int, str]]:
    """Give place and name of each node and each field. What follows a field's name is its value,
    also where it looks like a field (a table may be called `:relid`)."""
    is_value = False
    for at, token in enumerate(tokens):
        is_field = token.startswith(":") and not is_value
        if is_field or (at and tokens[at - 1] == "{"):
            yield at, token
        is_value = is_field


def _read(tokens: list[str], into: Tree) -> None:
    relation: int | None = None
    touched = Touched()
    const_type = result_type = 0
    for at, name in _fields(tokens):
        if name in _ENTRIES:
            relation, touched = None, Touched()
        elif name == "SETTODEFAULT":
            into.defaults_too = True
        elif name == ":relid":
            relation = int(tokens[at + 1])
        elif name == ":requiredPerms":
            touched.privileges = int(tokens[at + 1])
        elif name == ":selectedCols":
            touched.selected = _columns(tokens, at)
        elif name == ":insertedCols":
            touched.inserted = _columns(tokens, at)
        elif name == ":updatedCols":
            touched.updated = _columns(tokens, at)
            if relation and touched.privileges:
                into.tables.setdefault(relation, Touched()).add(touched)
        elif name in _FUNCTIONS:
            into.functions.add(int(tokens[at + 1]))
        elif name == ":opno":
            into.operators.add(int(tokens[at + 1]))
        elif name in _RESULTS:
            result_type = int(tokens[at + 1])
        elif name in _FORMATS and tokens[at + 1] == _EXPLICIT_CAST:
            into.types.add(result_type)
        elif name == ":consttype":
            const_type = int(tokens[at + 1])
            into.types.add(const_type)
        elif name == ":constvalue" and const_type == _REGCLASS and tokens[at + 2] == "[":
            into.names.add(_number(tokens[at + 3 :]))


def _columns(tokens: list[str], at: int) -> set[int]:
    """Read `(b 8 10)`; `(b)` and `<>` are none."""
    if tokens[at + 1 : at + 3] != ["(", "b"]:
        return set()
    end = tokens.index(")", at)
    return {int(token) + _LOWEST for token in tokens[at + 3 : end]}


def _number(tokens: list[str]) -> int:
    """Read the four bytes of an oid, as a machine of this kind keeps them."""
    values = [int(token) & 0xFF for token in tokens[: tokens.index("]")]]
    return int.from_bytes(bytes(values[:4]), "little")
