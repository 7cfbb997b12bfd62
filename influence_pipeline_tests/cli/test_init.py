"""`init`: a first influence.toml with its SQL files, and never over what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from influence_pipeline_tests.cli.conftest import CommandLine
from influence_pipeline_tests.support import preset
from influence_pipeline_tests.support.world import World

FILES = {item.name for item in preset.FOLDER.iterdir() if item.name.endswith((".toml", ".sql"))}


@pytest.mark.parametrize(("arguments", "folder"), [([], "."), (["--into", "new/conf"], "new/conf")])
def test_the_preset_is_written_with_a_line_for_each_file_and_what_to_do_next(
    bare_cli: CommandLine, arguments: list[str], folder: str
) -> None:
    ran = bare_cli("init", *arguments)
    assert (ran.code, ran.err) == (0, "")
    *wrote, last = ran.out.splitlines()
    assert wrote == [f"wrote {Path(folder, name)}" for name in sorted(FILES)]
    assert last.startswith("Next: ")
    assert f"INFLUENCE_CONFIG={Path(folder, 'influence.toml')}," in last
    for name in FILES:
        assert Path(folder, name).read_bytes() == (preset.FOLDER / name).read_bytes()


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_that_is_there_is_not_overwritten_and_nothing_else_is_written(
    bare_cli: CommandLine, name: str
) -> None:
    Path(name).write_text("mine")
    ran = bare_cli("init")
    assert (ran.code, ran.error) == (
        3,
        f". already holds {name}; nothing was written. Name another folder with --into, "
        "or move them away.",
    )
    assert [path.name for path in Path().iterdir()] == [name]
    assert Path(name).read_text() == "mine"


def test_what_init_writes_works_as_it_is_on_the_sample_store(
    cli: CommandLine, world: World
) -> None:
    cli("init", "--into", "conf")
    cli.set(CONFIG="conf/influence.toml")
    assert cli("sync", "--entity", "customers", "--json").json["customers"]["sent"] == 58


def test_the_preset_promises_no_command_that_is_not_built(bare_cli: CommandLine) -> None:
    text = (preset.FOLDER / "influence.toml").read_text()
    assert "influence-pipeline check" not in text
    assert "influence-pipeline plan" in text
