"""What came out, a row a proof."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from influence_pipeline_tests.proof.catalogue import PROOFS
from influence_pipeline_tests.proof.outcome import Outcome

HEADER = ("test", "size", "seeds", "lost", "doubled", "parked", "controls caught", "time", "result")


@dataclass(frozen=True)
class Row:
    """One proof's sums. `counts`: how much was taken, by its unit. `lost`, `doubled`, `parked`: None
    where no test of it has such a notion. `seeds`: as ranges. `seconds`: of all its tests together, whatever ran beside."""

    proof: str
    passed: int
    failed: int
    skipped: int
    left: int
    counts: dict[str, int]
    seeds: str
    lost: int | None
    doubled: int | None
    parked: int | None
    controls: int
    caught: int
    seconds: float
    why: list[str]

    @property
    def result(self) -> str:
        """In a word, or a few."""
        if self.failed:
            return f"FAILED: {self.failed} of {self.passed + self.failed}"
        if self.skipped:
            return f"NOT RUN: {self.skipped} of {self.passed + self.skipped}"
        if not self.passed:
            return "left for another day"
        return "passed" if not self.left else f"passed, {self.left} left for another day"

    @property
    def holds(self) -> bool:
        """Whether it was run, and nothing of it failed or could not be run."""
        return self.passed > 0 and not self.failed and not self.skipped

    def cells(self) -> tuple[str, ...]:
        """Give its columns, as HEADER says."""
        return (
            self.proof,
            ", ".join(f"{count:,} {unit}" for unit, count in self.counts.items()) or "-",
            self.seeds or "-",
            *("-" if one is None else f"{one:,}" for one in (self.lost, self.doubled, self.parked)),
            f"{self.caught} of {self.controls}" if self.controls else "-",
            _duration(self.seconds),
            self.result,
        )


def rows(outcomes: Iterable[Outcome]) -> list[Row]:
    """Sum up by proof, in their order; a proof without any test has no row."""
    by_proof: dict[str, list[Outcome]] = {}
    for one in outcomes:
        by_proof.setdefault(one.proof, []).append(one)
    return [
        _row(proof.number, by_proof[proof.number]) for proof in PROOFS if proof.number in by_proof
    ]


def _row(number: str, outcomes: Sequence[Outcome]) -> Row:
    controls = [one for one in outcomes if one.is_control and not one.was_left]
    tests = [one for one in outcomes if not one.is_control]
    tallies = [tally for one in tests for tally in one.tallies]
    counts: Counter[str] = Counter()
    for tally in tallies:
        counts[tally["unit"]] += tally["count"]
    how = Counter(one.result for one in outcomes if not one.was_left)
    return Row(
        proof=number,
        passed=how["passed"],
        failed=how["failed"],
        skipped=how["skipped"],
        left=sum(one.was_left for one in outcomes),
        counts=dict(counts),
        seeds=_ranges(sorted({seed for one in tests if not one.was_left for seed in one.seeds})),
        lost=_sum(tallies, "lost"),
        doubled=_sum(tallies, "doubled"),
        parked=_sum(tallies, "parked"),
        controls=len(controls),
        caught=sum(one.result == "passed" for one in controls),
        seconds=sum(one.seconds for one in outcomes),
        why=sorted({words for one in outcomes if not one.was_left for words in one.why}),
    )


def _sum(tallies: Sequence[dict[str, Any]], what: str) -> int | None:
    said = [tally[what] for tally in tallies if tally[what] is not None]
    return sum(said) if said else None


def _ranges(seeds: Sequence[int]) -> str:
    """Seeds in few words: "0, 1000-1024"."""
    found: list[list[int]] = []
    for seed in seeds:
        if found and seed == found[-1][1] + 1:
            found[-1][1] = seed
        else:
            found.append([seed, seed])
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in found)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


def as_text(lines: Sequence[Sequence[str]]) -> str:
    """Align the columns for a terminal."""
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def as_markdown(lines: Sequence[Sequence[str]]) -> str:
    """The same as a table of Markdown; the first line is its head."""
    head, *body = ("| " + " | ".join(line) + " |" for line in lines)
    return "\n".join([head, "|" + "---|" * len(lines[0]), *body])
