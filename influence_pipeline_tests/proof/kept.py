"""What came out the last time, a file that is committed: each proof with the commit, the day and the
machine it was run on, so that one proof run again says so of itself alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from influence_pipeline_tests.proof.outcome import Outcome
from influence_pipeline_tests.proof.table import Row

RESULTS = Path(__file__).parent / "results.json"
SECONDS = Path(__file__).parent / "seconds.json"


@dataclass(frozen=True)
class Circumstances:
    """Where and when: the commit ("+" behind it: with changes), the day, the machine, the seed that
    Hypothesis was given."""

    commit: str
    date: str
    machine: str
    seed: int


def load(file: Path = RESULTS) -> list[tuple[Row, Circumstances]]:
    """Give what is kept; nothing where nothing was kept yet."""
    if not file.exists():
        return []
    return [
        (Row(**one["row"]), Circumstances(**one["circumstances"]))
        for one in json.loads(file.read_text())
    ]


def keep(rows: Iterable[Row], now: Circumstances, file: Path = RESULTS) -> None:
    """Put these rows in the place of those of the same proofs."""
    known = {row.proof: (row, then) for row, then in load(file)}
    known |= {row.proof: (row, now) for row in rows}
    ordered = sorted(known.values(), key=lambda one: int(one[0].proof[1:]))
    _write(file, [{"row": vars(row), "circumstances": vars(then)} for row, then in ordered])


def keep_seconds(outcomes: Iterable[Outcome], file: Path = SECONDS) -> None:
    """Note how long each test took at most, by its name without the seed."""
    known: dict[str, float] = json.loads(file.read_text()) if file.exists() else {}
    now: dict[str, float] = {}
    for one in outcomes:
        if one.result == "passed" and one.seconds >= 1:
            now[one.function] = max(now.get(one.function, 0), round(one.seconds, 1))
    _write(file, dict(sorted({**known, **now}.items())))


def _write(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
