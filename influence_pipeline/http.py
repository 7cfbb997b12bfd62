"""How a single HTTP call is made with care, on requests. Knows no API.

Redirects are never followed, because requests would carry a key to another host; ~/.netrc and
cookies stay out; of a reply no more is read than any record needs. No message holds a URL, and no
log, of urllib3's neither: a path may hold a coupon's code, or be a secret itself.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NamedTuple

import requests
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import SSLError as TlsError

# More than any single record needs; the rest of a reply is not read.
LARGEST_REPLY = 4 * 1024 * 1024
_LOCAL = re.compile(r"^http://(localhost|127\.0\.0\.1|\[::1\])([:/]|$)")


class _Unlogged(logging.Filter):
    """Keeps back what urllib3 logs of a call (at DEBUG, and as a WARNING of a header that cannot be
    read), in the threads that are making one of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.here = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:
        return not getattr(self.here, "calling", False)


_UNLOGGED = _Unlogged()
# A filter is not handed down to the loggers below it.
for _name in ("connection", "connectionpool", "poolmanager", "response", "util.retry"):
    logging.getLogger(f"urllib3.{_name}").addFilter(_UNLOGGED)


@contextmanager
def unlogged() -> Iterator[None]:
    """Let nothing be logged of the calls that this thread makes with requests meanwhile."""
    before = getattr(_UNLOGGED.here, "calling", False)
    _UNLOGGED.here.calling = True
    try:
        yield
    finally:
        _UNLOGGED.here.calling = before


class HttpReply(NamedTuple):
    """What came back. `body`: the beginning only, if it is larger than LARGEST_REPLY. Names of
    headers are in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class NoReply(Exception):  # noqa: N818  (what came of one call, not a fault of ours)
    """No reply came. `sent`: whether the other side may have seen the call. The text says what kind
    of trouble it was."""

    def __init__(self, words: str, *, sent: bool) -> None:
        super().__init__(words)
        self.sent = sent


class HttpCaller:
    """Calls to one place, one at a time per thread; may be used by several threads.

    `headers` go with each call and are never shown. `timeout`: seconds to connect, and seconds
    without a byte. `keep_alive`: use a connection again, which the other side may just be closing.
    Nothing is repeated here.
    """

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        timeout: tuple[float, float],
        *,
        keep_alive: bool = True,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._headers = {
            "accept": "application/json",
            "accept-encoding": "gzip, deflate",
            "user-agent": "influence_pipeline",
            **headers,
        }
        if not keep_alive:
            self._headers["connection"] = "close"
        self._session = requests.Session()
        # Keeps this machine's calls to itself out of a proxy.
        self._session.trust_env = _LOCAL.match(base_url) is None
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # What the environment says of proxies and certificates, asked once and not for each call.
        self._surroundings = self._session.merge_environment_settings(
            self.base_url, {}, True, None, None
        )

    def __repr__(self) -> str:
        return f"HttpCaller({self.base_url!r})"

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpReply:
        """Make one call (a body is JSON) and give what comes back, whatever it is, or NoReply."""
        try:
            with (
                unlogged(),
                self._session.send(
                    self._prepared(method, path, query, body, headers or {}),
                    timeout=self._timeout,
                    allow_redirects=False,
                    **self._surroundings,
                ) as response,
            ):
                return HttpReply(
                    response.status_code,
                    response.raw.read(LARGEST_REPLY + 1, decode_content=True),
                    {name.lower(): value for name, value in response.headers.items()},
                )
        except (requests.RequestException, OSError) as error:
            raise NoReply(_words_for(error), sent=not _never_sent(error)) from None
        except HTTPError as error:  # while the body is read
            words = f"it broke off its reply ({type(error).__name__})"
            raise NoReply(words, sent=True) from None

    def _prepared(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> requests.PreparedRequest:
        """Put a request together, without what a session would add to it each time (its cookies,
        ~/.netrc, merged settings): that is a third of what a call costs."""
        request = requests.PreparedRequest()
        request.method = method
        request.prepare_url(self.base_url + path, query)
        request.prepare_headers({**self._headers, **headers})
        if body is not None:
            request.headers["content-type"] = "application/json"
        request.prepare_body(body, None)
        request.prepare_cookies({})
        request.prepare_hooks({})
        return request

    def close(self) -> None:
        self._session.close()


def read_json(content: bytes) -> tuple[Any, bool]:
    """Read a body, numbers as Decimal; tell whether it is JSON or empty (None)."""
    if not content.strip():
        return None, True
    if len(content) > LARGEST_REPLY:
        return None, False
    try:
        return json.loads(content, parse_float=Decimal, parse_int=_whole), True
    except (ValueError, RecursionError):
        return None, False


def _whole(digits: str) -> Decimal:
    # int() refuses more than 4,300 digits; Decimal takes them all.
    return Decimal(digits)


def _never_sent(error: Exception) -> bool:
    """Tell whether it is certain that nobody saw the call: no connection came about."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(
        reason, NewConnectionError | TlsError
    )


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
