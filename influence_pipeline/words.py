"""Texts of other programs, made fit for logs and messages. Nothing else belongs here."""

from __future__ import annotations

import re

_PERSONAL = (
    (re.compile(r"[^\s\"'<>,;:()]+@[^\s\"'<>,;:()]+"), "<e-mail>"),
    (re.compile(r"\+?\d[\d\s().-]{7,}\d"), "<number>"),
    (re.compile(r"(?i)(api[-_ ]?key|token|bearer)\s*[:=]?\s*\S+"), r"\1 <secret>"),
    (re.compile(r"([\"'])(?:(?!\1).){1,200}\1"), "<value>"),
)


def redact(text: str, limit: int = 200) -> str:
    """Shorten a text of an API for logs, with e-mails, long numbers, secrets and quotes out."""
    result = "".join(c if c.isprintable() else " " for c in text[: limit * 5])
    for pattern, instead in _PERSONAL:
        result = pattern.sub(instead, result)
    return result if len(result) <= limit else result[: limit - 1] + "…"
