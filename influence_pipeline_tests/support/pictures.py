"""Where pictures of Dagster's pages go: artefacts of every run, and on demand the README's own."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "images"
_ARTEFACTS = ROOT / ".test-artifacts" / "browser"


def add_option(parser: pytest.Parser) -> None:
    parser.addoption(
        "--pictures",
        type=Path,
        default=_ARTEFACTS,
        metavar="FOLDER",
        help="where the browser's tests keep pictures of each page (default: %(default)s)",
    )
    parser.addoption(
        "--docs-pictures",
        action="store_true",
        help="have the browser's tests write the README's pictures in docs/images anew",
    )


def folder(config: pytest.Config) -> Path:
    """Give the folder of this run's pictures, made if need be."""
    made = Path(config.getoption("--pictures"))
    made.mkdir(parents=True, exist_ok=True)
    return made


def of_docs(config: pytest.Config) -> Path:
    """Give where the README's pictures are written: beside the others, unless they are asked for."""
    made = DOCS if config.getoption("--docs-pictures") else folder(config) / "docs"
    made.mkdir(parents=True, exist_ok=True)
    return made
