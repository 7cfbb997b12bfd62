"""Single calls, on requests: a customer, an order, the webhook subscriptions. Bulk delivery is
`curl`'s.

`send` makes any call and gives back whatever comes. Of the named calls an answer about one record
(200, 404, 400 …) is returned; what concerns the API as a whole is raised as ApiError. Redirects are
never followed: requests would carry `x-api-key` to another host. No message holds a path, because a
webhook's address holds a secret.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from influence_pipeline.errors import ApiError, ApiKeyRejected, ApiUnreachable
from influence_pipeline.http import HttpCaller, NoReply, read_json
from influence_pipeline.platform_api.calls import Call, Failure, Reply, path
from influence_pipeline.platform_api.payloads import encode
from influence_pipeline.words import redact


@dataclass(frozen=True)
class Answer:
    """What the API said about one record. `body`: parsed JSON, numbers as Decimal, or None.

    `words`: its own message, shortened and without personal data.
    """

    status: int
    body: Any = None
    words: str = ""

    @property
    def found(self) -> bool:
        return 200 <= self.status < 300


# Said about the API as a whole, not about the record asked for.
_PASSING = frozenset({408, 425, 429})


def can_be_asked_for(key: str) -> bool:
    """Tell whether an id can stand in a path. requests takes one of dots alone for a step in the
    path, however it is encoded."""
    return bool(key.strip("."))


class SingleCalls:
    """The Platform API, one call at a time. May be used by several threads.

    `timeout`: seconds to connect, and seconds without a byte. `keep_alive`: use a connection again,
    which the other side may just be closing. Every named call raises ApiUnreachable, ApiKeyRejected
    or ApiError (redirect, 429, 5xx, not JSON); nothing is repeated here.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        timeout: tuple[float, float] = (5.0, 10.0),
        *,
        keep_alive: bool = True,
    ) -> None:
        self._caller = HttpCaller(base_url, {"x-api-key": api_key}, timeout, keep_alive=keep_alive)
        self._base_url = self._caller.base_url

    def __repr__(self) -> str:
        return f"SingleCalls({self._base_url!r})"

    def get_customer(self, key: str) -> Answer:
        """GET /v1/customers/{customerId} by the store's id (contract: Customers)."""
        return self._record("customers", key)

    def get_order(self, key: str) -> Answer:
        """GET /v1/orders/{orderId}; that it exists is inferred (contract: Orders)."""
        return self._record("orders", key)

    def list_customers(
        self, cursor: str | None = None, *, updated_since: datetime | None = None
    ) -> Answer:
        """GET /v1/customers, one page. A cursor overrides the filter, so it goes alone; the name of
        the filter is inferred (contract: Customers)."""
        query = {"cursor": cursor} if cursor else {}
        if updated_since is not None and not cursor:
            query["updatedAtMin"] = updated_since.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return self._call("GET", path("customers"), query=query)

    def list_webhooks(self, cursor: str | None = None) -> Answer:
        """GET /v1/webhooks; its shape is inferred (contract: Webhook subscriptions)."""
        return self._call("GET", path("webhooks"), query={"cursor": cursor} if cursor else None)

    def create_webhook(self, topic: str, url: str) -> Answer:
        """POST /v1/webhooks {topic, url}; inferred (contract: Webhook subscriptions)."""
        return self._call("POST", path("webhooks"), body={"topic": topic, "url": url})

    def close(self) -> None:
        self._caller.close()

    def _record(self, collection: str, key: str) -> Answer:
        if not can_be_asked_for(key):
            return Answer(400, words="an id of dots alone cannot be asked for")
        return self._call("GET", path(collection, key))

    def _call(
        self,
        method: str,
        path_: str,
        *,
        query: dict[str, str] | None = None,
        body: dict[str, str] | None = None,
    ) -> Answer:
        content = None if body is None else encode(body)
        reply = self.send(Call(f"{method} {path_}", method, path_, content), query)
        if reply.status is None:
            raise ApiUnreachable(
                f"The Platform API at {self._base_url} (INFLUENCE_API_URL) cannot be reached: "
                f"{reply.detail}."
            )
        return self._judge(reply.status, reply.body)

    def send(self, call: Call, query: dict[str, str] | None = None) -> Reply:
        """Make one call and give what came of it, whatever it is; raises nothing.

        Of a reply that is larger than any record the beginning is given. Names of headers are in
        lower case.
        """
        started = time.monotonic()
        try:
            reply = self._caller.send(call.method, call.path, query=query, body=call.body)
        except NoReply as error:
            failure = Failure.NO_REPLY if error.sent else Failure.NOT_SENT
            return Reply(None, ms=_since(started), failure=failure, detail=str(error))
        return Reply(reply.status, reply.body, reply.headers, ms=_since(started))

    def _judge(self, status: int, content: bytes) -> Answer:
        where = f"The Platform API at {self._base_url} (INFLUENCE_API_URL)"
        if status in {401, 403}:
            raise ApiKeyRejected(
                f"{where} answers HTTP {status}: INFLUENCE_API_KEY is wrong, blocked, or meant for "
                "another account."
            )
        if 300 <= status < 400:
            raise ApiError(
                f"{where} answers HTTP {status}: a redirect, which is never followed (it would "
                "carry the key elsewhere). Is the URL right?"
            )
        if status in _PASSING or status >= 500:
            raise ApiError(f"{where} answers HTTP {status}; it is tried again later.")
        body, readable = read_json(content)
        if status < 300 and not readable:
            raise ApiError(f"{where} answers HTTP {status} with something that is not JSON.")
        return Answer(status, body, _message(body))


def _message(body: Any) -> str:
    for name in ("message", "error"):
        if isinstance(body, dict) and isinstance(body.get(name), str):
            return redact(body[name])
    return ""


def _since(started: float) -> int:
    return int((time.monotonic() - started) * 1000)
