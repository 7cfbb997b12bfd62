"""How long the long soak is and how much goes on in each: half an hour and all of it, or what the
options say."""

from __future__ import annotations

import pytest

MINUTES = "--soak-minutes"
SHARE = "--soak-share"


def add_option(parser: pytest.Parser) -> None:
    parser.addoption(
        MINUTES,
        type=float,
        default=30.0,
        metavar="N",
        help="how many minutes the long soak lasts (30)",
    )
    parser.addoption(
        SHARE,
        type=float,
        default=1.0,
        metavar="X",
        help="share of the rates of a soak, for a machine that has other work to do (1)",
    )


def minutes(request: pytest.FixtureRequest) -> float:
    return float(request.config.getoption(MINUTES))


def share(request: pytest.FixtureRequest) -> float:
    return float(request.config.getoption(SHARE))
