"""The Platform API: the right address, a key that works, a clock that agrees. GETs only."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Findings, error, note, ok, warning
from influence_pipeline.platform_api.calls import Call, path
from influence_pipeline.settings import PUBLIC_API

_URL = "INFLUENCE_API_URL"
_KEY = "INFLUENCE_API_KEY"
_NEAR = {"localhost", "127.0.0.1", "::1"}
# A customer that no store has.
_NOBODY = "influence-pipeline-check"


def _address(desk: Desk) -> Findings:
    given = desk.settings.environment.api_url
    parts = urlsplit(given)
    host = parts.hostname or ""
    if host in _NEAR:
        yield note(
            f"{given} is on this machine: a sandbox, or a proxy of yours",
            where=_URL,
            why="Nothing reaches Influence unless that passes it on.",
            mend=f"Going live: unset {_URL}, or set it to {PUBLIC_API}.",
        )
        return
    if not host.endswith(".influence.io") or parts.scheme != "https":
        yield error(
            f"{host} is not Influence's",
            where=_URL,
            why="The API key and all customers would be sent there.",
            mend=f"Set it to {PUBLIC_API}. If it is a proxy of yours, let it pass: [check] accept "
            '= ["api.address"].',
        )
        return
    if parts.path.strip("/"):
        yield error(
            f"the address has a path, {parts.path}",
            where=_URL,
            why="The pipeline adds /v1/… by itself, so every call would miss.",
            mend=f"Set it to {PUBLIC_API}.",
        )
        return
    yield ok(given)


def _key(desk: Desk) -> Findings:
    reply = desk.api.send(Call("check", "GET", path("customers", _NOBODY), None))
    where = f"{_URL}, {_KEY}"
    if reply.status is None:
        yield error(
            f"{desk.settings.environment.api_url} cannot be reached: {reply.detail}",
            where=_URL,
            why="Nothing can be sent.",
            mend="Is the address right, and may this machine reach it (proxy, firewall)?",
        )
    elif reply.status in {401, 403}:
        yield error(
            f"the API answers {reply.status}: the key is wrong, blocked, or another account's",
            where=_KEY,
            why="Nothing can be sent.",
            mend="Copy the key anew from the Influence dashboard, with nothing before or after it.",
        )
    elif 300 <= reply.status < 400:
        yield error(
            f"it answers {reply.status}, a redirect, which is never followed",
            where=_URL,
            why="A redirect would carry the key elsewhere.",
            mend=f"Set it to {PUBLIC_API}.",
        )
    elif reply.status == 429 or reply.status >= 500:
        yield warning(
            f"it answers {reply.status} now",
            where=where,
            why="Whether the key works is not known.",
            mend="Run the check again later.",
        )
    elif not _is_json(reply.headers, reply.body):
        yield error(
            f"it answers {reply.status} with something that is not JSON",
            where=_URL,
            why="What answers there is not the Platform API.",
            mend=f"Is it another server's address (the shop's, say)? Set it to {PUBLIC_API}.",
        )
    else:
        yield ok(f"a GET is answered ({reply.status}, {reply.ms} ms)")


def _is_json(headers: object, body: bytes) -> bool:
    from influence_pipeline.http import read_json

    content, readable = read_json(body)
    return readable and isinstance(content, dict)


def _clock(desk: Desk) -> Findings:
    started = time.monotonic()
    reply = desk.api.send(Call("check", "GET", path("customers", _NOBODY), None))
    took = time.monotonic() - started
    text = dict(reply.headers).get("date")
    if not text:
        yield note("its replies say no date", where=_URL)
        return
    try:
        skew = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except ValueError:
        yield note("the date of its replies cannot be read", where=_URL)
        return
    if abs(skew) > 60 + took:
        yield warning(
            f"this machine's clock is {abs(skew):.0f} s {'behind' if skew > 0 else 'ahead of'} the "
            "API's",
            where=_URL,
            why="Retry-After dates and the age of events are told by it.",
            mend="Let this machine keep time by NTP.",
        )
    else:
        yield ok(f"its clock agrees with this machine's ({skew:+.0f} s)")


_FIRST = ("config.file", "config.api_key")
CHECKS = (
    Check("api.address", "the address is Influence's", _address),
    Check("api.key", "the key works", _key, (*_FIRST, "api.address")),
    Check("api.clock", "its clock agrees with this machine's", _clock, ("api.key",)),
)
