"""A configuration in which everything is right, with a role each, and ways to spoil it."""

from __future__ import annotations

import dataclasses
import secrets
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
import pytest

from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Finding, Level
from influence_pipeline.check.runner import run
from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.settings import load_settings
from influence_pipeline_tests.sandbox.platform_fixtures import Sandbox
from influence_pipeline_tests.support import databases
from influence_pipeline_tests.support.world import (
    LONG_AGO,
    PRESET,
    World,
    sandbox_process,
    world,
)

__all__ = ["Place", "place", "sandbox_process", "shared_world", "world"]

RULES = """
[check]
# The tests' own server runs without fsync, and all orders of the sample store count.
accept = ["state.durability", "config.go_live"]
"""


@dataclass
class Place:
    """A folder with a mapping, variables, and the shop, which its owner may change."""

    world: World
    variables: dict[str, str | None]
    monkeypatch: pytest.MonkeyPatch = field(repr=False)

    @property
    def folder(self) -> Path:
        return self.world.config.parent

    def edit(self, file: str, old: str, new: str) -> None:
        """Write something else into a file of the mapping."""
        path = self.folder / file
        text = path.read_text()
        assert old in text, (file, old)
        path.write_text(text.replace(old, new, 1))

    def toml(self, old: str, new: str) -> None:
        self.edit("influence.toml", old, new)

    def add(self, text: str) -> None:
        """Add tables to influence.toml."""
        path = self.world.config
        path.write_text(path.read_text() + "\n" + text + "\n")

    def write(self, file: str, text: str) -> None:
        (self.folder / file).write_text(text)

    def set(self, **variables: str | None) -> None:
        """Set INFLUENCE_… variables by the rest of their names; None: unset."""
        self.variables.update({f"INFLUENCE_{name}": value for name, value in variables.items()})

    def shop(self, sql: str) -> None:
        """Change the shop as its owner may."""
        with closing(psycopg2.connect(self.world.store_url)) as connection, connection:
            connection.cursor().execute(sql)

    def check(self) -> list[Finding]:
        """Run the whole check as the command does."""
        for name, value in self.variables.items():
            if value is None:
                self.monkeypatch.delenv(name, raising=False)
            else:
                self.monkeypatch.setenv(name, value)
        with Desk(load_settings()) as desk:
            return list(run(desk))

    def trouble(self) -> dict[str, list[Finding]]:
        """Give what a person is told to mend or to read, by check."""
        found: dict[str, list[Finding]] = {}
        for one in self.check():
            if one.level in {Level.ERROR, Level.WARNING}:
                found.setdefault(one.check, []).append(one)
        return found

    def calls(self) -> list[tuple[str, str]]:
        """Give what the API was asked for: method and path."""
        rows = self.world.sandbox.rows("SELECT method, path FROM calls WHERE method <> 'GET'")
        return [(row["method"], row["path"]) for row in rows]


@pytest.fixture(scope="module")
def shared_world(
    sandbox_process: Sandbox,
    postgres: EmbeddedPostgres,
    store_template: str,
    state_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """A world whose shop nobody changes."""
    with (
        databases.throw_away_database(postgres, store_template) as store_url,
        databases.throw_away_database(postgres, state_template) as state_url,
    ):
        sandbox_process.good("POST", "/sandbox/reset")
        folder = tmp_path_factory.mktemp("shared") / "preset"
        shutil.copytree(PRESET, folder)
        yield World(store_url, state_url, sandbox_process, folder / "influence.toml")


@pytest.fixture
def place(
    bare_environment: None,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Place:
    """The sample store and the plain preset, as a careful merchant has them. The shop is the
    test's own, unless the parameter says "shared_world"."""
    lent: World = request.getfixturevalue(getattr(request, "param", "world"))
    folder = tmp_path / "mapping"
    shutil.copytree(PRESET, folder)
    made_world = dataclasses.replace(lent, config=folder / "influence.toml")
    made_world.configure(("[orders]\n", f"[orders]\ngo_live = {LONG_AGO.isoformat()}\n"))
    made_world.config.write_text(made_world.config.read_text() + RULES)
    roles = sample_store.create_roles(made_world.store_url, "a reader's", "a writer's")
    monkeypatch.chdir(tmp_path)
    made = Place(made_world, dict(made_world.variables()), monkeypatch)
    made.set(
        STORE_URL=roles.reader,
        COUPON_URL=roles.coupons,
        WEBHOOK_TOKEN=secrets.token_urlsafe(32),
    )
    return made
