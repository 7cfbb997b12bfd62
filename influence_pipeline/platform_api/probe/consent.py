"""Who says yes to a call that writes, before it is made. The terminal's voice is `cli.probe`'s."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from influence_pipeline.platform_api.probe.findings import Standing


class Decision(Enum):
    YES = "yes"
    NO = "no"
    NOT_ASKED = "not asked"


@dataclass(frozen=True)
class Request:
    """What is to be allowed: the calls, as a person reads them, and what they may cost.

    `awards`: whether points may be given or taken, or somebody be told.
    """

    title: str
    calls: tuple[str, ...]
    cost: str
    awards: bool


class Consent(Protocol):
    """Asked once for each request, just before its calls. May raise Stop."""

    def __call__(self, request: Request, /) -> Decision: ...


class Stop(Exception):  # noqa: N818  (a wish, not an error)
    """Whoever is asked wants no further question."""


class NotGranted(Exception):  # noqa: N818
    """A call was not allowed; the question ends with `standing`."""

    def __init__(self, standing: Standing) -> None:
        super().__init__(standing.value)
        self.standing = standing


def always(_request: Request) -> Decision:
    """Say yes to everything."""
    return Decision.YES


def never(_request: Request) -> Decision:
    """Let nothing be written, and ask nobody."""
    return Decision.NOT_ASKED
