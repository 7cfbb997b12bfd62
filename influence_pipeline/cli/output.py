"""How commands print: aligned tables for people, one JSON object for machines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from influence_pipeline.errors import ConfigurationError
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


def masked(code: str) -> str:
    """Show a coupon's code enough to be recognised and too little to be used."""
    return f"{code[:2]}…" if len(code) > 4 else "…"


_QUOTED = re.compile(r"""(?<= )'([^']*)'|(?<= )"([^"]*)\"""")


def mask_quoted(words: str) -> str:
    """Mask a code that stands quoted in a text, wherever it stands there."""
    found = _QUOTED.search(words)
    code = (found.group(1) or found.group(2)) if found else None
    return words.replace(code, masked(code)) if code else words


def given_key(text: str) -> str:
    """Take a key or a reason from the command line. Raises ConfigurationError if it is no text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ConfigurationError(
            "What was given is not valid UTF-8; no record has such a key."
        ) from None
    return text


@contextmanager
def writing(file: str | Path) -> Iterator[None]:
    """Say it in words if a file cannot be written. Raises ConfigurationError."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ConfigurationError(
            f"{error.filename or file} cannot be written: {error.strerror}."
        ) from None


def check_writable(file: str) -> None:
    """Raise ConfigurationError before a long work whose result could not be written in the end."""
    with writing(file), Path(file).open("a"):
        pass
