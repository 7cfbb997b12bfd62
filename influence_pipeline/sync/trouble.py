"""Trouble of the API as a whole, told from trouble of single records by what comes in a row."""

from __future__ import annotations

from influence_pipeline.errors import ApiError, ApiUnreachable
from influence_pipeline.platform_api.calls import Reply
from influence_pipeline.platform_api.outcomes import Meaning, Outcome

# Calls in a row that never reached the API, after which the run stops: at the start, and later.
_UNREACHABLE_AT_START = 3
_UNREACHABLE_IN_A_ROW = 20
# Failed calls in a row (no reply, 5xx) after which the API as a whole is taken to be down: where no
# call of the run was answered well, and where some were.
_FAILURES_FROM_THE_START = 30
_FAILURES_IN_A_ROW = 300
_KEY_STATUSES = frozenset({401, 403})


class Health:
    """What a run's answers say of the API. `stop`: why nothing more may be sent, if so."""

    def __init__(self) -> None:
        self.stop: ApiError | None = None
        self._answered = False
        self._worked = False
        self._unreachable = 0
        self._failures = 0
        self._last = ""

    def learn(self, outcome: Outcome, reply: Reply) -> None:
        if outcome.words:
            self._last = outcome.words
        if outcome.meaning is Meaning.UNREACHABLE:
            self._unreachable += 1
            most = _UNREACHABLE_IN_A_ROW if self._answered else _UNREACHABLE_AT_START
            if self._unreachable >= most:
                self.stop = self.stop or self._unreachable_error()
            return
        self._answered = True
        self._unreachable = 0
        if is_about_the_key(reply) or outcome.throttled:
            return
        if keeps_up(outcome, reply):
            self._worked = True
            self._failures = 0
            return
        self._failures += 1
        if self._failures >= (_FAILURES_IN_A_ROW if self._worked else _FAILURES_FROM_THE_START):
            self.stop = self.stop or ApiUnreachable(
                f"The API fails call after call (the last: {self._last}). Nothing more is sent; "
                "nothing is lost. The next run goes on where this one stopped."
            )

    @property
    def never_answered(self) -> ApiError | None:
        """The error of a run whose every call found nobody; None: there were answers."""
        return self._unreachable_error() if self._unreachable and not self._answered else None

    def _unreachable_error(self) -> ApiUnreachable:
        return ApiUnreachable(
            f"The API cannot be reached ({self._last}). Nothing more is sent; nothing is lost. "
            "Check INFLUENCE_API_URL and the network; the next run goes on where this one stopped."
        )


def is_about_the_key(reply: Reply) -> bool:
    """Whether it says something of the key, and so nothing of how the API does."""
    return reply.status in _KEY_STATUSES


def keeps_up(outcome: Outcome, reply: Reply) -> bool:
    """Whether the reply shows an API that does its work; a 4xx does, of a record it dislikes."""
    return reply.status is not None and reply.status < 500 and not outcome.throttled
