"""What the coupon sensor remembers from tick to tick: what it has reported, and what not yet.

What is reported outside of a run Dagster keeps for ever. So routine work is reported every few
minutes, added up; a parked event, or a check that changes, at once. Nothing hangs on the cursor:
without it a tick only reports what was reported before.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from influence_pipeline.assets.coupons import Arrived, Bookmark
from influence_pipeline.webhooks.handlers import WorkedOff


@dataclass(frozen=True)
class Reported:
    """`upto`: the inbox as far as it was reported; `seen`: as far as ticks have looked.

    `at`: when (Unix time). `unreported`: what ticks did since, by outcome; `others`: the events
    that were settled elsewhere; `coupons`: those that were made, by whomever. `checks`: which
    checks passed then.
    """

    upto: Bookmark = field(default_factory=Bookmark)
    seen: Bookmark = field(default_factory=Bookmark)
    at: float = 0.0
    coupons: int = 0
    unreported: dict[str, int] = field(default_factory=dict)
    arrived: int = 0
    checks: dict[str, bool] = field(default_factory=dict)
    others: int = 0

    @property
    def nothing(self) -> bool:
        """Whether all was reported."""
        return not self.coupons and not self.arrived and not any(self.unreported.values())

    def added(self, done: WorkedOff, new: Arrived) -> WorkedOff:
        """Give what was done since the last report, this tick's work with it, and all coupons."""
        total = WorkedOff(by_topic={"": Counter(self.unreported)}, coupons=self.coupons)
        total.add(done)
        total.coupons += new.coupons_by_others
        return total


def outcomes(done: WorkedOff) -> dict[str, int]:
    """Count a round's events by their outcome."""
    total: Counter[str] = Counter()
    for counts in done.by_topic.values():
        total.update(counts)
    return {outcome: number for outcome, number in total.items() if number}


def read(cursor: str | None) -> Reported:
    """Read a cursor. Earlier versions kept the last id alone, or one bookmark; one that means
    nothing is none."""
    try:
        kept = json.loads(cursor or "0")
        if isinstance(kept, int):
            return Reported(Bookmark(kept), Bookmark(kept))
        if "upto" not in kept:
            upto = _bookmark(kept)
            return Reported(upto, upto)
        return Reported(
            _bookmark(kept["upto"]),
            _bookmark(kept["seen"]),
            float(kept["at"]),
            int(kept["coupons"]),
            {str(name): int(number) for name, number in kept["unreported"].items()},
            int(kept["arrived"]),
            {str(name): bool(passed) for name, passed in kept["checks"].items()},
            int(kept["others"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return Reported()


def written(reported: Reported) -> str:
    """Give the cursor."""
    return json.dumps(
        {
            "upto": _plain(reported.upto),
            "seen": _plain(reported.seen),
            "at": round(reported.at, 1),
            "coupons": reported.coupons,
            "unreported": reported.unreported,
            "arrived": reported.arrived,
            "checks": reported.checks,
            "others": reported.others,
        }
    )


def _bookmark(kept: Any) -> Bookmark:
    return Bookmark(int(kept["after"]), tuple(_numbers(kept["open"])))


def _plain(bookmark: Bookmark) -> dict[str, Any]:
    return {"after": bookmark.after, "open": _ranges(bookmark.open)}


def _ranges(numbers: Iterable[int]) -> str:
    """Write numbers as "3-7,9": after a backlog they are many, and Dagster shows the cursor."""
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(f"{low}-{high}" if high > low else str(low) for low, high in ranges)


def _numbers(ranges: str | list[int]) -> Iterator[int]:
    """Read them. An earlier version listed each."""
    if isinstance(ranges, list):
        yield from map(int, ranges)
        return
    for part in filter(None, ranges.split(",")):
        low, _, high = part.partition("-")
        yield from range(int(low), int(high or low) + 1)
