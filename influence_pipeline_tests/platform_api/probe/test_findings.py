"""The lines for influence.toml, the limits read from headers, what of a reply may be shown."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influence_pipeline.platform_api.probe.findings import Answer, Finding, Group, Setting
from influence_pipeline.platform_api.probe.limits import rate_in
from influence_pipeline.platform_api.probe.redaction import Redactor
from influence_pipeline.platform_api.probe.toml import lines_of

STEM = "influence-pipeline-probe-20261125-abcdef"
REDACTOR = Redactor(STEM, ["key-0123456789"])


def finding(*settings: Setting, name: str = "a") -> Finding:
    return Finding(name, Group.ORDERS, "?", Answer("x", "X.", settings=settings))


# --- TOML


def test_settings_are_put_together_by_table_and_name_their_question() -> None:
    lines = lines_of(
        [
            finding(Setting("api_names", "order", {"totalPrice": "total"}), name="create"),
            finding(Setting("delivery", "order_not_found_pattern", r"(?i)no\.such"), name="absent"),
            finding(Setting("api_names", "variants_body", "bare"), name="variants"),
        ],
        must=True,
    )
    assert lines == [
        "[api_names]",
        'order = { totalPrice = "total" }  # create',
        'variants_body = "bare"  # variants',
        "",
        "[delivery]",
        r"order_not_found_pattern = '(?i)no\.such'  # absent",
    ]


def test_the_later_word_wins_and_what_must_be_wins_over_what_may_be() -> None:
    must = finding(Setting("orders", "protocol", "two_step"))
    may = finding(Setting("orders", "protocol", "direct", must=False))
    for order in ([must, may], [may, must]):
        assert lines_of(order, must=True) == ["[orders]", 'protocol = "two_step"  # a']
        assert lines_of(order, must=False) == []
    # Said twice, it is the first question's.
    twice = [must, finding(Setting("orders", "protocol", "two_step"), name="b")]
    assert lines_of(twice, must=True) == ["[orders]", 'protocol = "two_step"  # a']
    later = finding(Setting("orders", "protocol", "direct"))
    assert lines_of([must, later], must=True) == ["[orders]", 'protocol = "direct"  # a']


@given(st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), max_size=60))
def test_whatever_words_a_pattern_is_made_of_toml_reads_it_back(words: str) -> None:
    pattern = "(?i)" + re.escape(words)
    lines = lines_of([finding(Setting("delivery", "order_not_found_pattern", pattern))], must=True)
    assert tomllib.loads("\n".join(lines))["delivery"]["order_not_found_pattern"] == pattern


# --- limits


@pytest.mark.parametrize(
    ("headers", "rate"),
    [
        ({"ratelimit-policy": "100;w=60"}, 1.667),
        ({"ratelimit-policy": '"burst";q=10;w=1, "day";q=86400;w=86400'}, 1.0),
        ({"x-ratelimit-limit-minute": "600", "x-ratelimit-limit-second": "20"}, 10.0),
        ({"x-ratelimit-limit": "100", "x-ratelimit-reset": "30"}, None),
        ({"ratelimit-policy": "0;w=60"}, None),
        ({"ratelimit-policy": "100;w=0"}, None),
        ({"ratelimit-policy": "<value>"}, None),
        ({"x-ratelimit-limit-second": "-1"}, None),
        ({}, None),
    ],
)
def test_a_rate_is_read_where_number_and_window_are_both_told(
    headers: dict[str, str], rate: float | None
) -> None:
    assert rate_in(headers) == rate


# --- what may be shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Order not found", "Order not found"),
        (f"Order {STEM}-absent not found", "Order probe-absent not found"),
        ('"customerId" is required', '"customerId" is required'),
        ("lineItems: 'lineItems[0].price' must be a string", "lineItems: 'lineItems[0].price' must be a string"),
        ("`total` is required", "'total' is required"),
        ("e-mail a@b.example is 'Ada Lovelace'", "e-mail <e-mail> is <value>"),
        ("call +44 20 7946 0123", "call <number>"),
        ("the key key-0123456789 is 'key-0123456789'", "the key <secret> is <value>"),
        ("a\x1b[31m\nb\ue0009\ue001", "a [31m b9"),
    ],
)  # fmt: skip
def test_words_are_shown_without_what_may_be_personal(said: str, shown: str) -> None:
    assert REDACTOR.words(said) == shown


def test_long_words_are_cut_also_where_names_are_kept() -> None:
    assert len(REDACTOR.words('"name" ' * 500)) <= 300
    assert len(REDACTOR.words("x " * 10_000)) <= 300


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        ({"order": {"id": "1", "financialStatus": "paid", "n": Decimal(3), "x": None, "b": True}},
         '{"order": {"id": text, "financialStatus": "paid", "n": number, "x": null, "b": true or false}}'),
        ([{"a": "1"}, {"b": "2"}], '[{"a": text}, … 2 in all]'),
        ({"a@b.example": 1, "c-1234567": 1, "key-0123456789": 1, "ü": 1, "4": 1},
         '{"<key>": number, "<key>": number, "<key>": number, "<key>": number, "<key>": number}'),
        ({"a": [], "b": "", "c": {}}, '{"a": [], "b": empty text, "c": {}}'),
    ],
)  # fmt: skip
def test_a_shape_has_names_and_types_and_no_values(body: Any, shape: str) -> None:
    assert REDACTOR.shape(body) == shape


def test_a_shape_is_bounded_in_depth_width_and_length() -> None:
    deep: Any = "x"
    for _ in range(2000):
        deep = [deep]
    assert REDACTOR.shape(deep) == "[[[[[…]]]]]"
    assert "… 60 more" in REDACTOR.shape({f"n{'abcdefghij'[i % 10]}{i}": 1 for i in range(100)})
    assert len(REDACTOR.shape({f"{'name' * 5}{i}": "x" for i in range(100)})) <= 900
