"""A copy of the checkout in which every mutant is in the code, and MUTANT_UNDER_TEST chooses one.

The copy lies in `.mutants/tree`; without the variable it behaves like the original. Tests run there, and the
processes they start have the same mutant, since they inherit the variable.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path

from influence_pipeline_tests.strength import python_mutants, sql_mutants
from influence_pipeline_tests.strength.mutant import SWITCH, Mutant
from influence_pipeline_tests.strength.scope import PACKAGE, ROOT

PLACE = ROOT / ".mutants"
TREE = PLACE / "tree"

# Put at the end of `influence_pipeline/sql.py`: queries are looked at when they are run, because the
# process that runs the tests has read them before it knows which mutant it is for.
_QUERIES = """

import json as _json
import os as _os

_CHANGED = _json.loads((Path(__file__).parent / "mutants.json").read_text(encoding="utf-8"))


class _MutatedQueries(Queries):
    def __init__(self, texts: dict[str, str], file: str) -> None:
        super().__init__(texts)
        self._file = file

    def __getitem__(self, name: str) -> TextClause:
        from sqlalchemy import text

        switch = _os.environ.get("{switch}", "")
        if switch.startswith(f"{{self._file}}:{{name}}:"):
            return text(_CHANGED[switch])
        return super().__getitem__(name)


def load_queries(module_file: str, name: str) -> Queries:
    place = (Path(module_file).parent / name).relative_to(Path(__file__).parents[1])
    return _MutatedQueries(read_queries(module_file, name), str(place))
"""


def write(files: list[str]) -> list[Mutant]:
    """Make the copy anew, with the mutants of `files` in it, and give them."""
    shutil.rmtree(TREE, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, TREE / name)
    mutants: list[Mutant] = []
    queries: dict[str, str] = {}
    for file in files:
        if file.endswith(".sql"):
            mutants += sql_mutants.mutate(file)
            queries |= sql_mutants.changed_queries(file)
        else:
            code, made = _python(file)
            (TREE / file).write_text(code, encoding="utf-8")
            mutants += made
    with (TREE / PACKAGE / "sql.py").open("a", encoding="utf-8") as stream:
        stream.write(_QUERIES.format(switch=SWITCH))
    (TREE / PACKAGE / "mutants.json").write_text(json.dumps(queries), encoding="utf-8")
    return mutants


def made(files: list[str]) -> list[Mutant]:
    """Give the mutants of `files`, without a copy."""
    return [
        mutant
        for file in files
        for mutant in (sql_mutants.mutate(file) if file.endswith(".sql") else _python(file)[1])
    ]


def _python(file: str) -> tuple[str, list[Mutant]]:
    """The mutants of a module; kept for the next time, as a large one takes half a minute."""
    source = (ROOT / file).read_text(encoding="utf-8")
    maker = Path(python_mutants.__file__).read_text(encoding="utf-8")
    kept = PLACE / "made" / f"{file.replace('/', '.')}.json"
    if kept.exists():
        known = json.loads(kept.read_text(encoding="utf-8"))
        if (known["source"], known["maker"]) == (source, maker):
            return known["code"], [Mutant(**mutant) for mutant in known["mutants"]]
    code, mutants = python_mutants.mutate(file, source)
    kept.parent.mkdir(parents=True, exist_ok=True)
    known = {
        "source": source, "maker": maker, "code": code,
        "mutants": [asdict(mutant) for mutant in mutants],
    }  # fmt: skip
    kept.write_text(json.dumps(known), encoding="utf-8")
    return code, mutants
