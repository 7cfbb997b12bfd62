"""docs/check.md names every check there is, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from influence_pipeline.check.runner import CHECKS

PAGE = Path(__file__).parents[2] / "docs" / "check.md"


def test_the_page_lists_the_checks_as_they_are() -> None:
    listed = PAGE.read_text().partition("## All checks")[2]
    rows = re.findall(r"^\| `([\w.]+)` \| (.+) \|$", listed, flags=re.MULTILINE)
    assert rows == [(check.name, check.promise) for check in CHECKS]
