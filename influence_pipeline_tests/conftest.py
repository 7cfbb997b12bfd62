"""Fixtures that several rooms use: a real Postgres, and databases on it. The options of `pytest`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline_tests.soak import length
from influence_pipeline_tests.support import databases, pgbouncer, pictures, seeds
from influence_pipeline_tests.support.chat import Chat, chatting
from influence_pipeline_tests.support.proxied_postgres import PostgresProxy, proxying_postgres
from influence_pipeline_tests.support.tally import tally

__all__ = ["tally"]


def pytest_addoption(parser: pytest.Parser) -> None:
    seeds.add_option(parser)
    pictures.add_option(parser)
    pgbouncer.add_option(parser)
    length.add_option(parser)
    databases.add_option(parser)


@pytest.hookimpl(tryfirst=True)  # before Hypothesis reads its own option
def pytest_configure(config: pytest.Config) -> None:
    seeds.give_to_hypothesis(config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    seeds.parametrize(metafunc)


@pytest.fixture(scope="session")
def postgres(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedPostgres]:
    """A running Postgres of this test process, or the one that `--postgres` names."""
    with databases.server_for(request.config, tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_proxy(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgresProxy]:
    """The fault proxy in front of this process's Postgres."""
    with proxying_postgres(tmp_path_factory.mktemp("postgres-proxy"), postgres) as started:
        yield started


@pytest.fixture(scope="session")
def store_template(postgres: EmbeddedPostgres) -> str:
    """The name of a database with the sample store: 60 customers, 120 orders, 20 products."""
    return databases.make_store_template(postgres)


@pytest.fixture(scope="session")
def state_template(postgres: EmbeddedPostgres) -> str:
    """The name of a database with an empty state schema."""
    return databases.make_state_template(postgres)


@pytest.fixture(scope="session")
def reached(
    request: pytest.FixtureRequest,
    postgres: EmbeddedPostgres,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], str]]:
    """How the tests reach their databases: given the URL at the server, the one to use."""
    if not request.config.getoption(pgbouncer.OPTION):
        yield str
        return
    with pgbouncer.pooling(postgres, tmp_path_factory.mktemp("pgbouncer")) as bouncer:
        yield bouncer.through


@pytest.fixture
def store_url(
    postgres: EmbeddedPostgres, store_template: str, reached: Callable[[str], str]
) -> Iterator[str]:
    """The URL of a sample store of the test's own."""
    with databases.throw_away_database(postgres, store_template) as url:
        yield reached(url)


@pytest.fixture
def state_url(
    postgres: EmbeddedPostgres, state_template: str, reached: Callable[[str], str]
) -> Iterator[str]:
    """The URL of a state database of the test's own, empty and of this version."""
    with databases.throw_away_database(postgres, state_template) as url:
        yield reached(url)


@pytest.fixture
def empty_database_url(postgres: EmbeddedPostgres, reached: Callable[[str], str]) -> Iterator[str]:
    """The URL of an empty database of the test's own."""
    with databases.throw_away_database(postgres) as url:
        yield reached(url)


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of our variables is set, whatever the shell that started the tests has."""
    for name in [name for name in os.environ if name.upper().startswith("INFLUENCE_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def chat() -> Iterator[Chat]:
    """A chat that alerts can be told to."""
    with chatting() as opened:
        yield opened
