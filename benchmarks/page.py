"""A page of measurements as Markdown: a table a job, what holds against its bar and what does not.

Pure text; nothing is measured here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Section:
    """One job: what it is, in words, and a table."""

    title: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    text: str = ""


BARRED = ("what", "bar", "measured", "ratio", "met")


def at_most(
    what: str, value: float, bar: float, unit: str, *, beside: float | None = None
) -> tuple[str, ...]:
    """Give a row of a BARRED table. `beside`: what the value's ratio is to, in the same unit."""
    ratio = "" if beside is None else f"{value / beside:.2f} x of {_number(beside)} {unit}"
    met = "yes" if value <= bar else "no"
    return what, f"<= {bar:g} {unit}", f"{_number(value)} {unit}", ratio, met


def at_least(what: str, value: float, bar: float, unit: str) -> tuple[str, ...]:
    """Give a row of a BARRED table of which more is better."""
    met = "yes" if value >= bar else "no"
    return what, f">= {bar:g} {unit}", f"{_number(value)} {unit}", "", met


def ratio_at_most(what: str, value: float, beside: float, bar: float, unit: str) -> tuple[str, ...]:
    """Give a row whose bar is a ratio."""
    ratio = value / beside
    met = "yes" if ratio <= bar else "no"
    measured = f"{_number(value)} {unit} against {_number(beside)} {unit}"
    return what, f"<= {bar:g} x", measured, f"{ratio:.2f} x", met


def just(what: str, measured: str) -> tuple[str, ...]:
    """Give a row without a bar."""
    return what, "", measured, "", ""


def told(what: str, bar: str, measured: str, *, met: bool) -> tuple[str, ...]:
    """Give a row whose bar is no number."""
    return what, bar, measured, "", "yes" if met else "no"


def markdown(sections: Sequence[Section]) -> str:
    """Write the sections below one another."""
    return "\n\n".join(map(_section, sections)) + "\n"


def _section(section: Section) -> str:
    lines = [f"## {section.title}", ""]
    if section.text:
        lines += [section.text, ""]
    lines += [_line(section.header), "|" + "---|" * len(section.header)]
    return "\n".join(lines + [_line(row) for row in section.rows])


def _line(cells: Sequence[str]) -> str:
    # A bar or a line break would end the cell.
    safe = (" ".join(cell.replace("|", "\\|").split()) for cell in cells)
    return f"| {' | '.join(safe)} |"


def _number(value: float) -> str:
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"
