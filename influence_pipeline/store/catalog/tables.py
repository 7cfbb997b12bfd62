"""Tables, columns and links as the catalog has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum


class Shape(Enum):
    """What can be done with a column's values, whatever its type is called."""

    TEXT = "text"
    INTEGER = "integer"
    EXACT = "numeric"
    FLOAT = "float"
    MONEY = "money"
    BOOLEAN = "boolean"
    MOMENT = "moment"
    NAIVE = "moment without a zone"
    DATE = "date"
    JSON = "json"
    UUID = "uuid"
    ENUM = "enum"
    ARRAY = "array"
    OTHER = "other"


_SHAPES = {
    "smallint": Shape.INTEGER,
    "integer": Shape.INTEGER,
    "bigint": Shape.INTEGER,
    "numeric": Shape.EXACT,
    "real": Shape.FLOAT,
    "double precision": Shape.FLOAT,
    "money": Shape.MONEY,
    "boolean": Shape.BOOLEAN,
    "timestamp with time zone": Shape.MOMENT,
    "timestamp without time zone": Shape.NAIVE,
    "date": Shape.DATE,
    "json": Shape.JSON,
    "jsonb": Shape.JSON,
    "uuid": Shape.UUID,
}


def shape_of(base: str, category: str) -> Shape:
    """Give the shape of a type, by its name under any domain and by Postgres's category."""
    known = _SHAPES.get(base)
    if known is not None:
        return known
    return {"S": Shape.TEXT, "E": Shape.ENUM, "A": Shape.ARRAY}.get(category, Shape.OTHER)


@dataclass(frozen=True)
class Column:
    """`quoted`: as it is written in SQL after an alias. `of_key`: it is no column, but the value
    that a table of keys and values has under this key; see `store.draft.key_values`."""

    name: str
    quoted: str
    type: str
    shape: Shape
    not_null: bool = False
    has_default: bool = False
    scale: int | None = None
    labels: tuple[str, ...] = ()
    of_key: tuple[str, str] | None = None

    def sql(self, alias: str) -> str:
        """The column's value of the row that `alias` names."""
        if self.of_key is not None:
            return self.of_key[0].replace("{alias}", alias)
        return f"{alias}.{self.quoted}"


@dataclass(frozen=True)
class Link:
    """From a row to the one row it belongs to. `why`: "foreign key", or what it was told from."""

    columns: tuple[str, ...]
    target: int
    target_columns: tuple[str, ...]
    why: str = "foreign key"

    @property
    def is_declared(self) -> bool:
        return self.why == "foreign key"


@dataclass(frozen=True)
class Table:
    """`rows`: an estimate, None where there is none. `only`: a condition on `{alias}` where only
    some of the rows are meant (one table holds several kinds of things)."""

    oid: int
    schema: str
    name: str
    kind: str
    quoted: str
    rows: int | None
    filled: bool
    on_path: bool
    readable: bool
    comment: str = ""
    columns: dict[str, Column] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()
    primary: tuple[str, ...] = ()
    uniques: tuple[tuple[str, ...], ...] = ()
    indexed: frozenset[str] = frozenset()
    links: tuple[Link, ...] = ()
    only: str | None = None

    @property
    def is_view(self) -> bool:
        return self.kind in "vf"

    @property
    def identity(self) -> tuple[str, ...]:
        """The columns that tell its rows apart, as far as the catalog says."""
        return self.primary or next((unique for unique in self.uniques if len(unique) == 1), ())

    def condition(self, alias: str) -> str | None:
        return None if self.only is None else self.only.replace("{alias}", alias)


class Catalog:
    """Every table that somebody made, by its number."""

    def __init__(self, tables: list[Table]) -> None:
        self._tables = {table.oid: table for table in tables}

    def __iter__(self) -> Iterator[Table]:
        return iter(self._tables.values())

    def __len__(self) -> int:
        return len(self._tables)

    def __getitem__(self, oid: int) -> Table:
        return self._tables[oid]

    def get(self, oid: int) -> Table | None:
        return self._tables.get(oid)

    def named(self, name: str, schema: str | None = None) -> list[Table]:
        return [t for t in self if t.name == name and schema in (None, t.schema)]

    def with_links(self, links: dict[int, list[Link]]) -> Catalog:
        """The same with more links."""
        return Catalog([replace(t, links=(*t.links, *links.get(t.oid, ()))) for t in self])

    def with_tables(self, tables: list[Table]) -> Catalog:
        """The same with more tables, or others in place of those of the same number."""
        return Catalog([*({**self._tables, **{t.oid: t for t in tables}}).values()])
