"""The plugin and the table of `make proof`, on small tests of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from influence_pipeline_tests.proof import kept, page, strength_page
from influence_pipeline_tests.proof.outcome import Outcome
from influence_pipeline_tests.proof.table import HEADER, Row, as_text, rows

ROOT = Path(__file__).parents[2]
NOW = kept.Circumstances("0123456789", "2026-11-30", "2 cores", 20261130)
CONFTEST = """
from influence_pipeline_tests.support import seeds
from influence_pipeline_tests.support.tally import tally

pytest_addoption = seeds.add_option
pytest_generate_tests = seeds.parametrize
"""
TESTS = """
import pytest

pytestmark = pytest.mark.proves("T2")

@pytest.mark.seeds(1, slow=2)
def test_orders(tally, seed):
    tally(100, "orders", lost=0, doubled=int(seed == 1001), parked=0)
    assert seed != 1001

def test_more(tally):
    tally(5, "rows")

def test_control_a_broken_one_is_caught():
    pass

def test_control_another_is_not():
    assert False, "nothing was noticed"

@pytest.mark.alone
@pytest.mark.proves("T4")
def test_load(tally):
    tally(60_000, "deliveries", lost=0)

@pytest.mark.proves("T8")
def test_needs_a_program():
    pytest.skip("nginx is not here")

@pytest.mark.proves("T3")
@pytest.mark.seeds(1)
def test_late(seed):
    pass
"""
TURNS = """
import pytest
from influence_pipeline_tests.support.seeds import named

@pytest.mark.proves("T1")
@pytest.mark.seeds(1, slow=25)
def test_all(seeds):
    for seed in seeds:
        with named(seed):
            assert seed != 1017
"""
NEVER_TIMED = """
import pytest

@pytest.mark.slow
@pytest.mark.proves("T21")
def test_long():
    pass
