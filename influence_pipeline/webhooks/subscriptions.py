"""Webhook subscriptions at the Platform API: which there are, and creating those that are missing.

Lists first, creates only what is missing, changes and deletes nothing (contract: Webhook
subscriptions). The shapes are inferred, so replies are read leniently. An address is shown without
the token in it, also where the API repeats it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from influence_pipeline.errors import ApiError, ConfigurationError
from influence_pipeline.platform_api import pages
from influence_pipeline.platform_api.single import Answer
from influence_pipeline.webhooks.events import Topic

PATH = "/webhooks/influence/"


class WebhookApi(Protocol):
    def list_webhooks(self, cursor: str | None = None) -> Answer: ...

    def create_webhook(self, topic: str, url: str) -> Answer: ...


class Standing(StrEnum):
    PRESENT = "present"
    CREATED = "created"
    REFUSED = "refused"


@dataclass(frozen=True)
class Registered:
    """One topic after `register`. `words`: what the API said, and what to do, where it refused."""

    topic: str
    standing: Standing
    words: str = ""


@dataclass(frozen=True)
class Subscription:
    """A subscription at the API. `url` is masked: its last part is a secret. `token`: which of this
    project's it leads to ("present", "previous", "other"), None: to none of its receivers."""

    id: str | None
    topic: str | None
    url: str
    token: str | None = None


@dataclass(frozen=True)
class Status:
    """What is subscribed, and which of the topics that this project handles are not."""

    subscriptions: tuple[Subscription, ...]
    missing: tuple[str, ...]


def register(api: WebhookApi, url: str, topics: Sequence[str] = tuple(Topic)) -> list[Registered]:
    """Make sure that each topic is sent to `url` (https://your-host/webhooks/influence/<token>).

    Raises ConfigurationError for an address that cannot be meant, ApiError if the API cannot be
    used; topics created before that stay.
    """
    _check(url)
    there = {(found.topic, found.url) for found in _all(api)}
    result: list[Registered] = []
    for topic in map(str, topics):
        if (topic, url) in there:
            result.append(Registered(topic, Standing.PRESENT))
            continue
        try:
            answer = api.create_webhook(topic, url)
        except ApiError as error:
            raise type(error)(
                f"{error} {len(result)} of {len(topics)} topics are subscribed by now; run the "
                "same command again for the rest."
            ) from None
        if answer.found:
            result.append(Registered(topic, Standing.CREATED))
        else:
            said = _without_token(f": {answer.words}" if answer.words else "", url)
            result.append(
                Registered(
                    topic,
                    Standing.REFUSED,
                    f"HTTP {answer.status}{said}. Add it by hand in the Influence dashboard "
                    f"(webhooks): topic {topic}, address {masked(url)} with your token.",
                )
            )
    return result


def status(
    api: WebhookApi,
    topics: Sequence[str] = tuple(Topic),
    tokens: Mapping[str, str] | None = None,
) -> Status:
    """Tell what is subscribed at the API. `tokens`: what the valid ones are called. Raises ApiError
    if it cannot be asked."""
    found = _all(api)
    subscribed = {one.topic for one in found}

    def token(url: str) -> str | None:
        return (tokens or {}).get(url.rpartition("/")[2], "other") if PATH in url else None

    return Status(
        tuple(Subscription(one.id, one.topic, masked(one.url), token(one.url)) for one in found),
        tuple(str(topic) for topic in topics if topic not in subscribed),
    )


def with_another_token(api: WebhookApi, is_ours: Callable[[str], bool]) -> tuple[str, ...]:
    """Give the addresses, masked, that lead to this project's receiver with a token that is not
    valid (any more). Raises ApiError if the API cannot be asked."""
    return tuple(
        masked(one.url)
        for one in _all(api)
        if PATH in one.url and not is_ours(one.url.rpartition("/")[2])
    )


# Wherever the API repeats an address; `/` may be escaped one way or another.
_ADDRESS = re.compile(r"(?i)(webhooks\W{0,3}(?:2f)?influence\W{0,3}(?:2f)?)[\w.~%-]+")
# Enough of a token to be sure that it is one, where the API's words broke off in the middle of it.
_BEGINNING = 6


def _without_token(words: str, url: str = "") -> str:
    """Give what the API said without the token, whole or cut short: it may repeat the address."""
    token = url.rpartition("/")[2]
    if token:
        words = re.sub(re.escape(token[:_BEGINNING]) + r"[\w.~-]*", "…", words)
    return _ADDRESS.sub(r"\1…", words)


def masked(url: str) -> str:
    """Give an address without what may be secret in it: the last part, query, user and password."""
    match = re.match(r"(?i)(https?://)(?:[^/@]*@)?([^/?#]*)([^?#]*)", url)
    if match is None:
        return "…"
    scheme, host, path = match.groups()
    before, ours, _ = path.partition(PATH)
    if ours:
        return f"{scheme}{host}{before}{PATH}…"
    folder = path.rstrip("/").rpartition("/")[0]
    return f"{scheme}{host}{folder}/…"


def _check(url: str) -> None:
    host = re.match(r"^https://[^/@\s?#]+/", url)
    local = re.match(r"^http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?/", url)
    if not (host or local):
        raise ConfigurationError(
            "The webhooks' address must be https (or http to this machine): "
            f"https://your-host{PATH}<INFLUENCE_WEBHOOK_TOKEN>."
        )
    if not re.search(re.escape(PATH) + r"[^/?#\s]+$", url):
        raise ConfigurationError(
            f"The webhooks' address must end in {PATH}<INFLUENCE_WEBHOOK_TOKEN>; "
            "behind a proxy the part before that may differ."
        )


_MOST_PAGES = 100


def _all(api: WebhookApi) -> list[Subscription]:
    """Give all subscriptions with their whole addresses, page by page."""
    found: list[Subscription] = []
    cursor: str | None = None
    seen: set[str] = set()
    for _ in range(_MOST_PAGES):
        answer = api.list_webhooks(cursor)
        if not answer.found:
            said = _without_token(f": {answer.words}" if answer.words else "")
            raise ApiError(
                f"The Platform API does not list the webhooks (HTTP {answer.status}{said}). "
                "Nothing was created. Add the topics by hand in the Influence dashboard."
            )
        found += [_subscription(item) for item in pages.records(answer.body, "webhooks")]
        cursor = pages.next_cursor(answer.body)
        if cursor is None or cursor in seen:
            break
        seen.add(cursor)
    return found


def _subscription(item: dict[str, Any]) -> Subscription:
    def text(*names: str) -> str | None:
        return next((str(item[n]) for n in names if item.get(n) not in (None, "")), None)

    return Subscription(text("id"), text("topic"), text("url", "address") or "")
