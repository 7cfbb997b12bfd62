"""What a check says: a line with what, where, why it matters and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from influence_pipeline.check.desk import Desk


class Level(StrEnum):
    """How a check ended, from well to bad. A note needs nobody; a warning wants to be read once; an
    error keeps records, coupons or safety from being right."""

    OK = "ok"
    NOTE = "note"
    SKIPPED = "skipped"
    ACCEPTED = "accepted"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """One line of the report. `where`: a variable, or a file and its line. No personal data."""

    level: Level
    what: str
    where: str = ""
    why: str = ""
    mend: str = ""
    check: str = ""
    # The check that must be mended before this one can look.
    waits_for: str = ""


Findings = Iterator[Finding]


@dataclass(frozen=True)
class Check:
    """One question. `promise`: what is so when nothing is found. `after`: checks that must have
    found no error, or this one could only repeat it."""

    name: str
    promise: str
    look: Callable[[Desk], Findings] = field(repr=False)
    after: tuple[str, ...] = ()


def ok(what: str) -> Finding:
    """All is well, and this is what was seen."""
    return Finding(Level.OK, what)


def note(what: str, *, where: str = "", why: str = "", mend: str = "") -> Finding:
    return Finding(Level.NOTE, what, where, why, mend)


def skipped(why: str) -> Finding:
    """It could not be looked at, and that is nobody's mistake."""
    return Finding(Level.SKIPPED, why)


def warning(what: str, *, where: str, why: str, mend: str) -> Finding:
    return Finding(Level.WARNING, what, where, why, mend)


def error(what: str, *, where: str, why: str, mend: str) -> Finding:
    return Finding(Level.ERROR, what, where, why, mend)
