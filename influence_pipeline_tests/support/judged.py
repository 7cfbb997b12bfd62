"""What the judge found, in the numbers that a proof tells: lost, doubled, parked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.support.world import World

# Made, given or told more than once, or without a reason; anything else is less than there must be.
_TOO_MUCH = ("doubled", "forged")


@dataclass
class Judged:
    """Judges a world in which one seed's life follows another's: each difference is told once."""

    world: World
    tally: Tally
    unit: str
    told: set[str] = field(default_factory=set)

    def look(self, count: int, *more: str) -> list[str]:
        """Judge what is there now, `count` records of it new, and put it down; `more` is wrong too.
        Gives what was not wrong the last time."""
        kinds = {str(one): str(one.kind) for one in self.world.judge().differences}
        kinds |= dict.fromkeys(more, "lost")
        kinds |= {f"{key} is parked: {why}": "parked" for key, why in self.world.parked().items()}
        wrong = [words for words in kinds if words not in self.told]
        self.told.update(wrong)
        found = Counter(kinds[words] for words in wrong)
        doubled = sum(found[kind] for kind in _TOO_MUCH)
        parked = found["parked"]
        lost = len(wrong) - doubled - parked
        self.tally(count, self.unit, lost=lost, doubled=doubled, parked=parked)
        return wrong
