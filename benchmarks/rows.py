"""What a benchmark gives: sections, and rows in them that are held against their bars.

Pure data; nothing is measured, read or written here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Row:
    """One figure, in words. `bar`: what it is held against, and then `met` says whether it holds.

    `ratio`: to what it is compared with. `runs`: how many the figure was taken from.
    """

    what: str
    measured: str
    bar: str = ""
    ratio: str = ""
    met: bool | None = None
    runs: int | None = None


@dataclass(frozen=True)
class Table:
    """Figures without bars that have columns of their own."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """One part of a benchmark: what was done, in words, and what came out."""

    title: str
    rows: tuple[Row, ...] = ()
    text: str = ""
    table: Table | None = None


def section(
    title: str,
    rows: Iterable[Row] = (),
    text: str = "",
    *,
    runs: int | None = None,
    table: Table | None = None,
) -> Section:
    """Make a section; `runs` holds for the rows that do not say themselves how many they had."""
    return Section(
        title,
        tuple(row if row.runs is not None else replace(row, runs=runs) for row in rows),
        text,
        table,
    )


def at_most(what: str, value: float, bar: float, unit: str) -> Row:
    """Give a row of which less is better."""
    return Row(what, figure(value, unit), f"<= {_with(f'{bar:,g}', unit)}", met=value <= bar)


def at_least(what: str, value: float, bar: float, unit: str) -> Row:
    """Give a row of which more is better."""
    return Row(what, figure(value, unit), f">= {_with(f'{bar:,g}', unit)}", met=value >= bar)


def ratio_at_most(what: str, value: float, beside: float, bar: float, unit: str) -> Row:
    """Give a row whose bar is a ratio."""
    ratio = value / beside
    return Row(
        what,
        f"{figure(value, unit)} against {figure(beside, unit)}",
        f"<= {bar:g} x",
        f"{ratio:.2f} x",
        ratio <= bar,
    )


def just(what: str, measured: str) -> Row:
    """Give a row without a bar."""
    return Row(what, measured)


def told(what: str, bar: str, measured: str, *, met: bool) -> Row:
    """Give a row whose bar is no number."""
    return Row(what, measured, bar, met=met)


def peer(name: str, theirs: float, ours: float, unit: str, also: str = "") -> Row:
    """Give the row of one that did the same in the same run; the ratio is ours to theirs."""
    return Row(name, figure(theirs, unit) + also, ratio=f"{ours / theirs:.2f} x")


def figure(value: float, unit: str) -> str:
    """Write a figure with three digits, or whole from 100 on."""
    if value == 0 or abs(value) >= 100:
        number = f"{value:,.0f}"
    else:
        number = f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"
    return _with(number, unit)


def _with(number: str, unit: str) -> str:
    return f"{number}{unit}" if unit.startswith("/") else f"{number} {unit}"
