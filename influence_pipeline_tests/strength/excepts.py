"""Every `except` body has been run by a test: what `make coverage` asks after its table.

A handler that no test runs is a guess about what would happen. The few that no test can provoke are
listed with their reasons in `influence_pipeline_tests/proof/excepts.toml`. A process that is killed
leaves no data behind, so a body that only runs there has to be run elsewhere too. What
`contextlib.suppress` swallows cannot be seen in such data; it holds nothing that could be wrong.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coverage import CoverageData

from influence_pipeline_tests.strength.scope import PACKAGE, ROOT

ALLOWED = ROOT / "influence_pipeline_tests" / "proof" / "excepts.toml"


@dataclass(frozen=True)
class Handler:
    """An `except`: its file from the root, the function it is in, what it catches, its body's lines."""

    file: str
    function: str
    catches: str
    line: int
    body: range

    @property
    def place(self) -> str:
        """Says which one it is, whatever is written above it in the file."""
        return f"{self.file}:{self.function} except {self.catches}".rstrip()


def handlers(root: Path = ROOT) -> Iterator[Handler]:
    """Every `except` of the package."""
    for path in sorted((root / PACKAGE).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield from _within(tree, str(path.relative_to(root)), ())


def _within(node: ast.AST, file: str, names: tuple[str, ...]) -> Iterator[Handler]:
    for child in ast.iter_child_nodes(node):
        inner = names
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = (*names, child.name)
        if isinstance(child, ast.ExceptHandler):
            catches = ast.unparse(child.type) if child.type else ""
            first = child.body[0]
            body = range(first.lineno, (child.body[-1].end_lineno or 0) + 1)
            yield Handler(file, ".".join(names), catches, child.lineno, body)
        yield from _within(child, file, inner)


def never_run(data: CoverageData, root: Path = ROOT) -> list[Handler]:
    """The handlers none of whose lines is in the data."""
    files = {
        name[name.rindex(f"{PACKAGE}/") :]: name
        for name in data.measured_files()
        if f"{PACKAGE}/" in name
    }
    run = {file: set(data.lines(name) or ()) for file, name in files.items()}
    return [one for one in handlers(root) if not run.get(one.file, set()) & set(one.body)]


def allowed() -> dict[str, str]:
    """Why no test runs it, by a handler's place."""
    entries = tomllib.loads(ALLOWED.read_text(encoding="utf-8")).get("handler", [])
    return {entry["place"]: entry["reason"] for entry in entries}


def main(arguments: list[str] | None = None) -> int:
    """Print what no test runs and has no reason; give 1 if there is any. Takes the data's file."""
    (file,) = arguments if arguments is not None else sys.argv[1:] or [str(ROOT / ".coverage")]
    data = CoverageData(file)
    data.read()
    reasons = allowed()
    found = never_run(data)
    missing = [one for one in found if one.place not in reasons]
    total = sum(1 for _ in handlers())
    for one in missing:
        print(f"{one.file}:{one.line}: no test runs `except {one.catches}` in {one.function}")
    print(
        f"{total - len(found)} of {total} `except` bodies are run by a test, "
        f"{len(found) - len(missing)} have a reason why not, {len(missing)} have none."
    )
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
