"""The proof's own world: a corner shop with four customers, three products and no orders, so that all
that happens is what a test does. Its API doubles whatever can be doubled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline_tests.sandbox.platform_fixtures import Sandbox
from influence_pipeline_tests.support.databases import STORE_NOW
from influence_pipeline_tests.support.fault_proxy import Plan
from influence_pipeline_tests.support.proxied import FaultProxy, proxying
from influence_pipeline_tests.support.world import World

# A quiet window that no call outlasts: it passes when the test says so, after all has arrived.
LONG_QUIET = [
    ("timeout_seconds = 2", "timeout_seconds = 10"),
    ("quiet_window_seconds = 0.3", "quiet_window_seconds = 600"),
    ("linger_seconds = 4", "linger_seconds = 2"),
]


@pytest.fixture(scope="session")
def store_template(postgres: EmbeddedPostgres) -> str:
    """The name of a database with the corner shop."""
    name = "template_corner_shop"
    url = postgres.create_database(name)
    sample_store.create(url)
    sample_store.seed(url, customers=4, orders_per_customer=0, products=3, now=STORE_NOW)
    return name


@pytest.fixture(scope="session")
def proxy(
    sandbox_process: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FaultProxy]:
    """The fault proxy in front of this process's sandbox."""
    with proxying(tmp_path_factory.mktemp("proxy"), sandbox_process.port) as started:
        yield started


@pytest.fixture
def troubled(worst: World, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> World:
    """The worst API, behind the proxy."""
    monkeypatch.setenv("CURL_CA_BUNDLE", str(proxy.certificate))
    worst.configure(*LONG_QUIET)
    worst.through = proxy.url
    proxy.follow(Plan())
    return worst
