"""Single calls, on requests: a customer, an order, the webhook subscriptions. Bulk delivery is
`curl`'s.

`send` makes any call and gives back whatever comes. Of the named calls an answer about one record
(200, 404, 400 …) is returned; what concerns the API as a whole is raised as ApiError. Redirects are
never followed: requests would carry `x-api-key` to another host. No message holds a path, because a
webhook's address holds a secret.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import SSLError as TlsError

from influence_pipeline.errors import ApiError, ApiKeyRejected, ApiUnreachable
from influence_pipeline.platform_api.calls import Call, Failure, Reply, path
from influence_pipeline.platform_api.outcomes import redact
from influence_pipeline.platform_api.payloads import encode


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


# More than any single record needs; the rest of a reply is not read.
_LARGEST_REPLY = 4 * 1024 * 1024
# Said about the API as a whole, not about the record asked for.
_PASSING = frozenset({408, 425, 429})
_LOCAL = re.compile(r"^http://(localhost|127\.0\.0\.1|\[::1\])([:/]|$)")


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
        self._base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._session = requests.Session()
        self._session.headers.update(
            {"x-api-key": api_key, "accept": "application/json", "user-agent": "influence_pipeline"}
        )
        if not keep_alive:
            self._session.headers["connection"] = "close"
        # Keeps ~/.netrc out of the calls, and this machine's calls to itself out of a proxy.
        self._session.auth = _unchanged
        self._session.trust_env = _LOCAL.match(base_url) is None
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

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
        self._session.close()

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
            with self._session.request(
                call.method,
                self._base_url + call.path,
                params=query,
                data=call.body,
                headers=None if call.body is None else {"content-type": "application/json"},
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                return Reply(
                    response.status_code,
                    response.raw.read(_LARGEST_REPLY + 1, decode_content=True),
                    {name.lower(): value for name, value in response.headers.items()},
                    ms=_since(started),
                )
        except (requests.RequestException, OSError) as error:
            failure = Failure.NOT_SENT if _never_sent(error) else Failure.NO_REPLY
            return Reply(None, ms=_since(started), failure=failure, detail=_words_for(error))
        except HTTPError as error:  # while the body is read
            detail = f"it broke off its reply ({type(error).__name__})"
            return Reply(None, ms=_since(started), failure=Failure.NO_REPLY, detail=detail)

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


def read_json(content: bytes) -> tuple[Any, bool]:
    """Read a body, numbers as Decimal; tell whether it is JSON or empty (None)."""
    if not content.strip():
        return None, True
    if len(content) > _LARGEST_REPLY:
        return None, False
    try:
        return json.loads(content, parse_float=Decimal, parse_int=_whole), True
    except (ValueError, RecursionError):
        return None, False


def _whole(digits: str) -> Decimal:
    # int() refuses more than 4,300 digits; Decimal takes them all.
    return Decimal(digits)


def _message(body: Any) -> str:
    for name in ("message", "error"):
        if isinstance(body, dict) and isinstance(body.get(name), str):
            return redact(body[name])
    return ""


def _since(started: float) -> int:
    return int((time.monotonic() - started) * 1000)


def _never_sent(error: Exception) -> bool:
    """Tell whether it is certain that the API never saw the call: no connection came about."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(
        reason, NewConnectionError | TlsError
    )


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _words_for(error: Exception) -> str:
    """Say what kind of trouble it was; the exception's own text holds the whole URL."""
    if isinstance(error, requests.exceptions.SSLError):
        return "the TLS connection could not be made (certificate or protocol)"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "it did not answer in time"
    if isinstance(error, requests.exceptions.Timeout):
        return "it did not reply in time"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy does not let the call through"
    text = str(error)
    for sign, words in _SIGNS:
        if sign in text:
            return words
    return "the connection failed or broke"


_SIGNS = (
    ("Connection refused", "nothing listens at that host and port"),
    ("Name or service not known", "the host name is not known"),
    ("nodename nor servname", "the host name is not known"),
    ("Failed to resolve", "the host name is not known"),
    ("Read timed out", "it did not reply in time"),
)
