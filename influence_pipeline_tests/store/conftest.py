"""The room's fixtures: shops with tables of the test's own, here and on an older Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline_tests.support import databases, old_postgres
from influence_pipeline_tests.support.source_shop import SourceShop


@pytest.fixture
def tables(empty_database_url: str) -> Iterator[SourceShop]:
    """An empty store, of which the test makes the tables."""
    with closing(SourceShop(empty_database_url)) as shop:
        yield shop


@pytest.fixture(scope="session")
def old_server() -> Iterator[EmbeddedPostgres]:
    """Postgres 15, which has ICU's collations too."""
    with old_postgres.running() as server:
        yield server


@pytest.fixture
def old(old_server: EmbeddedPostgres) -> Iterator[SourceShop]:
    """The same as `tables` on Postgres 15."""
    with databases.throw_away_database(old_server) as url, closing(SourceShop(url)) as shop:
        yield shop
