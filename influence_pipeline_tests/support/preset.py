"""The plain preset, read as TOML and text: what tests of the mapping itself need of it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import psycopg2.extensions

FOLDER = files("influence_pipeline.store.presets") / "plain"
CONFIG: dict[str, Any] = tomllib.loads((FOLDER / "influence.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Source:
    """One alias of one source: a question which records its changed rows belong to."""

    from_clause: str
    alias: str
    key: str

    def keys_written_by(self, cursor: psycopg2.extensions.cursor, transaction: str) -> set[str]:
        """Give the records whose rows, of this alias, the transaction wrote."""
        cursor.execute(
            f"SELECT ({self.key})::text FROM {self.from_clause} WHERE {self.alias}.xmin = %s::xid",
            (transaction,),
        )
        return {key for (key,) in cursor}


def select(entity: str) -> str:
    """Give the SELECT of an entity ("customers", "products", "orders")."""
    name: str = CONFIG[entity]["query"]
    return (FOLDER / name).read_text(encoding="utf-8")


def sources(entity: str) -> list[Source]:
    """Give the sources of an entity, one per alias."""
    return [
        Source(source["from"], alias, source["key"])
        for source in CONFIG[entity]["sources"]
        for alias in source["rows"]
    ]


def canonical(cursor: psycopg2.extensions.cursor, entity: str, key: str) -> dict[str, Any]:
    """Give the one canonical row of a record, or {} if the mapping leaves it out."""
    cursor.execute(f"SELECT q.* FROM ({select(entity)}) AS q WHERE q.id::text = %s", (key,))
    found = cursor.fetchall()
    assert len(found) <= 1
    names = [column.name for column in cursor.description or ()]
    return dict(zip(names, found[0], strict=True)) if found else {}
