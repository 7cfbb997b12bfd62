"""The room's fixtures: a world whose store takes a coupon twice, behind the fault proxy, with all that
the pipeline is between the two."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest

from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline_tests.loop.house import House
from influence_pipeline_tests.loop.housed import housed
from influence_pipeline_tests.support.databases import STORE_NOW, databases_of
from influence_pipeline_tests.support.proxied import FaultProxy
from influence_pipeline_tests.support.world import World, sandbox_process, world
from influence_pipeline_tests.sync.proof.conftest import LONG_QUIET, proxy

__all__ = ["proxy", "sandbox_process", "world"]

# The receiver only stores, and events are worked off one by one: a life must replay as it was.
_STEP_BY_STEP = """
[webhooks]
fast_path = false
workers = 1
[coupons.caps]
per_customer_per_day = 1000
"""


@pytest.fixture(scope="session")
def store_template(postgres: EmbeddedPostgres) -> str:
    """The name of a database with the corner shop. Its codes may be there twice, as in a shop that has
    no unique index on them (Vendure): what keeps a coupon single is then ours."""
    name = "template_loop_shop"
    if name in databases_of(postgres):
        return name
    url = postgres.create_database(name)
    sample_store.create(url)
    sample_store.seed(url, customers=4, orders_per_customer=0, products=3, now=STORE_NOW)
    with closing(psycopg2.connect(url)) as connection, connection:
        connection.cursor().execute(
            "ALTER TABLE discount_codes DROP CONSTRAINT discount_codes_pkey;"
            "CREATE INDEX discount_codes_code ON discount_codes (code)"
        )
    return name


@pytest.fixture
def house(world: World, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The house, before its first life."""
    monkeypatch.setenv("CURL_CA_BUNDLE", str(proxy.certificate))
    world.configure(
        *LONG_QUIET,
        ("linger_seconds = 2", "linger_seconds = 0"),
        ("recheck_in_compares = 0", "recheck_in_compares = 0\ndelete_check_percent = 0"),
    )
    world.config.write_text(world.config.read_text() + _STEP_BY_STEP)
    world.through = proxy.url
    with housed(world, proxy) as made:
        yield made
