"""The part of docs/proof.md that tells how strong the tests are: what came of the mutants, area by
area, and every one that no test has noticed."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from influence_pipeline_tests.proof.table import as_markdown

MUTATION = Path(__file__).parent / "mutation.json"
REASONS = Path(__file__).parent / "survivors.toml"

_INTRODUCTION = """\
## How strong the tests are

`make mutants` changes the code in small ways, one at a time, and counts what no ordinary test notices
([how](design.md#how-it-is-proved)). Tried: mutants that were run; a part of all where the sample was one.
A mutant that makes a test hang is noticed.
"""
_HEADER = ("area", "mutants", "tried", "noticed", "survived", "%")
_NOTICED = ("killed", "timeout")


def text(mutation: Path = MUTATION, reasons: Path = REASONS) -> str:
    """Give the section."""
    known = json.loads(mutation.read_text(encoding="utf-8"))
    lines = [_HEADER, *_areas(known["files"])]
    when = f"Written down on {known['date']}, commit {known['commit'][:10]}.\n"
    parts = [_INTRODUCTION, as_markdown(lines) + "\n", when]
    if known["survivors"]:
        parts.append(_survivors(known["survivors"], _reasons(reasons)))
    return "\n".join(parts)


def _areas(files: dict[str, dict[str, Any]]) -> list[tuple[str, ...]]:
    areas: dict[str, Counter[str]] = {}
    for row in files.values():
        of_area = areas.setdefault(row["area"], Counter())
        of_area.update({name: number for name, number in row.items() if name != "area"})
    total: Counter[str] = Counter()
    for of_area in areas.values():
        total.update(of_area)
    return [_line(name, row) for name, row in [*areas.items(), ("all", total)]]


def _line(area: str, row: Counter[str]) -> tuple[str, ...]:
    noticed = sum(row[name] for name in _NOTICED)
    share = f"{100 * noticed / row['tried']:.0f}" if row["tried"] else "-"
    numbers = (row["mutants"], row["tried"], noticed, row["tried"] - noticed)
    return (area, *(f"{number:,}" for number in numbers), share)


def _reasons(file: Path) -> dict[str, str]:
    entries = tomllib.loads(file.read_text(encoding="utf-8")).get("survivor", [])
    return {entry["key"]: entry["reason"] for entry in entries}


def _survivors(survivors: list[dict[str, Any]], reasons: dict[str, str]) -> str:
    """Each survivor with its reason, those without one last."""
    told = sorted(survivors, key=lambda one: one["key"] not in reasons)
    lines = [("where", "change", "why it may stay")]
    lines += [
        (
            f"{one['file'].removeprefix('influence_pipeline/')} {one['function']}",
            f"`{_change(one['diff'])}`",
            reasons.get(one["key"], "no reason yet: a test is missing"),
        )
        for one in told
    ]
    return f"### Survivors\n\n{as_markdown(lines)}\n"


def _change(diff: str) -> str:
    """The changed lines in one, so that they fit into a cell."""
    lines = [line for line in diff.splitlines() if line[:1] in {"-", "+"}]
    return "  ".join(" ".join(line.split()) for line in lines).replace("|", "\\|").replace("`", "'")
