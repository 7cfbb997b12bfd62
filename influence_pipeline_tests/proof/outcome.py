"""What came out of one test of a proof."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass
class Outcome:
    """One test, with one seed or several in turn. `function`: its name without them. `result`: "passed",
    "failed" or "skipped", then with `why`; `again`: the seed with which it failed. `tallies`: what it
    counted (`support.tally`)."""

    LEFT: ClassVar[str] = "left for another day: the time is over"

    proof: str
    test: str
    function: str
    seeds: list[int]
    result: str = "passed"
    why: list[str] = field(default_factory=list)
    again: int | None = None
    seconds: float = 0.0
    tallies: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_control(self) -> bool:
        return "::test_control_" in self.test

    @property
    def was_left(self) -> bool:
        """It was not begun, because the time was over."""
        return self.why == [self.LEFT]
