"""Which search path a new role needs, so that names mean to it what they mean here."""

from __future__ import annotations

import re
from collections.abc import Sequence

from influence_pipeline.postgres import Session, run
from influence_pipeline.store.mapping import REFUSED
from influence_pipeline.store.rights import parse_tree
from influence_pipeline.store.rights.needs import ask
from influence_pipeline.store.rights.parse_tree import Tree


def path_for(
    connection: Session, role: str, understood: Sequence[tuple[str, Tree]]
) -> tuple[str, ...] | None:
    """Give the schemas that a role of this name must have in its search path; None: what a new role
    has will do. `understood`: statements, and what they touch as this session understands them."""
    paths = ask(connection, "paths")[0]
    # `$user` is the schema of the role's own name.
    by_default = _USER.sub(lambda _: _quoted(role), str(paths["of_a_new_role"]))
    if _means_the_same(connection, by_default, understood):
        return None
    present = [str(schema) for schema in paths["present"]]
    # Without those that no name needs.
    for schema in tuple(present):
        fewer = [other for other in present if other != schema]
        if _means_the_same(connection, _written(fewer), understood):
            present = fewer
    return tuple(present)


_USER = re.compile(r'"\$user"|\$user')


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _written(schemas: Sequence[str]) -> str:
    return ", ".join(map(_quoted, schemas)) or '""'


def _means_the_same(connection: Session, path: str, understood: Sequence[tuple[str, Tree]]) -> bool:
    before = run(connection, "SELECT current_setting('search_path')").fetchone()[0]
    _set_path(connection, path)
    try:
        return all(
            parse_tree.analyse(connection, statement).objects == tree.objects
            for statement, tree in understood
        )
    except REFUSED:
        return False
    finally:
        _set_path(connection, before)


def _set_path(connection: Session, path: str) -> None:
    run(connection, "SELECT set_config('search_path', %(path)s, true)", {"path": path})
