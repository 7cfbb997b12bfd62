"""SQL kept in files of named queries, beside the module that runs them.

A file holds `-- name: some_name`, comment lines that say what it is for, and the query. Values are
bound (`:name`); nothing is ever pasted in. The queries are the program's own: a merchant's SQL is
read by `store.mapping`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import TextClause

_HEADER = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)
# As SQLAlchemy finds them: not in a cast (`::text`).
_NAME = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")


def read_queries(module_file: str, name: str) -> dict[str, str]:
    """Read the file `name` in the folder of a module (`__file__`): queries as text, by their names.

    Raises ValueError if a name stands twice.
    """
    parts = _HEADER.split((Path(module_file).parent / name).read_text(encoding="utf-8"))
    names, queries = parts[1::2], parts[2::2]
    if len(set(names)) != len(names):
        raise ValueError(f"{name} holds a query's name twice")
    return {name: query.strip() for name, query in zip(names, queries, strict=True)}


class Queries(Mapping[str, "TextClause"]):
    """Queries for SQLAlchemy, by their names; each is made when it is first asked for, so that a
    module with queries can be imported without SQLAlchemy."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts
        self._made: dict[str, TextClause] = {}

    def __getitem__(self, name: str) -> TextClause:
        from sqlalchemy import text

        if name not in self._made:
            self._made[name] = text(self._texts[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def load_queries(module_file: str, name: str) -> Queries:
    """Read a file of queries as `read_queries` does, for SQLAlchemy."""
    return Queries(read_queries(module_file, name))


def driver_form(query: str) -> str:
    """Write a query's `:name` as the driver wants it, for who runs it without SQLAlchemy."""
    return _NAME.sub(r"%(\1)s", query.replace("%", "%%"))
