"""The proof's own world: a corner shop with four customers, three products and no orders, so that all
that happens is what a test does. Its API doubles whatever can be doubled."""

from __future__ import annotations

import pytest

from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline_tests.support.databases import STORE_NOW


@pytest.fixture(scope="session")
def store_template(postgres: EmbeddedPostgres) -> str:
    """The name of a database with the corner shop."""
    name = "template_corner_shop"
    url = postgres.create_database(name)
    sample_store.create(url)
    sample_store.seed(url, customers=4, orders_per_customer=0, products=3, now=STORE_NOW)
    return name
