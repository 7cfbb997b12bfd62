"""Faults: rules that make single calls of the contract go wrong, and the draw that picks them.

What each kind does to a call is in `gate`. Nothing here is random without a seed.
"""

from __future__ import annotations

import random
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr
from pydantic_core import PydanticCustomError

from influence_pipeline.sandbox.platform.fields import Id
from influence_pipeline.sandbox.platform.switches import RetryAfter

Kind = Literal[
    "error_before",
    "error_after",
    "drop_before",
    "drop_after",
    "half_reply",
    "slow",
    "late",
    "gateway_404",
    "wrong_json",
    "redirect",
    "too_many",
]

# Kinds whose call never reaches the API.
NOT_APPLIED = frozenset({"error_before", "drop_before", "gateway_404", "redirect", "too_many"})

_DEFAULT_STATUS: dict[str, int] = {
    "error_before": 503,
    "error_after": 502,
    "late": 504,
    "gateway_404": 404,
    "redirect": 302,
    "too_many": 429,
}


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error:
        raise PydanticCustomError("sandbox", "must be a regular expression") from None
    return value


class FaultRule(BaseModel):
    """One rule: which calls, how often, and what goes wrong."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    method: str | None = Field(None, description="GET, POST, PUT, PATCH, DELETE; null: any.")
    path: Annotated[str, AfterValidator(_pattern)] = Field(
        "", description="Regular expression searched in the path as it travels (URL-encoded)."
    )
    key: Id | None = Field(
        None, description="Only calls about the record with this id (order id, coupon code ...)."
    )
    skip: int = Field(0, ge=0, description="Let so many matching calls pass first.")
    times: int | None = Field(None, ge=1, description="Fire so many times; null: without end.")
    probability: float = Field(1.0, ge=0, le=1, description="Share of matching calls that fail.")
    status: int | None = Field(None, ge=300, le=599, description="Status sent by kinds with one.")
    ms: int = Field(1000, ge=0, description="slow: wait before applying. late: after the reply.")
    close: bool = Field(False, description="late: close the connection instead of a status.")
    reset: bool = Field(False, description="Kinds that close: send RST instead of FIN.")
    retry_after: RetryAfter = Field("seconds", description="too_many: form of Retry-After.")
    location: str = Field("http://elsewhere.invalid/", description="redirect: where to.")

    _pattern: re.Pattern[str] = PrivateAttr()

    def model_post_init(self, _context: object) -> None:
        self._pattern = re.compile(self.path)

    @property
    def reply_status(self) -> int:
        """The status this rule sends. Only kinds that send a status of their own have one."""
        return self.status or _DEFAULT_STATUS[self.kind]

    def concerns(self, method: str, path: str, key: str | None) -> bool:
        return (
            (self.method is None or self.method.upper() == method)
            and (self.key is None or self.key == key)
            and self._pattern.search(path) is not None
        )


class FaultPlan:
    """The rules in force. For each call the first rule that fires wins.

    Every rule draws from its own generator, seeded with `seed` and its place in the list, so that
    one rule's draws do not depend on the calls another rule has seen.
    """

    def __init__(self, rules: list[FaultRule], seed: int) -> None:
        self.rules = rules
        self.seed = seed
        self.seen = [0] * len(rules)
        self.fired = [0] * len(rules)
        self._draws = [random.Random(f"{seed}:{place}") for place in range(len(rules))]  # noqa: S311

    def draw(self, method: str, path: str, key: str | None) -> FaultRule | None:
        for place, rule in enumerate(self.rules):
            if not rule.concerns(method, path, key):
                continue
            self.seen[place] += 1
            if self.seen[place] <= rule.skip:
                continue
            if rule.times is not None and self.fired[place] >= rule.times:
                continue
            if self._draws[place].random() >= rule.probability:
                continue
            self.fired[place] += 1
            return rule
        return None
