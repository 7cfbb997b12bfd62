"""`make mutants`: change the code in small ways, one at a time, and see whether a test notices.

Three steps. Which tests run which line is found once, by a run under coverage (`--touch`). All
mutants are written into one copy of the code (`.mutants/tree`). Then some processes, which have collected
all tests, make a fork for each mutant that runs the tests that may notice it, until one fails.
Results are kept by mutant: what is interrupted goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from influence_pipeline_tests.proof import page
from influence_pipeline_tests.strength import results, touched, tree
from influence_pipeline_tests.strength.mutant import Mutant
from influence_pipeline_tests.strength.scope import files_of

_WORK = tree.PLACE / "work"


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    files = files_of(options.only)
    if options.write:
        results.write(tree.made(files))
        page.write()
        return 0
    if options.touch is not None or not touched.is_known():
        touched.run(options.touch or [], options.workers)
    mutants = tree.write(files)
    todo = _chosen(mutants, options)
    print(f"{len(mutants)} mutants in {len(files)} files; {len(todo)} to try")
    if todo:
        _try(todo, options)
    print(results.table(mutants))
    if options.show:
        print(results.survivors(mutants))
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("only", nargs="*", help="areas (orders, inbox …) or modules (claims.py)")
    parser.add_argument("--sample", type=int, metavar="N", help="try N of them, drawn by --seed")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="at once; 2 by default")
    parser.add_argument(
        "--budget", type=float, default=60.0, metavar="SECONDS",
        help="tests that one mutant gets at most; a survivor has passed all of these",
    )  # fmt: skip
    parser.add_argument(
        "--again", action="append", default=[], metavar="VERDICT",
        help="try those that came out so once more: survived, timeout, killed, all",
    )  # fmt: skip
    parser.add_argument(
        "--touch", nargs="*", metavar="TESTS",
        help="find anew which line these tests run, all where none is named",
    )  # fmt: skip
    parser.add_argument("--show", action="store_true", help="print what survived")
    parser.add_argument(
        "--write",
        action="store_true",
        help=f"only write {results.FILE.name} and docs/proof.md from what is known",
    )
    return parser.parse_args(arguments)


def _chosen(mutants: list[Mutant], options: argparse.Namespace) -> list[Mutant]:
    if options.sample is not None and options.sample < len(mutants):
        drawn = set(random.Random(options.seed).sample(range(len(mutants)), options.sample))
        mutants = [mutant for number, mutant in enumerate(mutants) if number in drawn]
    known = results.known()
    return [
        mutant
        for mutant in mutants
        if mutant.key not in known
        or "all" in options.again
        or known[mutant.key]["verdict"] in options.again
    ]


def _try(todo: list[Mutant], options: argparse.Namespace) -> None:
    """Hand the mutants that a test runs to the workers, and show how far they are."""
    answer = touched.Touched()
    work: list[dict[str, Any]] = []
    for mutant in todo:
        tests = answer.tests_of(mutant)
        if tests:
            said = {"key": mutant.key, "switch": mutant.switch, "budget": options.budget}
            named = {"file": mutant.file, "function": f"{mutant.file}:{mutant.function}"}
            times = [(test, round(answer.seconds[test], 2)) for test in tests]
            work.append({**said, **named, "tests": times})
        else:
            verdict = "other process" if answer.is_run(mutant) else "not run"
            results.add([{"key": mutant.key, "verdict": verdict, "tests": 0, "of": 0}])
    if not work:
        return
    _WORK.mkdir(parents=True, exist_ok=True)
    for name in ("taken", "results.jsonl"):
        (_WORK / name).unlink(missing_ok=True)
    (_WORK / "work.jsonl").write_text("".join(json.dumps(piece) + "\n" for piece in work))
    files = sorted({test.partition("::")[0] for piece in work for test, _ in piece["tests"]})
    workers = [_worker(number, files) for number in range(min(options.workers, len(work)))]
    try:
        _watch(workers, len(work))
    finally:
        for worker in workers:
            worker.terminate()
            worker.wait()


def _worker(number: int, files: list[str]) -> subprocess.Popen[bytes]:
    place = tree.PLACE / f"postgres-{number}"
    with (tree.PLACE / f"worker-{number}.log").open("wb") as log:
        return subprocess.Popen(
            [
                sys.executable, "-B", "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider",
                "-p", "influence_pipeline_tests.strength.forks",
                f"--rootdir={tree.TREE}", f"--postgres={place / 'data'}", *files,
            ],
            cwd=tree.TREE, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env={**os.environ, "PYTHONPATH": str(tree.TREE), "MUTANTS_WORK": str(_WORK)},
        )  # fmt: skip


def _watch(workers: list[subprocess.Popen[bytes]], count: int) -> None:
    began, shown, path = time.monotonic(), 0, _WORK / "results.jsonl"
    while True:
        running = any(worker.poll() is None for worker in workers)
        done = _lines(path)
        for line in done[shown:]:
            results.add([line])
        if len(done) > shown:
            shown = len(done)
            survived = sum(line["verdict"] == "survived" for line in done)
            minutes = (time.monotonic() - began) / 60
            rest = minutes / shown * (count - shown)
            print(
                f"{shown} of {count} tried, {survived} survived, {minutes:.0f} min, "
                f"about {rest:.0f} to go",
                flush=True,
            )
        if not running:
            break
        time.sleep(2)
    if shown < count:
        log = (tree.PLACE / "worker-0.log").read_text(encoding="utf-8", errors="replace")
        raise SystemExit(f"The workers ended before their work did:\n{log[-3000:]}")


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    whole = path.read_text(encoding="utf-8").rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


if __name__ == "__main__":
    sys.exit(main())
