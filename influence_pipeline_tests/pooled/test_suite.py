"""T9: the integration tests of the rooms in `rooms`, through pgbouncer in transaction mode."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from influence_pipeline_tests.pooled.rooms import ROOMS, STRAIGHT
from influence_pipeline_tests.support import pgbouncer
from influence_pipeline_tests.support.tally import Tally

_FOLDER = Path(__file__).parents[2]
_WITHIN_SECONDS = 3600.0


@pytest.mark.proves("T9")
@pytest.mark.slow
def test_the_integration_tests_are_green_through_pgbouncer(tmp_path: Path, tally: Tally) -> None:
    pgbouncer.program()
    report = tmp_path / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
    command += [pgbouncer.OPTION, f"--junitxml={report}", f"--basetemp={tmp_path / 'tests'}"]
    command += [f"--deselect={one}" for one in STRAIGHT]
    done = subprocess.run(
        [*command, *ROOMS],
        cwd=_FOLDER,
        # As a run of its own, whatever started this one.
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        check=False,
        timeout=_WITHIN_SECONDS,
    )
    said = done.stdout[-6000:] + done.stderr[-2000:]
    assert report.exists(), said
    suite = ElementTree.parse(report).getroot().find("testsuite")  # noqa: S314
    assert suite is not None
    counts = {name: int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped")}
    bad = counts["failures"] + counts["errors"]
    tally(counts["tests"] - bad - counts["skipped"], "tests", lost=bad)
    assert (done.returncode, bad) == (0, 0), said
    assert counts["tests"] > 500, said


@pytest.mark.parametrize("one", STRAIGHT)
def test_what_is_left_out_is_there(one: str) -> None:
    """Else a test of another name would be left out, or none."""
    file, _, name = one.partition("::")
    assert (_FOLDER / file).exists()
    assert not name or f"def {name}" in (_FOLDER / file).read_text()
