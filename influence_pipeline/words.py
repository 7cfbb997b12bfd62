"""Texts of other programs, made fit for logs and messages. Nothing else belongs here."""

from __future__ import annotations

import re
from collections.abc import Collection

_PERSONAL = (
    (re.compile(r"[^\s\"'<>,;:()]+@[^\s\"'<>,;:()]+"), "<e-mail>"),
    (re.compile(r"\+?\d[\d\s().-]{7,}\d"), "<number>"),
    (re.compile(r"(?i)(api[-_ ]?key|token|bearer)\s*[:=]?\s*\S+"), r"\1 <secret>"),
    (re.compile(r"([\"'])(?:(?!\1).){1,200}\1"), "<value>"),
)


def redact(text: str, limit: int = 200, *, sent: Collection[str] = ()) -> str:
    """Shorten a text of an API for logs, with e-mails, long numbers, secrets and quotes out, and
    with them what was `sent` to it: some APIs say it back."""
    # One more than is kept, by which `_cut` knows that there is more.
    beginning = text[: limit * 5 + 1]
    result = _cut("".join(c if c.isprintable() else " " for c in beginning), limit * 5)
    for value in sorted(sent, key=len, reverse=True):
        # A short one, such as "Al", as a word of its own only: it stands within many others.
        edge = r"\b" if len(value) < 4 else ""
        result = re.sub(edge + re.escape(value) + edge, "<value>", result, flags=re.IGNORECASE)
    for pattern, instead in _PERSONAL:
        result = pattern.sub(instead, result)
    return _cut(result, limit)


def _cut(text: str, limit: int) -> str:
    """Cut after a whole word: half a name or code would be known by nobody who strikes them out."""
    if len(text) <= limit:
        return text
    return text[:limit].rpartition(" ")[0] + "…"
