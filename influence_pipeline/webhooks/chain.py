"""Which steps of members' balances, of those that do not add up, are gaps. Pure: no database.

A *step* leads from one state of a member to the next. Its `points` are what the balance changed by
beyond the points that events told of. A gap is a step that nothing else explains either:

- A refund that we told the API ourselves takes points back without an event of points (contract:
  Orders); it explains one step down that ends within `NEAR` of it.
- Two steps that undo each other by just the points of an event between them: the state in the
  middle was read before, or after, the change that the event tells of. Nothing is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby, pairwise

# Between our call and the `updatedAt` that it leaves: the call itself, work after the answer, and
# two clocks that are not the same.
NEAR = timedelta(minutes=10)


@dataclass(frozen=True)
class Step:
    """A step that does not add up. `moved`: the points of the events at its end. `ripe`: nothing
    more is expected to come for it; `flagged`: it was found before."""

    member_id: str
    external_id: str | None
    since: datetime
    until: datetime
    points: int
    moved: int
    ripe: bool
    flagged: bool


@dataclass(frozen=True)
class Refund:
    """An order told a status that may take points back, from before the first such call to after
    the last."""

    order_key: str
    first_at: datetime
    last_at: datetime

    def near(self, moment: datetime) -> bool:
        return self.first_at - NEAR <= moment <= self.last_at + NEAR


@dataclass
class Judged:
    """`gaps`: steps that nothing explains. `explained`: by which refund. `misread`: pairs of steps
    that undo each other. What is in none of them is too new to be judged."""

    gaps: list[Step] = field(default_factory=list)
    explained: list[tuple[Step, Refund]] = field(default_factory=list)
    misread: list[Step] = field(default_factory=list)

    @property
    def passed(self) -> list[Step]:
        """Steps over which the chain goes on."""
        return [*(step for step, _ in self.explained), *self.misread]


def judge(steps: Sequence[Step], refunds: Mapping[str, Sequence[Refund]]) -> Judged:
    """Judge the open steps, sorted by member and time. `refunds`: by the store's customer id."""
    judged = Judged()
    for _, group in groupby(steps, key=lambda step: step.member_id):
        of_member = list(group)
        left = _without_misread(of_member, judged)
        left = _without_refunded(left, refunds.get(of_member[0].external_id or "", ()), judged)
        judged.gaps += [step for step in left if step.ripe or step.flagged]
    return judged


def _without_misread(steps: list[Step], judged: Judged) -> list[Step]:
    misread: set[int] = set()
    for (i, one), (j, other) in pairwise(enumerate(steps)):
        undone = one.until == other.since and one.points + other.points == 0
        if i not in misread and undone and one.points in (-one.moved, other.moved):
            misread |= {i, j}
    judged.misread += [steps[i] for i in sorted(misread)]
    return [step for i, step in enumerate(steps) if i not in misread]


def _without_refunded(steps: list[Step], refunds: Sequence[Refund], judged: Judged) -> list[Step]:
    """Each refund explains the one step down that ends nearest to it."""
    left = list(steps)
    for refund in refunds:
        near = [step for step in left if step.points < 0 and refund.near(step.until)]
        if near:
            nearest = min(near, key=lambda step: abs(step.until - refund.last_at))
            judged.explained.append((nearest, refund))
            left.remove(nearest)
    return left
