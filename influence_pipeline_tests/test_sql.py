"""Named queries: found by name, values bound."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import psycopg2

from influence_pipeline.sql import driver_form, load_queries, read_queries


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


def test_queries_are_given_as_text_too(tmp_path: Path) -> None:
    file = module(tmp_path, "-- name: one\nSELECT :a\n")
    assert read_queries(file, "queries.sql") == {"one": "SELECT :a"}
    assert len(load_queries(file, "queries.sql")) == 1
    with pytest.raises(KeyError):
        _ = load_queries(file, "queries.sql")["two"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT :a",
        "SELECT CAST(:a AS text), 1::int, :b::int, x LIKE 'a:%'",
        "SELECT 7 % 2, :a_b2, '12:30'",
    ],
)
def test_the_driver_binds_the_names_that_sqlalchemy_binds(query: str) -> None:
    by_driver = driver_form(query) % dict.fromkeys(("a", "b", "a_b2"), "V")
    wanted = text(query).compile(dialect=psycopg2.dialect())
    assert by_driver == str(wanted) % dict.fromkeys(wanted.params, "V")
