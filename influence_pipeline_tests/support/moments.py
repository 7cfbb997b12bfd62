"""Moments of a run that the engine has no name for, told through the same `at` as its own points.

They are seen at the transport, where calls go out and replies come in. The engine knows nothing of
it; what it is told comes in the order in which it comes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence

from influence_pipeline.platform_api.calls import Call, Reply, Transport

# A POST or PATCH of an order has left, and no reply has been read.
UNDER_WAY = "call under way"
# The reply to an accepted POST, PATCH or refund has come in, and the engine has not seen it.
CREATED_UNHEARD = "created, the reply unheard"
PAID_UNHEARD = "paid at the API, the reply unheard"
REFUNDED_UNHEARD = "refunded at the API, the reply unheard"
# The engine knows that the order is created; the PATCH that awards is not sent yet.
CREATED_NOT_AWARDED = "created, not yet awarded"
# The second "no such order" has been heard; the POST is not sent again yet.
ABSENT_NOT_CREATED = "said to be absent, not yet created again"

MOMENTS = (
    UNDER_WAY,
    CREATED_UNHEARD,
    PAID_UNHEARD,
    REFUNDED_UNHEARD,
    CREATED_NOT_AWARDED,
    ABSENT_NOT_CREATED,
)

# How long a request is given to leave, before it is taken to be under way; its reply must take
# longer (the sandbox's `latency_ms`).
_LEAVES_IN_SECONDS = 0.05


class Watched:
    """A transport that tells `at` of moments. `point` gives an `at` for the engine with the rest."""

    def __init__(self, inner: Transport, at: Callable[[str], None]) -> None:
        self._inner = inner
        self._at = at
        self._calls: dict[object, Call] = {}
        self._sent_at = 0.0
        self._last: tuple[str, int | None] = ("", None)
        self._absent: Counter[str] = Counter()

    def point(self, name: str) -> None:
        """Pass a point of the engine on, with the moments that are known only there."""
        if name == "deliver: replied" and self._last[0] == "POST" and _accepted(self._last[1]):
            self._at(CREATED_NOT_AWARDED)
        if name == "deliver: before intent" and max(self._absent.values(), default=0) >= 2:
            self._at(ABSENT_NOT_CREATED)
        self._at(name)

    def submit(self, call: Call, token: object) -> None:
        self._calls[token] = call
        if call.method == "POST":
            self._absent.clear()
        self._sent_at = time.monotonic()
        self._inner.submit(call, token)

    def poll(self, timeout: float) -> Sequence[tuple[object, Reply]]:
        replies = self._inner.poll(timeout)
        under_way = time.monotonic() - self._sent_at > _LEAVES_IN_SECONDS
        if not replies and under_way and any(call.method != "GET" for call in self._calls.values()):
            self._at(UNDER_WAY)
        for token, reply in replies:
            call = self._calls.pop(token)
            self._last = (call.method, reply.status)
            if call.method == "PATCH" and reply.status == 404 and b"Order" in reply.body:
                self._absent[call.path] += 1
            if _accepted(reply.status):
                self._at(_unheard(call))
        return replies

    def close(self) -> None:
        self._inner.close()


def _accepted(status: int | None) -> bool:
    return status is not None and 200 <= status < 300


def _unheard(call: Call) -> str:
    body = call.body or b""
    if call.method == "POST":
        return CREATED_UNHEARD
    if b'"financialStatus":"paid"' in body:
        return PAID_UNHEARD
    if b'refunded"' in body:
        return REFUNDED_UNHEARD
    return "reply unheard"
