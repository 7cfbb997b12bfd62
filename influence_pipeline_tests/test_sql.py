"""Named queries: found by name, values bound."""

from __future__ import annotations

from pathlib import Path

import pytest

from influence_pipeline.sql import load_queries


def module(folder: Path, sql: str) -> str:
    (folder / "queries.sql").write_text(sql)
    return str(folder / "module.py")


def test_each_query_is_found_by_its_name_with_its_values_to_bind(tmp_path: Path) -> None:
    text = "-- head\n-- name: one\n-- says why\nSELECT :a\n\n-- name: two\nSELECT 2::int\n"
    queries = load_queries(module(tmp_path, text), "queries.sql")
    assert list(queries) == ["one", "two"]
    assert set(queries["one"].compile().params) == {"a"}
    assert str(queries["two"]) == "SELECT 2::int"


def test_a_name_that_stands_twice_is_a_mistake(tmp_path: Path) -> None:
    text = "-- name: one\nSELECT 1\n-- name: one\nSELECT 2\n"
    with pytest.raises(ValueError, match="twice"):
        load_queries(module(tmp_path, text), "queries.sql")
