"""The search for reference cycles is seldom inside a delivery, and as before after the last one."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from influence_pipeline.sync.garbage import collected_seldom


@pytest.fixture(autouse=True)
def threshold() -> Iterator[tuple[int, int, int]]:
    before = gc.get_threshold()
    gc.set_threshold(700, 11, 12)
    yield (700, 11, 12)
    gc.set_threshold(*before)


def test_it_is_seldom_inside_and_as_before_afterwards(threshold: tuple[int, int, int]) -> None:
    with collected_seldom():
        inside = gc.get_threshold()
    assert (inside[0] > 50_000, inside[1:]) == (True, threshold[1:])
    assert gc.get_threshold() == threshold


def test_of_blocks_that_overlap_the_last_restores(threshold: tuple[int, int, int]) -> None:
    first, second = collected_seldom(), collected_seldom()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert gc.get_threshold() != threshold
    second.__exit__(None, None, None)
    assert gc.get_threshold() == threshold


def test_an_error_restores_too(threshold: tuple[int, int, int]) -> None:
    with pytest.raises(ZeroDivisionError), collected_seldom():
        _ = 1 / 0
    assert gc.get_threshold() == threshold


def test_where_collection_is_off_it_stays_off() -> None:
    gc.set_threshold(0, 10, 10)
    with collected_seldom():
        assert gc.get_threshold()[0] == 0
