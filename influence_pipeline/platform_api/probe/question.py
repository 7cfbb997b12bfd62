"""One question of the probe: what it is called, what must be true before it, who answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from influence_pipeline.platform_api.probe.consent import Request
from influence_pipeline.platform_api.probe.findings import Answer, Group
from influence_pipeline.platform_api.probe.room import Room


def nothing(_room: Room) -> str | None:
    """Need nothing from earlier questions."""
    return None


@dataclass(frozen=True)
class Question:
    """`groups`: asked if one of them is wanted; it is listed under the first.

    `needs`: why it cannot be asked now, or None. `request`: what must be allowed before `answer`
    makes its calls; None: it only reads. `answer` may raise consent.NotGranted for a further call,
    and ApiError.
    """

    id: str
    groups: tuple[Group, ...]
    title: str
    answer: Callable[[Room], Answer]
    request: Callable[[Room], Request] | None = None
    needs: Callable[[Room], str | None] = nothing
