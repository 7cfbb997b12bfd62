"""A world for the engine: a sample store, a state, a sandbox, and the plain preset between them.

A room whose tests want one imports `world` and `sandbox_process` into its conftest.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
import pytest

import influence_pipeline.store as store_room
from influence_pipeline.postgres import Postgres, run
from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.sandbox.judge import Verdict
from influence_pipeline.sandbox.sample_store.statements import Place
from influence_pipeline.settings import Settings, load_settings
from influence_pipeline.sync import status
from influence_pipeline.sync.engine import Engine, Report
from influence_pipeline_tests.sandbox.platform_fixtures import KEY, Sandbox, running
from influence_pipeline_tests.support import judging

PRESET = Path(store_room.__file__).parent / "presets" / "plain"
# Before everything in the sample store, so that all its orders count.
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
# Tests change a whole store at once, and mean it; `sync.test_mass_change` is about the guard. What
# their compares compute is what has moved; `sync.test_compare` has a test of turns.
QUICK = """
[capture]
mass_change_rows = 1000000
recheck_in_compares = 0

[delivery]
timeout_seconds = 2
quiet_window_seconds = 0.3
backoff_base_seconds = 0.02
backoff_cap_seconds = 0.5
linger_seconds = 4
import_linger_seconds = 4
"""


@dataclass
class World:
    """Everything a sync needs, short ways to run one, and the judge."""

    store_url: str
    state_url: str
    sandbox: Sandbox
    config: Path
    go_live: datetime | None = LONG_AGO
    # Where the engine finds the API, if not at the sandbox itself.
    through: str | None = None
    # Where the shop changes its records: a connection each time, or one for many.
    place: Place = ""

    def __post_init__(self) -> None:
        self.place = self.place or self.store_url

    def settings(self, **overrides: Any) -> Settings:
        values: dict[str, Any] = {
            "store_url": self.store_url,
            "state_url": self.state_url,
            "api_url": self.through or self.sandbox.url,
            "api_key": KEY,
            "config": self.config,
        }
        return load_settings(**{**values, **overrides})

    def variables(self) -> dict[str, str]:
        """The same as environment variables."""
        return {
            "INFLUENCE_STORE_URL": self.store_url,
            "INFLUENCE_STATE_URL": self.state_url,
            "INFLUENCE_API_URL": self.through or self.sandbox.url,
            "INFLUENCE_API_KEY": KEY,
            "INFLUENCE_CONFIG": str(self.config),
        }

    def environment(self) -> dict[str, str]:
        """The whole environment of a process in this world."""
        return {**os.environ, **self.variables()}

    def configure(self, *replacements: tuple[str, str]) -> None:
        text = self.config.read_text()
        for old, new in replacements:
            assert old in text, old
            text = text.replace(old, new, 1)
        self.config.write_text(text)

    def engine(self, **seams: Any) -> Engine:
        return Engine(self.settings(), **seams)

    def sync(self, *, full: bool = False, **seams: Any) -> dict[Entity, Report]:
        """One whole sync."""
        with self.engine(**seams) as engine:
            reports = {entity: engine.sync(entity, full=full) for entity in STORE_ENTITIES}
            reports[Entity.REWARD] = engine.deliver(Entity.REWARD)
        return reports

    def judge(self) -> Verdict:
        """What the independent judge says of the store and the ledger, in a process of its own."""
        return judging.judge(self.store_url, self.sandbox.ledger, self.go_live or LONG_AGO)

    def parked(self) -> dict[str, str]:
        """What is parked, by key, with its reason."""
        with self.engine() as engine:
            return {row["key"]: row["reason"] for row in status.parked(engine.state)}

    @contextmanager
    def busy_shop(self) -> Iterator[None]:
        """In the block the shop keeps one connection open, which is ten times as fast; each change
        is committed all the same."""
        with closing(psycopg2.connect(self.store_url)) as connection:
            connection.autocommit = True
            self.place = connection
            try:
                yield
            finally:
                self.place = self.store_url

    def shop(self, sql: str, **values: Any) -> None:
        """Write into the store, as the shop does."""
        if not isinstance(self.place, str):
            with self.place.cursor() as cursor:
                cursor.execute(sql, values or None)
            return
        shop = Postgres(self.store_url, variable="the shop", kind=AssertionError)  # type: ignore[arg-type]
        with shop.transaction() as connection:
            run(connection, sql, values or None)
        shop.close()

    def ask_store(self, sql: str) -> list[Any]:
        with self.engine() as engine, engine.store.transaction() as connection:
            return list(run(connection, sql).fetchall())

    def ask_state(self, sql: str) -> list[Any]:
        with self.engine() as engine, engine.state.transaction() as connection:
            return list(run(connection, sql).fetchall())


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("sandbox"), access_log=False) as started:
        yield started


@pytest.fixture
def world(sandbox_process: Sandbox, store_url: str, state_url: str, tmp_path: Path) -> World:
    """A world of the test's own, all orders counting, with little patience."""
    sandbox_process.good("POST", "/sandbox/reset")
    folder = tmp_path / "preset"
    shutil.copytree(PRESET, folder)
    made = World(store_url, state_url, sandbox_process, folder / "influence.toml")
    made.configure(("[orders]\n", f"[orders]\ngo_live = {LONG_AGO.isoformat()}\n"))
    made.config.write_text(made.config.read_text() + QUICK)
    return made
