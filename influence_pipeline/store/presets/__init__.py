"""Mappings to start from, a folder per store: an influence.toml and the SQL files it names."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from influence_pipeline.errors import ConfigurationError

NAMES = ("plain", "medusa", "vendure", "saleor")


def preset_files(name: str) -> dict[str, str]:
    """A preset's files by name."""
    return {
        item.name: item.read_text(encoding="utf-8")
        for item in files("influence_pipeline.store.presets").joinpath(name).iterdir()
        if item.name.endswith((".toml", ".sql"))
    }


def copy_preset(name: str, into: Path) -> list[Path]:
    """Copy a preset into a folder. Raises ConfigurationError if any of its files is there."""
    return put(preset_files(name), into)


def put(texts: dict[str, str], into: Path) -> list[Path]:
    """Write these files into a folder, or none of them if one is there (ConfigurationError)."""
    refuse_to_overwrite(texts, into)
    into.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in sorted(texts.items()):
        # Not over a file that somebody has put there this very moment.
        with (into / name).open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        written.append(into / name)
    return written


def refuse_to_overwrite(names: Iterable[str], into: Path) -> None:
    """Raises ConfigurationError if a folder holds files of these names."""
    there = sorted(name for name in names if (into / name).exists())
    if there:
        raise ConfigurationError(
            f"{into} already holds {', '.join(there)}; nothing was written. Name another folder "
            "with --into, or move them away."
        )
