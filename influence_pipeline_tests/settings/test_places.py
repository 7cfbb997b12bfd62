"""The line of a key, in any way that TOML lets it be written."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influence_pipeline.settings import place_of
from influence_pipeline_tests.support import preset

TEXT = '''\
# [not.a.table]
version = 1  # key = 2
"quoted.key" = """
[neither]
this = 1
"""
dotted.inner . "deep" = \'\'\'
[nor]\'\'\'\'
[customers]
query = "a # b"
[[customers.sources]]
from = "x"
rows = ["c",
  "d", # "e"
]
[[customers.sources]]
from = 'y'
  [customers.sources.more]
  odd = 1
[rewards."rule-1"]
kind = { a = 1, "b" = [ {c = 2} ] }
after = "\\"]"
'''


@pytest.mark.parametrize(
    ("loc", "line"),
    [
        (("version",), 2),
        (("quoted.key",), 3),
        (("dotted",), 7),
        (("dotted", "inner", "deep"), 7),
        (("customers",), 9),
        (("customers", "query"), 10),
        (("customers", "sources"), 11),
        (("customers", "sources", 0), 11),
        (("customers", "sources", 0, "from"), 12),
        (("customers", "sources", 0, "rows", 0), 13),
        (("customers", "sources", 0, "rows", 1), 14),
        (("customers", "sources", 1, "from"), 17),
        (("customers", "sources", 1, "more", "odd"), 19),
        (("rewards", "rule-1"), 20),
        (("rewards", "rule-1", "kind", "b", 0, "c"), 21),
        (("rewards", "rule-1", "after"), 22),
    ],
)
def test_the_line_of_a_key_is_found(loc: tuple[str | int, ...], line: int) -> None:
    tomllib.loads(TEXT)
    assert place_of(TEXT, loc) == line


def test_a_key_that_is_not_there_stands_where_its_table_begins() -> None:
    assert place_of(TEXT, ("customers", "sources", 1, "key")) == 16
    assert place_of(TEXT, ("customers", "deletes")) == 9


def test_a_key_that_is_nowhere_has_no_line() -> None:
    assert place_of(TEXT, ("orders", "query")) is None
    assert place_of("", ("version",)) is None


def _locs(value: Any, loc: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a TOML document."""
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [found for key, part in inner for found in [(*loc, key), *_locs(part, (*loc, key))]]


def test_every_key_of_the_plain_preset_is_found_where_its_name_stands() -> None:
    text = (preset.FOLDER / "influence.toml").read_text(encoding="utf-8")
    lines = text.splitlines()
    for loc in _locs(tomllib.loads(text)):
        line = place_of(text, loc)
        assert line is not None
        name = next(part for part in reversed(loc) if isinstance(part, str))
        assert name in lines[line - 1]


@given(st.text(alphabet="ab=.[]{}\"'#\n\\ ,1", max_size=60))
def test_no_text_makes_it_fail(text: str) -> None:
    place_of(text, ("a", "b"))
