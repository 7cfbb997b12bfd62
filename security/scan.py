"""`make security`: semgrep against what is allowed by name, and each rule against its snippets.

The rules are in `rules/*.yaml`; beside each file stands one of Python that nobody runs, where the
line after `# ruleid: NAME` must be found by that rule and the line after `# ok: NAME` must not. So
a rule that finds nothing any more fails. `allowed.toml` names each function of the program that may
do what a rule forbids, how often, and why; more, fewer, or elsewhere fails too.

    python security/scan.py SEMGREP
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
RULES = HERE / "rules"
ALLOWED = HERE / "allowed.toml"
PROGRAM = "influence_pipeline"
_SAID = re.compile(r"\s*# (ruleid|ok): (.+)")


@dataclass(frozen=True)
class Hit:
    """Where a rule found something: lines, from and to."""

    rule: str
    path: str
    first: int
    last: int


def scan(semgrep: str) -> list[Hit]:
    """Run semgrep over the program and the snippets; it asks nobody on any network.

    Raises RuntimeError if it could not read a rule or a file.
    """
    command = [semgrep, "scan", "--config", str(RULES), "--json", "--quiet", "--metrics", "off"]
    command += ["--disable-version-check", "--no-git-ignore", "--jobs", "2", "--disable-nosem"]
    command += ["--timeout", "0"]  # a rule that is given up on a busy machine is no rule
    done = subprocess.run(
        [*command, PROGRAM, str(RULES.relative_to(HERE.parent))],
        cwd=HERE.parent,
        env={**os.environ, "SEMGREP_SEND_METRICS": "off", "SEMGREP_ENABLE_VERSION_CHECK": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        said = json.loads(done.stdout)
    except ValueError:
        raise RuntimeError(f"semgrep said nothing that can be read.\n{done.stderr}") from None
    if said["errors"]:
        raise RuntimeError("\n".join(str(error.get("message", error)) for error in said["errors"]))
    return [
        Hit(
            one["check_id"].rpartition(".")[2],
            one["path"],
            one["start"]["line"],
            one["end"]["line"],
        )
        for one in said["results"]
    ]


def wrong_in_snippets(hits: list[Hit]) -> list[str]:
    """Say of each annotated line whether its rule found it where it must, and only there."""
    wrong = []
    tried: Counter[tuple[str, str]] = Counter()
    for file in sorted(RULES.glob("*.py")):
        path = str(file.relative_to(HERE.parent))
        here = {hit for hit in hits if hit.path == path}
        meant: set[Hit] = set()
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 2):
            said = _SAID.match(line)
            for rule in said[2].split(", ") if said else ():
                assert said is not None
                tried[rule, said[1]] += 1
                found = {
                    hit for hit in here if hit.rule == rule and hit.first <= number <= hit.last
                }
                meant |= found
                if bool(found) != (said[1] == "ruleid"):
                    wrong.append(f"{path}:{number}: {rule} {'finds' if found else 'misses'} this")
        wrong += [f"{hit.path}:{hit.first}: {hit.rule} finds this, unasked" for hit in here - meant]
    for file in sorted(RULES.glob("*.yaml")):
        for rule in re.findall(r"^  - id: (\S+)", file.read_text(encoding="utf-8"), re.MULTILINE):
            for kind in ("ruleid", "ok"):
                if not tried[rule, kind]:
                    wrong.append(f"{file.name}: no snippet says `# {kind}: {rule}`")
    return sorted(wrong)


def wrong_in_program(hits: list[Hit]) -> list[str]:
    """Compare what was found in the program with what is allowed."""
    found: Counter[tuple[str, str]] = Counter()
    lines: dict[tuple[str, str], list[int]] = {}
    for hit in hits:
        if hit.path.startswith(f"{PROGRAM}/"):
            place = f"{hit.path}::{function_at(HERE.parent / hit.path, hit.first)}"
            found[hit.rule, place] += 1
            lines.setdefault((hit.rule, place), []).append(hit.first)
    allowed = Counter(allowed_places())
    wrong = [
        f"{place}: {rule} finds {found[rule, place]} (lines {lines.get((rule, place), [])}), "
        f"{allowed[rule, place]} allowed in {ALLOWED.name}"
        for rule, place in {**found, **allowed}
        if found[rule, place] != allowed[rule, place]
    ]
    return sorted(wrong)


def allowed_places() -> dict[tuple[str, str], int]:
    """Read allowed.toml: by rule and `file::function`, how often. Raises ValueError without why."""
    read = tomllib.loads(ALLOWED.read_text(encoding="utf-8"))
    places: dict[tuple[str, str], int] = {}
    for entry in read["allowed"]:
        if not entry["why"].strip():
            raise ValueError(f"{ALLOWED.name}: {entry['file']} does not say why")
        for function, count in entry["functions"].items():
            places[entry["rule"], f"{PROGRAM}/{entry['file']}::{function}"] = count
    return places


def function_at(file: Path, line: int) -> str:
    """Give the dotted name of what a line of a file stands in; `module` outside of everything."""
    names = []
    node: ast.AST = ast.parse(file.read_text(encoding="utf-8"))
    inside = True
    while inside:
        inside = False
        for child in ast.walk(node):
            kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
            if child is node or not isinstance(child, kinds):
                continue
            if child.lineno <= line <= (child.end_lineno or child.lineno):
                names.append(child.name)
                node, inside = child, True
                break
    return ".".join(names) or "module"


def main(semgrep: str) -> int:
    hits = scan(semgrep)
    wrong = [*wrong_in_snippets(hits), *wrong_in_program(hits)]
    for line in wrong:
        print(line)
    if wrong:
        print("security/rules say what is meant; security/allowed.toml is where exceptions stand.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
