"""What came of the mutants: kept while it is worked on, and written down to be committed.

`influence_pipeline_tests/proof/mutation.json` has the numbers of each file and every survivor with
its change; `survivors.toml` beside it has the reasons of those that may stay.
"""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from influence_pipeline_tests.strength import tree
from influence_pipeline_tests.strength.mutant import Mutant
from influence_pipeline_tests.strength.scope import AREAS, ROOT, area_of

FILE = ROOT / "influence_pipeline_tests" / "proof" / "mutation.json"
REASONS = FILE.with_name("survivors.toml")
_KNOWN = tree.PLACE / "results.jsonl"

# What counts as noticed. A mutant that hangs is noticed by whoever waits.
_NOTICED = ("killed", "timeout")
_VERDICTS = (*_NOTICED, "survived", "other process", "not run", "no sound test")


def known() -> dict[str, dict[str, Any]]:
    """The last result of each mutant, by its key."""
    if not _KNOWN.exists():
        return {}
    lines = _KNOWN.read_text(encoding="utf-8").splitlines()
    return {result["key"]: result for result in map(json.loads, lines)}


def add(found: list[dict[str, Any]]) -> None:
    """Keep results, each with "key" and "verdict"."""
    with _KNOWN.open("a", encoding="utf-8") as stream:
        stream.writelines(json.dumps(result) + "\n" for result in found)


def reasons() -> dict[str, str]:
    """Why a survivor may stay, by its key."""
    if not REASONS.exists():
        return {}
    entries = tomllib.loads(REASONS.read_text(encoding="utf-8")).get("survivor", [])
    return {entry["key"]: entry["reason"] for entry in entries}


def counts(mutants: list[Mutant]) -> dict[str, dict[str, int]]:
    """For each file how many mutants there are ("mutants") and what came of those tried."""
    found = known()
    counted: dict[str, Counter[str]] = {}
    for mutant in mutants:
        of_file = counted.setdefault(mutant.file, Counter(mutants=0))
        of_file["mutants"] += 1
        if mutant.key in found:
            of_file["tried"] += 1
            of_file[found[mutant.key]["verdict"]] += 1
    names = ("mutants", "tried", *_VERDICTS)
    return {file: {name: of_file[name] for name in names} for file, of_file in counted.items()}


def share(row: dict[str, int]) -> float | None:
    """How many of a hundred tried mutants were noticed."""
    return 100 * sum(row[name] for name in _NOTICED) / row["tried"] if row["tried"] else None


def table(mutants: list[Mutant]) -> str:
    """The numbers of each file and of all together, for the terminal."""
    rows = counts(mutants)
    total: Counter[str] = Counter()
    for row in rows.values():
        total.update(row)
    names = ("mutants", "tried", *_VERDICTS)
    lines = [f"{'':42}" + "".join(f"{name:>15}" for name in names) + f"{'noticed':>10}"]
    for file, row in [*rows.items(), ("all", {name: total[name] for name in names})]:
        part = share(row)
        said = "" if part is None else f"{part:.0f} %"
        lines.append(f"{file.removeprefix('influence_pipeline/'):42}" + "".join(
            f"{row[name]:>15}" for name in names) + f"{said:>10}")  # fmt: skip
    return "\n".join(lines)


def survivors(mutants: list[Mutant]) -> str:
    """What no test noticed, without those that have a reason, for the terminal."""
    found, given = known(), reasons()
    return "\n".join(
        f"\n{mutant.key} {mutant.file}: {mutant.function} "
        f"({found[mutant.key]['verdict']}, {found[mutant.key]['tests']} tests)\n{mutant.diff}"
        for mutant in mutants
        if mutant.key in found
        and found[mutant.key]["verdict"] not in _NOTICED
        and mutant.key not in given
    )


def write(mutants: list[Mutant]) -> None:
    """Write down what is known of these mutants. Other files, and those of which no mutant was tried
    here, stay as they were: another machine may have tried them."""
    before: dict[str, Any] = {"files": {}, "survivors": []}
    if FILE.exists():
        before = json.loads(FILE.read_text(encoding="utf-8"))
    found, counted = known(), counts(mutants)
    files = {file for file, row in counted.items() if row["tried"] or file not in before["files"]}
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()
    numbers = {file: row for file, row in before["files"].items() if file not in files}
    for file in files:
        row = counted[file]
        numbers[file] = {"area": area_of(file), **row}
    survived = [entry for entry in before["survivors"] if entry["file"] not in files]
    survived += [
        {
            "key": mutant.key,
            "file": mutant.file,
            "function": mutant.function,
            "verdict": found[mutant.key]["verdict"],
            "tests": found[mutant.key]["tests"],
            "of": found[mutant.key]["of"],
            "diff": mutant.diff,
        }
        for mutant in mutants
        if mutant.file in files
        and mutant.key in found
        and found[mutant.key]["verdict"] not in _NOTICED
    ]
    order = [file for files_of_area in AREAS.values() for file in files_of_area]
    written = {
        "commit": commit,
        "date": datetime.now(UTC).date().isoformat(),
        "files": {file: numbers[file] for file in order if file in numbers},
        "survivors": sorted(survived, key=lambda entry: (order.index(entry["file"]), entry["key"])),
    }
    FILE.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
