"""docs/security.md names tests that exist, the locks are whole, exceptions have reasons, and no
secret stands where another process can read it."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from influence_pipeline.cli import build_parser

ROOT = Path(__file__).parents[2]
SECURITY = ROOT / "security"
PAGE = ROOT / "docs" / "security.md"
LOCKS = [ROOT / "deploy" / "requirements.lock", ROOT / "deploy" / "image.lock", SECURITY / "requirements.lock"]  # fmt: skip


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"security_{name}", SECURITY / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


# -- docs/security.md ------------------------------------------------------------------------------


def named_tests(text: str) -> set[str]:
    return set(re.findall(r"`(test_\w+)`", text))


def existing_tests() -> set[str]:
    found: set[str] = set()
    for file in (ROOT / "influence_pipeline_tests").rglob("test_*.py"):
        found |= set(
            re.findall(r"^def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE)
        )
    return found


def test_every_test_that_the_threat_model_names_exists() -> None:
    named = named_tests(PAGE.read_text(encoding="utf-8"))
    assert len(named) > 20
    assert sorted(named - existing_tests()) == []


def test_every_door_names_a_test_and_what_is_left_to_the_operator() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [line.strip("|").split("|") for line in lines if line.startswith("| ")][1:]
    assert len(rows) >= 18
    for row in rows:
        assert len(row) == 5, row[0]
        assert named_tests(row[3]), row[0]
        assert all(cell.strip() for cell in row), row[0]


def test_the_threat_model_can_be_found_from_the_readme() -> None:
    assert "(docs/security.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


# -- locks -----------------------------------------------------------------------------------------


def blocks(lock: Path) -> list[tuple[str, str, str]]:
    """Of each requirement its name, its version and the whole of its lines."""
    text = lock.read_text(encoding="utf-8")
    return [
        (match[1], match[2], block)
        for block in re.split(r"(?m)^(?=[A-Za-z0-9])", text)
        if (match := re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", block))
    ]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: f"{lock.parent.name}-{lock.name}")
def test_every_package_of_every_lock_has_its_hashes(lock: Path) -> None:
    found = blocks(lock)
    assert len(found) > 30
    assert [name for name, _, block in found if "--hash=sha256:" not in block] == []
    text = lock.read_text(encoding="utf-8")
    # Nothing that is not pinned, and no index of somebody's machine.
    starts = [line for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    assert [line for line in starts if "==" not in line] == []
    assert not re.search(
        r"(?m)^\s*(--(extra-)?index-url|--find-links|-e |.*@ (git|file|http))", text
    )


def required(extras: list[str]) -> dict[str, SpecifierSet]:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    asked = [Requirement(line) for line in lines]
    return {one.name.lower(): one.specifier for one in asked if one.name != "influence-pipeline"}


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("requirements.lock", ["sandbox", "deploy", "celery", "kubernetes", "parquet", "build", "dev"]),
        ("image.lock", ["deploy", "celery", "kubernetes", "build"]),
    ],
)  # fmt: skip
def test_the_locks_fit_what_the_project_asks_for(lock: str, extras: list[str]) -> None:
    versions: dict[str, list[str]] = {}
    for name, version, _ in blocks(ROOT / "deploy" / lock):
        versions.setdefault(name.lower(), []).append(version)
    unfit = {
        name: versions.get(name)
        for name, specifier in required(extras).items()
        if not versions.get(name) or not all(version in specifier for version in versions[name])
    }
    assert unfit == {}, "run `make lock`"


# -- the scanners' own files -----------------------------------------------------------------------


def test_every_exception_to_a_rule_has_its_reason_and_its_function() -> None:
    scan = load("scan")
    for rule, place in scan.allowed_places():
        path, _, function = place.partition("::")
        source = (ROOT / path).read_text(encoding="utf-8")
        last = function.rpartition(".")[2]
        assert function == "module" or re.search(rf"(def|class) {last}\b", source), (rule, place)


def test_the_list_of_known_secrets_is_empty() -> None:
    import json

    assert json.loads((SECURITY / "secrets.json").read_text(encoding="utf-8"))["results"] == {}


def test_control_a_rule_that_finds_nothing_and_one_that_finds_too_much_are_told() -> None:
    scan = load("scan")
    wrong = scan.wrong_in_snippets([])
    assert any("sql-built misses this" in line for line in wrong)
    ok = next(
        (file, number)
        for file in sorted(scan.RULES.glob("*.py"))
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 2)
        if "# ok: sql-built" in line
    )
    hit = scan.Hit("sql-built", str(ok[0].relative_to(ROOT)), ok[1], ok[1])
    assert any("sql-built finds this" in line for line in scan.wrong_in_snippets([hit]))


def test_control_one_statement_more_than_is_allowed_is_told() -> None:
    scan = load("scan")
    hit = scan.Hit("sql-built", "influence_pipeline/words.py", 20, 20)
    assert any("words.py" in line for line in scan.wrong_in_program([hit]))


@pytest.mark.skipif(
    not (ROOT / ".venv" / "security" / "installed").exists(), reason="`make security` installs it"
)
def test_the_list_of_what_is_in_the_image_is_the_lock_and_the_same_twice(tmp_path: Path) -> None:
    import json

    python = ROOT / ".venv" / "security" / "bin" / "python"
    written = []
    for name in ("one.json", "two.json"):
        command = [sys.executable, str(SECURITY / "sbom.py"), str(python), str(tmp_path / name)]
        subprocess.run(command, check=True, capture_output=True)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    listed = {(one["name"], one["version"]) for one in json.loads(written[0])["components"]}
    assert listed == {
        (name, version) for name, version, _ in blocks(ROOT / "deploy" / "image.lock")
    }


# -- command lines ---------------------------------------------------------------------------------


def test_no_secret_has_to_be_an_argument_of_any_command() -> None:
    """`ps` shows arguments to everybody on the machine."""
    import argparse

    asked: list[str] = []
    todo = [build_parser()]
    while todo:
        for action in todo.pop()._actions:
            if isinstance(action, argparse._SubParsersAction):
                todo += action.choices.values()
            asked += action.option_strings or [action.dest]
    assert len(asked) > 50
    secret = re.compile(
        r"(?i)(password|passwd|secret|token|api-?key|dsn|(store|state|coupon|smtp|alert)-url)"
    )
    # `init` and `roles` may be told of another store once, by an administrator; the page says what
    # that shows.
    assert {name for name in asked if secret.search(name)} == {"--store-url"}
    assert "`--store-url` with a password in it shows in `ps`" in PAGE.read_text(encoding="utf-8")
