"""The one table that the delivery benchmarks print, as Markdown."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Row:
    """A job, the bar, what was measured, and who was measured beside it in the same run."""

    job: str
    bar: str
    measured: str
    beside: list[str] = field(default_factory=list)


def show(row: Row) -> None:
    """Print a row as soon as it is there."""
    print(f"\n{row.job}\n  bar       {row.bar}\n  measured  {row.measured}")
    for line in row.beside:
        print(f"  beside    {line}")
    print(flush=True)


def table(rows: list[Row]) -> None:
    """Print all rows for a document."""
    print("| job | bar | measured | beside, in the same run |\n|---|---|---|---|")
    for row in rows:
        beside = "<br>".join(row.beside)
        print(f"| {row.job} | {row.bar} | {row.measured} | {beside} |")
