"""The changes that captures are measured with: the keys that are told are those that changed."""

from __future__ import annotations

from contextlib import closing

import psycopg2
import pytest

from benchmarks.shop_changes import Amounts, Round
from influence_pipeline.sandbox import sample_store
from influence_pipeline_tests.support.preset import FOLDER

ALL_KINDS = Amounts(rows=3, late=2, new=4, lines=3, payments=1, deleted=2)


@pytest.fixture
def store(empty_database_url: str) -> str:
    sample_store.create(empty_database_url)
    sample_store.seed(empty_database_url, customers=2000)
    return empty_database_url


def canonical_orders(url: str) -> dict[str, str]:
    select = (FOLDER / "orders.sql").read_text(encoding="utf-8")
    with closing(psycopg2.connect(url)) as connection:
        cursor = connection.cursor()
        cursor.execute(f"SELECT q.id::text, q::text FROM ({select}) q")
        return dict(cursor.fetchall())


def test_a_round_tells_just_the_orders_that_it_changed(store: str) -> None:
    # A slot in which the money of some order is only reserved.
    one = Round(store, 1, ALL_KINDS)
    before = canonical_orders(store)
    one.begin()
    assert canonical_orders(store) == before
    found = one.finish()
    after = canonical_orders(store)

    both = before.keys() & after.keys()
    assert found.changed == {key for key in both if before[key] != after[key]}
    assert found.new == after.keys() - before.keys()
    assert found.deleted == before.keys() - after.keys()
    told = len(found.changed), len(found.new), len(found.deleted)
    assert told == (3 + 2 + 3 + 1, 4, 2)


def test_rounds_do_not_meet_each_other(store: str) -> None:
    first, second = (Round(store, number, ALL_KINDS) for number in (1, 2))
    second.begin()
    # Would wait for ever for a row that the other holds.
    found = first.finish()
    assert not found.changed & second.finish().changed
