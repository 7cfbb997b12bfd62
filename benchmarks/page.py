"""docs/benchmarks.md, made of the files in benchmarks/results: all bars first, then each benchmark.

Pure text; nothing is measured here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.catalogue import BENCHMARKS, Benchmark
from benchmarks.results import RESULTS, Part, Taken, read
from benchmarks.rows import Row, Section
from benchmarks.surroundings import PROJECT

PAGE = PROJECT / "docs" / "benchmarks.md"
_INTRODUCTION = (
    "# Benchmarks\n\n"
    "What was measured, beside its peers in the same run, and whether it meets the bar that was "
    "set before. `make bench` measures and writes this page, from "
    "[benchmarks/results](../benchmarks/results); it is not edited by hand. What the programs need "
    "and what their options are is in [benchmarks/README.md](../benchmarks/README.md).\n\n"
    "Seconds hold for the machine they were taken on; ratios are of one run, and say more. Figures "
    "are medians of the runs given, unless a row says otherwise. *ratio*: in a peer's row ours to "
    "theirs, else of the two figures of the row. Parts are measured anew one by one: each has its "
    "own date, commit and command, in the table *When* of its benchmark."
)


def write(folder: Path = RESULTS, file: Path = PAGE) -> None:
    """Write the page of what these results have. Raises ValueError for a result of --quick."""
    found = {one.name: read(folder / f"{one.name}.json") for one in BENCHMARKS}
    file.write_text(markdown(BENCHMARKS, found), encoding="utf-8")


def markdown(benchmarks: Sequence[Benchmark], found: Mapping[str, Mapping[str, Part]]) -> str:
    """Write the page. `found`: the parts of each benchmark by name."""
    for name, parts in found.items():
        if any(part.taken.quick for part in parts.values()):
            raise ValueError(f"{name} was measured with --quick, which is not for the page.")
    sections = [_INTRODUCTION, _bars(benchmarks, found), _repeat(benchmarks, found)]
    sections += [_benchmark(one, found.get(one.name, {})) for one in benchmarks]
    return "\n\n".join(sections) + "\n"


def minutes(benchmark: Benchmark, parts: Mapping[str, Part]) -> float:
    """Give how long a benchmark takes: as it did last, where all of it was noted."""
    taken = [parts[name].taken.seconds for name in benchmark.parts if name in parts]
    known = [seconds for seconds in taken if seconds is not None]
    if len(known) < len(benchmark.parts):
        return max(benchmark.minutes, sum(known) / 60)
    return sum(known) / 60


def duration(minutes: float) -> str:
    """Say a duration as a person does."""
    whole = max(round(minutes), 1)
    return f"{whole} min" if whole < 60 else f"{whole // 60} h {whole % 60:02d} min"


def section(one: Section, level: int = 3) -> str:
    """Write a section."""
    blocks = [f"{'#' * level} {one.title}"]
    if one.text:
        blocks.append(one.text)
    if one.rows:
        blocks.append(_rows(one.rows))
    if one.table is not None:
        blocks.append(_table(one.table.header, one.table.rows))
    return "\n\n".join(blocks)


def _rows(rows: Sequence[Row]) -> str:
    """Columns in which nothing stands are left out."""
    columns = {
        "what": [row.what for row in rows],
        "bar": [row.bar for row in rows],
        "measured": [row.measured for row in rows],
        "ratio": [row.ratio for row in rows],
        "met": [_met(row) for row in rows],
        "runs": ["" if row.runs is None else str(row.runs) for row in rows],
    }
    kept = {name: cells for name, cells in columns.items() if any(cells)}
    return _table(tuple(kept), list(zip(*kept.values(), strict=True)))


def _bars(benchmarks: Sequence[Benchmark], found: Mapping[str, Mapping[str, Part]]) -> str:
    lines, all_met, missing = [], [], []
    for one in benchmarks:
        parts = found.get(one.name, {})
        for name in one.parts:
            if name not in parts:
                missing.append(f"{one.name} {name}")
                continue
            part = parts[name]
            for row in part.section.rows:
                if row.met is not None:
                    all_met.append(row.met)
                    link = f"[{one.title}]({anchor(one.title)})"
                    what = f"{part.section.title}: {row.what}"
                    measured = row.measured + (f" ({row.ratio})" if row.ratio else "")
                    lines.append((link, what, row.bar, measured, _met(row), part.taken.date))
    header = ("benchmark", "what", "bar", "measured", "met", "on")
    words = f"{len(all_met)} bars, {all_met.count(True)} met, {all_met.count(False)} not."
    if missing:
        words += f" Not measured, so without a figure here: {', '.join(missing)}."
    return f"## Bars\n\n{words}\n\n{_table(header, lines)}"


def _repeat(benchmarks: Sequence[Benchmark], found: Mapping[str, Mapping[str, Part]]) -> str:
    each = [(one, minutes(one, found.get(one.name, {}))) for one in benchmarks]
    total = duration(sum(known for _, known in each))
    rows = [
        (
            f"[{one.title}]({anchor(one.title)})",
            f"`make bench ONLY={one.name}`",
            duration(known),
            ", ".join(one.needs),
        )
        for one, known in each
    ]
    return (
        "## How to repeat\n\n"
        "From the project's folder, on Linux (memory and CPU are read from `/proc`), on a machine "
        f"that does nothing else. All of it takes about {total} on 2 cores:\n\n"
        "```\n"
        "make bench                      # all; goes on where it was stopped; writes this page\n"
        "make bench ONLY=capture,delivery\n"
        "make bench QUICK=1              # tiny sizes, ten minutes; prints only\n"
        "```\n\n" + _table(("benchmark", "command", "takes", "programs"), rows)
    )


def _benchmark(one: Benchmark, parts: Mapping[str, Part]) -> str:
    blocks = [f"## {one.title}", one.text]
    shown = [(name, parts[name]) for name in one.parts if name in parts]
    blocks += [section(part.section) for _, part in shown]
    missing = [name for name in one.parts if name not in parts]
    if missing:
        blocks.append(f"Not measured: {', '.join(missing)}.")
    if shown:
        blocks.append(f"### When ({one.title})\n\n" + _when(one, shown))
    return "\n\n".join(blocks)


def _when(one: Benchmark, shown: Sequence[tuple[str, Part]]) -> str:
    """One row for parts that were measured in one run."""
    groups: dict[tuple[object, ...], list[tuple[str, Taken]]] = {}
    for name, part in shown:
        taken = part.taken
        key = (taken.date, taken.commit, taken.machine, taken.load, taken.command, taken.versions)
        groups.setdefault(key, []).append((name, taken))
    rows = []
    for same in groups.values():
        taken = same[0][1]
        names = [name for name, _ in same]
        known = [told.seconds for _, told in same if told.seconds is not None]
        rows.append(
            (
                "all" if names == list(one.parts) else ", ".join(names),
                taken.date,
                taken.commit,
                taken.machine + ("" if taken.load is None else f"; load {taken.load:.1f}"),
                duration(sum(known) / 60) if len(known) == len(same) else "not noted",
                f"`{taken.command}`",
                taken.versions,
            )
        )
    return _table(("parts", "date", "commit", "machine", "took", "command", "versions"), rows)


def anchor(title: str) -> str:
    """Give the link to a heading."""
    kept = "".join(c for c in title.lower() if c.isalnum() or c in " -")
    return "#" + kept.replace(" ", "-")


def _met(row: Row) -> str:
    return {None: "", True: "yes", False: "**no**"}[row.met]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [_line(header), "|" + "---|" * len(header)]
    return "\n".join(lines + [_line(row) for row in rows])


def _line(cells: Sequence[str]) -> str:
    # A bar or a line break would end the cell.
    safe = (" ".join(cell.replace("|", "\\|").split()) for cell in cells)
    return f"| {' | '.join(safe)} |"
