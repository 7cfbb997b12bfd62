"""The text of a SELECT and of its sources, with a reason above each column."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field

import psycopg2
import sqlalchemy as sa

from influence_pipeline.errors import describe_database_error
from influence_pipeline.postgres import run
from influence_pipeline.records import Entity
from influence_pipeline.store.canonical import CANONICAL, Kind

_WIDTH = 100
_NULLS = {
    Kind.ANY: "NULL::text",
    Kind.AMOUNT: "NULL::numeric",
    Kind.DATE: "NULL::date",
    Kind.MOMENT: "NULL::timestamptz",
    Kind.LIST: "'[]'::jsonb",
}


def comment(text: str, indent: str = "") -> list[str]:
    """A text as lines of an SQL comment."""
    return _wrapped(text, f"{indent}-- ")


def toml_comment(text: str) -> list[str]:
    return _wrapped(text, "# ")


def _wrapped(text: str, start: str) -> list[str]:
    return textwrap.wrap(
        " ".join(text.split()),
        _WIDTH,
        initial_indent=start,
        subsequent_indent=start,
        break_long_words=False,
        break_on_hyphens=False,
    )


@dataclass(frozen=True)
class Item:
    """A canonical column: its SQL, where it comes from, and what a person must still decide."""

    name: str
    sql: str
    why: str = ""
    todo: str | None = None


@dataclass(frozen=True)
class SourceText:
    """A source as it stands in influence.toml."""

    from_clause: str
    row: str
    key: str
    why: str = ""


@dataclass
class Drafted:
    """One entity: its SELECT in parts, and its sources."""

    entity: Entity
    head: list[str] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    joins: list[str] = field(default_factory=list)
    where: list[tuple[str, str]] = field(default_factory=list)
    sources: list[SourceText] = field(default_factory=list)

    def add(self, name: str, sql: str, why: str = "", todo: str | None = None) -> None:
        self.items.append(Item(name, sql, why, todo))

    def source(self, from_clause: str, row: str, key: str, why: str = "") -> None:
        if all(one.from_clause != from_clause or one.row != row for one in self.sources):
            self.sources.append(SourceText(from_clause, row, key, why))

    def text(self) -> str:
        lines = [line for words in self.head for line in comment(words)]
        lines.append("SELECT")
        for number, item in enumerate(self._complete(), 1):
            if item.why:
                lines += comment(item.why, "    ")
            if item.todo:
                lines += comment(f"TODO: {item.todo}", "    ")
            comma = "," if number < len(self._complete()) else ""
            lines.append(textwrap.indent(f"{item.sql} AS {item.name}{comma}", "    "))
        lines += self.joins
        for number, (condition, why) in enumerate(self.where):
            lines += comment(why)
            lines.append(f"{'AND' if number else 'WHERE'} {condition}")
        return "\n".join(lines) + "\n"

    def _complete(self) -> list[Item]:
        """The items in canonical order, with a NULL for each required one that was not found."""
        found = {item.name: item for item in self.items}
        complete = []
        for column in CANONICAL[self.entity]:
            if column.name in found:
                complete.append(found[column.name])
            elif column.required:
                # Without a table the condition at the end says it once for all.
                todo = "no candidate was found for it" if len(self.items) > 1 else None
                complete.append(Item(column.name, _NULLS[column.kind], todo=todo))
        return complete

    def tried(self, connection: sa.Connection) -> None:
        """Run every column for a few rows; one that the store refuses gives way to a NULL."""
        if self._refusal(connection, f"SELECT q.* FROM (\n{self.text()}) AS q LIMIT 20") is None:
            return
        if self._refusal(connection, self._select_of("1")) is not None:
            # Without its conditions it may still say something.
            self.where = []
        kinds = {column.name: column for column in CANONICAL[self.entity]}
        for place, item in enumerate(self.items):
            refused = self._refusal(connection, self._select_of(item.sql))
            if refused is not None:
                self.items[place] = Item(
                    item.name,
                    _NULLS[kinds[item.name].kind],
                    item.why,
                    f"the store refused `{' '.join(item.sql.split())}`: {refused}",
                )

    def _select_of(self, sql: str) -> str:
        conditions = " AND ".join(condition for condition, _ in self.where)
        joins = "\n".join(self.joins)
        return f"SELECT {sql}\n{joins}\n{f'WHERE {conditions}' if conditions else ''} LIMIT 20"

    @staticmethod
    def _refusal(connection: sa.Connection, statement: str) -> str | None:
        try:
            with connection.begin_nested():
                run(connection, statement).fetchall()
        except psycopg2.errors.QueryCanceled:
            return None  # Slow is not wrong.
        except psycopg2.Error as error:
            return describe_database_error(error)
        return None


def json_list(pairs: Iterable[tuple[str, str]], order: Iterable[str], indent: str) -> str:
    """An aggregate of objects, in a fixed order; an empty list where there is nothing."""
    inner = ",\n".join(f"{indent}            '{key}', {sql}" for key, sql in pairs)
    return (
        f"coalesce(\n{indent}    jsonb_agg(\n{indent}        jsonb_build_object(\n{inner}\n"
        f"{indent}        ) ORDER BY {', '.join(order)}\n{indent}    ), '[]'\n{indent})"
    )
