"""What of a reply may be shown: names and types of its fields instead of values, and the API's
words without personal data. Everything that came from the API passes through here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from influence_pipeline.records import FinancialStatus
from influence_pipeline.words import redact

# A key that is no plain name may be a value: an e-mail, an id.
_PLAIN_NAME = re.compile(r"[A-Za-z_$@][\w.$-]{0,39}", re.ASCII)
_DIGITS = re.compile(r"\d{5,}|[0-9a-f]{8}-[0-9a-f]{4}-")
# A field's name in quotes, as validators write it: "customerId", 'lineItems[0].price', `email`.
# It begins with a small letter; a quoted word with a capital may be somebody's name.
_QUOTED_NAME = re.compile(r"([\"'`])([a-z_]\w{0,39}(?:(?:\.|\[)\w{1,30}\]?){0,4})\1", re.ASCII)
# Where error bodies have their words and the names of fields; other texts are values.
_OF_ERRORS = frozenset(
    {"message", "msg", "error", "errors", "detail", "details", "title", "reason", "description"}
    | {"code", "type", "keyword", "path", "loc", "field", "fields", "param", "property", "keys"}
    | {"missingproperty", "additionalproperty", "hint"}
)
# Words from a fixed list, which say nothing of anybody.
_HARMLESS = frozenset(FinancialStatus)
_MOST_KEYS = 40
_DEEPEST = 5
_LONGEST = 900
_LONGEST_WORDS = 300


class Redactor:
    """Knows the secrets of this run and the stem of its records' names.

    `secrets`: the key and whatever else must never be shown, though the API says it.
    """

    def __init__(self, stem: str, secrets: Sequence[str] = ()) -> None:
        self._stem = stem
        self._secrets = sorted((s for s in secrets if s), key=len, reverse=True)

    def words(self, text: str, limit: int = _LONGEST_WORDS) -> str:
        """Give what the API said, in one line: field names stay, values and secrets go."""
        text = text[: limit * 20]
        for secret in self._secrets:
            text = text.replace(secret, "<secret>")
        text = text.replace(self._stem, "probe")
        names: list[str] = []

        def keep(match: re.Match[str]) -> str:
            names.append(match[0].replace("`", "'"))
            # A private-use character is no printable one, so it is put in after `redact`.
            return f"\ue000{len(names) - 1}\ue001"

        held = _QUOTED_NAME.sub(keep, text.replace("\ue000", "").replace("\ue001", ""))
        parts = re.split(r"(\ue000\d+\ue001)", held)
        shown = "".join(
            names[int(part[1:-1])] if part.startswith("\ue000") else redact(part, limit)
            for part in parts
        )
        shown = shown.replace("`", "'").strip()
        return shown if len(shown) <= limit else shown[: limit - 1] + "…"

    def shape(self, body: Any) -> str:
        """Give names and types: `{"customer": {"id": text, "pointBalance": number}}`."""
        return _cut(self._shape(body, 0, ()))

    def refusal(self, body: Any) -> str:
        """Give the shape of an error body, with the words of what is wrong."""
        return _cut(self._shape(body, 0, ("",)))

    def is_secret(self, text: str) -> bool:
        """Tell whether a text holds a secret of this run."""
        return any(secret in text for secret in self._secrets)

    def name(self, key: Any) -> str:
        """Give a field's name if it is one, for it may be a value."""
        plain = isinstance(key, str) and _PLAIN_NAME.fullmatch(key) and not _DIGITS.search(key)
        if not plain or self.is_secret(str(key)):
            return "<key>"
        return str(key)

    def _shape(self, value: Any, depth: int, under: tuple[str, ...]) -> str:
        """`under`: the keys that lead here, where texts may be words of an error; else empty."""
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true or false"
        if isinstance(value, int | float | Decimal):
            return "number"
        if isinstance(value, str):
            words = any(key.lower().replace("_", "") in _OF_ERRORS for key in under)
            return f'"{self.words(value)}"' if words else _type_of_text(value)
        if depth >= _DEEPEST:
            return "…"
        if isinstance(value, list):
            return self._shape_of_list(value, depth, under)
        if isinstance(value, dict):
            items = [
                f'"{self.name(key)}": {self._shape(part, depth + 1, under and (*under, str(key)))}'
                for key, part in list(value.items())[:_MOST_KEYS]
            ]
            if len(value) > _MOST_KEYS:
                items.append(f"… {len(value) - _MOST_KEYS} more")
            return "{" + ", ".join(items) + "}"
        return "…"

    def _shape_of_list(self, value: list[Any], depth: int, under: tuple[str, ...]) -> str:
        if not value:
            return "[]"
        first = self._shape(value[0], depth + 1, under)
        return f"[{first}]" if len(value) == 1 else f"[{first}, … {len(value):,} in all]"


def _type_of_text(text: str) -> str:
    if text in _HARMLESS:
        return f'"{text}"'
    return "text" if text else "empty text"


def _cut(shown: str) -> str:
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
