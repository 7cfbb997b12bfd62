"""What a reply's rate-limit headers say. None is in the contract; many APIs and gateways send them.

Two forms: `X-RateLimit-Remaining` (GitHub's and others'; also without the X, or `X-Rate-Limit-`),
and the IETF's `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers; its older
`limit=, remaining=, reset=` too). Read is only what means the same everywhere: the calls that
remain, and a policy that states its window. `X-RateLimit-Limit` alone says nothing: a hundred a
second or a day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

# A policy over a longer window is a quota for bursts too; it is not made into calls a second.
_LONGEST_WINDOW_SECONDS = 60
_REMAINING = ("x-ratelimit-remaining", "x-rate-limit-remaining", "ratelimit-remaining")
_NUMBER = re.compile(r"\s*([0-9]{1,9})\s*(?:[;,].*)?")
_PARAMETER = re.compile(r"[;,]?\s*(r|remaining|q|w)\s*=\s*\"?([0-9]{1,9})\b")
_OLD_POLICY = re.compile(r"\s*([0-9]{1,9})\s*;")


class RateHeaders(NamedTuple):
    """`remaining`: calls that may still be made, None: not said. `per_second`: the strictest policy
    of a minute or less, as calls a second."""

    remaining: int | None
    per_second: float | None


def read_rate_headers(headers: Mapping[str, str]) -> RateHeaders | None:
    """Read a reply's headers (lower-case names), None: they say nothing. Never raises: what cannot
    be read is not there."""
    remaining = _remaining(headers)
    per_second = _per_second(headers.get("ratelimit-policy", ""))
    if remaining is None and per_second is None:
        return None
    return RateHeaders(remaining, per_second)


def _remaining(headers: Mapping[str, str]) -> int | None:
    for name in _REMAINING:
        number = _NUMBER.fullmatch(headers.get(name, ""))
        if number:
            return int(number[1])
    # Several limits may be named: the one with the least left counts.
    found = [
        int(value)
        for name, value in _PARAMETER.findall(headers.get("ratelimit", ""))
        if name in ("r", "remaining")
    ]
    return min(found, default=None)


def _per_second(policies: str) -> float | None:
    found = []
    for policy in policies.split(","):
        parameters = dict(_PARAMETER.findall(policy))
        old = _OLD_POLICY.match(policy)
        quota = parameters.get("q") or (old[1] if old else None)
        window = int(parameters.get("w", 0))
        if quota and int(quota) and 1 <= window <= _LONGEST_WINDOW_SECONDS:
            found.append(int(quota) / window)
    return min(found, default=None)
