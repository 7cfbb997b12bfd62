"""Databases for tests: one throw-away server per test process, a fresh copy of a template per test.

Each test process (xdist worker) runs its own server on a port of its own, so nothing is shared.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest

from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.postgres import EmbeddedPostgres

# The present of the sample store in tests: content must not change from one day to the next.
STORE_NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)

_numbers = itertools.count(1)


@contextmanager
def throw_away_server(folder: Path) -> Iterator[EmbeddedPostgres]:
    """Run a server in `folder` and remove it with all its data."""
    try:
        with EmbeddedPostgres.start(folder / "data", fast=True) as server:
            yield server
    finally:
        shutil.rmtree(folder)


def add_option(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres",
        metavar="FOLDER",
        help="use the server on this folder, which runs already, and leave it running",
    )


@contextmanager
def server_for(config: pytest.Config, folder: Path) -> Iterator[EmbeddedPostgres]:
    """The server of `--postgres`, or a throw-away one in `folder`."""
    standing = config.getoption("--postgres")
    if standing:
        with EmbeddedPostgres.start(Path(standing), fast=True) as server:
            yield server
    else:
        with throw_away_server(folder) as server:
            yield server


@contextmanager
def throw_away_database(server: EmbeddedPostgres, template: str | None = None) -> Iterator[str]:
    """Give the URL of a database of its own, and drop it, whoever is still connected."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    url = server.create_database(name, template=template)
    try:
        yield url
    finally:
        server.drop_database(name)


def administer(server: EmbeddedPostgres, statement: str) -> None:
    """Run a statement as the superuser, outside of a transaction."""
    with closing(psycopg2.connect(server.url())) as connection:
        connection.autocommit = True
        connection.cursor().execute(statement)


def drop_databases_of(server: EmbeddedPostgres, process: int) -> None:
    """Drop what `throw_away_database` made in a process that has ended before it could."""
    for name in databases_of(server):
        if name.startswith(f"test_{process}_"):
            server.drop_database(name)


def make_store_template(server: EmbeddedPostgres) -> str:
    """Make a small sample store to copy from, unless it is there, and give its name."""
    name = "template_store"
    if name in databases_of(server):
        return name
    url = server.create_database(name)
    sample_store.create(url)
    sample_store.seed(url, customers=60, orders_per_customer=2, products=20, now=STORE_NOW)
    return name


def make_state_template(server: EmbeddedPostgres) -> str:
    """Make an empty state database of this version to copy from, unless it is there, and give its
    name."""
    # Imported here: tests of the sandbox need nothing of the engine.
    from influence_pipeline.state import database

    name = "template_state"
    if name in databases_of(server):
        return name
    database.upgrade(server.create_database(name))
    return name


def databases_of(server: EmbeddedPostgres) -> list[str]:
    """The names of all databases of a server."""
    with closing(psycopg2.connect(server.url())) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        return [name for (name,) in cursor.fetchall()]
