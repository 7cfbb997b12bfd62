"""Databases for tests: one throw-away server per test process, a fresh copy of a template per test.

Each test process (xdist worker) runs its own server on a port of its own, so nothing is shared.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg2

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


@contextmanager
def throw_away_database(server: EmbeddedPostgres, template: str | None = None) -> Iterator[str]:
    """Give the URL of a database of its own, and drop it, whoever is still connected."""
    name = f"test_{next(_numbers)}"
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


def make_store_template(server: EmbeddedPostgres) -> str:
    """Make a small sample store to copy from, and give its name."""
    name = "template_store"
    url = server.create_database(name)
    sample_store.create(url)
    sample_store.seed(url, customers=60, orders_per_customer=2, products=20, now=STORE_NOW)
    return name


def make_state_template(server: EmbeddedPostgres) -> str:
    """Make an empty state database of this version to copy from, and give its name."""
    # Imported here: tests of the sandbox need nothing of the engine.
    from influence_pipeline.state import database

    name = "template_state"
    database.upgrade(server.create_database(name))
    return name
