"""How the state database is reached, and a quick look at it without SQLAlchemy and Alembic."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from influence_pipeline.errors import StateError
from influence_pipeline.postgres import Direct, Postgres

VARIABLE = "INFLUENCE_STATE_URL"
DEFAULT_SCHEMA = "influence"
MIGRATIONS = Path(__file__).parent / "migrations"


def connect(
    url: str,
    *,
    schema: str = DEFAULT_SCHEMA,
    pool_size: int = 5,
    statement_timeout_seconds: int = 0,
    connect_timeout_seconds: int = 10,
) -> Postgres:
    """Give the state database; it is not looked at yet, see `database.open_state`."""
    return Postgres(
        url,
        variable=VARIABLE,
        kind=StateError,
        search_path=schema,
        pool_size=pool_size,
        statement_timeout_seconds=statement_timeout_seconds,
        connect_timeout_seconds=connect_timeout_seconds,
    )


@contextmanager
def look(state: Postgres, url: str, *, schema: str = DEFAULT_SCHEMA) -> Iterator[Direct]:
    """Open one transaction on `state`, whose schema is then this version's.

    Raises StateError, as `database.open_state` does.
    """
    with state.direct() as connection:
        if _is_of_this_version(connection):
            yield connection
            return
    # Rare, and half a second slower: an empty, older or newer schema.
    from influence_pipeline.state.database import open_state

    open_state(url, schema=schema).close()
    with state.direct() as connection:
        yield connection


def newest_revision() -> str:
    """Give the number of the newest migration, by the names of their files."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _is_of_this_version(connection: Direct) -> bool:
    if connection.ask("SELECT to_regclass('schema_version') AS found")[0]["found"] is None:
        return False
    rows = connection.ask("SELECT version_num FROM schema_version")
    return [row["version_num"] for row in rows] == [newest_revision()]
