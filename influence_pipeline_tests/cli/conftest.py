"""The command line, run in this process as a shell would run it, in a world of the test's own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from influence_pipeline.cli import main
from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.sample_store import poison
from influence_pipeline.sync import survey
from influence_pipeline_tests.support.world import World, sandbox_process, world

__all__ = ["CommandLine", "Ran", "sandbox_process", "world"]


@dataclass(frozen=True)
class Ran:
    """What a command left behind: its exit code and its two streams."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The one line that a command which could not do it says."""
        assert self.out == ""
        (line,) = self.err.splitlines()
        assert line.startswith("error: ")
        return line.removeprefix("error: ")


@dataclass
class CommandLine:
    """Runs commands and reads what they print."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Ran:
        self.capsys.readouterr()
        try:
            code = main(arguments)
        except SystemExit as left:  # argparse's way: wrong usage, --help
            assert isinstance(left.code, int)
            code = left.code
        return Ran(code, *self.capsys.readouterr())

    def set(self, **variables: str) -> None:
        """Set INFLUENCE_… variables by the rest of their names."""
        for name, value in variables.items():
            self.monkeypatch.setenv(f"INFLUENCE_{name}", value)

    def unset(self, *names: str) -> None:
        for name in names:
            self.monkeypatch.delenv(f"INFLUENCE_{name}")


def warn_of_hidden_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every capture find something that somebody should look at."""
    monkeypatch.setattr(survey, "_warnings", lambda *_: ("Some rows are hidden.",))


@pytest.fixture
def bare_cli(
    bare_environment: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> CommandLine:
    """The command line in an empty folder, with nothing set."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return CommandLine(monkeypatch, capsys)


@pytest.fixture
def cli(bare_cli: CommandLine, world: World) -> CommandLine:
    """The command line with everything set, in a world of the test's own."""
    for name, value in world.variables().items():
        bare_cli.monkeypatch.setenv(name, value)
    return bare_cli


@dataclass(frozen=True)
class Trouble:
    """Keys of a customer whose row is no good, of one that the API refuses, and of her order."""

    unmappable: str
    refused: str
    blocked: str


@pytest.fixture
def trouble(world: World) -> Trouble:
    """A synced world in which two customers were parked, and an order waits for one of them."""
    world.sync()
    bad = poison.customer_with_invalid_email(world.store_url).customers[0]
    buyer = sample_store.add_customers(world.store_url).customers[0]
    order = sample_store.place_order(world.store_url, buyer, paid=True).orders[0]
    world.sandbox.set(reject=[{"entity": "customer", "id": buyer}])
    world.sync()
    return Trouble(bad, buyer, order)
