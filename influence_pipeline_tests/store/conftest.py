"""The room's fixtures: shops with tables of the test's own, here and on an older Postgres."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline_tests.support import databases, old_postgres, real_stores
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


@pytest.fixture(scope="session")
def real_store_template(postgres: EmbeddedPostgres) -> Callable[[str], str]:
    """Gives the name of a database with a store of that name, to be copied."""
    return functools.cache(lambda store: real_stores.restore(postgres, store))
