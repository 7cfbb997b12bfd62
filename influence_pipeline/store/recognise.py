"""Which store a database belongs to: by the tables and columns that a preset reads.

Medusa, Vendure, Saleor and the sample store's plain tables are told apart by what only they have,
in whatever schema they lie. The version is told by their migrations or by columns that came with
it. Reads the catalog and the stores' tables of migrations, nothing of anybody's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import psycopg2
import sqlalchemy as sa
from psycopg2 import sql

from influence_pipeline.postgres import driver_cursor
from influence_pipeline.store.catalog import Catalog
from influence_pipeline.store.signs import SIGNS, Signs

__all__ = ["Recognised", "recognise"]


@dataclass(frozen=True)
class Recognised:
    """A store that a preset is for.

    `version`: in words. `fits`: it has all that the preset reads. `missing`: what it has not, as
    "table order_summary" or "order.is_draft_order"; `missing_share`: how much of all that is.
    `on_path`: the role finds its tables without their schema's name, as the preset's SELECTs ask
    for them. `tried`: the version that the preset was tried with.
    """

    preset: str
    name: str
    schema: str
    version: str
    tried: str
    reasons: tuple[str, ...]
    missing: tuple[str, ...]
    missing_share: float
    on_path: bool

    @property
    def fits(self) -> bool:
        return not self.missing

    @property
    def search_path_mend(self) -> str:
        """What to do where the schema is not on the role's search path."""
        return (
            f'its schema "{self.schema}" is not on the role\'s search path, and the SELECTs name '
            f'no schema: ALTER ROLE <the role> SET search_path = "{self.schema}", public; or add '
            f"?options=-csearch_path%3D{self.schema} to the URL"
        )


def recognise(connection: sa.Connection, catalog: Catalog) -> list[Recognised]:
    """Give the stores found, the one that fits best first; none for an unknown store."""
    found: list[tuple[int, Recognised]] = []
    for schema in sorted({table.schema for table in catalog}):
        there = {
            t.name: frozenset((*t.columns, *t.unreadable)) for t in catalog if t.schema == schema
        }
        for signs in SIGNS:
            recognised = _held(connection, catalog, schema, there, signs)
            if recognised is not None:
                rows = sum(t.rows or 0 for t in catalog.named(signs.orders, schema))
                found.append((rows, recognised))
    found.sort(key=lambda one: (one[1].missing_share, -one[0], one[1].schema))
    return [recognised for _, recognised in found]


Columns = dict[str, frozenset[str]]


def _held(
    connection: sa.Connection, catalog: Catalog, schema: str, there: Columns, signs: Signs
) -> Recognised | None:
    if not all(_has(there, sign) for sign in signs.own):
        return None
    missing = [part for part in signs.parts if not _has(there, part)]
    if not signs.may_lack_parts and missing:
        return None
    reasons = [", ".join(signs.own)]
    tables = [part for part in signs.parts if "." not in part]
    reasons.append(
        f"{len(tables) - sum('.' not in m for m in missing)} of its {len(tables)} tables"
    )
    version = _VERSIONS[signs.preset](connection, schema, there)
    return Recognised(
        preset=signs.preset,
        name=signs.name,
        schema=schema,
        version=version,
        tried=signs.tried,
        reasons=tuple(reasons),
        missing=tuple(_worded(part) for part in missing if _is_first(part, missing)),
        missing_share=len(missing) / len(signs.parts),
        on_path=all(t.on_path for t in catalog.named(signs.orders, schema)),
    )


def _has(there: Columns, part: str) -> bool:
    table, _, column = part.partition(".")
    return table in there and (not column or column in there[table])


def _is_first(part: str, missing: list[str]) -> bool:
    """A column of a table that is not there needs no word of its own."""
    return "." not in part or part.partition(".")[0] not in missing


def _worded(part: str) -> str:
    return part if "." in part else f"table {part}"


def _medusa_version(connection: sa.Connection, schema: str, there: Columns) -> str:
    if "mikro_orm_migrations" not in there:
        return "1" if "money_amount" in there and "line_item" in there else "2, by its tables"
    latest = _migrations(connection, schema, "mikro_orm_migrations", "max(name)")
    return _beside(latest, "2, migrations", "medusa") if latest else "2, by its tables"


def _vendure_version(connection: sa.Connection, schema: str, there: Columns) -> str:
    if "settings_store_entry" in there:
        return "3 (3.4 or newer: it has settings_store_entry)"
    if "seller" in there:
        return "2 or 3 (before 3.4: it has seller and no settings_store_entry)"
    return "1 (it has no seller)"


def _saleor_version(connection: sa.Connection, schema: str, there: Columns) -> str:
    if "channel_channel" not in there:
        return "before 3 (it has no channels)"
    if "django_migrations" not in there:
        return "3, by its tables"
    latest = _migrations(
        connection, schema, "django_migrations", "max(name) FILTER (WHERE app = 'order')"
    )
    return _beside(latest, "3, migrations of orders", "saleor") if latest else "3, by its tables"


def _beside(latest: str, words: str, preset: str) -> str:
    """Hold the newest migration against that of the version that the preset was tried with."""
    (tried,) = [signs for signs in SIGNS if signs.preset == preset]
    newest = tried.newest or ""
    if latest == newest:
        return f"{words} as in {tried.tried}"
    return f"{words} {'newer' if latest > newest else 'older'} than {tried.tried}'s: up to {latest}"


def _plain_version(connection: sa.Connection, schema: str, there: Columns) -> str:
    return "the tables of the project's sample store"


_VERSIONS: dict[str, Callable[[sa.Connection, str, Columns], str]] = {
    "medusa": _medusa_version,
    "vendure": _vendure_version,
    "saleor": _saleor_version,
    "plain": _plain_version,
}


def _migrations(connection: sa.Connection, schema: str, table: str, what: str) -> str | None:
    """The newest migration's name; None where the role may not read it."""
    statement = sql.SQL("SELECT {} FROM {}").format(sql.SQL(what), sql.Identifier(schema, table))
    try:
        with connection.begin_nested():
            cursor = driver_cursor(connection)
            cursor.execute(statement)
            ((name,),) = cursor.fetchall()
    except psycopg2.Error:
        return None
    return None if name is None else str(name)
