"""Reading the catalog: four questions, whatever number of tables there are."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import sqlalchemy as sa

from influence_pipeline.sql import load_queries
from influence_pipeline.store.catalog.tables import Catalog, Column, Link, Table, shape_of

_QUERIES = load_queries(__file__, "catalog.sql")


# The pipeline's own tables, where its state lies in the store's database, are no part of the store.
_OURS = frozenset({"snapshot", "left_out", "capture_point", "balance_seen", "refund_told"})


def read_catalog(connection: sa.Connection) -> Catalog:
    """Read every table and view that this role may know of, in any schema but the pipeline's."""
    relations = _ask(connection, "relations")
    names: dict[str, set[str]] = defaultdict(set)
    for relation in relations:
        names[relation["schema"]].add(relation["name"])
    relations = [relation for relation in relations if not names[relation["schema"]] >= _OURS]
    oids = {"relations": [relation["oid"] for relation in relations]}
    columns: dict[int, list[Any]] = defaultdict(list)
    for row in _ask(connection, "columns", oids):
        columns[row["relation"]].append(row)
    constraints: dict[int, list[Any]] = defaultdict(list)
    for row in _ask(connection, "constraints", oids):
        constraints[row["relation"]].append(row)
    indexes: dict[int, list[Any]] = defaultdict(list)
    for row in _ask(connection, "indexes", oids):
        indexes[row["relation"]].append(row)
    return Catalog(
        [
            _table(relation, columns[oid], constraints[oid], indexes[oid])
            for relation in relations
            for oid in [relation["oid"]]
        ]
    )


def _ask(connection: sa.Connection, name: str, values: dict[str, Any] | None = None) -> list[Any]:
    return list(connection.execute(_QUERIES[name], values or {}).mappings())


def _table(relation: Any, columns: list[Any], constraints: list[Any], indexes: list[Any]) -> Table:
    readable = {
        row["name"]: Column(
            name=row["name"],
            quoted=row["quoted"],
            type=row["type"],
            shape=shape_of(row["base"], row["category"]),
            not_null=row["not_null"],
            has_default=row["has_default"],
            scale=row["scale"],
            labels=tuple(row["labels"] or ()),
        )
        for row in columns
        if row["readable"]
    }
    keys = [row for row in constraints if set(row["columns"]) <= set(readable)]
    unique = [tuple(row["columns"]) for row in keys if row["kind"] == "u"]
    unique += [(row["name"],) for row in indexes if row["single"] and row["name"] in readable]
    return Table(
        oid=relation["oid"],
        schema=relation["schema"],
        name=relation["name"],
        kind=relation["kind"],
        quoted=relation["quoted"],
        rows=relation["rows"],
        filled=bool(relation["filled"]),
        on_path=relation["on_path"],
        readable=relation["readable"],
        comment=relation["comment"],
        columns=readable,
        unreadable=tuple(row["name"] for row in columns if not row["readable"]),
        primary=next((tuple(row["columns"]) for row in keys if row["kind"] == "p"), ()),
        uniques=tuple(dict.fromkeys(unique)),
        indexed=frozenset(row["name"] for row in indexes),
        links=tuple(
            Link(tuple(row["columns"]), row["target"], tuple(row["target_columns"]))
            for row in keys
            if row["kind"] == "f"
        ),
    )
