"""T14: the whole loop as a state machine (see `machine`), and seeded mistakes that it must catch."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis.errors import Flaky
from hypothesis.stateful import get_state_machine_test

from influence_pipeline_tests.loop import lives
from influence_pipeline_tests.loop.house import House
from influence_pipeline_tests.loop.lives import LIVES
from influence_pipeline_tests.loop.machine import Loop
from influence_pipeline_tests.loop.mutants import BY_CHANCE, MUTANTS, QUICK
from influence_pipeline_tests.support.tally import Tally

pytestmark = pytest.mark.proves("T14")


def by_chance(house: House, many: int, steps: int, seed: int) -> int:
    """Live so many lives; give how many steps were made. A failure prints the life that fails, as it
    was: to look for a shorter one takes minutes, and lives that depend on moments end it early."""
    machine = type("Loop", (Loop,), {"house": house, "steps": 0})
    how = settings(
        max_examples=many,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=True,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    seeded(seed)(get_state_machine_test(machine, settings=how))()
    return machine.steps


@pytest.mark.seeds(1)
def test_all_ends_well_whatever_the_shop_the_program_and_the_network_do(
    house: House, seed: int, tally: Tally
) -> None:
    tally(by_chance(house, 6, 25, seed), "steps", lost=0, doubled=0, parked=0)


@pytest.mark.seeds(0, slow=12)
def test_all_ends_well_in_three_hundred_lives_of_fifty_steps(
    house: House, seed: int, tally: Tally
) -> None:
    """25 lives a seed."""
    tally(by_chance(house, 25, 50, seed), "steps", lost=0, doubled=0, parked=0)


@pytest.mark.slow
def test_the_lives_that_one_mistake_each_would_not_survive_end_well(
    house: House, tally: Tally
) -> None:
    for life in LIVES.values():
        lives.live(house, life)
    steps = sum(map(len, LIVES.values()))
    tally(steps, "steps", lost=0, doubled=0, parked=0)


@pytest.mark.parametrize(
    "mutant", [pytest.param(m, marks=[] if m in QUICK else pytest.mark.slow) for m in MUTANTS]
)
def test_control_a_loop_without_one_of_its_safeguards_does_not_survive_its_life(
    house: House, mutant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    MUTANTS[mutant](house, monkeypatch)
    with pytest.raises(AssertionError):
        lives.live(house, LIVES[mutant])


@pytest.mark.slow
@pytest.mark.parametrize("mutant", BY_CHANCE)
def test_control_chance_finds_a_missing_safeguard_too(
    house: House, mutant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    MUTANTS[mutant](house, monkeypatch)
    with pytest.raises((AssertionError, Flaky, ExceptionGroup)):
        by_chance(house, 100, 50, 1)
