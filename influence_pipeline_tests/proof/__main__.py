"""Run the proofs T1 to T21, print a row for each, and write docs/proof.md.

    make proof                        all, at full size; writes the page
    make proof TEST=T2                one of them (or several: T2,T5); writes its row of the page
    make proof TEST=T2 SEED=1017      again with this seed (what a failure says); writes nothing
    make slice                        what fits into ten minutes, with the day's seeds; writes nothing

Ends with 0 where all that was run has passed and nothing had to be left out for want of a program.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from influence_pipeline_tests.proof import debian, kept, page
from influence_pipeline_tests.proof.catalogue import PROOFS
from influence_pipeline_tests.proof.outcome import Outcome
from influence_pipeline_tests.proof.table import HEADER, Row, as_text, rows

ROOT = Path(__file__).parents[2]
SOAK = "T21"
# How many seeds of a day a slice has at hand; it seldom comes to the last.
_ROUNDS = 8


def main() -> int:
    given = _arguments()
    now = _circumstances()
    print(f"commit {now.commit}, {now.machine}", flush=True)
    if still := debian.install():
        print(f"not here, and not to be had: {', '.join(still)}; tests that need them are skipped")
    if given.minutes is None:
        print(f"Hypothesis' seed: {now.seed if given.seed is None else given.seed}", flush=True)
        outcomes = _all(given.test, given.seed, now.seed, given.jobs)
    else:
        outcomes = _slice(given.test, given.minutes, now.seed, given.jobs)
    found = rows(outcomes)
    print()
    print(as_text([HEADER, *(row.cells() for row in found)]))
    _tell_what_is_wrong(found, outcomes, given.minutes is not None)
    if given.minutes is None and given.seed is None:
        kept.keep(found, now)
        kept.keep_seconds(outcomes)
        page.write()
        print(f"written: {page.PAGE.relative_to(ROOT)}")
    if given.minutes is not None:
        return int(any(row.failed for row in found) or not found)
    return int(not found or not all(row.holds for row in found))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make proof", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--test",
        type=lambda given: given.upper().split(","),
        default=[proof.number for proof in PROOFS],
        metavar="T1,T2",
        help="these proofs only",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="each seeded test with this seed")
    parser.add_argument(
        "--minutes", type=float, metavar="M", help="as much as fits in, with the day's seeds"
    )
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="at once (default 2)")
    given = parser.parse_args()
    if unknown := set(given.test) - {proof.number for proof in PROOFS}:
        parser.error(f"there is no proof {', '.join(sorted(unknown))}; see proof/catalogue.py")
    return given


def _circumstances() -> kept.Circumstances:
    today = datetime.now(UTC)
    commit = _git("rev-parse", "--short=10", "HEAD")
    changed = "+" if _git("status", "--porcelain") else ""
    seed = int(today.strftime("%Y%m%d"))
    return kept.Circumstances(commit + changed, f"{today:%Y-%m-%d}", _machine(), seed)


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def _all(proofs: list[str], seed: int | None, of_the_day: int, jobs: int) -> list[Outcome]:
    """The soak beside all that can stand company, then what must be alone."""
    with tempfile.TemporaryDirectory(prefix="proof-") as folder:
        files = [Path(folder) / f"{name}.json" for name in ("soak", "together", "alone")]
        others = [proof for proof in proofs if proof != SOAK]
        at_once = [f"-n{jobs}", "--maxschedchunk=1"]
        seeds = [f"--seed={seed}"] if seed is not None else [f"--hypothesis-seed={of_the_day}"]
        soak = _start([SOAK], files[0], seeds) if SOAK in proofs else None
        if others:
            _end(_start(others, files[1], [*seeds, *at_once, "--proof-alone=never"]))
        if soak is not None:
            _end(soak)
        if others:
            _end(_start(others, files[2], [*seeds, "--proof-alone=only"]))
        return [one for file in files for one in _read(file)]


def _slice(proofs: list[str], minutes: float, of_the_day: int, jobs: int) -> list[Outcome]:
    seeds = [of_the_day * 10 + number for number in range(_ROUNDS)]
    print(f"the day's seeds: {', '.join(map(str, seeds))}", flush=True)
    until = datetime.fromtimestamp(time.time(), UTC) + timedelta(minutes=minutes)
    with tempfile.TemporaryDirectory(prefix="proof-") as folder:
        file = Path(folder) / "slice.json"
        options = [f"--seed={','.join(map(str, seeds))}", f"-n{jobs}", "--maxschedchunk=1", "-rfE"]
        options += ["--proof-slice", "--proof-alone=never", f"--proof-until={until.isoformat()}"]
        _end(_start(proofs, file, options))
        return _read(file)


def _start(proofs: list[str], results: Path, options: list[str]) -> subprocess.Popen[bytes]:
    """Start pytest on these proofs, all tiers."""
    command = [sys.executable, "-m", "pytest", "-q", "-m", "proves"]
    command += ["-p", "influence_pipeline_tests.proof.plugin", f"--proof={','.join(proofs)}"]
    command += [f"--proof-results={results}", f"--proof-seconds={kept.SECONDS}", *options]
    return subprocess.Popen(command, cwd=ROOT)


def _end(running: subprocess.Popen[bytes]) -> None:
    """Wait for its end; failed tests (1) and none at all (5) are told by the results."""
    try:
        code = running.wait()
    except KeyboardInterrupt:
        # The tests were interrupted by the same key.
        running.wait()
        sys.exit("interrupted: nothing of this run is written down")
    if code not in {0, 1, 5}:
        sys.exit("pytest itself failed; what it says is above")


def _read(file: Path) -> list[Outcome]:
    return [Outcome(**one) for one in json.loads(file.read_text())] if file.exists() else []


def _tell_what_is_wrong(found: list[Row], outcomes: list[Outcome], is_slice: bool) -> None:
    for one in outcomes:
        if one.result == "failed":
            again = f"make proof TEST={one.proof}" + (
                f" SEED={one.again}" if one.again is not None else ""
            )
            caught = " (a control that was not caught)" if one.is_control else ""
            print(f"failed{caught}: {one.test}\n  again: {again}")
    skipped = {words for row in found for words in row.why if not row.failed}
    for words in sorted(skipped):
        print(f"skipped: {words}")
    left = sum(row.left for row in found)
    if is_slice and left:
        print(f"{left:,} tests were left for another day")


if __name__ == "__main__":
    sys.exit(main())
