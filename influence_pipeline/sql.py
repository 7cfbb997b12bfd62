"""SQL kept in files of named queries, beside the module that runs them.

A file holds `-- name: some_name`, comment lines that say what it is for, and the query. Values are
bound (`:name`); nothing is ever pasted in. The queries are the program's own: a merchant's SQL is
read by `store.mapping`.
"""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import TextClause, text

_HEADER = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


def load_queries(module_file: str, name: str) -> dict[str, TextClause]:
    """Read the file `name` in the folder of a module (`__file__`) into queries by their names.

    Raises ValueError if a name stands twice.
    """
    parts = _HEADER.split((Path(module_file).parent / name).read_text(encoding="utf-8"))
    names, queries = parts[1::2], parts[2::2]
    if len(set(names)) != len(names):
        raise ValueError(f"{name} holds a query's name twice")
    return {name: text(query.strip()) for name, query in zip(names, queries, strict=True)}
