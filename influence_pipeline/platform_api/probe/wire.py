"""The probe's calls: made one at a time, noted as they may be shown, never made again unasked.

Every answer is a finding, also HTML, a redirect or silence. Only a call that may be repeated waits
for a 429 to pass, as long as the API asks for, up to a limit. A POST of an order goes out once.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from influence_pipeline.errors import ApiUnreachable
from influence_pipeline.http import read_json
from influence_pipeline.platform_api.calls import Call, Failure, Reply
from influence_pipeline.platform_api.outcomes import Judge, Meaning, Outcome
from influence_pipeline.platform_api.probe.findings import Seen
from influence_pipeline.platform_api.probe.redaction import Redactor

# After so many calls in a row that got no reply the API counts as gone.
_SILENT_CALLS = 3
# Seconds to wait after a 429 that names none.
_UNTOLD_WAIT = 2.0
_LIMIT_HEADER = re.compile(r"rate-?limit|retry-after|throttl|quota")
# What such a header may hold if it is to be shown.
_LIMIT_VALUE = re.compile(r'[\w .,;:="/+-]{1,80}', re.ASCII)


class Sender(Protocol):
    """`single.SingleCalls`, of which only this is needed."""

    def send(self, call: Call, query: dict[str, str] | None = None) -> Reply: ...


@dataclass(frozen=True)
class Patience:
    """How long the probe waits, in seconds.

    `settle`: for points to show, and for what was written to be readable. `throttled`: for one
    Retry-After; `throttled_in_all`: for all of one call. `pause`: between two looks.
    """

    settle: float = 10.0
    throttled: float = 60.0
    throttled_in_all: float = 120.0
    pause: float = 0.5


@dataclass(frozen=True)
class Heard:
    """What came back. `body`: parsed, numbers as Decimal; None where it is empty or no JSON."""

    reply: Reply
    outcome: Outcome
    body: Any
    readable: bool
    shown: str

    @property
    def status(self) -> int | None:
        return self.reply.status

    @property
    def accepted(self) -> bool:
        return self.outcome.meaning is Meaning.ACCEPTED

    @property
    def refused(self) -> bool:
        """It was not done, and the API said so: a 4xx other than those that pass. To a call that
        must not be repeated a gateway's 404 says nothing."""
        status = self.status
        if status is None or self.outcome.meaning is Meaning.UNCERTAIN:
            return False
        return 400 <= status < 500 and status not in {408, 425, 429}

    @property
    def brief(self) -> str:
        """What came back, without the body."""
        return self.shown.partition(" {")[0].partition(" [")[0]

    @property
    def is_an_answer(self) -> bool:
        """It can be the API's: some JSON, and no 5xx."""
        return self.status is not None and self.status < 500 and self.body is not None

    @property
    def message(self) -> str:
        """The API's own words, where the pipeline reads them; not redacted."""
        for name in ("message", "error"):
            if isinstance(self.body, dict) and isinstance(self.body.get(name), str):
                return str(self.body[name])
        return ""


@dataclass
class Wire:
    """Makes calls and keeps what was seen. Raises ApiUnreachable once the API is gone."""

    api: Sender
    judge: Judge
    redactor: Redactor
    patience: Patience
    sleep: Callable[[float], None] = field(default_factory=lambda: time.sleep)
    seen: list[Seen] = field(default_factory=list)
    # Of every reply: headers that speak of limits, each with the last value it had.
    limits: dict[str, str] = field(default_factory=dict)
    throttled: list[str] = field(default_factory=list)
    # Replies that can be the API's.
    usable: int = 0
    slowest_ms: int = 0
    calls: int = 0
    _silent: int = 0
    _longest_wait: float = 0.0

    def say(
        self,
        call: Call,
        what: str | None,
        query: dict[str, str] | None = None,
        sender: Sender | None = None,
    ) -> Heard:
        """Make a call and note it as `what` (None: it is one look of many). The API's rate limit is
        waited for where the call may be repeated."""
        waited = 0.0
        if self.throttled and not call.repeatable:
            # It goes out once, so not into a limit that was met before.
            self.sleep(self._longest_wait)
        while True:
            heard = self._once(call, query, sender or self.api)
            # With a wrong key any gateway has an answer.
            self.usable += sender is None and heard.is_an_answer
            if what is not None:
                self.seen.append(Seen(what, heard.shown, heard.reply.ms))
            wait = self._asked_to_wait(heard, waited)
            if wait is None or not call.repeatable:
                return heard
            self.sleep(wait)
            waited += wait

    def note(self, what: str, result: str) -> None:
        """Note something that was no call, for the report."""
        self.seen.append(Seen(what, result, 0))

    def _once(self, call: Call, query: dict[str, str] | None, sender: Sender) -> Heard:
        reply = sender.send(call, query)
        self.calls += 1
        self.slowest_ms = max(self.slowest_ms, reply.ms)
        body, readable = read_json(reply.body)
        outcome = self.judge.judge(call, reply)
        shown = self._shown(reply, body, readable=readable)
        heard = Heard(reply, outcome, body if readable else None, readable, shown)
        self._note_limits(reply)
        self._silent = self._silent + 1 if reply.status is None else 0
        if self._silent >= _SILENT_CALLS:
            raise ApiUnreachable(f"The Platform API has gone: {reply.detail}.")
        return heard

    def _asked_to_wait(self, heard: Heard, waited: float) -> float | None:
        """Seconds to wait before the call may be made again; None: it is not."""
        if heard.status != 429:
            return None
        wait = heard.outcome.retry_after
        given = "no Retry-After" if wait is None else f"Retry-After of {wait:g} s"
        self.throttled.append(given)
        wait = _UNTOLD_WAIT if wait is None else max(wait, 0.1)
        self._longest_wait = max(self._longest_wait, min(wait, self.patience.throttled))
        left = self.patience.throttled_in_all - waited
        if wait > min(self.patience.throttled, left):
            self.note("the API's wish to be left alone", f"{given}; longer than the probe waits")
            return None
        return wait

    def _note_limits(self, reply: Reply) -> None:
        for name, value in reply.headers.items():
            if _LIMIT_HEADER.search(name) and re.fullmatch(r"[a-z0-9-]{1,60}", name):
                plain = _LIMIT_VALUE.fullmatch(value) and not self.redactor.is_secret(value)
                self.limits[name] = value if plain else "<value>"

    def _shown(self, reply: Reply, body: Any, *, readable: bool) -> str:
        if reply.status is None:
            sent = "it never went out" if reply.failure is Failure.NOT_SENT else "no reply"
            return f"{sent}: {reply.detail}"
        head = f"HTTP {reply.status}"
        if not readable:
            kind = re.match(r"[a-z]+/[a-z0-9.+-]{1,40}", reply.headers.get("content-type", ""))
            return f"{head}, no JSON ({kind[0] if kind else 'unknown type'})"
        if 300 <= reply.status < 400:
            return f"{head}, a redirect, which is not followed"
        if body is None:
            return f"{head}, empty"
        of = self.redactor.shape if reply.status < 300 else self.redactor.refusal
        return f"{head} {of(body)}"
