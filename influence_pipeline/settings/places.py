"""Where a key stands in a TOML text. tomllib gives no positions, and a message without a line
leaves a person to search.

For texts that tomllib accepts. It reads only what decides places: headers, keys, and how far a
value goes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

Loc = tuple[str | int, ...]

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN_VALUE = re.compile(r"[^,\]}#\n]*")
_QUOTED = {
    # The end of a multi-line string is its last three quotes: a fourth or fifth are content.
    '"""': re.compile(r'"""(?:\\.|[^\\])*?"{3,5}(?!")', re.DOTALL),
    "'''": re.compile(r"'''.*?'{3,5}(?!')", re.DOTALL),
    '"': re.compile(r'"(?:\\.|[^"\\])*"'),
    "'": re.compile(r"'[^']*'"),
}


def place_of(text: str, loc: Sequence[str | int]) -> int | None:
    """Give the line (from 1) of the key at `loc`, as ("orders", "sources", 0, "key").

    Of a key that is not there: the line of the innermost table around it that is; None where there
    is none.
    """
    lines = _Reader(text).lines()
    for length in range(len(loc), 0, -1):
        found = lines.get(tuple(loc[:length]))
        if found is not None:
            return found
    return None


class _Reader:
    """Goes through a text once and notes the line of every key, list item and table."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._lines: dict[Loc, int] = {}
        # Of each array of tables ([[a.b]]): the number of its last table.
        self._last: dict[Loc, int] = {}

    def lines(self) -> dict[Loc, int]:
        # Where a text is no TOML, what was found before that place holds.
        with suppress(IndexError, ValueError):
            self._document()
        return self._lines

    def _document(self) -> None:
        table: Loc = ()
        while self._skip_space() < len(self._text):
            if self._text.startswith("[[", self._at):
                table = self._header(2)
            elif self._text[self._at] == "[":
                table = self._header(1)
            else:
                self._pair(table)

    def _header(self, brackets: int) -> Loc:
        start = self._at
        self._at += brackets
        parts = self._key()
        self._at += brackets
        loc: Loc = ()
        for number, part in enumerate(parts, 1):
            loc = (*loc, part)
            if number == len(parts) and brackets == 2:
                self._last[loc] = self._last.get(loc, -1) + 1
            if loc in self._last:
                self._note(loc, start)
                loc = (*loc, self._last[loc])
            self._note(loc, start)
        return loc

    def _pair(self, table: Loc) -> None:
        start = self._at
        loc = table
        for part in self._key():
            loc = (*loc, part)
            self._note(loc, start)
        self._expect("=")
        self._value(loc)

    def _key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self._skip_space()
            quote = self._text[self._at]
            if quote in "\"'":
                raw = self._match(_QUOTED[quote])
                parts.append(_unescaped(raw[1:-1]) if quote == '"' else raw[1:-1])
            else:
                parts.append(self._match(_BARE_KEY))
            self._skip_space()
            if self._text[self._at] != ".":
                return parts
            self._at += 1

    def _value(self, loc: Loc) -> None:
        self._skip_space()
        for opening, pattern in _QUOTED.items():
            if self._text.startswith(opening, self._at):
                self._match(pattern)
                return
        if self._text[self._at] == "[":
            self._items(loc)
        elif self._text[self._at] == "{":
            self._inline_table(loc)
        else:
            self._match(_PLAIN_VALUE)

    def _items(self, loc: Loc) -> None:
        self._at += 1
        number = 0
        while not self._closed("]"):
            self._note((*loc, number), self._at)
            self._value((*loc, number))
            number += 1

    def _inline_table(self, loc: Loc) -> None:
        self._at += 1
        while not self._closed("}"):
            self._pair(loc)

    def _closed(self, bracket: str) -> bool:
        self._skip_space()
        if self._text[self._at] == ",":
            self._at += 1
            self._skip_space()
        if self._text[self._at] != bracket:
            return False
        self._at += 1
        return True

    def _expect(self, sign: str) -> None:
        self._skip_space()
        if self._text[self._at] != sign:
            raise ValueError(sign)
        self._at += 1

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise ValueError(pattern.pattern)
        self._at = found.end()
        return found.group()

    def _skip_space(self) -> int:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at

    def _note(self, loc: Loc, at: int) -> None:
        self._lines.setdefault(loc, self._text.count("\n", 0, at) + 1)


def _unescaped(key: str) -> str:
    """A quoted key as tomllib reads it; only what such keys hold in practice."""
    return key.replace('\\"', '"').replace("\\\\", "\\")
