"""`make bench`: what is there is not measured again, and one that fails does not stop the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import results
from benchmarks.bench import Asked, bench, wait_until_quiet
from benchmarks.surroundings import commit
from influence_pipeline_tests.benchmarks.scripts.small import SMALL

# Not there at all: `python -m` ends with 1.
BROKEN = replace(SMALL, name="broken", module="influence_pipeline_tests.benchmarks.scripts.broken")


class Bench:
    """A folder for results, and what the script has measured since it was asked last."""

    def __init__(self, folder: Path) -> None:
        self.asked = Asked(folder / "results", lambda one: one == commit(), wait_seconds=0.0)
        self.log = folder / "log"
        self.times = 0

    def run(self, *benchmarks: object, **changes: object) -> tuple[list[str], list[str]]:
        """Give the parts that were measured, and the scripts that failed."""
        self.log.unlink(missing_ok=True)
        asked = replace(self.asked, **changes)  # type: ignore[arg-type]
        failed = bench(benchmarks or (SMALL,), asked, self._count)  # type: ignore[arg-type]
        return self.log.read_text().split() if self.log.exists() else [], failed

    def _count(self) -> None:
        self.times += 1

    @property
    def parts(self) -> dict[str, results.Part]:
        return results.read(self.asked.folder / "small.json")


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    made = Bench(tmp_path)
    monkeypatch.setenv("SMALL_LOG", str(made.log))
    monkeypatch.setenv("SMALL_FAILS", "")
    return made


def test_after_a_stop_only_the_parts_that_are_missing_are_measured(
    made: Bench, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SMALL_FAILS", "two")
    assert made.run() == (["one", "two"], ["small"])
    assert list(made.parts) == ["one"]
    monkeypatch.setenv("SMALL_FAILS", "")
    assert made.run() == (["two"], [])
    assert list(made.parts) == ["one", "two"]
    assert made.run() == ([], [])
    assert "small: measured as it is now" in capfd.readouterr().out
    assert made.run(again=True) == (["one", "two"], [])


def test_what_was_measured_on_other_code_is_measured_anew(made: Bench) -> None:
    made.run()
    file = made.asked.folder / "small.json"
    old = made.parts["one"]
    results.add(file, "one", replace(old, taken=replace(old.taken, commit="0000000")))
    assert made.run() == (["one"], [])
    assert made.parts["one"].taken.commit == commit()


def test_a_script_that_fails_is_named_and_the_rest_go_on(
    made: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    assert made.run(BROKEN, SMALL) == (["one", "two"], ["broken"])
    assert made.times == 2
    said = capfd.readouterr()
    assert "=== broken: FAILED with 1" in said.out
    assert "=== small: done" in said.out


def test_quick_measures_everything_and_keeps_nothing(made: Bench) -> None:
    made.run()
    before = made.parts
    assert made.run(quick=True) == (["one", "two"], [])
    assert made.parts == before


def test_a_busy_machine_is_waited_for_and_then_told_of(
    capsys: pytest.CaptureFixture[str],
) -> None:
    loads = iter([3.0, 1.0, 0.4])
    slept: list[float] = []
    assert wait_until_quiet(900, now=lambda: next(loads), sleep=slept.append)
    assert slept == [10, 10]
    assert "load 3.0, < 0.5 is wanted" in capsys.readouterr().out
    assert not wait_until_quiet(30, now=lambda: 3.0, sleep=slept.append)
    assert len(slept) == 5
    assert "NOT quiet (load 3.0)" in capsys.readouterr().out
