"""Asking a store for a little, where no answer is an answer too."""

from __future__ import annotations

from typing import Any

import psycopg2
import sqlalchemy as sa
from psycopg2 import sql

from influence_pipeline.errors import describe_database_error
from influence_pipeline.postgres import run


def literal(cursor: Any, value: str) -> str:
    """A value as SQL's own, for a statement that a person will read."""
    return str(sql.Literal(value).as_string(cursor))


def ask(connection: sa.Connection, statement: str) -> list[Any] | str:
    """Give the rows, or in words why there are none: a right that is missing, a time-out, a row
    that cannot be computed. A statement of ours that is wrong in itself is an error."""
    try:
        with connection.begin_nested():
            return list(run(connection, statement).fetchall())
    except psycopg2.errors.SyntaxError:
        raise
    except psycopg2.Error as error:
        return describe_database_error(error)
