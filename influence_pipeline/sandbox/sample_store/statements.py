"""How the sample store's SQL files are run, and what a change answers. Holds no SQL itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions

from influence_pipeline.errors import InfluencePipelineError, describe_database_error

_FOLDER = Path(__file__).parent

# Where a change happens: at a URL it is a transaction of its own, committed at the end; on an open
# connection it becomes part of the transaction there, which the caller commits or rolls back.
Place = str | psycopg2.extensions.connection


class SampleStoreError(InfluencePipelineError):
    """The sample store cannot be made, filled or changed like that; says why."""


@dataclass(frozen=True)
class Touched:
    """The keys, as text, of the records that a change touched."""

    customers: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()


@cache
def statement(name: str) -> str:
    """Read the SQL file of this name, such as `changes/place_order`."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


@contextmanager
def transaction(place: Place) -> Iterator[psycopg2.extensions.cursor]:
    """Give a cursor in a transaction of the place (see `Place`).

    Raises SampleStoreError, without values of rows, for what the database refuses at a URL; on an
    open connection the driver's own exceptions come through, as its owner expects them.
    """
    if not isinstance(place, str):
        with place.cursor() as cursor:
            yield cursor
        return
    try:
        connection = psycopg2.connect(place)
        try:
            with connection, connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()
    except psycopg2.Error as error:
        raise SampleStoreError(f"The sample store: {describe_database_error(error)}.") from None


def rows(
    cursor: psycopg2.extensions.cursor, name: str, parameters: Mapping[str, Any] | None = None
) -> list[Any]:
    """Run the SQL file of this name and give the rows of its last statement."""
    cursor.execute(statement(name), dict(parameters or {}))
    return cursor.fetchall()


def keys(
    cursor: psycopg2.extensions.cursor, name: str, parameters: Mapping[str, Any] | None = None
) -> tuple[str, ...]:
    """Run the SQL file of this name and give its first column, each key once."""
    return tuple(dict.fromkeys(str(row[0]) for row in rows(cursor, name, parameters)))
