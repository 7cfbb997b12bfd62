"""Stores that keep the words of a thing by language in a table beside it (product_translation):
the words in the language that most rows are in are made to look like columns of the thing."""

from __future__ import annotations

import sqlalchemy as sa

from influence_pipeline.postgres import driver_cursor
from influence_pipeline.store.catalog import Catalog, Column, Link, Shape, Table
from influence_pipeline.store.draft.asking import ask, literal
from influence_pipeline.store.draft.words import tokens

_LANGUAGE = frozenset(
    {"language", "lang", "locale", "langue", "sprache", "idioma", "taal", "lingua"}
)
# How tables of translations are called; a search index has languages too.
_CALLED = frozenset(
    {"translation", "translations", "lang", "langs", "language", "languages", "locale", "locales"}
    | {"localization", "intl", "uebersetzung", "uebersetzungen", "traduction", "texts"}
)
_ROWS = 20_000


def translations(
    connection: sa.Connection, catalog: Catalog, table: Table
) -> list[tuple[Column, Table, Link]]:
    """Give a column for each text of a table of translations, the table, and its link."""
    found = []
    for other in catalog:
        for link in other.links:
            if link.target != table.oid or len(link.columns) != 1 or not other.readable:
                continue
            if not _CALLED & set(tokens(other.name)):
                continue
            language = _language(other, link)
            spoken = _most_spoken(connection, other, language) if language is not None else None
            if language is None or spoken is None:
                continue
            found += [
                (_column(connection, table, other, link, language, spoken, text), other, link)
                for text in other.columns.values()
                if text.shape is Shape.TEXT and text.name not in (language.name, *link.columns)
            ]
    return found


def _language(table: Table, link: Link) -> Column | None:
    for column in table.columns.values():
        if column.name not in link.columns and _LANGUAGE & set(tokens(column.name)):
            return column
    return None


def _most_spoken(connection: sa.Connection, table: Table, language: Column) -> str | None:
    rows = ask(
        connection,
        f"SELECT v FROM (SELECT {language.sql('s')}::text AS v FROM {table.quoted} AS s "
        f"LIMIT {_ROWS}) AS few WHERE length(v) BETWEEN 1 AND 20 "
        "GROUP BY v ORDER BY count(*) DESC, v LIMIT 1",
    )
    return None if isinstance(rows, str) or not rows else str(rows[0][0])


def _column(
    connection: sa.Connection,
    table: Table,
    other: Table,
    link: Link,
    language: Column,
    spoken: str,
    text: Column,
) -> Column:
    order = ", ".join(other.columns[name].sql("m") for name in other.identity or (text.name,))
    said = literal(driver_cursor(connection), spoken)
    link_column = other.columns[link.columns[0]].quoted
    sql = (
        f"(SELECT m.{text.quoted} FROM {other.quoted} m WHERE m.{link_column} = "
        f"{{alias}}.{table.columns[link.target_columns[0]].quoted} "
        f"AND m.{language.quoted}::text = {said} ORDER BY {order} LIMIT 1)"
    )
    where = f"{other.name}.{text.name} in the language {spoken}"
    return Column(text.name, text.quoted, text.type, Shape.TEXT, of_key=(sql, where))
