"""A call and its reply, and the narrow door through which calls leave: `Transport`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, Protocol
from urllib.parse import quote


class Failure(StrEnum):
    """Why there is no reply. `NOT_SENT`: certain that the API never saw the request."""

    NOT_SENT = "not sent"
    NO_REPLY = "no reply"


class Call(NamedTuple):
    """One request. `repeatable`: sending it a second time does no harm (all but POST /v1/orders).

    `name` is what logs and the attempt log show; it holds no key.
    """

    name: str
    method: str
    path: str
    body: bytes | None = None
    repeatable: bool = True


class Reply(NamedTuple):
    """What came back. `status` is None where `failure` says why nothing did. `ms`: the whole call.

    `headers`: at least Retry-After and those of rate limits, names in lower case. `detail` is the
    transport's own word for a failure ("connection refused"), free of secrets.
    """

    status: int | None
    body: bytes = b""
    headers: Mapping[str, str] = MappingProxyType({})
    ms: int = 0
    failure: Failure | None = None
    detail: str = ""


class Transport(Protocol):
    """Many calls at once. Tests put faults in here; production uses `curl.CurlTransport`."""

    def submit(self, call: Call, token: object) -> None:
        """Start a call. `token` comes back with its reply."""

    def poll(self, timeout: float) -> Sequence[tuple[object, Reply]]:
        """Give the replies that are there, waiting up to `timeout` seconds for the first."""

    def close(self) -> None:
        """Drop what is under way and close the connections."""


def path(*parts: str) -> str:
    """Join path parts under /v1, each percent-encoded whole: an id may hold a slash."""
    return "/v1/" + "/".join(_encoded(part) for part in parts)


_PLAIN = re.compile(r"[A-Za-z0-9_~-]+")


def _encoded(part: str) -> str:
    if _PLAIN.fullmatch(part):
        return part
    # "." and ".." would be taken for steps in the path by clients and gateways.
    return quote(part, safe="") if part.strip(".") else part.replace(".", "%2E")
