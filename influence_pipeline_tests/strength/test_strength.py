"""The tools that try the tests: what they change, what they count, and that their lists are true."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from coverage import CoverageData

from influence_pipeline_tests.strength import excepts, python_mutants, results, scope, sql_mutants
from influence_pipeline_tests.strength.mutant import SWITCH, Mutant

pytestmark = pytest.mark.proves("T20")

MODULE = '''
from functools import cache

LIMIT = 3

def due(waited, asked):
    """Whether it is time."""
    if waited > LIMIT and asked:
        _log.info("it is %s", waited)
        return True
    return False

class Box:
    def name(self):
        return "box"

    def refuse(self):
        raise ValueError("no box")

@cache
def kept():
    return 1
'''


def loaded(code: str) -> dict[str, Any]:
    module = ModuleType("influence_pipeline.sync.toy")
    exec(compile(code, "toy.py", "exec"), module.__dict__)  # noqa: S102
    return module.__dict__


@pytest.fixture
def toy() -> tuple[str, list[Any]]:
    return python_mutants.mutate("influence_pipeline/sync/toy.py", MODULE)


def test_without_the_variable_a_mutated_module_is_the_original(toy: tuple[str, list[Any]]) -> None:
    module = loaded(toy[0].replace("_log.info", "len"))

    assert not module["due"](3, True)
    assert module["Box"]().name() == "box"


def test_the_variable_switches_one_change_on(
    toy: tuple[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, mutants = toy
    (later,) = [one for one in mutants if "+    if waited >= LIMIT and asked" in one.diff]
    (named,) = [one for one in mutants if "XXboxXX" in one.diff]
    module = loaded(code.replace('_log.info("it is %s", waited)', "pass"))

    monkeypatch.setenv(SWITCH, later.switch)
    assert module["due"](3, True)
    assert module["Box"]().name() == "box"
    monkeypatch.setenv(SWITCH, named.switch)
    assert not module["due"](3, True)
    assert module["Box"]().name() == "XXboxXX"


def test_a_mutant_says_where_it_is_and_which_lines_reach_it(toy: tuple[str, list[Any]]) -> None:
    mutants = toy[1]

    assert {one.function for one in mutants} == {"due", "Box.name"}
    (later,) = [one for one in mutants if "waited >= LIMIT" in one.diff]
    assert MODULE.splitlines()[later.lines[later.file][0] - 1].startswith("    if waited > LIMIT")
    assert len({one.key for one in mutants}) == len(mutants)


def test_words_for_people_are_not_changed(toy: tuple[str, list[Any]]) -> None:
    assert not [one for one in toy[1] if "XXit is" in one.diff or "no box" in one.diff]


def test_the_same_change_keeps_its_key_when_the_file_grows(toy: tuple[str, list[Any]]) -> None:
    _, grown = python_mutants.mutate("influence_pipeline/sync/toy.py", "import os\n" + MODULE)

    assert [one.key for one in grown] == [one.key for one in toy[1]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT 'a = b' FROM t WHERE id = :id", "SELECT 'a = b' FROM t WHERE id <> :id"),
        ("SELECT a FROM t WHERE a AND b <= c ORDER BY a", "SELECT a FROM t WHERE a AND true ORDER BY a"),
        ("SELECT a FROM t WHERE a OR b", "SELECT a FROM t WHERE false OR b"),
        ("SELECT a FROM t FOR UPDATE SKIP LOCKED", "SELECT a FROM t "),
        ("SELECT a FROM t FOR UPDATE SKIP LOCKED", "SELECT a FROM t FOR UPDATE "),
        ("INSERT INTO t VALUES (a) ON CONFLICT DO NOTHING", "INSERT INTO t VALUES (a) "),
        ("SELECT a FROM t WHERE a IS NULL", "SELECT a FROM t WHERE a IS NOT NULL"),
        ("SELECT a FROM t WHERE NOT EXISTS (b)", "SELECT a FROM t WHERE  EXISTS (b)"),
        ("UPDATE t SET n = n + 1 WHERE a = b", "UPDATE t SET n = n - 1 WHERE a = b"),
    ],
)  # fmt: skip
def test_each_safeguard_of_a_query_is_taken_away(query: str, expected: str) -> None:
    assert expected in list(sql_mutants._changes(query))


@pytest.mark.parametrize(
    "never",
    [
        "UPDATE t SET n <> 1 WHERE a = b",
        "SELECT a FROM t WHERE a BETWEEN 1 OR 3",
        "SELECT a FROM t WHERE a IS DISTINCT true",
    ],
)
def test_no_query_is_changed_into_one_that_postgres_refuses(never: str) -> None:
    for query in (
        "UPDATE t SET n = 1 WHERE a = b",
        "SELECT a FROM t WHERE a BETWEEN 1 AND 3",
        "SELECT a FROM t WHERE a IS DISTINCT FROM b",
    ):
        assert not [one for one in sql_mutants._changes(query) if one.startswith(never)]


def test_the_scope_names_files_that_are_there() -> None:
    assert all((scope.ROOT / file).is_file() for file in scope.files_of([]))
    assert scope.files_of(["claims.py"]) == ["influence_pipeline/sync/claims.py"]
    with pytest.raises(SystemExit, match="nothing"):
        scope.files_of(["nothing"])


def test_every_reason_belongs_to_a_mutant_that_still_survives() -> None:
    written = json.loads(results.FILE.read_text(encoding="utf-8"))
    survived = {entry["key"] for entry in written["survivors"]}

    assert results.reasons().keys() <= survived
    assert all(len(reason.split()) > 3 for reason in results.reasons().values())


def test_what_another_machine_tried_stays_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (
        Mutant(file, file, f"influence_pipeline/sync/{file}", "due", "-a\n+b", {})
        for file in ("claims.py", "orders.py")
    )
    monkeypatch.setattr(results, "FILE", tmp_path / "mutation.json")
    for machine, tried in (("first", one), ("second", two)):
        monkeypatch.setattr(results, "_KNOWN", tmp_path / machine)
        results.add([{"key": tried.key, "verdict": "survived", "tests": 3, "of": 3}])
        results.write([one, two])
    written = json.loads(results.FILE.read_text(encoding="utf-8"))
    assert [row["survived"] for row in written["files"].values()] == [1, 1]
    assert {entry["key"] for entry in written["survivors"]} == {one.key, two.key}


def test_every_except_that_is_let_pass_is_still_in_the_code() -> None:
    assert excepts.allowed().keys() <= {one.place for one in excepts.handlers()}


CAUGHT = """
def ask(what):
    try:
        return int(what)
    except ValueError:
        return 0
    except TypeError:
        # Nobody asks so.
        return 1

ask("no number")
"""


def test_an_except_that_no_test_runs_is_named(tmp_path: Path) -> None:
    package = tmp_path / "influence_pipeline"
    package.mkdir()
    (package / "toy.py").write_text(CAUGHT, encoding="utf-8")
    measured = tmp_path / "data"
    subprocess.run(
        [sys.executable, "-m", "coverage", "run", f"--data-file={measured}", "--rcfile=/dev/null",
         "influence_pipeline/toy.py"],
        cwd=tmp_path, check=True,
    )  # fmt: skip
    data = CoverageData(str(measured))
    data.read()

    assert [one.place for one in excepts.handlers(tmp_path)] == [
        "influence_pipeline/toy.py:ask except ValueError",
        "influence_pipeline/toy.py:ask except TypeError",
    ]
    assert [one.catches for one in excepts.never_run(data, tmp_path)] == ["TypeError"]
