"""The last question makes no call: what all replies together say about the API's limits."""

from __future__ import annotations

import re
from collections.abc import Mapping

from influence_pipeline.platform_api.probe.findings import (
    Answer,
    Confidence,
    Group,
    Setting,
)
from influence_pipeline.platform_api.probe.question import Question
from influence_pipeline.platform_api.probe.room import Room

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


def _limits(room: Room) -> Answer:
    wire = room.wire
    headers = {name: value for name, value in wire.limits.items() if name != "retry-after"}
    met = ", ".join(dict.fromkeys(wire.throttled))
    told = f" HTTP 429 was met {len(wire.throttled)} times ({met})." if wire.throttled else ""
    calls = f"{wire.calls} calls, the slowest took {wire.slowest_ms:,} ms."
    if not headers:
        return Answer(
            "throttled" if told else "none",
            f"No reply names a limit.{told} {calls}",
            "A delivery finds the pace by itself.",
            Confidence.MEDIUM,
        )
    listed = ", ".join(f"{name}: {value}" for name, value in sorted(headers.items()))
    rate = rate_in(headers)
    if rate is None:
        return Answer(
            "headers",
            f"Replies name a limit ({listed}).{told} {calls}",
            "The length of its window is not told, so no setting follows; a delivery finds the "
            "pace by itself.",
            Confidence.MEDIUM,
        )
    return Answer(
        "rate",
        f"Replies name a limit ({listed}): {rate:g} calls a second.{told} {calls}",
        "Whatever else uses this key shares it.",
        settings=(Setting("delivery", "calls_per_second", rate, must=False),),
    )


def rate_in(headers: Mapping[str, str]) -> float | None:
    """Read calls a second from headers that name both a number and its window; else None.

    RateLimit-Policy as `100;w=60` or `"burst";q=100;w=60` (the IETF's draft), and
    X-RateLimit-Limit-Minute as some gateways send it.
    """
    rates = []
    for name, value in headers.items():
        if name.endswith("ratelimit-policy"):
            for policy in value.split(","):
                quota = re.search(r"(?:^\s*|\bq=)(\d{1,9})(?=;|$)", policy)
                window = re.search(r"\bw=(\d{1,9})\b", policy)
                if quota and window and int(window[1]) and int(quota[1]):
                    rates.append(int(quota[1]) / int(window[1]))
        unit = re.search(r"limit-limit-(second|minute|hour|day)$", name)
        if unit and re.fullmatch(r"[1-9]\d{0,8}", value):
            rates.append(int(value) / _UNITS[unit[1]])
    return round(min(rates), 3) or None if rates else None


QUESTIONS = (Question("rate-limit", (Group.ACCESS,), "Do replies name a limit?", _limits),)
