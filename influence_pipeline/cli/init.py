"""`influence-pipeline init`: copy a preset's influence.toml and SQL files; never overwrites."""

from __future__ import annotations

import argparse
from importlib.resources import files
from pathlib import Path

from influence_pipeline.cli.output import writing
from influence_pipeline.errors import ConfigurationError


def run(arguments: argparse.Namespace) -> int:
    into = Path(arguments.into)
    with writing(into):
        written = copy_preset(arguments.preset, into)
    for file in written:
        print(f"wrote {file}")
    print(
        "Next: make the SELECTs fit your tables, set the INFLUENCE_ variables (see README.md), "
        f"INFLUENCE_CONFIG={into / 'influence.toml'}, then `influence-pipeline plan`."
    )
    return 0


def copy_preset(name: str, into: Path) -> list[Path]:
    """Copy a preset into a folder. Raises ConfigurationError if any of its files is there."""
    sources = [
        item
        for item in files("influence_pipeline.store.presets").joinpath(name).iterdir()
        if item.name.endswith((".toml", ".sql"))
    ]
    there = sorted(item.name for item in sources if (into / item.name).exists())
    if there:
        raise ConfigurationError(
            f"{into} already holds {', '.join(there)}; nothing was written. Name another folder "
            "with --into, or move them away."
        )
    into.mkdir(parents=True, exist_ok=True)
    written = []
    for item in sorted(sources, key=lambda source: source.name):
        target = into / item.name
        target.write_text(item.read_text(encoding="utf-8"), encoding="utf-8")
        written.append(target)
    return written
