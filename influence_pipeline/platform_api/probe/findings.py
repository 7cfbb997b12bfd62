"""What a question, its answer and a proposed setting are. Nothing here makes a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Group(StrEnum):
    """Questions that go together, in the order in which they are asked: what can award nothing
    comes first. `ACCESS` only reads."""

    ACCESS = "access"
    PRODUCTS = "products"
    WEBHOOKS = "webhooks"
    CUSTOMERS = "customers"
    ORDERS = "orders"


class Standing(StrEnum):
    """What became of a question."""

    ANSWERED = "answered"
    UNCLEAR = "unclear"
    DECLINED = "declined"
    NOT_ASKED = "not asked"
    SKIPPED = "skipped"
    INTERRUPTED = "interrupted"


class Confidence(StrEnum):
    """How far an answer can be leant on. LOW: it fits, and so would something else."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True)
class Setting:
    """A value for influence.toml: `table` and `key`, as ("api_names", "order"). A mapping goes into
    what stands there already. `must`: the pipeline does not work right without it."""

    table: str
    key: str
    value: str | float | Mapping[str, str]
    must: bool = True


@dataclass(frozen=True)
class Answer:
    """What a question came to.

    `value`: one word for machines. `words`: the answer in a sentence. `means`: what follows for the
    pipeline. `attention`: a person should look at it before the go-live.
    """

    value: str
    words: str
    means: str = ""
    confidence: Confidence = Confidence.HIGH
    attention: bool = False
    settings: tuple[Setting, ...] = ()
    standing: Standing = Standing.ANSWERED


def unclear(words: str, means: str = "", value: str = "unclear") -> Answer:
    """Give an answer that says what came instead of one."""
    return Answer(
        value, words, means, confidence=Confidence.LOW, standing=Standing.UNCLEAR, attention=False
    )


@dataclass(frozen=True)
class Seen:
    """One call as the report may show it: what was sent, what came back, neither with values."""

    call: str
    result: str
    ms: int


@dataclass(frozen=True)
class Finding:
    """One question with its answer and the calls that led to it."""

    id: str
    group: Group
    title: str
    answer: Answer
    seen: tuple[Seen, ...] = ()

    def as_values(self) -> dict[str, Any]:
        answer = self.answer
        return {
            "id": self.id,
            "group": self.group.value,
            "title": self.title,
            "standing": answer.standing.value,
            "value": answer.value,
            "answer": answer.words,
            "means": answer.means,
            "confidence": answer.confidence.value,
            "attention": answer.attention,
            "settings": [
                {"table": one.table, "key": one.key, "value": one.value, "must": one.must}
                for one in answer.settings
            ],
            "seen": [{"call": s.call, "result": s.result, "ms": s.ms} for s in self.seen],
        }
