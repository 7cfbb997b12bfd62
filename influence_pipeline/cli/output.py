"""How commands print: aligned tables for people, one JSON object for machines, progress lines."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.sync.status import as_json


def print_json(value: Any) -> None:
    print(json.dumps(as_json(value), indent=2, ensure_ascii=False))


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under a header; numbers to the right."""
    texts = [[_cell(value) for value in row] for row in rows]
    widths = [
        max(len(line[column]) for line in [list(header), *texts]) for column in range(len(header))
    ]
    numeric = [
        bool(rows) and all(isinstance(row[column], int | float | None) for row in rows)
        for column in range(len(header))
    ]
    for line in [list(header), *texts]:
        cells = [
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        ]
        print("  ".join(cells).rstrip())


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)


def entities(chosen: str | None) -> tuple[Entity, ...]:
    """Give the entities a command is for, in the order in which they are sent."""
    return tuple(entity for entity in STORE_ENTITIES if chosen in {None, entity.plural})


def entity_of(plural: str) -> Entity:
    return next(entity for entity in Entity if entity.plural == plural)


class Progress:
    """One line that is rewritten on a terminal, and nothing anywhere else."""

    def __init__(self, words: str) -> None:
        self._words = words
        self._shown = sys.stderr.isatty()
        self._next = time.monotonic() + 0.5
        self._printed = False

    def __call__(self, delivered: Any) -> None:
        now = time.monotonic()
        if not self._shown or now < self._next:
            return
        self._next = now + 0.5
        self._printed = True
        line = f"{self._words}: {delivered.sent:,} sent, {delivered.calls:,} calls"
        print(f"\r{line:<70}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._printed:
            print(f"\r{'':<70}\r", end="", file=sys.stderr, flush=True)
