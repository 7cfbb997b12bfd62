"""What was measured, kept as JSON: a file a benchmark, and in it each part with its own date,
commit and machine, so that a part can be measured anew without the others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.rows import Row, Section, Table
from benchmarks.surroundings import PROJECT

RESULTS = PROJECT / "benchmarks" / "results"


@dataclass(frozen=True)
class Taken:
    """When and on what a part was measured.

    `load`: the machine's before anything was started. `seconds`: what the part took, with what it
    had to set up; None where that was not noted. `quick`: of tiny sizes, to see that it works.
    """

    date: str
    commit: str
    machine: str
    load: float | None
    seconds: float | None
    command: str
    versions: str = ""
    quick: bool = False


@dataclass(frozen=True)
class Part:
    """A section, and when it was measured."""

    section: Section
    taken: Taken


def read(file: Path) -> dict[str, Part]:
    """Give the parts that a file has, by name; none if there is no file."""
    if not file.exists():
        return {}
    return {name: _part(said) for name, said in json.loads(file.read_text("utf-8")).items()}


def write(file: Path, parts: Mapping[str, Part]) -> None:
    """Write these parts in place of what the file has. A reader finds the old ones or the new."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({name: asdict(part) for name, part in parts.items()}, indent=1)
    new = file.with_suffix(".new")
    new.write_text(text + "\n", encoding="utf-8")
    new.replace(file)


def add(file: Path, name: str, part: Part) -> None:
    """Put a part into a file, in place of the one of that name."""
    write(file, {**read(file), name: part})


def _part(said: Mapping[str, Any]) -> Part:
    given = dict(said["section"])
    table = given.pop("table")
    rows = tuple(Row(**row) for row in given.pop("rows"))
    if table is not None:
        table = Table(tuple(table["header"]), tuple(map(tuple, table["rows"])))
    return Part(Section(rows=rows, table=table, **given), Taken(**said["taken"]))
