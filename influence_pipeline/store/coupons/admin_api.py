"""What the writers on a shop's admin API have in common: one call, and what its answer means.

    CouponRefused    a definite no to this one coupon (4xx, GraphQL user errors)
    StoreError       the shop cannot be asked now, or does not let us in; nothing was written
    StoreUncertain   a write without a clear answer (time-out, 5xx, not JSON): it may still land

No message holds the token, a path, or a value of the coupon.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from influence_pipeline.errors import ConfigurationError, StoreError, StoreUncertain
from influence_pipeline.http import HttpCaller, HttpReply, NoReply, read_json
from influence_pipeline.store.coupons.interface import CouponRefused
from influence_pipeline.words import redact

# A gateway may give up on a call long before the shop does.
QUIET_SECONDS = 120.0
_CONNECT_SECONDS = 5.0
_REPLY_SECONDS = 15.0
# Said about the API as a whole before anything was done, not about what was asked.
_NOT_NOW = frozenset({425, 429})


@dataclass(frozen=True)
class GraphQLAnswer:
    """What a reply of one call says. `error`: the first of its errors, as code and message; `data`
    then says nothing. `ran`: whether the call was carried out, as far as the status tells.
    `headers`: names in lower case."""

    data: Mapping[str, Any]
    error: tuple[str, str] | None
    ran: bool
    headers: Mapping[str, str]


class AdminApi:
    """The admin API of one shop. `shop`: its name in messages. `headers`: with each call."""

    def __init__(
        self,
        shop: str,
        url: str,
        headers: Mapping[str, str],
        *,
        graphql_path: str = "",
        timeout: tuple[float, float] = (_CONNECT_SECONDS, _REPLY_SECONDS),
    ) -> None:
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            raise ConfigurationError(
                "INFLUENCE_SHOP_API_TOKEN holds a character that no HTTP header can carry (a line "
                f"break, a letter that is not ASCII); copy it anew from {shop}."
            )
        self.shop = shop
        self._graphql_path = graphql_path
        self._caller = HttpCaller(url, headers, timeout)
        self.where = f"{shop}'s admin API at {self._caller.base_url} (INFLUENCE_SHOP_API_URL)"

    def __repr__(self) -> str:
        return f"AdminApi({self.where!r})"

    def close(self) -> None:
        self._caller.close()

    def rest(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        writes: bool = False,
    ) -> Any:
        """Make a REST call and give the body of its 2xx. Any other 4xx than 401, 403 and those that
        pass is a CouponRefused with the API's own message."""
        reply = self._send(method, path, query, body, {}, writes=writes)
        if reply.status >= 400:
            message = _json(reply)
            text = message.get("message") if isinstance(message, dict) else None
            raise CouponRefused(self._said(text, reply.status))
        return self._parsed(reply, writes=writes)

    def graphql(
        self,
        document: str,
        variables: Mapping[str, object],
        *,
        headers: Mapping[str, str] | None = None,
        writes: bool = False,
    ) -> GraphQLAnswer:
        """Make a GraphQL call. What its error means is for the caller, who knows the codes."""
        body = {"query": document, "variables": variables}
        path = self._graphql_path
        reply = self._send("POST", path, None, body, headers or {}, writes=writes)
        parsed = self._parsed(reply, writes=writes)
        ran = reply.status < 300
        errors = parsed.get("errors") if isinstance(parsed, dict) else None
        if isinstance(errors, list) and errors:
            return GraphQLAnswer({}, _code_and_message(errors[0]), ran, reply.headers)
        data = parsed.get("data") if isinstance(parsed, dict) else None
        if not isinstance(data, dict):
            words = f"answers HTTP {reply.status} with something that is no GraphQL"
            raise self.trouble(words, uncertain=writes and ran)
        return GraphQLAnswer(data, None, ran, reply.headers)

    def error_of(self, answer: GraphQLAnswer, *, uncertain: bool) -> StoreError:
        """Make the error for an answer's error that is not about the coupon."""
        code, message = answer.error or ("", "")
        words = f"answers with the error {code or 'without a code'}: {redact(message)}"
        return self.trouble(words, uncertain=uncertain and answer.ran)

    def trouble(self, words: str, *, uncertain: bool = False) -> StoreError:
        """Make the error for trouble with the shop, of the kind that fits."""
        if uncertain:
            return StoreUncertain(
                f"{self.where} {words}; whether the coupon was made is not known, it is looked "
                f"for after {QUIET_SECONDS:g} s.",
                QUIET_SECONDS,
            )
        return StoreError(f"{self.where} {words}.")

    def refusal(self, message: str) -> CouponRefused:
        """Make the refusal with the API's own words."""
        return CouponRefused(self._said(message))

    def _said(self, message: object, status: int | None = None) -> str:
        said = redact(message) if isinstance(message, str) and message else ""
        code = "" if status is None else f" (HTTP {status})"
        return f"{self.shop} says{code}: {said}" if said else f"{self.shop} says no{code}"

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: object,
        headers: Mapping[str, str],
        *,
        writes: bool,
    ) -> HttpReply:
        content = None if body is None else json.dumps(body, default=_number).encode()
        try:
            reply = self._caller.send(method, path, query=query, body=content, headers=headers)
        except NoReply as error:
            raise self.trouble(
                f"cannot be reached: {error}", uncertain=writes and error.sent
            ) from None
        status = reply.status
        if status in {401, 403}:
            raise self.trouble(
                f"answers HTTP {status}: INFLUENCE_SHOP_API_TOKEN is wrong, revoked, or may not do "
                "this"
            )
        if 300 <= status < 400:
            raise self.trouble(
                f"answers HTTP {status}: a redirect, which is never followed (it would carry the "
                "token elsewhere). Is the URL right?"
            )
        if status in _NOT_NOW:
            raise self.trouble(f"answers HTTP {status}; it is tried again later")
        if status == 408 or status >= 500:
            raise self.trouble(f"answers HTTP {status}", uncertain=writes)
        return reply

    def _parsed(self, reply: HttpReply, *, writes: bool) -> Any:
        body, readable = read_json(reply.body)
        if not readable or body is None:
            uncertain = writes and reply.status < 300
            words = f"answers HTTP {reply.status} with something that is not JSON"
            raise self.trouble(words, uncertain=uncertain)
        return body


def _json(reply: HttpReply) -> Any:
    return read_json(reply.body)[0]


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        # Exact for the fifteen digits that an amount has at most.
        return float(value)
    raise TypeError(type(value).__name__)


def _code_and_message(error: object) -> tuple[str, str]:
    if not isinstance(error, dict):
        return "", ""
    more = error.get("extensions")
    more = more if isinstance(more, dict) else {}
    exception = more.get("exception")
    # Vendure's place, and Saleor's.
    code = more.get("code") or (exception.get("code") if isinstance(exception, dict) else None)
    return str(code or ""), str(error.get("message") or "")


@contextmanager
def without_values(*values: str | None) -> Iterator[None]:
    """Take a coupon's own values out of what is raised: APIs like to repeat what they got."""
    try:
        yield
    except (CouponRefused, StoreError) as trouble:
        text = str(trouble)
        for value in sorted(filter(None, values), key=len, reverse=True):
            # Whole words: a customer 1 does not strike out a part of 100.
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "…", text, flags=re.IGNORECASE)
        trouble.args = (text,)
        raise
