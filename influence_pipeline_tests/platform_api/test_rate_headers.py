"""Rate-limit headers in the forms in which APIs send them, and nonsense."""

from __future__ import annotations

import pytest

from influence_pipeline.platform_api.rate_headers import RateHeaders, read_rate_headers


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"content-type": "application/json"}, None),
        ({"x-ratelimit-limit": "100"}, None),
        (
            {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "99", "x-ratelimit-reset": "1"},
            RateHeaders(99, None),
        ),
        ({"x-rate-limit-remaining": "0"}, RateHeaders(0, None)),
        ({"ratelimit-remaining": " 7 "}, RateHeaders(7, None)),
        ({"x-ratelimit-remaining": "119, 0;window=60"}, RateHeaders(119, None)),
        ({"ratelimit": '"default";r=50;t=30'}, RateHeaders(50, None)),
        ({"ratelimit": '"burst";r=3;t=1, "day";r=5000;t=3600'}, RateHeaders(3, None)),
        ({"ratelimit": "limit=100, remaining=12, reset=50"}, RateHeaders(12, None)),
        ({"ratelimit-policy": '"default";q=100;w=10'}, RateHeaders(None, 10.0)),
        (
            {"ratelimit-policy": '"burst";q=100;w=1,"daily";q=100000;w=86400'},
            RateHeaders(None, 100.0),
        ),
        ({"ratelimit-policy": '"a";q=600;w=60, "b";q=50;w=1'}, RateHeaders(None, 10.0)),
        ({"ratelimit-policy": "100;w=10"}, RateHeaders(None, 10.0)),
        ({"ratelimit-policy": '"daily";q=1000;w=86400'}, None),
        (
            {"ratelimit": '"default";r=0;t=1', "ratelimit-policy": '"default";q=50;w=1'},
            RateHeaders(0, 50.0),
        ),
    ],
)
def test_what_is_said_is_read(headers: dict[str, str], expected: RateHeaders | None) -> None:
    assert read_rate_headers(headers) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        "-1",
        "many",
        "1e9",
        "0x10",
        "99999999999999999999",
        "1.5",
        ";;;",
        '"',
        "r",
        "q=0;w=0",
        "٣",
    ],
)
@pytest.mark.parametrize("name", ["x-ratelimit-remaining", "ratelimit", "ratelimit-policy"])
def test_nonsense_says_nothing(name: str, value: str) -> None:
    assert read_rate_headers({name: value}) is None
