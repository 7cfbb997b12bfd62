"""The presets for known stores: their mappings, and a whole world around a store that one fits."""

from __future__ import annotations

import shutil
from pathlib import Path

import influence_pipeline.store as store_room
from influence_pipeline.records import Entity
from influence_pipeline.settings import load_settings
from influence_pipeline.store.configured import configured_mappings
from influence_pipeline.store.mapping import Mapping
from influence_pipeline_tests.sandbox.platform_fixtures import Sandbox
from influence_pipeline_tests.support.world import LONG_AGO, QUICK, World

STORES = ("medusa", "vendure", "saleor")
PRESETS = Path(store_room.__file__).parent / "presets"


def mappings(folder: Path) -> dict[Entity, Mapping]:
    """The mappings of an influence.toml and its SQL files, as the engine makes them."""
    return configured_mappings(load_settings(config=folder / "influence.toml"))


def world_of(
    preset: str, store_url: str, state_url: str, sandbox: Sandbox, folder: Path, extra: str = QUICK
) -> World:
    """A world with a copy of this preset, as `init` writes one, all orders counting."""
    sandbox.good("POST", "/sandbox/reset")
    shutil.copytree(PRESETS / preset, folder)
    made = World(store_url, state_url, sandbox, folder / "influence.toml")
    made.configure(("[orders]\n", f"[orders]\ngo_live = {LONG_AGO.isoformat()}\n"))
    made.config.write_text(made.config.read_text() + extra)
    return made


def change(folder: Path, file: str, *replacements: tuple[str, str]) -> None:
    """Change a copy of a preset: each old text must be there, and all of its places are changed."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def take_sql_coupons(config: Path) -> None:
    """Follow what Vendure's preset says of coupons by SQL: one line out, the commented ones in."""
    text = config.read_text(encoding="utf-8").replace('writer = "vendure"\n', "", 1)
    for line in ('writer = "sql"', "lookup = ", "create = ", "case_sensitive = false"):
        assert f"\n# {line}" in text, line
        text = text.replace(f"\n# {line}", f"\n{line}", 1)
    config.write_text(text, encoding="utf-8")


def take_example_rewards(config: Path) -> None:
    """Take the example rules at the end of a preset out of their comments."""
    head, mark, examples = config.read_text(encoding="utf-8").partition("\n# [rewards.")
    assert mark
    lines = (mark + examples).splitlines()
    text = "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines)
    config.write_text(f"{head}\n{text}\n", encoding="utf-8")
