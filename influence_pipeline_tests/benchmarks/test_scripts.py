"""Every script starts, and does what all of them have in common."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from benchmarks import coupons, delivery, results, scale_out
from benchmarks.catalogue import BENCHMARKS, Benchmark, chosen
from influence_pipeline_tests.benchmarks.scripts.small import SMALL

FOLDER = Path(results.RESULTS).parent


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m` these, or `python -c`."""
    command = arguments if arguments[0] == "-c" else ("-m", *arguments)
    return subprocess.run(
        [sys.executable, *command],
        cwd=FOLDER.parent,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


# In one process that is not this one: it takes seconds to import them, and some change what they
# import. Gives what each module says to --help, or how it fails.
_HELP = """
import contextlib, importlib, io, json, sys
said = {}
for name in sys.argv[1:]:
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            module = importlib.import_module(f"benchmarks.{name}")
            sys.argv = [name, "--help"]
            if hasattr(module, "BENCHMARK"):
                module.main()
    except SystemExit as ended:
        out.write(f"ended with {ended.code}")
    except Exception as error:
        out.write(f"FAILED: {error!r}")
    said[name] = out.getvalue()
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def helps() -> dict[str, str]:
    left_out = (
        "__init__",
        "__main__",
        "import_parts",
    )  # the last one is for BENCHMARK_PARTS_PER_RUN
    names = [file.stem for file in FOLDER.glob("*.py") if file.stem not in left_out]
    said = run("-c", _HELP, *names)
    assert said.returncode == 0, said.stderr
    found: dict[str, str] = json.loads(said.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("one", BENCHMARKS, ids=lambda one: one.name)
def test_each_script_starts_and_says_its_parts_and_options(
    one: Benchmark, helps: dict[str, str]
) -> None:
    said = helps[one.name]
    assert said.endswith("ended with 0"), said
    words = "".join(said.split())
    assert all(part in words for part in (*one.parts, "--quick", "--json", "--write"))


def test_every_module_of_the_benchmarks_can_be_imported(helps: dict[str, str]) -> None:
    assert len(helps) > len(BENCHMARKS)
    assert [name for name, said in helps.items() if "FAILED" in said] == []


def test_all_of_them_start_together_and_say_what_there_is() -> None:
    said = run("benchmarks", "--list")
    assert said.returncode == 0, said.stderr
    assert [line.split()[0] for line in said.stdout.splitlines()] == [
        one.name for one in BENCHMARKS
    ]
    assert run("benchmarks", "--only", "nothing").returncode == 2


def test_each_script_measures_the_parts_that_the_catalogue_names() -> None:
    for one in BENCHMARKS:
        source = (FOLDER / f"{one.name}.py").read_text("utf-8")
        names = [
            (node.lineno, node.args[0].value)
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "measure"
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ]
        in_order = tuple(name for _, name in sorted(names))
        assert set(in_order) <= set(one.parts), one.name
        # Those are rows of a table.
        if one.name not in ("delivery", "coupons", "scale_out", "backfill"):
            assert in_order == one.parts, one.name


def test_the_parts_that_are_rows_of_a_table_are_all_in_the_catalogue() -> None:
    given = Namespace(runs=1, alone=True, seconds=1.0, records=1, others=1, backlog=1, quick=False)
    jobs = [job.name for job in delivery.jobs(given)]
    assert (*jobs, "memory", "live") == delivery.BENCHMARK.parts
    assert tuple(coupons.JOBS) == coupons.BENCHMARK.parts
    assert tuple(scale_out.JOBS) == scale_out.BENCHMARK.parts


def test_a_script_keeps_each_part_with_its_commit_and_the_command_without_the_file(
    tmp_path: Path,
) -> None:
    file = tmp_path / "small.json"
    said = run(SMALL.runs, "--seconds", "1.5", "--json", str(file), SMALL_LOG=str(tmp_path / "log"))
    assert said.returncode == 0, said.stderr
    assert "| seconds | <= 2 s | 1.5 s | yes | 1 |" in said.stdout
    parts = results.read(file)
    assert list(parts) == ["one", "two"]
    taken = parts["two"].taken
    assert taken.command == f"python -m {SMALL.runs} --seconds 1.5"
    assert not taken.quick
    assert taken.commit
    assert taken.seconds is not None
    assert taken.load is not None


def test_quick_takes_tiny_sizes_and_marks_what_it_keeps(tmp_path: Path) -> None:
    file = tmp_path / "small.json"
    log = str(tmp_path / "log")
    said = run(SMALL.runs, "--quick", "--json", str(file), "--only", "one", SMALL_LOG=log)
    assert "| seconds | <= 2 s | 0.5 s | yes | 1 |" in said.stdout
    assert [part.taken.quick for part in results.read(file).values()] == [True]


def test_quick_is_not_for_the_page(tmp_path: Path) -> None:
    said = run(SMALL.runs, "--quick", "--write", SMALL_LOG=str(tmp_path / "log"))
    assert said.returncode == 2
    assert "--quick goes without --write" in said.stderr
    assert not (tmp_path / "log").exists()


def test_a_part_that_fails_is_named_and_the_parts_after_it_are_measured(tmp_path: Path) -> None:
    file = tmp_path / "small.json"
    log = str(tmp_path / "log")
    said = run(SMALL.runs, "--json", str(file), SMALL_LOG=log, SMALL_FAILS="one")
    assert said.returncode == 1
    assert "one fails as it was told to" in said.stderr
    assert said.stderr.strip().endswith("small failed: one")
    assert list(results.read(file)) == ["two"]


def test_parts_are_chosen_by_name_or_how_they_begin_in_the_order_of_the_page() -> None:
    names = ("at-50ms", "limit-5", "limit-50", "live")
    assert chosen(None, names) == list(names)
    assert chosen("live,limit", names) == ["limit-5", "limit-50", "live"]
    assert chosen("limit-5", names) == ["limit-5"]
    with pytest.raises(ValueError, match="There is no li; there are at-50ms, "):
        chosen("li", names)
