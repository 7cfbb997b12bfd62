"""All benchmarks in turn, and docs/benchmarks.md of what came out: `make bench`.

What was measured on the code that is here now is not measured again, so that it goes on where it
was stopped. Each script also works alone: `python -m benchmarks.NAME --help`.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks import page
from benchmarks.bench import Asked, bench
from benchmarks.catalogue import BENCHMARKS, chosen, named
from benchmarks.page import duration, minutes
from benchmarks.results import RESULTS, read
from benchmarks.surroundings import commit, is_as_at, load, machine


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [one.name for one in BENCHMARKS]
    parser.add_argument("--only", help=f"names, with commas between: {', '.join(names)}")
    parser.add_argument("--quick", action="store_true", help="tiny sizes; prints only")
    parser.add_argument("--again", action="store_true", help="also what is measured already")
    parser.add_argument("--wait", type=float, default=900.0, help="seconds, for a quiet machine")
    parser.add_argument("--list", action="store_true", help="say what there is, and when it was")
    parser.add_argument("--page", action="store_true", help="only write docs/benchmarks.md anew")
    given = parser.parse_args()
    try:
        wanted = [named(name) for name in chosen(given.only, names)]
    except ValueError as error:
        parser.error(str(error))
    if given.list:
        for one in wanted:
            parts = read(RESULTS / f"{one.name}.json")
            on = sorted({f"{part.taken.date} {part.taken.commit}" for part in parts.values()})
            known = f"{len(parts)} of {len(one.parts)} parts measured"
            print(f"{one.name:<10} {duration(minutes(one, parts)):>11}  {known}  {'; '.join(on)}")
        return
    if not given.page:
        print(f"{machine()}, load {load():.1f}, commit {commit()}", flush=True)
        asked = Asked(RESULTS, is_as_at, given.quick, given.again, given.wait)
        failed = bench(wanted, asked, (lambda: None) if given.quick else page.write)
        if failed:
            sys.exit(f"failed: {', '.join(failed)}")
    if not given.quick:
        page.write()
        print(f"written: {page.PAGE}")


if __name__ == "__main__":
    main()
