"""How the soak tells a process that leaks from one that does not."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest

from influence_pipeline_tests.soak.memory import MB, Sampler, Series, growth

pytestmark = pytest.mark.proves("T21")

# Grows by 2 MB every 0.05 s, which is 2,400 MB a minute, or not at all.
_READY = "import time\nprint(flush=True)\n"
LEAKING = f"{_READY}kept = []\nwhile True: kept.append(b'x' * (2 << 20)); time.sleep(0.05)"
RESTING = f"{_READY}while True: time.sleep(0.05)"


def half_an_hour(role: str, at_minute: float, *, seed: int, base: int = 100) -> Series:
    """Samples every 5 s that go to and fro by 4 MB and, by chance, jump for a moment."""
    chance = random.Random(seed)
    made = Series(role, 1)
    for number in range(360):
        minutes = number / 12
        jump = 300 if chance.random() < 0.05 else 0
        size = base + at_minute * minutes + chance.uniform(-2, 2) + jump
        made.points.append((minutes * 60, int(size * MB)))
    return made


@pytest.mark.seeds(5)
def test_a_process_that_keeps_its_size_does_not_grow_whatever_jumps_there_are(seed: int) -> None:
    assert abs(growth([half_an_hour("worker", 0, seed=seed)])["worker"]) < 0.05


@pytest.mark.seeds(5)
def test_control_a_leak_of_a_megabyte_and_a_quarter_a_minute_is_seen_among_jumps(seed: int) -> None:
    found = growth([half_an_hour("worker", 1.25, seed=seed)])["worker"]
    assert 1.0 < found < 1.5


def test_what_a_process_takes_while_it_warms_up_is_no_growth() -> None:
    points = [(second, (min(second, 900) + 50) * MB) for second in range(0, 1800, 5)]
    warm = Series("worker", 1, [(float(second), size) for second, size in points])
    assert growth([warm], after=900)["worker"] == 0
    assert growth([warm])["worker"] > 0


def test_a_process_that_was_killed_and_begins_small_hides_no_leak_of_the_role() -> None:
    lives = [half_an_hour("worker", 2, seed=life, base=300 - 100 * life) for life in range(3)]
    assert growth(lives)["worker"] > 1.5


def watched(program: str, seconds: float) -> float:
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        sampler = Sampler(lambda: {"it": [process.pid]}, every_seconds=0.1)
        sampler.start()
        time.sleep(seconds)
        sampler.stop()
        return growth(sampler.series(), after=seconds / 2)["it"]
    finally:
        process.kill()
        process.communicate()


def test_control_a_process_that_leaks_is_caught_and_one_that_rests_is_not() -> None:
    assert watched(LEAKING, 2.5) > 20
    assert watched(RESTING, 2.5) < 20
