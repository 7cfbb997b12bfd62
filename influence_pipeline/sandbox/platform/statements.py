"""The SQL of the ledger by name, read once from the files in `sql/`."""

from __future__ import annotations

import re
from importlib.resources import files

_FOLDER = files(__package__) / "sql"

SCHEMA = (_FOLDER / "schema.sql").read_text(encoding="utf-8")
DROP = (_FOLDER / "drop.sql").read_text(encoding="utf-8")


def _by_name(text: str) -> dict[str, str]:
    parts = re.split(r"^-- (\w+) --$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))


STATEMENTS = _by_name((_FOLDER / "queries.sql").read_text(encoding="utf-8"))
