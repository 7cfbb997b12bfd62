"""influence.toml of another version: read where it is older, refused with the mend where not."""

from __future__ import annotations

from pathlib import Path

import pytest

from influence_pipeline import __version__
from influence_pipeline.errors import ConfigurationError
from influence_pipeline.settings import Config, load_settings, versions
from influence_pipeline_tests.support import preset

PLAIN = (preset.FOLDER / "influence.toml").read_text(encoding="utf-8")
LINE = PLAIN[: PLAIN.index("version = 1")].count("\n") + 1
MEND = f"version 1 (influence-pipeline {__version__}): write `version = 1`."


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, bare_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(version: str) -> Config:
    """The plain preset with another line in place of its version."""
    text = PLAIN.replace("version = 1\n", version + "\n", 1)
    Path("influence.toml").write_text(text, encoding="utf-8")
    return load_settings().config


def refused(version: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(version)
    return str(caught.value)


def test_this_version_is_read() -> None:
    assert read("version = 1").version == 1


def test_a_file_without_a_version_is_told_which_line_to_write() -> None:
    assert refused("") == (
        "influence.toml: version is missing. The file says first which format it has. "
        f"This program reads {MEND}"
    )


@pytest.mark.parametrize("written", ['version = "1"', "version = 1.0", "version = true"])
def test_a_version_that_is_no_whole_number_is_told_which_line_to_write(written: str) -> None:
    assert refused(written) == (
        f"influence.toml: line {LINE}: version must be a whole number, without quotes. "
        f"This program reads {MEND}"
    )


def test_a_newer_version_names_the_program_to_upgrade() -> None:
    said = refused("version = 2\ncolour = 1")
    assert said.startswith(
        f"influence.toml: line {LINE}: version = 2 is newer than this program, which reads up to "
        "version 1."
    )
    assert f"newer influence-pipeline than {__version__}: upgrade the package" in said
    assert "colour" not in said


def test_a_version_that_never_was_is_told_which_line_to_write() -> None:
    assert refused("version = 0") == (
        f"influence.toml: line {LINE}: version = 0 is no version that this program reads. "
        f"It reads {MEND}"
    )


def test_an_older_version_is_read_through_all_that_came_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two made-up versions: -1 called the query of orders otherwise, 0 had no state_schema."""

    def first(content: versions.Content) -> versions.Content:
        orders = dict(content["orders"])
        orders["query"] = orders.pop("select")
        return {**content, "orders": orders}

    def second(content: versions.Content) -> versions.Content:
        return {**content, "state_schema": "loyalty"}

    monkeypatch.setattr(versions, "UPGRADES", {-1: first, 0: second})
    old = PLAIN.replace("version = 1\n", "version = -1\n", 1)
    old = old.replace('query = "orders.sql"', 'select = "orders.sql"')
    Path("influence.toml").write_text(old, encoding="utf-8")
    config = load_settings().config
    assert (config.version, config.orders.query, config.state_schema) == (
        1,
        "orders.sql",
        "loyalty",
    )
    assert Path("influence.toml").read_text(encoding="utf-8") == old
