"""Reading a TOML file, and what is said of one that is not there or is none."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.settings.places import place_of


def read_toml(file: Path, absent: str) -> tuple[str, dict[str, Any]]:
    """Give its text and content. `absent`: what to do where there is none.

    Raises ConfigurationError.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        return text, tomllib.loads(text)
    except FileNotFoundError:
        raise ConfigurationError(f"There is no {file}. {absent}") from None
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} is not valid TOML: {error}.") from None


def line_of(text: str, loc: Sequence[str | int]) -> str:
    """Give "line 12: " of a key, to begin words about it with; nothing where it has none."""
    line = place_of(text, loc)
    return "" if line is None else f"line {line}: "
