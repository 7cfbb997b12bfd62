"""Which tests run which line of the code, and how long each takes: from one run under coverage.

A test's own process is seen, with all its threads. What only runs in processes that a test starts
belongs to no test there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable

from coverage import CoverageData

from influence_pipeline_tests.strength.mutant import Mutant
from influence_pipeline_tests.strength.scope import ROOT, files_of
from influence_pipeline_tests.strength.tree import PLACE

FOLDER = PLACE / "touched"


def run(tests: list[str], workers: int) -> None:
    """Run tests (none named: all ordinary ones) under coverage and keep what they touch.

    What is known of other tests is kept while the code is as it was. Raises SystemExit.
    """
    if not tests or not is_known():
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    run_before = len(list(FOLDER.glob("*.xml")))
    data, times = FOLDER / f"{run_before}.coverage", FOLDER / f"{run_before}.xml"
    # A test that fails stays out of it; so the result of pytest does not matter.
    subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-n", str(workers), "--cov", "--cov-context=test",
            "--cov-report=", f"--junitxml={times}", *tests,
        ],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), "COVERAGE_FILE": str(data)}, check=False,
    )  # fmt: skip
    if not data.exists():
        raise SystemExit("The tests could not be run under coverage.")
    (FOLDER / "sources").write_text(_fingerprint(), encoding="utf-8")


def is_known() -> bool:
    """Is there an answer, and is the code still as it was?"""
    kept = FOLDER / "sources"
    return kept.exists() and kept.read_text(encoding="utf-8") == _fingerprint()


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for file in files_of([]):
        digest.update((ROOT / file).read_bytes())
    return digest.hexdigest()


class Touched:
    """The answer. `seconds`: of each test that passed, with its fixtures."""

    def __init__(self) -> None:
        self._data = []
        self.seconds: dict[str, float] = {}
        for path in sorted(FOLDER.glob("*.coverage")):
            data = CoverageData(str(path))
            data.read()
            files = {
                name[name.rindex("influence_pipeline/") :]: name
                for name in data.measured_files()
                # A test may run a package of its own.
                if "influence_pipeline/" in name
            }
            self._data.append((data, files))
        for path in sorted(FOLDER.glob("*.xml")):
            took: dict[str, float] = {}
            for case in ElementTree.parse(path).iter("testcase"):
                if not any(child.tag in ("failure", "error", "skipped") for child in case):
                    place = case.attrib["classname"].replace(".", "/")
                    name = f"{place}.py::{case.attrib['name']}"
                    took[name] = took.get(name, 0.0) + float(case.attrib["time"])
            self.seconds |= took
        self._by_line: dict[str, dict[int, set[str]]] = {}

    def tests_of(self, mutant: Mutant) -> list[str]:
        """The tests that passed and may notice a mutant, the quick ones first."""
        found: set[str] = set()
        for file, lines in mutant.lines.items():
            contexts = self._lines_of(file)
            for line in lines:
                found.update(_names(contexts.get(line, ())))
        return sorted(found & self.seconds.keys(), key=lambda test: (self.seconds[test], test))

    def is_run(self, mutant: Mutant) -> bool:
        """Does any test run it, be it in a process of its own?"""
        return any(
            line in self._lines_of(file) for file, lines in mutant.lines.items() for line in lines
        )

    def _lines_of(self, file: str) -> dict[int, set[str]]:
        if file not in self._by_line:
            lines: dict[int, set[str]] = {}
            for data, files in self._data:
                if file in files:
                    for line, contexts in data.contexts_by_lineno(files[file]).items():
                        lines.setdefault(line, set()).update(contexts)
            self._by_line[file] = lines
        return self._by_line[file]


def _names(contexts: Iterable[str]) -> set[str]:
    return {context.rpartition("|")[0] for context in contexts if "|" in context}
