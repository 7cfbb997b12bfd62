"""`probe` against a real sandbox: a run, what it found, and what the sandbox was told."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from influence_pipeline.settings.file import Config
from influence_pipeline_tests.cli.conftest import CommandLine, Ran
from influence_pipeline_tests.sandbox.platform_fixtures import KEY, Sandbox


@dataclass
class Found:
    """A run with --json: the findings by their question, and the settings as TOML reads them."""

    ran: Ran
    values: dict[str, str]
    findings: dict[str, dict[str, Any]]
    must: dict[str, Any]
    may: dict[str, Any]
    left: list[dict[str, Any]]
    report: str

    @property
    def attention(self) -> set[str]:
        return {name for name, found in self.findings.items() if found["attention"]}


@dataclass
class Prober:
    """Runs the command in a folder of its own, without a terminal."""

    cli: CommandLine
    sandbox: Sandbox
    settle: str = "0.05"

    def __call__(self, *arguments: str) -> Found:
        ran = self.cli("probe", "--json", "--settle", self.settle, *arguments)
        found = ran.json
        for kind in ("must", "may"):
            assert refused(tomllib.loads(found["settings"][kind])) == []
        findings = {one["id"]: one for one in found["findings"]}
        return Found(
            ran=ran,
            values={name: one["value"] for name, one in findings.items()},
            findings=findings,
            must=tomllib.loads(found["settings"]["must"]),
            may=tomllib.loads(found["settings"]["may"]),
            left=found["left_behind"],
            report=Path(found["report"]).read_text(),
        )

    def calls(self) -> list[tuple[str, str, str | None]]:
        """Method, path and body of every call that the sandbox got, in order."""
        rows = self.sandbox.rows("SELECT method, path, body FROM calls ORDER BY id")
        return [(r["method"], r["path"], r["body"] and r["body"].decode()) for r in rows]


def refused(tables: dict[str, Any]) -> list[Any]:
    """What influence.toml would refuse of these tables; that others are missing is no matter."""
    try:
        Config.model_validate(tables)
    except ValidationError as error:
        return [one for one in error.errors() if one["type"] != "missing"]
    return []


def written(sandbox: Sandbox) -> dict[str, int]:
    """How much the account holds, by table, where that is anything, and calls that write."""
    tables = ("customers", "orders", "products", "variants", "subscriptions", "movements")
    counts = {table: sandbox.rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables}
    counts["calls that write"] = sandbox.rows("SELECT count(*) FROM calls WHERE method <> 'GET'")[
        0
    ][0]
    return {what: count for what, count in counts.items() if count}


@pytest.fixture
def prober(bare_cli: CommandLine, sandbox_process: Sandbox) -> Prober:
    """The command in an empty folder, against an empty sandbox, without influence.toml."""
    sandbox_process.good("POST", "/sandbox/reset")
    sandbox_process.good("PUT", "/sandbox/faults", {"faults": []})
    bare_cli.set(API_URL=sandbox_process.url, API_KEY=KEY)
    return Prober(bare_cli, sandbox_process)