"""
UNMARKED = "def test_of_no_proof():\n    pass\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "test_other.py").write_text(UNMARKED)
    markers = "proves: -\n  alone: -\n  slow: -\n  seeds: -"
    (tmp_path / "pytest.ini").write_text(f"[pytest]\nmarkers =\n  {markers}\n")
    return tmp_path


def outcomes(folder: Path, *options: str, proofs: str = "T2,T3,T4,T8") -> list[Outcome]:
    file = folder / "results.json"
    command = [sys.executable, "-m", "pytest", "-p", "influence_pipeline_tests.proof.plugin"]
    command += [
        "-p",
        "xdist.plugin",
        "-p",
        "no:cacheprovider",
        f"--proof={proofs}",
        f"--proof-results={file}",
        *options,
    ]
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 1, 5}, done.stdout + done.stderr
    return [Outcome(**one) for one in json.loads(file.read_text())]


def by_proof(found: list[Outcome]) -> dict[str, Row]:
    return {row.proof: row for row in rows(found)}


@pytest.mark.parametrize("jobs", [(), ("-n2",)], ids=["one process", "xdist"])
def test_each_proof_has_a_row_of_what_its_tests_counted(
    folder: Path, jobs: tuple[str, ...]
) -> None:
    found = by_proof(outcomes(folder, *jobs))
    assert set(found) == {"T2", "T3", "T4", "T8"}
    two = found["T2"]
    assert (two.counts, two.lost, two.doubled, two.parked) == ({"orders": 200, "rows": 5}, 0, 1, 0)
    # The ordinary seed is left to `make test`, where the test has others for the proof.
    assert two.seeds == "1000-1001"
    assert (two.controls, two.caught) == (2, 1)
    assert (two.passed, two.failed, two.holds) == (3, 2, False)
    assert found["T4"].counts == {"deliveries": 60_000}
    assert (found["T3"].seeds, found["T3"].holds) == ("0", True)


def test_what_could_not_be_run_is_no_proof(folder: Path) -> None:
    row = by_proof(outcomes(folder, proofs="T8"))["T8"]
    assert (row.holds, row.result) == (False, "NOT RUN: 1 of 1")
    assert row.why == ["nginx is not here"]


def test_one_seed_of_one_proof_is_run_again(folder: Path) -> None:
    row = by_proof(outcomes(folder, "--seed", "7", proofs="T3"))["T3"]
    assert row.seeds == "7"


def test_seeds_that_a_test_takes_in_turn_are_counted_and_the_failing_one_is_named(
    folder: Path,
) -> None:
    (folder / "test_turns.py").write_text(TURNS)
    (one,) = outcomes(folder, proofs="T1")
    assert one.seeds == list(range(1000, 1025))
    assert (one.result, one.again, one.function) == ("failed", 1017, "test_turns.py::test_all[]")


def test_what_needs_the_machine_is_run_apart(folder: Path) -> None:
    assert set(by_proof(outcomes(folder, "--proof-alone", "only"))) == {"T4"}
    assert "T4" not in by_proof(outcomes(folder, "--proof-alone", "never"))


def test_the_longest_begin_first_and_a_slow_one_never_timed_before_them(folder: Path) -> None:
    (folder / "test_soak.py").write_text(NEVER_TIMED)
    seconds = folder / "seconds.json"
    taken = {"test_late[]": 500.0, "test_load": 60.0, "test_more": 700.0}
    seconds.write_text(json.dumps({f"test_some.py::{name}": taken[name] for name in taken}))
    found = outcomes(folder, f"--proof-seconds={seconds}", proofs="T2,T3,T4,T21")
    names = [one.function.partition("::")[2] for one in found]
    # Those of the proof's own seeds are slow, too.
    assert set(names[:2]) == {"test_long", "test_orders[]"}
    assert [name for name in names if name in taken] == ["test_more", "test_late[]", "test_load"]
    assert set(names[-2:]) == {
        "test_control_a_broken_one_is_caught",
        "test_control_another_is_not",
    }


def test_a_slice_takes_what_is_random_in_rounds_of_the_days_seeds(folder: Path) -> None:
    found = outcomes(folder, "--proof-slice", "--seed", "5,6,4")
    assert [one.seeds for one in found] == [[4], [4], [5], [5], [6], [6]]
    assert {one.function for one in found} == {
        "test_some.py::test_late[]", "test_some.py::test_orders[]"
    }  # fmt: skip


def test_another_days_slice_begins_with_other_tests(folder: Path) -> None:
    first = {outcomes(folder, "--proof-slice", "--seed", str(day))[0].test for day in range(6)}
    assert len({name.partition("[")[0] for name in first}) > 1


def test_a_slice_begins_nothing_that_would_not_end_in_time(folder: Path) -> None:
    seconds = folder / "seconds.json"
    seconds.write_text(json.dumps({"test_some.py::test_orders[]": 1000.0}))
    in_a_minute = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    options = ["--proof-slice", "--seed", "5", f"--proof-until={in_a_minute}"]
    found = by_proof(outcomes(folder, *options, f"--proof-seconds={seconds}"))
    assert (found["T3"].passed, found["T3"].left) == (1, 0)
    assert (found["T2"].passed, found["T2"].left, found["T2"].skipped) == (0, 1, 0)
    assert found["T2"].result == "left for another day"


def test_a_slice_begins_no_slow_test_that_was_never_timed(folder: Path) -> None:
    (folder / "test_soak.py").write_text(NEVER_TIMED)
    in_a_minute = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    options = ["--proof-slice", "--seed", "5", f"--proof-until={in_a_minute}"]
    (one,) = outcomes(folder, *options, proofs="T21")
    assert one.was_left


def some_row(proof: str = "T2", *, failed: int = 0) -> Row:
    return Row(
        proof=proof, passed=3, failed=failed, skipped=0, left=0, counts={"orders": 12_000},
        seeds="0, 1000-1002", lost=0, doubled=0, parked=None, controls=2, caught=2,
        seconds=150, why=[],
    )  # fmt: skip


def test_the_table_says_it_in_a_line() -> None:
    _, line = as_text([HEADER, some_row().cells()]).splitlines()
    assert line.split() == (
        ["T2", "12,000", "orders", "0,", "1000-1002", "0", "0", "-", "2", "of", "2", "2.5", "min", "passed"]
    )  # fmt: skip
    assert some_row(failed=1).cells()[-1] == "FAILED: 1 of 4"


def test_a_proof_run_again_takes_the_place_of_its_own_row_alone(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    kept.keep([some_row("T10"), some_row("T2")], NOW, file)
    later = kept.Circumstances("abcdef", "2026-12-01", "4 cores", 20261201)
    kept.keep([some_row("T2", failed=1)], later, file)
    assert kept.load(file) == [(some_row("T2", failed=1), later), (some_row("T10"), NOW)]


def test_the_page_names_each_proof_its_result_and_the_day(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    kept.keep([some_row()], NOW, file)
    text = page.text(file)
    assert (
        "| T2 | 12,000 orders | 0, 1000-1002 | 0 | 0 | - | 2 of 2 | 2.5 min | passed"
        " | 2026-11-30, 0123456789 |"
    ) in text
    assert "| T3 | - | - | - | - | - | - | - | not run | - |" in text


def test_the_committed_page_is_what_the_command_writes() -> None:
    assert page.PAGE.read_text() == page.text(), "write it by `make proof`, not by hand"


def test_how_long_a_test_takes_is_kept_by_its_longest_seed(tmp_path: Path) -> None:
    file = tmp_path / "seconds.json"
    one = Outcome("T2", "a[seed=1]", "a[]", [1], seconds=3.04)
    other = Outcome("T2", "a[seed=2]", "a[]", [2], seconds=5.0)
    kept.keep_seconds([one, other], file)
    kept.keep_seconds([Outcome("T2", "b", "b", [], seconds=0.2)], file)
    assert json.loads(file.read_text()) == {"a[]": 5.0}


def test_what_no_test_notices_is_listed_with_its_reason(tmp_path: Path) -> None:
    numbers = {"mutants": 10, "tried": 8, "killed": 5, "timeout": 1, "survived": 2}
    survivor = {"file": "influence_pipeline/a.py", "function": "f", "diff": " x\n-  a | b\n+  b"}
    survivors = [{"key": "1", **survivor}, {"key": "2", **survivor, "function": "g"}]
    files = {"influence_pipeline/a.py": {"area": "inbox", **numbers}}
    found = {"commit": "0" * 40, "date": "2026-11-30", "files": files, "survivors": survivors}
    mutation, reasons = tmp_path / "mutation.json", tmp_path / "survivors.toml"
    mutation.write_text(json.dumps(found))
    reasons.write_text('[[survivor]]\nkey = "2"\nreason = "the same"\n')
    text = strength_page.text(mutation, reasons)
    assert "| inbox | 10 | 8 | 6 | 2 | 75 |" in text
    assert text.index("| a.py g | `- a \\| b  + b` | the same |") < text.index(
        "| a.py f | `- a \\| b  + b` | no reason yet: a test is missing |"
    )
