"""Telling a person that something is wrong: a line in the log, and a message to a chat or by mail.

The message is POST {"text": …} to INFLUENCE_ALERT_URL, which Slack, Mattermost, Google Chat and
Teams' workflows take; and a mail to INFLUENCE_ALERT_EMAIL through INFLUENCE_SMTP_URL. Where both
are set, both are told. The same words are told once an hour, so that a night of failing ticks is a
few messages; what worked again after an alert is told once. Nothing here ever fails its caller, or
holds it up for more than five seconds.

What is told stands in the errors' own words: no secret, no code, nobody's data. The address of the
chat is a secret, as it needs no other key; so is that of the mail server, with its password.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Protocol

import requests

from influence_pipeline import mail
from influence_pipeline.http import unlogged
from influence_pipeline.mail import MailRefused, Post

log = logging.getLogger(__name__)

SAME_WORDS_SECONDS = 3600.0
_TIMEOUT_SECONDS = 5.0
# Longer texts are cut by some chats, without a word.
_LONGEST_TEXT = 3000
_LONGEST_SUBJECT = 120
_LOCAL = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])([:/]|$)")
# Figures change while the trouble stays the same: how many wait, since when, which run.
_FIGURES = re.compile(r"\w*\d\w*")


class Memory(Protocol):
    """Where it is kept what was told, and when (Unix time)."""

    def load(self) -> dict[str, float]:
        """Give what was kept."""

    def save(self, told: dict[str, float]) -> None:
        """Keep this instead."""


class InThisProcess:
    """Remembers as long as the process lives."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}

    def load(self) -> dict[str, float]:
        return dict(self._told)

    def save(self, told: dict[str, float]) -> None:
        self._told = told


class Alerts:
    """Tells what is wrong: to the chat at `url`, and by `post`; without both, the log alone.

    `about` names what works or does not; trouble about it is over when `works_again` is called for
    the same name. `say`: puts the words as they are to be told, as with the name of a store before
    them.
    """

    def __init__(
        self,
        url: str | None,
        memory: Memory,
        *,
        post: Post | None = None,
        now: Callable[[], float] = time.time,
        say: Callable[[str], str] = str,
    ) -> None:
        self._url = url
        self._post = post
        self._memory = memory
        self._now = now
        self._say = say

    def alert(self, about: str, words: str) -> None:
        """Tell it, unless the same was told within the hour. `words`: what, why, what to do."""
        words = self._say(words)
        told = self._told()
        key = f"{about} {_digest(words)}"
        if key in told:
            return
        log.error("%s", words)
        self._remember({**told, key: self._now(), f"{about} {_OPEN}": self._now()})
        self._send(words)

    def works_again(self, about: str, words: str) -> None:
        """Tell it if there was an alert about this since it last worked, and from when on the same
        trouble would be told again."""
        told = self._told()
        if told.pop(f"{about} {_OPEN}", None) is None:
            return
        quiet = [at for key, at in told.items() if key.startswith(f"{about} ")]
        if quiet:
            until = datetime.fromtimestamp(max(quiet) + SAME_WORDS_SECONDS, UTC)
            words += f" (The same trouble would be told again from {until:%H:%M} UTC on.)"
        words = self._say(words)
        log.warning("%s", words)
        self._remember(told)
        self._send(words)

    def _told(self) -> dict[str, float]:
        try:
            told = self._memory.load()
        except Exception as error:  # an alert is told rather twice than not
            log.warning("What was told before is not known: %s", type(error).__name__)
            return {}
        since = self._now() - SAME_WORDS_SECONDS
        return {key: at for key, at in told.items() if at > since or key.endswith(f" {_OPEN}")}

    def _remember(self, told: dict[str, float]) -> None:
        try:
            self._memory.save(told)
        except Exception as error:  # the same
            log.warning("That this was told cannot be kept: %s", type(error).__name__)

    def _send(self, words: str) -> None:
        url, post = self._url, self._post
        ways: dict[str, Callable[[], str | None]] = {}
        if url is not None:
            ways["INFLUENCE_ALERT_URL"] = lambda: _post(url, words)
        if post is not None:
            ways["INFLUENCE_ALERT_EMAIL through INFLUENCE_SMTP_URL"] = lambda: _mail(post, words)
        # Both at once, so that one that hangs does not hold up the other.
        under_way = {to: _beside(way) for to, way in ways.items()}
        until = time.monotonic() + _TIMEOUT_SECONDS
        for to, (thread, outcome) in under_way.items():
            thread.join(max(until - time.monotonic(), 0.0))
            problem = outcome[0] if outcome else f"no answer within {_TIMEOUT_SECONDS:.0f} s"
            if problem is not None:
                log.warning(
                    "An alert was not delivered to %s: %s. It is in this log; check the address.",
                    to,
                    problem,
                )


def _beside(way: Callable[[], str | None]) -> tuple[threading.Thread, list[str | None]]:
    """Deliver it in a thread: libraries bound each wait for a byte, not the whole. A daemon, so
    that nobody waits for it at the end of the process."""
    outcome: list[str | None] = []
    thread = threading.Thread(target=lambda: outcome.append(way()), name="alert", daemon=True)
    thread.start()
    return thread, outcome


_OPEN = "is open"


def _digest(words: str) -> str:
    return hashlib.sha256(_FIGURES.sub("#", words).encode()).hexdigest()[:16]


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"


def _mail(post: Post, words: str) -> str | None:
    """Deliver it by mail; give what was in the way, without a secret."""
    subject = _cut(words.split("\n")[0], _LONGEST_SUBJECT)
    try:
        mail.send(post, f"Influence pipeline: {subject}", words, _TIMEOUT_SECONDS)
    except MailRefused as refused:
        return str(refused)
    except Exception as error:  # the text of some may hold anything
        return f"it cannot be reached ({type(error).__name__})"
    return None


def _post(url: str, words: str) -> str | None:
    """Deliver it; give what was in the way, without the address."""
    text = _cut(words, _LONGEST_TEXT)
    try:
        with unlogged(), requests.Session() as session:
            # Keeps ~/.netrc out, and this machine's calls to itself out of a proxy.
            session.auth = lambda request: request
            session.trust_env = _LOCAL.match(url) is None
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            with session.post(
                url,
                json={"text": text},
                timeout=_TIMEOUT_SECONDS,
                allow_redirects=False,
                stream=True,
            ) as response:
                status = response.status_code
    except Exception as error:  # their text may hold the address
        return f"it cannot be reached ({type(error).__name__})"
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"it answers HTTP {status}, a redirect, which is not followed"
    return f"it answers HTTP {status}"
